"""A cancelled transaction is told apart by its reasons: tried again, or not at all."""

import itertools
from typing import Any

import pytest

from local import jsonata
from publishing import STATES
from shared.contracts import Contract
from workflow.cancelling import CONFLICT, THROTTLED, cancel
from workflow.scripted import tag
from workflow.test_reprocess import reprocess
from workflow.world import CREATED, KEY, SK, World, outcomes, photo_count

PATIENCE = 20  # waits before Publish gives up
LEAST_SECONDS = 60 * 60  # on average
WAIT = STATES["AwaitTable"]["Seconds"].strip("{% }").replace("$random()", "$draw")


def visited(ended: Any) -> list[str]:  # noqa: ANN401  # an EndedExecution
    return [visit.state for visit in ended.visits]


def test_a_failed_condition_is_looked_into_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions = cancel(monkeypatch, [])

    def meanwhile(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        world.stack.dynamodb.update_item(
            TableName=world.stack.table,
            Key={"pk": {"S": "alice"}, "sk": {"S": SK}},
            UpdateExpression="SET execution_arn = :other",
            ExpressionAttributeValues={":other": {"S": "arn:other"}},
        )
        return tag(request)

    world.functions.steps["tag"] = meanwhile

    [ended] = world.run(CREATED)

    states = visited(ended)
    assert outcomes([ended]) == ["SUPERSEDED"]
    assert transactions == ["refused"]
    assert states[states.index("Publish") :][:4] == [
        *("Publish", "SortCancellation", "ReadRow", "CheckOwnership")
    ]


@pytest.mark.parametrize("reason", [CONFLICT, THROTTLED, "ProvisionedThroughputExceeded"])
def test_a_conflict_or_a_throttle_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    transactions = cancel(monkeypatch, [reason] * PATIENCE)

    [ended] = world.run(CREATED)

    assert outcomes([ended]) == ["READY"]
    assert transactions == [*[reason] * PATIENCE, "written"]
    assert photo_count(world.rows()) == 1
    assert visited(ended).count("ReadRow") == 0


def test_a_table_that_stays_throttled_ends_as_failed_once_it_can_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions = cancel(monkeypatch, [THROTTLED] * (PATIENCE + 6))

    [ended] = world.run(CREATED)

    row = world.rows()[SK]
    assert (ended.error, row["status"]) == ("DynamoDb.TransactionCanceledException", "FAILED")
    assert THROTTLED in row["error"]
    assert transactions[-1] == "written"
    assert world.derived() == set()
    assert len(world.dead_letters()) == 1


def test_a_table_that_is_never_written_again_ends_in_a_dead_letter(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions = cancel(monkeypatch, itertools.repeat(THROTTLED))

    [ended] = world.run(CREATED)

    [message] = world.dead_letters()
    assert message["failure"]["name"] == ended.error == "DynamoDb.TransactionCanceledException"
    assert len(transactions) == 2 * (PATIENCE + 1)  # READY, then FAILED
    assert world.rows()[SK]["status"] == "PROCESSING"


def test_a_failed_reprocessing_leaves_a_photo_as_it_was_once_the_table_can_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    version_id = world.stack.upload(KEY, b"photo")
    world.stack.wait_for(KEY, version_id)
    before = world.rows()[SK]["renditions"]
    # The row of READY is given up; the status of before has a patience of its own.
    cancel(monkeypatch, [THROTTLED] * (PATIENCE + 6))

    [ended] = world.run(reprocess(world))

    row = world.rows()[SK]
    assert (ended.status, row["status"], row["renditions"]) == ("FAILED", "READY", before)


@pytest.mark.parametrize("reason", ["ValidationError", "ItemCollectionSizeLimitExceeded"])
def test_a_transaction_that_can_never_succeed_is_not_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    transactions = cancel(monkeypatch, [reason])

    [ended] = world.run(CREATED)

    row = world.rows()[SK]
    assert transactions == [reason, "written"]
    assert (ended.status, row["status"], row["step"]) == ("FAILED", "FAILED", "Publish")
    assert reason in row["error"]


def test_a_throttled_transaction_waits_as_long_as_a_throttled_write() -> None:
    [policy] = [
        rule
        for rule in STATES["Publish"]["Retry"]
        if "DynamoDb.ThrottlingException" in rule["ErrorEquals"]
    ]
    longest = [
        min(policy["MaxDelaySeconds"], policy["IntervalSeconds"] * policy["BackoffRate"] ** number)
        for number in range(policy["MaxAttempts"])
    ]

    def waited(draw: float) -> list[int]:
        numbers = range(1, PATIENCE + 1)
        return [jsonata.evaluate(WAIT, {"cancellations": one, "draw": draw}) for one in numbers]

    assert waited(0) == [0] * PATIENCE
    assert waited(0.999_999) == longest
    assert sum(waited(0.5)) == pytest.approx(sum(longest) / 2, rel=0.02)
    assert sum(longest) / 2 > LEAST_SECONDS
