"""The API's mapping templates, as planned, rendered as API Gateway renders them."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import airspeed
import pytest

from internet import STATUS_API_HEADERS
from tools.plan import Plan, Resource

EXECUTIONS = "arn:aws:states:us-east-1:123456789012:execution:gallery"
NAME = "0ae9a2e3-1f6b-4f0e-9f6e-2f4d8a1c7b55_7a6b5c4d-0000-4000-8000-000000000000"
MODEL = "com.amazonaws.swf.service.v2.model"  # as Step Functions names its errors


@pytest.fixture
def plan(other_plan: Plan) -> Plan:
    """Return a plan that knows the page's origin, and so every template that contains it."""
    return other_plan


@dataclass
class Input:
    """API Gateway's $input: the request's parameters, and the backend's answer."""

    parameters: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)

    def params(self, name: str) -> str:
        return self.parameters.get(name, "")

    def path(self, path: str) -> Any:  # noqa: ANN401  # JSON
        return self.body.get(path.removeprefix("$."), "")

    def json(self, path: str) -> str:
        return json.dumps(self.path(path))


@dataclass
class Answer:
    """What API Gateway sends to the client."""

    body: str
    status: int
    headers: dict[str, str]


def render(template: str, given: Input, *, status: int) -> Answer:
    override: dict[str, Any] = {"header": {}, "status": status}
    names = {"input": given, "context": {"responseOverride": override}}
    body = airspeed.Template(template).merge(names)
    return Answer(body, override["status"], override["header"])


def template_of(plan: Plan, kind: str, name: str) -> str:
    found: Resource
    (found,) = (one for one in plan.of_type(kind) if f"{kind}.{name}" in one.address)
    attribute = "request_templates" if kind.endswith("integration") else "response_templates"
    template: str = found.values[attribute]["application/json"]
    return template


def request_for(plan: Plan, name: str) -> Any:  # noqa: ANN401  # JSON
    """Return the request to Step Functions for an execution with that name."""
    template = template_of(plan, "aws_api_gateway_integration", "get")
    return json.loads(render(template, Input({"name": name}), status=200).body)


def described(plan: Plan, body: dict[str, Any], **headers: str) -> Answer:
    template = template_of(plan, "aws_api_gateway_integration_response", "described")
    return render(template, Input(headers, body), status=200)


def refused(plan: Plan, error: str | None, **headers: str) -> Answer:
    template = template_of(plan, "aws_api_gateway_integration_response", "refused")
    body = {"__type": error, "message": "secret"} if error else {}
    return render(template, Input(headers, body), status=502)


@pytest.mark.parametrize("name", [NAME, "a", "x" * 80])
def test_the_request_asks_for_the_execution_without_input_and_output(plan: Plan, name: str) -> None:
    assert request_for(plan, name) == {
        "executionArn": f"{EXECUTIONS}:{name}",
        "includedData": "METADATA_ONLY",
    }


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="empty"),
        pytest.param("x" * 81, id="too long"),
        pytest.param("other:name", id="an execution of another machine"),
        pytest.param('a", "includedData": "ALL_DATA', id="a quote"),
        pytest.param("a%22", id="a quote, encoded"),
        pytest.param("a/b", id="a path"),
        pytest.param("*", id="a wildcard"),
        pytest.param("$context.accountId", id="a template"),
        pytest.param("köln", id="not ASCII"),
    ],
)
def test_an_invalid_name_never_becomes_an_arn(plan: Plan, name: str) -> None:
    assert request_for(plan, name) == {"executionArn": "not the name of an execution"}


def test_a_running_execution_has_no_stop_date(plan: Plan) -> None:
    body = {"status": "RUNNING", "startDate": 1.4867685e9, "input": "secret", "name": NAME}

    assert json.loads(described(plan, body).body) == {"status": "RUNNING", "startDate": 1.4867685e9}


def test_the_answer_has_only_the_status_and_times_of_the_execution(plan: Plan) -> None:
    body = {
        "cause": "secret",
        "error": "secret",
        "executionArn": f"{EXECUTIONS}:{NAME}",
        "input": "secret",
        "output": "secret",
        "startDate": 1486768500.1,
        "status": "SUCCEEDED",
        "stopDate": 1486768506.5,
    }

    assert json.loads(described(plan, body).body) == {
        "status": "SUCCEEDED",
        "startDate": 1486768500.1,
        "stopDate": 1486768506.5,
    }


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (f"{MODEL}#ExecutionDoesNotExist", 404),
        (f"{MODEL}#InvalidArn", 400),
        ("com.amazon.coral.availability#ThrottlingException", 429),
        ("com.amazon.coral.service#AccessDeniedException", 502),
        (None, 502),
    ],
)
def test_an_error_has_the_status_of_its_cause_and_no_details(
    plan: Plan, error: str | None, status: int
) -> None:
    answer = refused(plan, error)

    assert answer.status == status
    assert list(json.loads(answer.body)) == ["message"]
    assert "secret" not in answer.body


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
def test_the_error_template_applies_to_every_error_of_step_functions(
    plan: Plan, status: int
) -> None:
    (response,) = (
        one
        for one in plan.of_type("aws_api_gateway_integration_response")
        if one.values["selection_pattern"]
    )

    assert response.address.endswith(".refused")
    assert re.fullmatch(response.values["selection_pattern"], str(status))
    assert not re.fullmatch(response.values["selection_pattern"], "200")


def answers_to_page(plan: Plan, **headers: str) -> list[Answer]:
    options = template_of(plan, "aws_api_gateway_integration_response", "options")
    return [
        render(options, Input(headers), status=204),
        described(plan, {"status": "RUNNING", "startDate": 1.0}, **headers),
        refused(plan, f"{MODEL}#ExecutionDoesNotExist", **headers),
    ]


@pytest.mark.parametrize("header", ["origin", "Origin"])
@pytest.mark.parametrize(
    "origin", ["https://gallery.example.com", "https://photos.example.com", "http://localhost:5173"]
)
def test_the_gallery_and_the_configured_origins_may_read_every_answer(
    plan: Plan, header: str, origin: str
) -> None:
    for answer in answers_to_page(plan, **{header: origin}):
        assert answer.headers == {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://photos.example.com.evil.example", "null"]
)
def test_no_other_origin_may_read_any_answer(plan: Plan, origin: str) -> None:
    for answer in answers_to_page(plan, origin=origin):
        assert answer.headers == {"Vary": "Origin"}


def test_a_preflight_request_allows_each_header_that_the_page_sends(plan: Plan) -> None:
    (options,) = (
        one
        for one in plan.of_type("aws_api_gateway_integration_response")
        if one.values["response_parameters"]
    )
    headers = options.values["response_parameters"][
        "method.response.header.Access-Control-Allow-Headers"
    ]

    assert set(headers.strip("'").lower().split(",")) == STATUS_API_HEADERS


def test_a_change_of_origins_triggers_a_deployment(plan: Plan) -> None:
    (deployment,) = plan.of_type("aws_api_gateway_deployment")

    assert "var.cors_origins" in plan.references(deployment, "triggers")
