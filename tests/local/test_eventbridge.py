"""EventBridge: rules deliver events to their targets as AWS's do."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from embeddedaws import ROLE, Aws, queue_arn
from local.clients import ACCOUNT, REGION
from local.clock import Clock
from local.moto_patches.eventbridge import transform
from local.moto_patches.wiring import wired

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
EVENT = {"id": "1", "detail": {"key": 'a"\\\nb', "size": 5, "object": {"etag": "e"}}}
PATHS = {"key": "$.detail.key", "size": "$.detail.size", "object": "$.detail.object"}


@pytest.mark.parametrize(
    ("template", "body"),
    [
        ('{"a": <key>}', {"a": 'a"\\\nb'}),
        ('{"a": <size>, "b": <object>}', {"a": 5, "b": {"etag": "e"}}),
        ('{"a": "key is <key>, size <size>"}', {"a": 'key is a"\\\nb, size 5'}),
        ('{"a": "<object>"}', {"a": '{"etag": "e"}'}),
        ('{"a": <object>, "b": <object>}', {"a": {"etag": "e"}, "b": {"etag": "e"}}),
        ('"<key>"', 'a"\\\nb'),
    ],
)
def test_a_variable_becomes_json_or_text_within_quotes(template: str, body: object) -> None:
    assert json.loads(transform(template, PATHS, EVENT)) == body


def test_a_path_that_the_event_lacks_becomes_empty_text() -> None:
    assert transform('{"a": <b>}', {"b": "$.detail.key.b"}, EVENT) == '{"a": ""}'


@given(TEXT)
def test_no_text_breaks_out_of_the_template(text: str) -> None:
    made = transform('{"a": <v>, "b": "<<v>>"}', {"v": "$.v"}, {"v": text})

    assert json.loads(made) == {"a": text, "b": f"<{text}>"}


def put(aws: Aws, source: str, detail: object) -> None:
    entry = {"Source": source, "DetailType": "test", "Detail": json.dumps(detail)}
    aws.client("events").put_events(Entries=[entry])


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"Source": "aws.gallery"}, "NotAuthorizedForSourceException"),
        ({"DetailType": "x" * 129}, "InvalidArgument"),
        ({"DetailType": ""}, "InvalidArgument"),
        ({"Detail": "[]"}, "MalformedDetail"),
        ({"Detail": "{"}, "MalformedDetail"),
    ],
)
def test_an_event_that_aws_refuses_is_counted_and_the_others_are_sent(
    aws: Aws, entry: dict[str, str], error: str
) -> None:
    queue, source = aws.queue(), str(uuid.uuid4())
    aws.rule({"source": [source]}, Arn=queue_arn(queue))
    good = {"Source": source, "DetailType": "x" * 128, "Detail": '{"a": 1}'}

    answer = aws.client("events").put_events(Entries=[{**good, **entry}, good])

    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == error
    assert "EventId" in answer["Entries"][1]
    assert len(aws.messages(queue)) == 1


def test_a_request_with_more_than_256_kib_of_events_is_refused(aws: Aws) -> None:
    entry = {"Source": "test", "DetailType": "test", "Detail": "{}"}
    longest = json.dumps({"a": "é"}, ensure_ascii=False)
    room = 256 * 1024 - len("testtest") - len(longest.encode())
    events = aws.client("events")

    events.put_events(Entries=[{**entry, "Detail": longest.replace("é", "é" + "x" * room)}])
    with pytest.raises(ClientError) as refused:
        events.put_events(
            Entries=[{**entry, "Detail": longest.replace("é", "é" + "x" * (room + 1))}]
        )

    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_task_fails_if_eventbridge_refuses_its_event(aws: Aws) -> None:
    queue, source = aws.queue(), str(uuid.uuid4())
    aws.rule({"source": [source]}, Arn=queue_arn(queue))
    arns = []
    for sent_by in ("aws.gallery", source):
        entry = {"Source": sent_by, "DetailType": "test", "Detail": {"a": "{% 1 + 1 %}"}}
        arn = aws.state_machine(
            {
                "Tell": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::events:putEvents",
                    "Arguments": {"Entries": [entry]},
                    "End": True,
                }
            }
        )
        execution = aws.client("stepfunctions").start_execution(stateMachineArn=arn, input="{}")
        arns.append(execution["executionArn"])
    refused, sent = (
        aws.executions.find(lambda one, arn=arn: one.arn == arn, timeout_seconds=20)  # type: ignore[misc]
        for arn in arns
    )

    assert (refused.status, refused.error) == ("FAILED", "EventBridge.FailedEntry")
    assert sent.output["FailedEntryCount"] == 0
    [message] = aws.messages(queue)
    told = json.loads(message["Body"])
    assert told["detail"] == {"a": 2}
    assert arns[1] in told["resources"]  # with that of the state machine


def test_a_rule_sends_only_events_that_match_its_pattern(aws: Aws) -> None:
    queue, source = aws.queue(), str(uuid.uuid4())
    pattern = {"source": [source], "detail": {"key": [{"prefix": "uploads/"}]}}
    aws.rule(pattern, Arn=queue_arn(queue))

    put(aws, source, {"key": "uploads/a"})
    put(aws, source, {"key": "derived/a"})
    put(aws, "another", {"key": "uploads/a"})

    [message] = aws.messages(queue)
    event = json.loads(message["Body"])
    assert event["detail"] == {"key": "uploads/a"}
    assert isinstance(event["time"], str)


def state_machine_rule(aws: Aws, arn: str) -> tuple[str, str]:
    """Create a rule that starts `arn`; return its source and its dead-letter queue."""
    source, dead_letters = str(uuid.uuid4()), aws.queue()
    aws.rule(
        {"source": [source]},
        Arn=arn,
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/rule",
        InputTransformer={
            "InputPathsMap": {"key": "$.detail.key"},
            "InputTemplate": '{"key": <key>}',
        },
        DeadLetterConfig={"Arn": queue_arn(dead_letters)},
    )
    return source, dead_letters


def test_a_state_machine_is_started_with_the_transformed_event(aws: Aws) -> None:
    arn = aws.state_machine({"Done": {"Type": "Succeed"}})
    source, dead_letters = state_machine_rule(aws, arn)
    key = 'é "q" \\ \n'

    put(aws, source, {"key": key})
    put(aws, source, {"key": key})

    aws.executions.wait(timeout_seconds=10)
    ended: list[Any] = aws.client("stepfunctions").list_executions(stateMachineArn=arn)[
        "executions"
    ]
    assert [execution["status"] for execution in ended] == ["SUCCEEDED"] * 2
    first, second = (execution["name"] for execution in ended)
    assert first != second
    assert max(len(first), len(second)) <= 80
    execution = aws.client("stepfunctions").describe_execution(
        executionArn=ended[0]["executionArn"]
    )
    assert json.loads(execution["input"]) == {"key": key}
    assert aws.messages(dead_letters) == []


def test_an_undelivered_event_goes_to_the_dead_letter_queue(aws: Aws) -> None:
    gone = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:gone"
    source, dead_letters = state_machine_rule(aws, gone)

    put(aws, source, {"key": "a"})

    [message] = aws.messages(dead_letters)
    assert json.loads(message["Body"])["detail"] == {"key": "a"}
    attributes = message["MessageAttributes"]
    assert attributes["TARGET_ARN"]["StringValue"] == gone
    assert attributes["ERROR_CODE"]["StringValue"] == "StateMachineDoesNotExist"


def test_a_disabled_rule_sends_nothing(aws: Aws) -> None:
    queue, source, events = aws.queue(), str(uuid.uuid4()), aws.client("events")
    events.put_rule(Name=source, EventPattern=json.dumps({"source": [source]}))
    events.put_targets(Rule=source, Targets=[{"Id": "target", "Arn": queue_arn(queue)}])
    events.disable_rule(Name=source)

    put(aws, source, {})

    assert aws.messages(queue) == []


def status_rule(aws: Aws, state_machine_arn: str) -> str:
    """Create a rule for the state machine's executions; return the queue of its events."""
    queue = aws.queue()
    aws.rule(
        {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {"stateMachineArn": [state_machine_arn]},
        },
        Arn=queue_arn(queue),
        InputTransformer={
            "InputPathsMap": {"detail": "$.detail", "resources": "$.resources"},
            "InputTemplate": '{"detail": <detail>, "resources": <resources>}',
        },
    )
    return queue


