"""The API's mapping templates, as planned, rendered as API Gateway renders them."""

import json
import re
from typing import Any

import pytest

from internet import STATUS_API_HEADERS
from local.api import MAX_CHARACTERS, METHODS, Answer, Input, render_mapping
from tools.plan import Plan, Resource

STATES = "arn:aws:states:us-east-1:123456789012"
EXECUTIONS = f"{STATES}:execution:gallery"
EDIT = f"{STATES}:stateMachine:gallery-edit"
NAME = "0ae9a2e3-1f6b-4f0e-9f6e-2f4d8a1c7b55_7a6b5c4d-0000-4000-8000-000000000000"
MODEL = "com.amazonaws.swf.service.v2.model"  # as Step Functions names its errors
ADA = "us-east-1:aaaaaaaa-0000-4000-8000-000000000001"
BOB = "us-east-1:bbbbbbbb-0000-4000-8000-000000000002"
POOL = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_aB3dE6gH9"
LOGIN = f"{POOL},{POOL}:CognitoSignIn:sub-of-ada"


@pytest.fixture
def plan(other_plan: Plan) -> Plan:
    """Return a plan that knows the page's origin, and so every template that contains it."""
    return other_plan


def given(body: dict[str, Any] | str = "{}", **parameters: str) -> Input:
    return Input(parameters, body if isinstance(body, str) else json.dumps(body))


def template_of(plan: Plan, kind: str, name: str) -> str:
    found: Resource
    (found,) = (one for one in plan.of_type(kind) if f"{kind}.{name}" in one.address)
    attribute = "request_templates" if kind.endswith("integration") else "response_templates"
    template: str = found.values[attribute]["application/json"]
    return template


def request_for(plan: Plan, name: str) -> Any:  # noqa: ANN401  # JSON
    """Return the request to Step Functions for an execution with that name."""
    template = template_of(plan, "aws_api_gateway_integration", "get")
    return json.loads(render_mapping(template, given(name=name), status=200).body)


def described(plan: Plan, body: dict[str, Any], **headers: str) -> Answer:
    template = template_of(plan, "aws_api_gateway_integration_response", "described")
    return render_mapping(template, given(body, **headers), status=200)


def refused(plan: Plan, error: str | None, **headers: str) -> Answer:
    template = template_of(plan, "aws_api_gateway_integration_response", "refused")
    body = {"__type": error, "message": "secret"} if error else {}
    return render_mapping(template, given(body, **headers), status=502)


def edit_of(plan: Plan, body: str, identity: str = ADA, login: str = "") -> Any:  # noqa: ANN401
    """Return the request to Step Functions for an edit."""
    template = template_of(plan, "aws_api_gateway_integration", "post")
    answer = render_mapping(template, given(body), identity=identity, login=login, status=200)
    return json.loads(answer.body)


def edited(plan: Plan, body: dict[str, Any], **headers: str) -> Answer:
    template = template_of(plan, "aws_api_gateway_integration_response", "edited")
    return render_mapping(template, given(body, **headers), status=200)


def not_edited(plan: Plan, error: str | None, **headers: str) -> Answer:
    template = template_of(plan, "aws_api_gateway_integration_response", "not_edited")
    body = {"__type": error, "message": "secret"} if error else {}
    return render_mapping(template, given(body, **headers), status=503)


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
    responses = {
        one.address.rpartition(".")[2]: one.values["selection_pattern"]
        for one in plan.of_type("aws_api_gateway_integration_response")
        if one.values["selection_pattern"]
    }

    assert set(responses) == {"not_edited", "refused"}
    for pattern in responses.values():
        assert re.fullmatch(pattern, str(status))
        assert not re.fullmatch(pattern, "200")


