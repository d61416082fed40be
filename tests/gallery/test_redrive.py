"""Redrive: each failed execution is started again once, and no message is lost."""

import dataclasses
import json
import subprocess
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gallery.redrive import (
    RECORDED_STEPS,
    MessageError,
    Redrive,
    input_of,
    parse,
    row_of,
)
from gallery.table import Table
from local.moto_patches.eventbridge import transform
from local.template import PLACEHOLDERS, render_file
from outputs import gallery, outputs_of
from shared.contracts import Contract, ExtractRequest
from shared.errors import AccessDeniedError
from workflow.scripted import event, extract, raising, tag
from workflow.world import CREATED, KEY, SK, World

ROOT = Path(__file__).parents[2]
DEFINITION = json.loads(render_file("statemachine.json.tftpl", PLACEHOLDERS))
RULES: dict[str, Any] = json.loads(
    render_file("workflow/upload_rules.json.tftpl", {"photos_bucket": "photos"})
)
GONE = "arn:aws:states:us-east-1:123456789012:execution:gallery:gone"

# https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
STATUS_CHANGE = {
    "version": "0",
    "id": "315c1398-40ff-a850-213b-158f73e60175",
    "detail-type": "Step Functions Execution Status Change",
    "source": "aws.states",
    "account": "123456789012",
    "time": "2024-07-01T10:00:00Z",
    "region": "us-east-1",
    "resources": [GONE],
    "detail": {
        "executionArn": GONE,
        "stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:gallery",
        "name": "gone",
        "status": "TIMED_OUT",
        "startDate": 1551224926156,
        "stopDate": 1551224927157,
        "input": "{}",
        "inputDetails": {"included": True},
        "output": None,
        "outputDetails": None,
    },
}


def redrive(world: World, *, dry_run: bool = False) -> Redrive:
    """Return the command for the deployed state machine."""
    stack = world.stack
    return Redrive(
        stack.sqs,
        stack.stepfunctions,
        Table(stack.dynamodb, stack.table),
        stack.dead_letters_url,
        stack.state_machine_arn,
        dry_run=dry_run,
    )


def run(world: World, *, most: int = 100, dry_run: bool = False) -> Counter[str]:
    """Redrive, and wait for the executions that it started."""
    done = redrive(world, dry_run=dry_run).run(most)
    world.stack.wait_until_idle()
    return done


def send(world: World, message: object) -> None:
    """Send a message to the dead-letter queue."""
    world.stack.sqs.send_message(
        QueueUrl=world.stack.dead_letters_url,
        MessageBody=message if isinstance(message, str) else json.dumps(message),
    )


def message_of_rule(execution_arn: str, status: str = "TIMED_OUT") -> dict[str, Any]:
    """Return the message that EventBridge sends for an execution that ended badly."""
    rule = json.loads(render_file("workflow/failure_rule.json.tftpl", {"state_machine_arn": "arn"}))
    detail = {**STATUS_CHANGE["detail"], "executionArn": execution_arn, "status": status}  # type: ignore[dict-item]
    made = transform(
        rule["input_template"], rule["input_paths"], {**STATUS_CHANGE, "detail": detail}
    )
    message: dict[str, Any] = json.loads(made)
    return message


