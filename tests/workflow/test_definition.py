"""The state machine holds what every state of it promises, and names what the code names."""

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
    """Every state, those of Parallel's branches among them."""
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
OURS = re.compile(r"[A-Z][A-Za-z]*Error")  # a service's names have a dot or end in Exception


def names(error: type[Exception]) -> set[str]:
    return {subclass.__name__ for subclass in error.__subclasses__()}


def named(rules: list[dict[str, Any]]) -> set[str]:
    return {name for rule in rules for name in rule["ErrorEquals"]}


def ours(rules: list[dict[str, Any]]) -> set[str]:
    return {name for name in named(rules) if OURS.fullmatch(name)}


@pytest.mark.parametrize("name", TASKS)
class TestEveryTask:
    def test_has_a_timeout(self, name: str) -> None:
        assert 0 < TASKS[name]["TimeoutSeconds"] < DEFINITION["TimeoutSeconds"]

    def test_retries_transient_errors_only(self, name: str) -> None:
        assert ours(TASKS[name]["Retry"]) <= names(errors.TransientError)
        assert "States.ALL" not in named(TASKS[name]["Retry"])

    def test_spreads_its_retries(self, name: str) -> None:
        assert {rule["JitterStrategy"] for rule in TASKS[name]["Retry"]} == {"FULL"}


@pytest.mark.parametrize("name", [name for name in TASKS if name != "Thumbnail"])
def test_every_task_lets_no_error_end_the_execution_unseen(name: str) -> None:
    # Thumbnail's errors leave its branch, and RenderAndTag catches them.
    assert TASKS[name]["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


def test_every_choice_has_a_default() -> None:
    assert all("Default" in state for state in STATES.values() if state["Type"] == "Choice")


def test_every_transient_error_is_retried_somewhere() -> None:
    assert {name for task in TASKS.values() for name in ours(task["Retry"])} == names(
        errors.TransientError
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_retried_as_aws_advises(name: str) -> None:
    # https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
    assert {
        "Lambda.AWSLambdaException",
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.SdkClientException",
        "Lambda.ServiceException",
        "Lambda.TooManyRequestsException",
    } <= named(FUNCTIONS[name]["Retry"])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_crash_is_tried_once_more_only(name: str) -> None:
    [rule] = [rule for rule in FUNCTIONS[name]["Retry"] if "Lambda.Unknown" in rule["ErrorEquals"]]

    assert rule["MaxAttempts"] == 1


def test_every_rejection_has_its_code() -> None:
    assert json.loads((WORKFLOW / "rejections.json").read_text()) == {
        error.__name__: error.code for error in errors.RejectedError.__subclasses__()
    }


def test_no_error_is_named_that_no_code_raises() -> None:
    known = {name for name, value in vars(errors).items() if isinstance(value, type)}

    assert {name for state in STATES.values() for name in ours(state.get("Catch", []))} <= known


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_payload_is_what_its_contract_says(name: str) -> None:
    payload = FUNCTIONS[name]["Arguments"]["Payload"]

    assert set(payload) == set(PAYLOADS[name].__struct_fields__)


def test_a_claim_is_stale_a_minute_after_the_longest_execution() -> None:
    stale_ms = (DEFINITION["TimeoutSeconds"] + 60) * 1000

    assert f"$millis() - {stale_ms})" in json.dumps(STATES["Claim"]["Arguments"])


def test_a_photo_and_its_rows_old_and_new_fit_into_one_transaction() -> None:
    assert 2 + 2 * MAX_LABEL_ROWS <= 100  # with its album's; DynamoDB's TransactWriteItems


def test_every_state_is_reached() -> None:
    targets = {DEFINITION["StartAt"]} | set(
        re.findall(r'"(?:Next|Default|StartAt)": "(\w+)"', json.dumps(DEFINITION))
    )

    assert targets == set(STATES)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_line_of_a_definition_is_longer_than_160_characters(template: Path) -> None:
    assert [line for line in template.read_text().splitlines() if len(line) > 160] == []


def test_an_assignment_stands_in_the_rules_of_a_choice_alone() -> None:
    # AWS's guide and the States Language disagree about one beside the rules:
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
