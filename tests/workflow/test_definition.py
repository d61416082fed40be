"""Every state has the timeout, retries and catches it needs, and names that match the code."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.template import EXPRESSIONS, PLACEHOLDERS, REPOSITORY, WORKFLOW, render_file
from shared import errors
from shared.contracts import Contract, ExtractRequest, TagRequest, ThumbnailRequest
from shared.limits import MAX_LABEL_ROWS

DEFINITION: dict[str, Any] = json.loads(render_file("statemachine.json.tftpl", PLACEHOLDERS))
TEMPLATES = [
    REPOSITORY / "statemachine.json.tftpl",
    *(WORKFLOW / f"{name}.json.tftpl" for name in ("backfill", "reprocess", "watch")),
]
EXPRESSIONS_FILES = sorted(EXPRESSIONS.glob("*.jsonata"))


def states(machine: dict[str, Any] = DEFINITION) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every state by name, including those in the branches of Parallel."""
    for name, state in machine["States"].items():
        yield name, state
        for branch in state.get("Branches", []):
            yield from states(branch)


STATES = dict(states())
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
FUNCTIONS = {name: state for name, state in TASKS.items() if "lambda" in state["Resource"]}
PAYLOADS: dict[str, type[Contract]] = {
    "Extract": ExtractRequest,
    "Thumbnail": ThumbnailRequest,
    "Tag": TagRequest,
}
OUR_ERROR = re.compile(r"[A-Z][A-Za-z]*Error")  # a service's names have a dot or end in Exception


def subclass_names(error: type[Exception]) -> set[str]:
    return {subclass.__name__ for subclass in error.__subclasses__()}


def error_names(rules: list[dict[str, Any]]) -> set[str]:
    return {name for rule in rules for name in rule["ErrorEquals"]}


def our_error_names(rules: list[dict[str, Any]]) -> set[str]:
    return {name for name in error_names(rules) if OUR_ERROR.fullmatch(name)}


@pytest.mark.parametrize("name", TASKS)
class TestEveryTask:
    def test_has_a_timeout(self, name: str) -> None:
        assert 0 < TASKS[name]["TimeoutSeconds"] < DEFINITION["TimeoutSeconds"]

    def test_retries_transient_errors_only(self, name: str) -> None:
        assert our_error_names(TASKS[name]["Retry"]) <= subclass_names(errors.TransientError)
        assert "States.ALL" not in error_names(TASKS[name]["Retry"])

    def test_adds_full_jitter_to_its_retries(self, name: str) -> None:
        assert {rule["JitterStrategy"] for rule in TASKS[name]["Retry"]} == {"FULL"}


@pytest.mark.parametrize("name", [name for name in TASKS if name != "Thumbnail"])
def test_every_task_catches_all_errors(name: str) -> None:
    # Thumbnail's errors leave its branch, and RenderAndTag catches them.
    assert TASKS[name]["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


def test_every_choice_has_a_default() -> None:
    assert all("Default" in state for state in STATES.values() if state["Type"] == "Choice")


def test_every_transient_error_is_retried_somewhere() -> None:
    assert {
        name for task in TASKS.values() for name in our_error_names(task["Retry"])
    } == subclass_names(errors.TransientError)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_calls_are_retried_as_aws_recommends(name: str) -> None:
    # https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
    assert {
        "Lambda.AWSLambdaException",
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.SdkClientException",
        "Lambda.ServiceException",
        "Lambda.TooManyRequestsException",
    } <= error_names(FUNCTIONS[name]["Retry"])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_crashed_function_is_retried_once(name: str) -> None:
    [rule] = [rule for rule in FUNCTIONS[name]["Retry"] if "Lambda.Unknown" in rule["ErrorEquals"]]

    assert rule["MaxAttempts"] == 1


def test_every_rejection_has_the_code_of_its_error() -> None:
    assert json.loads((WORKFLOW / "rejections.json").read_text()) == {
        error.__name__: error.code for error in errors.RejectedError.__subclasses__()
    }


def test_every_caught_error_is_defined_in_the_code() -> None:
    known = {name for name, value in vars(errors).items() if isinstance(value, type)}

    assert {
        name for state in STATES.values() for name in our_error_names(state.get("Catch", []))
    } <= known


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_payload_has_the_fields_of_its_contract(name: str) -> None:
    payload = FUNCTIONS[name]["Arguments"]["Payload"]

    assert set(payload) == set(PAYLOADS[name].__struct_fields__)


def test_a_claim_becomes_stale_a_minute_after_the_longest_execution() -> None:
    stale_ms = (DEFINITION["TimeoutSeconds"] + 60) * 1000

    assert f"$millis() - {stale_ms})" in json.dumps(STATES["Claim"]["Arguments"])


def test_a_photo_with_its_old_and_new_label_rows_fits_into_one_transaction() -> None:
    assert 2 + 2 * MAX_LABEL_ROWS <= 100  # the photo and its album; TransactWriteItems takes 100


def test_every_state_is_reached() -> None:
    targets = {DEFINITION["StartAt"]} | set(
        re.findall(r'"(?:Next|Default|StartAt)": "(\w+)"', json.dumps(DEFINITION))
    )

    assert targets == set(STATES)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_line_of_a_definition_is_longer_than_160_characters(template: Path) -> None:
    assert [line for line in template.read_text().splitlines() if len(line) > 160] == []


def test_a_choice_assigns_variables_only_in_its_rules() -> None:
    # AWS's guide and the States Language disagree about Assign outside the rules:
    # https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    # https://states-language.net/spec.html#choice-state
    choices = [state for state in STATES.values() if state["Type"] == "Choice"]

    assert choices
    assert not any("Assign" in state or "Output" in state for state in choices)


def test_every_expression_and_every_retry_policy_is_used() -> None:
    text = "".join(path.read_text() for path in TEMPLATES)
    policies = json.loads((WORKFLOW / "retry.json").read_text())

    assert set(re.findall(r"\$\{jsonata\.(\w+)\}", text)) == {
        path.stem for path in EXPRESSIONS_FILES
    }
    assert set(re.findall(r"\$\{retry\.(\w+)\}", text)) == set(policies)