def statuses(aws: Aws, queue: str) -> dict[str, dict[str, Any]]:
    """Return the details of the received events, by status, in order."""
    details = [json.loads(message["Body"])["detail"] for message in aws.messages(queue)]
    return {detail["status"]: detail for detail in details}


def real_time() -> Clock:
    """Return a clock with which a Wait state waits."""
    return Clock(executions_at_once=1, wait_scale=1)


@pytest.mark.parametrize(
    ("states", "end"),
    [
        ({"Done": {"Type": "Succeed", "Output": {"out": "é"}}}, "SUCCEEDED"),
        ({"Failed": {"Type": "Fail", "Error": "E", "Cause": "c"}}, "FAILED"),
        ({"Late": {"Type": "Wait", "Seconds": 5, "End": True}}, "TIMED_OUT"),
    ],
)
def test_eventbridge_receives_the_status_of_each_execution(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, states: dict[str, object], end: str
) -> None:
    monkeypatch.setattr(wired(), "clock", real_time())
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    arn = aws.client("stepfunctions").create_state_machine(
        name=str(uuid.uuid4()),
        definition=json.dumps({**definition, "TimeoutSeconds": 1}),
        roleArn=ROLE,
    )["stateMachineArn"]
    queue = status_rule(aws, arn)

    execution = aws.client("stepfunctions").start_execution(stateMachineArn=arn, input='{"in": 1}')[
        "executionArn"
    ]
    ended = aws.executions.find(lambda one: one.arn == execution, timeout_seconds=20)
    aws.executions.wait(timeout_seconds=20)

    sent = statuses(aws, queue)
    assert list(sent) == ["RUNNING", end]
    assert (ended.status, sent[end]["executionArn"]) == (end, execution)
    assert sent[end]["name"] == execution.rpartition(":")[2]
    assert json.loads(sent[end]["input"]) == {"in": 1}
    assert sent[end]["inputDetails"] == {"included": True}
    assert sent["RUNNING"]["stopDate"] is None
    assert 0 <= sent[end]["stopDate"] - sent[end]["startDate"] < 20_000
    assert json.loads(sent[end]["output"] or "null") == ended.output
    assert not {"error", "cause"} & set(sent[end])