def waiting(world: World) -> int:
    """Return the number of messages that the next redrive would receive."""
    asked = world.stack.sqs.get_queue_attributes(
        QueueUrl=world.stack.dead_letters_url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(asked["Attributes"]["ApproximateNumberOfMessages"])


def failed(world: World) -> str:
    """Make a photo fail in Extract, which sends a message; return the execution's ARN."""
    world.functions.steps["extract"] = raising(AccessDeniedError("no"))
    [ended] = world.run(CREATED)
    assert ended.status == "FAILED"
    return ended.arn


def starts(world: World) -> int:
    """Return the number of executions so far."""
    pages = world.stack.stepfunctions.get_paginator("list_executions").paginate(
        stateMachineArn=world.stack.state_machine_arn
    )
    return sum(len(page["executions"]) for page in pages)


def test_a_failed_photo_becomes_ready_once_the_fault_is_repaired(world: World) -> None:
    failed(world)
    world.functions.steps["extract"] = extract

    assert run(world) == {"started": 1}
    assert world.rows()[SK]["status"] == "READY"
    assert waiting(world) == 0


def test_an_execution_that_fails_again_sends_a_message_of_its_own(world: World) -> None:
    first = failed(world)

    run(world)

    [message] = world.dead_letters()
    assert message["execution_arn"] != first
    assert message["input"]["object"]["key"] == KEY


def test_missing_labels_are_added(world: World) -> None:
    world.functions.steps["tag"] = raising(AccessDeniedError("no"))
    world.run(CREATED)
    assert world.rows()[SK]["labels_status"] == "PENDING:AccessDeniedError"
    world.functions.steps["tag"] = tag

    run(world)

    assert world.rows()[SK]["labels_status"] == "READY"


def test_two_messages_of_one_execution_start_it_once(world: World) -> None:
    arn = failed(world)
    send(world, message_of_rule(arn, "FAILED"))
    world.functions.steps["extract"] = extract
    before = starts(world)

    assert run(world) == {"started": 1}
    assert starts(world) == before + 1
    assert waiting(world) == 0


def test_a_message_that_was_not_deleted_starts_nothing_a_second_time(world: World) -> None:
    failed(world)
    [message] = world.dead_letters()
    world.functions.steps["extract"] = extract
    send(world, message)
    run(world)
    before = starts(world)

    send(world, message)

    assert run(world) == {"started before": 1}
    assert starts(world) == before
    assert waiting(world) == 0


def test_the_input_in_a_message_may_be_text(world: World) -> None:
    failed(world)
    [message] = world.dead_letters()
    send(world, {**message, "input": json.dumps(message["input"])})
    world.functions.steps["extract"] = extract

    run(world)

    assert world.rows()[SK]["status"] == "READY"


def aborted(world: World) -> str:
    """Stop an execution in Extract; no Catch handles that, and its claim stays. Return its ARN."""
    sfn = world.stack.stepfunctions

    def stop(request: ExtractRequest) -> Contract:
        running = sfn.list_executions(
            stateMachineArn=world.stack.state_machine_arn, statusFilter="RUNNING"
        )["executions"]
        for execution in running:
            sfn.stop_execution(executionArn=execution["executionArn"])
        return extract(request)

    world.functions.steps["extract"] = stop
    [ended] = world.run(CREATED)
    world.functions.steps["extract"] = extract
    assert ended.status == "ABORTED"
    assert world.rows()[SK]["status"] == "PROCESSING"
    assert world.dead_letters() == []
    return ended.arn


def test_an_execution_that_died_is_started_again_at_once_with_its_input(world: World) -> None:
    send(world, message_of_rule(aborted(world), "ABORTED"))

    assert run(world) == {"started": 1}
    assert world.rows()[SK]["status"] == "READY"


def test_the_claim_of_another_execution_is_not_released(world: World) -> None:
    dead = aborted(world)
    send(world, message_of_rule(dead, "ABORTED"))
    holder = dead.rpartition(":")[0] + ":holder"
    world.stack.dynamodb.update_item(
        TableName=world.stack.table,
        Key={"pk": {"S": "alice"}, "sk": {"S": SK}},
        UpdateExpression="SET execution_arn = :holder",
        ExpressionAttributeValues={":holder": {"S": holder}},
    )
    before = world.rows()[SK]

    run(world)

    assert world.rows()[SK] == before


def test_an_execution_that_still_runs_is_held_back(world: World) -> None:
    arns: list[str] = []

    def redriven(request: ExtractRequest) -> Contract:
        [running] = world.stack.stepfunctions.list_executions(
            stateMachineArn=world.stack.state_machine_arn, statusFilter="RUNNING"
        )["executions"]
        send(world, message_of_rule(running["executionArn"], "ABORTED"))
        arns.append(running["executionArn"])
        assert redrive(world).run(100) == {"held back": 1}
        return extract(request)

    world.functions.steps["extract"] = redriven
    [ended] = world.run(CREATED)

    assert arns == [ended.arn]
    assert ended.output["outcome"] == "READY"
    assert waiting(world) == 1  # at once, for the next redrive


def test_a_dry_run_releases_no_claim(world: World) -> None:
    send(world, message_of_rule(aborted(world), "ABORTED"))
    before = world.rows()[SK]

    assert run(world, dry_run=True) == {"would start": 1}
    assert world.rows()[SK] == before


@pytest.mark.parametrize("key", [KEY, "uploads/nobody.jpg"], ids=["an owner's", "nobody's"])
def test_the_row_of_an_input_is_the_one_that_the_state_machine_writes(
    world: World, key: str
) -> None:
    made = event(key, sequencer=1, version_id="v1", bucket=world.stack.photos_bucket)

    world.run(made)

    place = row_of(json.dumps(made))
    assert world.rows(place["pk"])[place["sk"]]["key"] == key


def test_no_claim_stands_after_a_failure_of_a_function_or_of_the_announcement() -> None:
    states = DEFINITION["States"]
    branches = [branch["States"] for branch in states["RenderAndTag"]["Branches"]]
    tasks = {name: one for part in (states, *branches) for name, one in part.items()}

    assert {
        name for name, task in tasks.items() if task.get("Resource", "").endswith(":lambda:invoke")
    } | {"Announce"} == RECORDED_STEPS


@pytest.mark.parametrize("kind", ["Object Created", "Object Deleted"])
def test_an_undelivered_event_becomes_the_input_that_its_rule_makes(kind: str) -> None:
    [rule] = [rule for rule in RULES.values() if kind in rule["pattern"]["detail-type"]]
    s3_event = event_of_s3(kind)

    assert input_of(s3_event) == json.loads(
        transform(rule["input_template"], rule["input_paths"], s3_event)
    )


def event_of_s3(kind: str = "Object Created") -> dict[str, Any]:
    """Return an event as S3 sends it to EventBridge."""
    made = event(KEY, sequencer=1, version_id="v1", kind=kind)
    more = {"deletion-type": made["deletion_type"]} if kind == "Object Deleted" else {}
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": "aws.s3",
        "time": made["time"],
        "detail": {"bucket": {"name": "photos"}, "object": made["object"], **more},
    }


