"""A step that does not answer in time reads so, in the table, on the page and in the report."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from local import report
from shared.contracts import Contract
from workflow.world import CREATED, KEY, SK, World

TASKS = ("Extract", "Thumbnail", "Tag")


@pytest.fixture
def hurried(world: World) -> Iterator[World]:
    """Deploy the state machine with time-outs of one second; restore it after the test."""
    stepfunctions, arn = world.stack.stepfunctions, world.stack.state_machine_arn
    usual = stepfunctions.describe_state_machine(stateMachineArn=arn)["definition"]
    hurry = json.loads(usual)
    branches = [branch["States"] for branch in hurry["States"]["RenderAndTag"]["Branches"]]
    for states, name in zip([hurry["States"], *branches], TASKS, strict=True):
        states[name]["TimeoutSeconds"] = 1
    stepfunctions.update_state_machine(stateMachineArn=arn, definition=json.dumps(hurry))
    yield world
    stepfunctions.update_state_machine(stateMachineArn=arn, definition=usual)


def hang(world: World, step: str) -> threading.Event:
    """Let a step wait for the event that is returned."""
    usual, over = world.functions.steps[step], threading.Event()

    def wait(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        over.wait(30)
        return usual(request)

    world.functions.steps[step] = wait
    return over


@pytest.mark.parametrize("step", ["extract", "thumbnail"])
def test_a_photo_whose_step_does_not_answer_says_so(hurried: World, step: str) -> None:
    over = hang(hurried, step)

    [ended] = hurried.run(CREATED)
    over.set()

    row = hurried.rows()[SK]
    said = f"{step.capitalize()} did not answer in time"
    assert (ended.error, ended.cause) == ("Timeout", f"{step.capitalize()}: {said}")
    assert (row["status"], row["reason"], row["error"]) == ("FAILED", "Timeout", said)
    [message] = hurried.dead_letters()
    assert message["failure"] == {"step": step.capitalize(), "name": "Timeout", "message": said}
    record = report.read([{"file": "a.jpg", "status": "FAILED", "error": said}])
    assert report.outcome(record[0]) == ["FAILED", said]


def test_a_photo_whose_labels_are_late_says_so(hurried: World) -> None:
    over = hang(hurried, "tag")

    [ended] = hurried.run(CREATED)
    over.set()

    row = hurried.rows()[SK]
    assert (ended.output["outcome"], row["labels_status"]) == ("READY", "PENDING:Timeout")
    assert hurried.functions.calls["tag", KEY] == 2
    [message] = hurried.dead_letters()
    assert message["failure"] == {"step": "Tag", "name": "Timeout"}
    assert json.dumps(row, default=str).count("States.") == 0