def answers_to_page(plan: Plan, **headers: str) -> list[Answer]:
    options = [
        template_of(plan, "aws_api_gateway_integration_response", f'options["{key}"]')
        for key in ("edits", "execution")
    ]
    return [
        *(render_mapping(template, given(**headers), status=204) for template in options),
        described(plan, {"status": "RUNNING", "startDate": 1.0}, **headers),
        refused(plan, f"{MODEL}#ExecutionDoesNotExist", **headers),
        edited(plan, {"status": "SUCCEEDED", "output": '{"status": 200, "body": {}}'}, **headers),
        not_edited(plan, f"{MODEL}#InvalidArn", **headers),
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
    allowed = {
        one.address.split('"')[1]: one.values["response_parameters"]
        for one in plan.of_type("aws_api_gateway_integration_response")
        if one.values["response_parameters"]
    }
    prefix = "method.response.header.Access-Control-Allow"
    headers = {
        key: set(values[f"{prefix}-Headers"].strip("'").lower().split(","))
        for key, values in allowed.items()
    }

    assert headers == {
        "edits": STATUS_API_HEADERS | {"content-type"},
        "execution": STATUS_API_HEADERS,
    }
    # The embedded AWS answers the same.
    assert {
        (values[f"{prefix}-Methods"].strip("'"), values[f"{prefix}-Headers"].strip("'"))
        for values in allowed.values()
    } == {(verb, method.headers) for (verb, _), method in METHODS.items()}


@pytest.mark.parametrize(
    "title",
    [
        "Tacos",
        "Ada's cat",
        "a\\b",
        "a\\'b",
        "a\\\\'b",
        'a "quote"',
        "two\nlines\r\n\ttab",
        "\x00\x1f\x7f",
        "</script>",
        "$owner $context.identity $util.escapeJavaScript('x') #set($owner = 'BOB') ${owner}",
        "##",
        "#* *#",
        "Straße é 東京 🌮",
        "\u2028\u2029",
    ],
)
def test_each_text_reaches_the_state_machine_as_it_is(plan: Plan, title: str) -> None:
    request = {"path": "2016/taco.jpg", "title": title}

    for ensure_ascii in (False, True):
        sent = edit_of(plan, json.dumps(request, ensure_ascii=ensure_ascii))

        assert sent["stateMachineArn"] == EDIT
        assert json.loads(sent["input"]) == {"owner": ADA, "request": request}


@pytest.mark.parametrize(
    "body",
    [
        {"owner": BOB},
        {"owner": BOB, "path": "a.jpg", "request": {"owner": BOB}},
        {"introduce": True, "login": LOGIN.replace("sub-of-ada", "sub-of-bob")},
        {"path": f'a", "owner": "{BOB}'},
        {"path": f'a\\", "owner": "{BOB}'},
        {"path": f'a\'}}, "owner": "{BOB}"'},
    ],
)
def test_no_body_replaces_the_owner_or_the_login(plan: Plan, body: dict[str, Any]) -> None:
    sent = edit_of(plan, json.dumps(body), login=LOGIN)
    pairs = json.loads(sent["input"], object_pairs_hook=list)

    assert [name for name, _ in pairs] == ["request", "owner", "login"]
    assert (dict(pairs)["owner"], dict(pairs)["login"]) == (ADA, LOGIN)


@pytest.mark.parametrize("login", ["", 'x", "owner": "y', "x" * 501, "x\ny"])
def test_a_login_of_another_form_is_none(plan: Plan, login: str) -> None:
    sent = json.loads(edit_of(plan, '{"introduce": true}', login=login)["input"])

    assert sent == {"request": {"introduce": True}, "owner": ADA}


@pytest.mark.parametrize(
    "identity",
    [
        pytest.param("", id="credentials that are not Cognito's"),
        pytest.param("aaaaaaaa-0000-4000-8000-000000000001", id="no region"),
        pytest.param(f'{ADA}", "owner": "{BOB}', id="a quote"),
        pytest.param(f"{ADA}/", id="a slash"),
    ],
)
def test_a_caller_without_an_identity_starts_no_execution(plan: Plan, identity: str) -> None:
    assert edit_of(plan, '{"path": "a.jpg"}', identity) == {
        "stateMachineArn": "not a state machine"
    }
    answer = not_edited(plan, f"{MODEL}#InvalidArn")
    assert answer.status == 403


def test_a_body_that_is_too_long_starts_no_execution(plan: Plan) -> None:
    longest = json.dumps({"title": "é" * (MAX_CHARACTERS - 13)}, ensure_ascii=False)
    assert len(longest) == MAX_CHARACTERS

    assert len(json.loads(edit_of(plan, longest)["input"])["request"]["title"]) == 65_523
    assert edit_of(plan, f"{longest} ") == {"stateMachineArn": EDIT, "input": "too long"}
    answer = not_edited(plan, f"{MODEL}#InvalidExecutionInput")
    assert answer.status == 400
    assert "65,536" in json.loads(answer.body)["message"].replace("65536", "65,536")


MESSAGE = "it's \"so\" \\ \\' é 🌮 $x\n"


def test_an_edit_is_answered_by_the_output_of_the_state_machine(plan: Plan) -> None:
    output = {"status": 200, "body": {"edits": {"title": MESSAGE}, "sort_time": "2016"}}
    answer = edited(plan, {"status": "SUCCEEDED", "output": json.dumps(output), "input": "secret"})

    assert answer.status == 200
    assert json.loads(answer.body) == output


@pytest.mark.parametrize("status", [400, 404, 409])
def test_the_state_machine_chooses_the_status_and_the_message_of_a_refusal(
    plan: Plan, status: int
) -> None:
    output = {"status": status, "body": {"message": MESSAGE, "more": "secret"}}
    answer = edited(plan, {"status": "SUCCEEDED", "output": json.dumps(output), "input": "secret"})

    assert answer.status == status
    assert json.loads(answer.body) == {"message": MESSAGE}


@pytest.mark.parametrize(
    ("execution", "status"),
    [
        ({"status": "FAILED", "error": "secret", "cause": "secret"}, 503),
        ({"status": "TIMED_OUT"}, 503),
        ({"status": "SUCCEEDED", "output": '{"status": 302, "body": "secret"}'}, 500),
        ({"status": "SUCCEEDED", "output": '{"body": "secret"}'}, 500),
    ],
)
def test_a_failed_edit_has_no_details(plan: Plan, execution: dict[str, str], status: int) -> None:
    answer = edited(plan, {**execution, "input": "secret", "executionArn": "secret"})

    assert answer.status == status
    assert list(json.loads(answer.body)) == ["message"]
    assert "secret" not in answer.body


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (f"{MODEL}#InvalidArn", 403),
        (f"{MODEL}#InvalidExecutionInput", 400),
        ("com.amazon.coral.availability#ThrottlingException", 429),
        (f"{MODEL}#StateMachineDoesNotExist", 503),
        ("com.amazon.coral.service#AccessDeniedException", 503),
        (None, 503),
    ],
)
def test_an_edit_that_does_not_start_has_the_status_of_its_cause(
    plan: Plan, error: str | None, status: int
) -> None:
    answer = not_edited(plan, error)

    assert answer.status == status
    assert list(json.loads(answer.body)) == ["message"]
    assert "secret" not in answer.body


def test_a_change_of_origins_triggers_a_deployment(plan: Plan) -> None:
    (deployment,) = plan.of_type("aws_api_gateway_deployment")

    assert "var.cors_origins" in plan.references(deployment, "triggers")