def test_an_undelivered_event_is_started(world: World) -> None:
    world.stack.sqs.send_message(
        QueueUrl=world.stack.dead_letters_url,
        MessageBody=json.dumps(event_of_s3()),
        MessageAttributes={
            "ERROR_CODE": {"DataType": "String", "StringValue": "StateMachineDoesNotExist"}
        },
    )

    assert run(world) == {"started": 1}
    assert world.rows()[SK]["status"] == "READY"
    assert waiting(world) == 0


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "5",
        "{}",
        '{"execution_arn": 5, "failure": {"name": "x"}}',
        '{"execution_arn": "arn", "failure": {"name": "x", "step": []}}',
        "[" * 200_000,
        '{"id": "1", "detail-type": "Object Restore Completed", "source": "aws.s3"}',
        '{"id": "1", "detail-type": "Object Created", "source": "aws.ec2"}',
        '{"id": "1", "detail-type": "Object Created"}',
        '{"id": "1", "detail-type": "Object Created", "source": "aws.s3", "detail": 5}',
    ],
)
def test_an_unknown_message_is_not_understood(body: str) -> None:
    with pytest.raises(MessageError):
        parse(body, "receipt", "")


def test_a_message_that_is_not_understood_stays_and_stops_nothing(world: World) -> None:
    failed(world)
    send(world, "{}")
    send(world, message_of_rule(GONE))  # Step Functions has forgotten its input
    world.functions.steps["extract"] = extract

    assert run(world) == {"started": 1, "not understood": 2}
    assert waiting(world) == 2