def test_eventbridge_receives_the_status_of_a_stopped_execution(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wired(), "clock", real_time())
    arn = aws.state_machine({"Wait": {"Type": "Wait", "Seconds": 60, "End": True}})
    queue = status_rule(aws, arn)
    stepfunctions = aws.client("stepfunctions")
    execution = stepfunctions.start_execution(stateMachineArn=arn, input="{}")["executionArn"]
    while not stepfunctions.get_execution_history(executionArn=execution)["events"]:
        pass

    stepfunctions.stop_execution(executionArn=execution)
    aws.executions.find(lambda one: one.arn == execution, timeout_seconds=20)
    aws.executions.wait(timeout_seconds=20)

    assert list(statuses(aws, queue)) == ["RUNNING", "ABORTED"]


def test_eventbridge_receives_nothing_of_express_executions(aws: Aws) -> None:
    definition = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    arn = aws.client("stepfunctions").create_state_machine(
        name=str(uuid.uuid4()), definition=json.dumps(definition), roleArn=ROLE, type="EXPRESS"
    )["stateMachineArn"]
    queue = status_rule(aws, arn)

    aws.client("stepfunctions").start_execution(stateMachineArn=arn, input="{}")
    aws.executions.wait(timeout_seconds=20)

    assert aws.messages(queue) == []
