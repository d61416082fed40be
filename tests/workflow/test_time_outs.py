"""A step that does not answer in time reads so, in the table, on the page and in the report."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from local import report
from shared.contracts import Contract
from workflow.world import CREATED, KEY, SK, World


@pytest.fixture
def restored(world: World) -> Iterator[World]:
    """Restore the state machine after the test."""
    stepfunctions, arn = world.stack.stepfunctions, world.stack.state_machine_arn
    usual = stepfunctions.describe_state_machine(stateMachineArn=arn)["definition"]
    yield world
    stepfunctions.update_state_machine(stateMachineArn=arn, definition=usual)


def hang(world: World, step: str) -> threading.Event:
    """Let a step wait for the event that is returned, and its task time out after one second.

    The tasks of the other steps keep their time-outs, so that they end on a busy machine too.
    """
    stepfunctions, arn = world.stack.stepfunctions, world.stack.state_machine_arn
    hurry = json.loads(stepfunctions.describe_state_machine(stateMachineArn=arn)["definition"])
    branches = hurry["States"]["RenderAndTag"]["Branches"]
    for states in (hurry["States"], *(branch["States"] for branch in branches)):
        if step.capitalize() in states:
            states[step.capitalize()]["TimeoutSeconds"] = 1
    stepfunctions.update_state_machine(stateMachineArn=arn, definition=json.dumps(hurry))
    usual, over = world.functions.steps[step], threading.Event()

    def wait(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        over.wait(30)
        return usual(request)

    world.functions.steps[step] = wait
    return over


@pytest.mark.parametrize("step", ["extract", "thumbnail"])
def test_a_photo_whose_step_does_not_answer_says_so(restored: World, step: str) -> None:
    over = hang(restored, step)

    [ended] = restored.run(CREATED)
    over.set()

    row = restored.rows()[SK]
    said = f"{step.capitalize()} did not answer in time"
    assert (ended.error, ended.cause) == ("Timeout", f"{step.capitalize()}: {said}")
    assert (row["status"], row["reason"], row["error"]) == ("FAILED", "Timeout", said)
    [message] = restored.dead_letters()
    assert message["failure"] == {"step": step.capitalize(), "name": "Timeout", "message": said}
    record = report.read([{"file": "a.jpg", "status": "FAILED", "error": said}])
    assert report.outcome(record[0]) == ["FAILED", said]


def test_a_photo_whose_labels_are_late_says_so(restored: World) -> None:
    over = hang(restored, "tag")

    [ended] = restored.run(CREATED)
    over.set()

    row = restored.rows()[SK]
    assert (ended.output["outcome"], row["labels_status"]) == ("READY", "PENDING:Timeout")
    assert restored.functions.calls["tag", KEY] == 2
    [message] = restored.dead_letters()
    assert message["failure"] == {"step": "Tag", "name": "Timeout"}
    assert json.dumps(row, default=str).count("States.") == 0
