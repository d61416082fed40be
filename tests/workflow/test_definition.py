"""Every state has the timeout, retries and catches it needs, and names that match the code."""

import itertools
import json
import math
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gallery.reconcile import SETTLED
from gallery.times import CLAIM_STANDS
from local.template import EXPRESSIONS, PLACEHOLDERS, REPOSITORY, WORKFLOW, render_file
from publishing import evaluated
from shared import errors
from shared.contracts import (
    Contract,
    EditRequest,
    ExtractRequest,
    TagRequest,
    ThumbnailRequest,
    parse,
)
from shared.limits import MAX_KEYWORDS, MAX_LABELS, MAX_TERM_ROWS

DEFINITION: dict[str, Any] = json.loads(render_file("statemachine.json.tftpl", PLACEHOLDERS))
TEMPLATES = [
    REPOSITORY / "statemachine.json.tftpl",
    *(WORKFLOW / f"{name}.json.tftpl" for name in ("backfill", "edit", "reprocess", "watch")),
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
    variables = {
        "photo": {"bucket": "photos"},
        "extracted": {
            "image": {"format": "NEF"},
            "preview": {"first": 1},
            "metadata": {"creator": "Ada", "copyright": "1843"},
        },
        "event": {"relabel": False},
        "previous": {"edits": '{"title":"x"}', "edited_terms": ""},
    }
    fields = set(PAYLOADS[name].__struct_fields__)

    assert set(evaluated(payload, variables)) == fields
    variables |= {
        "extracted": {"image": {"format": "JPEG"}, "metadata": {}},
        "previous": {"edits": ""},
    }
    absent = {"preview", "creator", "copyright", "edited"}
    assert set(evaluated(payload, variables)) == fields - absent


def test_a_claim_becomes_stale_a_minute_after_the_longest_execution() -> None:
    seconds = DEFINITION["TimeoutSeconds"]

    assert f"$millis() - 1000 * ({seconds} + 60))" in json.dumps(STATES["Claim"]["Arguments"])
    assert timedelta(seconds=seconds + 60) == CLAIM_STANDS


@pytest.mark.parametrize("name", ["backfill", "reprocess"])
def test_bulk_executions_wait_longer_for_a_photo_than_its_execution_can_last(name: str) -> None:
    machine = json.loads(render_file(f"workflow/{name}.json.tftpl", PLACEHOLDERS))
    process = machine["States"]["Photos"]["ItemProcessor"]["States"]["Process"]

    assert process["TimeoutSeconds"] == f"{{% {DEFINITION['TimeoutSeconds']} + 300 %}}"
    assert machine["TimeoutSeconds"] > DEFINITION["TimeoutSeconds"] + 300


def test_a_difference_settles_later_than_the_longest_execution() -> None:
    assert timedelta(seconds=DEFINITION["TimeoutSeconds"]) < SETTLED


def longest_delays(rule: dict[str, Any]) -> list[float]:
    """Return the longest wait before each attempt of a retrier."""
    delays = (rule["IntervalSeconds"] * rule.get("BackoffRate", 2) ** n for n in itertools.count())
    most = rule.get("MaxDelaySeconds", math.inf)
    return [min(delay, most) for delay in itertools.islice(delays, rule["MaxAttempts"])]


def longest_seconds(state: dict[str, Any]) -> float:
    """Return how long a state can last, if each of its retriers waits as long as it can."""
    branches = [
        map(longest_seconds, branch["States"].values()) for branch in state.get("Branches", [])
    ]
    rules = state.get("Retry", [])
    attempts = 1 + sum(rule["MaxAttempts"] for rule in rules)
    seconds: float = (
        attempts * state.get("TimeoutSeconds", 0)
        + sum(sum(longest_delays(rule)) for rule in rules)
        + max(map(sum, branches), default=0)
    )
    return seconds


WRITING = frozenset({"Publish", "SortCancellation", "AwaitTable", "ReadRow", "CheckOwnership"})


def longest_path(name: str, before: frozenset[str] = frozenset()) -> float:
    """Return the longest time from a state to the end.

    No state is entered twice, with two exceptions: Publish is, after each wait of AwaitTable, and a
    result that cannot be written is followed by FAILED, which is written in the same states.
    """
    state, before = DEFINITION["States"][name], before | {name}
    if name == "RecordFailure":
        before -= WRITING
    targets = set(re.findall(r'"(?:Next|Default)": "(\w+)"', json.dumps(without_branches(state))))
    after = (longest_path(target, before) for target in targets - before)
    waits = cancellation_waits() if name == "Publish" else 0
    return longest_seconds(state) + waits + max(after, default=0)


def cancellation_waits() -> float:
    """Return how long AwaitTable waits at most, in all: as its comment says, and a test."""
    [rule] = [
        rule
        for rule in TASKS["Publish"]["Retry"]
        if "DynamoDb.ThrottlingException" in rule["ErrorEquals"]
    ]
    return sum(longest_delays(rule))


def without_branches(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name != "Branches"}


def test_an_execution_outlasts_the_longest_path_through_its_states() -> None:
    # A path that enters other states again, because a version was deleted or a photo edited
    # meanwhile, may be longer. It would have to wait almost as long as each retrier can: the
    # execution then times out, and its event goes to the dead-letter queue.
    assert longest_path(DEFINITION["StartAt"]) < DEFINITION["TimeoutSeconds"]


@pytest.mark.parametrize(
    ("names", "error", "minutes"),
    [
        (FUNCTIONS, "Lambda.TooManyRequestsException", 105),
        (["Tag"], "LabelsThrottledError", 105),
        (["Claim", "Publish", "ReadRow"], "DynamoDb.ThrottlingException", 20),
    ],
)
def test_throttling_is_retried_for_a_long_time(
    names: Iterable[str], error: str, minutes: int
) -> None:
    # Full jitter: a wait is between zero and its maximum. The sum of n waits is normally
    # distributed, about half the sum of their maxima; 4 of its standard deviations below that
    # are 1 draw in 30,000.
    for name in names:
        [rule] = [rule for rule in TASKS[name]["Retry"] if error in rule["ErrorEquals"]]
        delays = longest_delays(rule)
        deviation = math.sqrt(sum(delay**2 for delay in delays) / 12)

        assert sum(delays) / 2 - 4 * deviation >= 60 * minutes


def test_no_execution_has_more_events_than_step_functions_keeps() -> None:
    # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    attempts = {
        name: 1 + sum(rule["MaxAttempts"] for rule in task["Retry"]) for name, task in TASKS.items()
    }
    [most] = re.findall(r"\$cancellations < (\d+)", json.dumps(STATES["SortCancellation"]))
    attempts["Publish"] *= 2 * (1 + int(most))  # READY, then FAILED

    # An attempt is scheduled, started and failed. A state has two more events; so have
    # SortCancellation and AwaitTable, which follow Publish.
    assert 9 * sum(attempts.values()) < 25_000


