"""The embedded AWS throttles what exceeds the quotas of an account, as AWS does."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embeddedaws import TABLE, Aws
from local.clock import VirtualClock
from local.functions import Answer
from local.moto_patches.wiring import wired
from local.quotas import Quotas

QUOTAS = Quotas(invocations_at_once=2, labels_per_second=2, write_units_per_second=10)
IMAGE = {"Bytes": b"no image"}


@pytest.fixture(scope="module")  # a process can run one at a time
def aws() -> Iterator[Aws]:
    """Start an embedded AWS with quotas, whose time the tests set."""
    with Aws.start(quotas=QUOTAS, clock=VirtualClock()) as running:
        yield running


@pytest.fixture(autouse=True)
def _much_later(aws: Aws) -> None:  # noqa: ARG001  # it has to run
    """Let no test meet what another one has used."""
    later(1000)


def later(seconds: float) -> None:
    """Let time pass."""
    with wired().clock.line_up():
        wired().clock.sleep(seconds)


def code(call: Callable[[], object]) -> str:
    """Return the error code of a call; empty if it succeeds."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_no_more_functions_run_at_once_than_the_account_allows(aws: Aws) -> None:
    invoke = aws.client("lambda").invoke
    refused: list[Any] = []

    def call_itself(event: dict[str, int]) -> Answer:
        if event["depth"] < 2:
            run(event["depth"] + 1)
        else:
            with pytest.raises(ClientError) as caught:
                run(event["depth"] + 1)
            refused.append(caught.value.response)
        return Answer(b"{}")

    def run(depth: int) -> None:
        invoke(FunctionName="extract", Payload=json.dumps({"depth": depth}))

    aws.functions.answers["extract"] = call_itself
    run(1)
    run(1)  # they have ended

    [answer, _] = refused
    assert answer["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
    assert answer["Reason"] == "ConcurrentInvocationLimitExceeded"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_step_functions_names_a_throttled_invocation(aws: Aws) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": "extract"},
        "End": True,
    }
    ended: list[Any] = []

    def nested(event: dict[str, int]) -> Answer:
        if event["depth"] < 2:
            aws.client("lambda").invoke(
                FunctionName="extract", Payload=json.dumps({"depth": event["depth"] + 1})
            )
        else:
            ended.append(aws.run({"First": task}))
        return Answer(b"{}")

    aws.functions.answers["extract"] = nested
    aws.client("lambda").invoke(FunctionName="extract", Payload=json.dumps({"depth": 1}))

    assert ended[0].error == "Lambda.TooManyRequestsException"


def test_labels_are_detected_as_often_as_the_account_allows(aws: Aws) -> None:
    rekognition = aws.client("rekognition")

    def codes(number: int) -> list[str]:
        return [code(lambda: rekognition.detect_labels(Image=IMAGE)) for _ in range(number)]

    invalid, throttled = "InvalidImageFormatException", "ProvisionedThroughputExceededException"
    assert codes(3) == [invalid, invalid, throttled]
    later(0.5)
    assert codes(2) == [invalid, throttled]


def put(aws: Aws, sort_key: str, *, owner: str = "alice", size: int = 1) -> str:
    """Put a row of `size` KB, and return the error code."""
    item = {"pk": {"S": owner}, "sk": {"S": sort_key}, "x": {"S": "x" * (size * 1024 - 50)}}
    return code(lambda: aws.dynamodb.put_item(TableName=TABLE, Item=item))


def test_a_partition_key_takes_as_many_write_units_as_dynamodb_allows(aws: Aws) -> None:
    throttled = "ThrottlingException"
    assert [put(aws, "a", size=6), put(aws, "b", size=4), put(aws, "c")] == ["", "", throttled]
    assert put(aws, "a", owner="bob", size=10) == ""
    later(0.15)
    assert [put(aws, "c"), put(aws, "d")] == ["", throttled]


def test_updates_and_deletions_count_as_the_row_that_was_there(aws: Aws) -> None:
    put(aws, "updated", size=5)
    later(1)
    key = {"pk": {"S": "alice"}, "sk": {"S": "updated"}}

    aws.dynamodb.update_item(
        TableName=TABLE,
        Key=key,
        UpdateExpression="SET y = :y",
        ExpressionAttributeValues={":y": {"S": "y"}},
    )
    aws.dynamodb.delete_item(TableName=TABLE, Key=key)

    assert put(aws, "other") == "ThrottlingException"


def test_a_transaction_takes_twice_as_many_and_is_cancelled_as_a_whole(aws: Aws) -> None:
    def write(count: int) -> None:
        puts = [
            {"Put": {"TableName": TABLE, "Item": {"pk": {"S": "carol"}, "sk": {"S": f"{number}"}}}}
            for number in range(count)
        ]
        aws.dynamodb.transact_write_items(TransactItems=puts)  # type: ignore[arg-type]  # a dict

    write(4)
    with pytest.raises(ClientError) as caught:
        write(2)

    answer: Any = caught.value.response
    assert answer["Error"]["Code"] == "TransactionCanceledException"
    assert [one["Code"] for one in answer["CancellationReasons"]] == ["ThrottlingError"] * 2
    write(1)


def test_a_transaction_that_is_larger_than_the_quota_takes_what_later_seconds_bring(
    aws: Aws,
) -> None:
    assert put(aws, "large", size=25) == ""
    later(1)
    assert put(aws, "e") == "ThrottlingException"
    later(1)
    assert put(aws, "e") == ""


def test_a_virtual_clock_stands_while_a_turn_lasts(aws: Aws) -> None:
    wait = {"First": {"Type": "Wait", "Seconds": 0, "End": True}}
    clock = wired().clock
    with clock.line_up():
        before = clock.now()
        aws.client("stepfunctions").start_execution(stateMachineArn=aws.state_machine(wait))

        assert clock.now() == before
    aws.executions.wait(timeout_seconds=20)


def test_branches_of_an_execution_sleep_at_the_same_time(aws: Aws) -> None:
    clock = wired().clock

    def sleep(event: dict[str, float]) -> Answer:
        clock.sleep(event["seconds"])
        return Answer(b"{}")

    def branch(seconds: float) -> dict[str, object]:
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "extract", "Payload": {"seconds": seconds}},
            "End": True,
        }
        return {"StartAt": "Task", "States": {"Task": task}}

    aws.functions.answers["extract"] = sleep
    before = clock.now()

    ended = aws.run({"Both": {"Type": "Parallel", "Branches": [branch(3), branch(5)], "End": True}})

    assert ended.status == "SUCCEEDED"
    assert clock.now() - before == 5