PHOTO = json.dumps({"bucket": "photos", "object": {"key": KEY}})


@pytest.mark.parametrize(
    ("arn", "step", "given"),
    [
        ("", "Claim", PHOTO),
        (GONE.replace("execution:gallery", "express:gallery"), "Claim", PHOTO),
        (GONE.replace("123456789012", "210987654321"), "Claim", PHOTO),
        (f"{GONE}{'x' * 300}", "Claim", PHOTO),
        ("", "Extract", None),
        (GONE, "Extract", "{"),
        (GONE, "Extract", "[" * 200_000),
        (GONE, "Extract", "5"),
        (GONE, "Claim", "{}"),
        (GONE, "Claim", '{"bucket": "photos", "object": {"key": "\\ud800"}}'),
    ],
)
def test_a_message_about_something_else_stays_and_stops_nothing(
    world: World, arn: str, step: str, given: str | None
) -> None:
    failure = {"name": "x", "step": step}
    send(world, {"execution_arn": arn, "failure": failure, **({"input": given} if given else {})})
    send(world, event_of_s3())

    assert run(world) == {"started": 1, "not understood": 1}
    assert waiting(world) == 1


def test_no_more_executions_are_started_a_second_than_quotas_allow(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    for _ in range(3):
        send(world, event_of_s3())

    paced = dataclasses.replace(redrive(world), per_second=4)

    assert paced.run(10) == {"started": 3}
    assert [wait for wait in waits if wait == 0.25] == [0.25, 0.25]  # others may wait too
    monkeypatch.undo()
    world.stack.wait_until_idle()


def test_a_dry_run_starts_and_deletes_nothing(world: World) -> None:
    failed(world)
    before = starts(world)

    assert run(world, dry_run=True) == {"would start": 1}
    assert starts(world) == before
    assert waiting(world) == 1


def test_no_more_messages_are_received_than_asked_for(world: World) -> None:
    for _ in range(3):
        send(world, event_of_s3())

    assert run(world, most=2).total() == 2
    assert waiting(world) == 1


def test_messages_stay_if_nothing_can_be_started(world: World) -> None:
    failed(world)
    stack = world.stack
    gone = stack.state_machine_arn + "-gone"

    with pytest.raises(stack.stepfunctions.exceptions.StateMachineDoesNotExist):
        Redrive(
            stack.sqs,
            stack.stepfunctions,
            Table(stack.dynamodb, stack.table),
            stack.dead_letters_url,
            gone,
        ).run(10)

    assert waiting(world) == 1


def command(world: World, *options: str, **names: str) -> subprocess.CompletedProcess[str]:
    environment = world.stack.environment()
    return gallery(outputs_of(world.stack, **names), "redrive", *options, environment=environment)


def test_the_command_prints_each_outcome_and_a_summary(world: World) -> None:
    arn = failed(world)

    done = command(world, "--max", "5")

    assert done.stdout == f"started: {arn} (Extract: AccessDeniedError)\n1 started\n", done.stderr
    assert done.returncode == 0
    world.stack.wait_until_idle()


def test_the_command_says_if_there_are_no_messages(world: World) -> None:
    assert command(world).stdout == "no messages\n"


def test_the_command_fails_if_a_message_is_not_understood(world: World) -> None:
    send(world, "{}")

    done = command(world)

    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "1 not understood")


def test_the_command_refuses_to_receive_no_message(world: World) -> None:
    done = command(world, "--max", "0")

    assert (done.returncode, done.stdout) == (2, "")
    assert "must be 1 or more, got 0" in done.stderr


def test_the_command_prints_an_error_of_aws(world: World) -> None:
    failed(world)

    done = command(world, state_machine_arn=world.stack.state_machine_arn + "-gone")

    assert done.returncode == 1
    assert done.stderr.startswith("redrive: ")
    assert "Traceback" not in done.stderr