def test_a_photo_with_its_old_and_new_term_rows_fits_into_one_transaction() -> None:
    # The photo and two months; the album's count changes only if there are no old rows, or no new
    # ones. Photos that were published by an earlier release have up to 49 rows.
    assert 3 + MAX_TERM_ROWS + 49 <= 100  # TransactWriteItems takes 100


def test_every_state_is_reached() -> None:
    targets = {DEFINITION["StartAt"]} | set(
        re.findall(r'"(?:Next|Default|StartAt)": "(\w+)"', json.dumps(DEFINITION))
    )

    assert targets == set(STATES)


def read_by(value: Any) -> set[str]:  # noqa: ANN401  # JSON
    """Return the workflow's variables that the expressions in a part of the definition read."""
    texts = re.findall(r"\{% (.*?) %\}", json.dumps(value))
    return {
        name
        for text in texts
        for name in set(re.findall(r"\$(\w+)", text)) & ASSIGNED
        if not re.search(rf"\${name} :=", text)  # a name within the expression
    }


def exits(state: dict[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Yield the states that follow, each with the variables that are assigned on the way to it."""
    for way in [state, *state.get("Choices", []), *state.get("Catch", [])]:
        if target := way.get("Next"):
            yield target, set(way.get("Assign", {}))
    if "Default" in state:
        yield state["Default"], set()


ASSIGNED = {name for state in STATES.values() for _, names in exits(state) for name in names}


def assigned_before() -> dict[str, set[str]]:
    """Return the variables that each state finds assigned, whichever way leads to it."""
    machine = DEFINITION["States"]
    found = {name: set(ASSIGNED) for name in machine} | {DEFINITION["StartAt"]: set[str]()}
    changed = True
    while changed:
        changed = False
        for name, state in machine.items():
            for target, assigned in exits(state):
                left = found[target] & (found[name] | assigned)
                changed = changed or left != found[target]
                found[target] = left
    return found


def test_no_expression_reads_a_variable_that_some_way_to_it_has_not_assigned() -> None:
    # Step Functions' documentation does not say what such a variable is within an expression.
    before = assigned_before()

    missing = {
        name: read_by(state) - before[name]
        for name, state in DEFINITION["States"].items()
        if read_by(state) - before[name]
    }

    assert len(ASSIGNED) > 10
    assert missing == {}


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


# The state machine that makes edits

EDIT: dict[str, Any] = json.loads(render_file("workflow/edit.json.tftpl", PLACEHOLDERS))
EDIT_STATES: dict[str, dict[str, Any]] = EDIT["States"]
API_SECONDS = 29  # for which API Gateway waits


def test_an_edit_ends_before_its_caller_gives_up() -> None:
    assert EDIT["TimeoutSeconds"] < API_SECONDS
    for state in EDIT_STATES.values():
        if state["Type"] == "Task":
            assert state["TimeoutSeconds"] < EDIT["TimeoutSeconds"]
            assert {rule["JitterStrategy"] for rule in state["Retry"]} == {"FULL"}


def test_every_state_of_an_edit_is_reached() -> None:
    targets = {EDIT["StartAt"]} | set(
        re.findall(r'"(?:Next|Default)": "(\w+)"', json.dumps(EDIT_STATES))
    )

    assert targets == set(EDIT_STATES)


def test_an_edit_counts_keywords_and_hidden_labels_as_the_limits_say() -> None:
    counted = {
        name: int(most)
        for choice in EDIT_STATES["CheckEdits"]["Choices"]
        for name, most in re.findall(r"edits\.(\w+)\) > (\d+)", choice["Condition"])
    }

    assert counted == {"keywords": MAX_KEYWORDS, "hidden_labels": MAX_LABELS}


def test_an_edit_asks_extract_with_the_fields_of_the_contract() -> None:
    edits = {"location": {"latitude": 1, "longitude": 2}, "keywords": ["a"]}
    variables = {"request": {"keywords": []}, "edits": edits, "photo": {}}

    payload = evaluated(EDIT_STATES["ReadEdits"]["Arguments"]["Payload"], variables)

    edited = parse(EditRequest, payload).edited
    assert edited.position is not None
    assert (edited.position.longitude, edited.keywords) == (2, ["a"])
