"""A backfill makes every photo in the bucket READY once, whatever the table already holds."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gallery.backfill import OWN_TRANSITIONS, photos_at_once
from gallery.quotas import NEW_ACCOUNT
from shared.contracts import Contract, ExtractRequest
from shared.errors import AccessDeniedError
from workflow.bulk import definition, deployed, outcomes, results, succeeded
from workflow.scripted import event, extract
from workflow.test_validators import cfn_lint
from workflow.world import World

PHOTOS = 120
AGAIN = 20
PREFIX = "uploads/alice/2024/"
KEY = PREFIX + "a b+c.jpg"
SK = "photo#2024/a b+c.jpg"
OLD = 1  # as the test events write it: lower than any sequencer that S3 has assigned


class Backfill:
    """The deployed backfill, beside the deployed gallery."""

    def __init__(self, world: World, arn: str) -> None:
        self.world = world
        self.arn = arn

    def put(self, key: str, body: bytes = b"photo") -> str:
        """Upload an object without an event; return its version id."""
        return self.world.stack.upload(key, body)

    def run(self, prefix: str = PREFIX) -> dict[str, list[dict[str, Any]]]:
        """Run a backfill until it ends; return the results of its children by status."""
        stack = self.world.stack
        wanted = {"prefix": prefix, "max_concurrency": 4}
        begun = stack.stepfunctions.start_execution(
            stateMachineArn=self.arn, input=json.dumps(wanted)
        )
        ended = succeeded(stack, begun["executionArn"], timeout_seconds=1100)
        return results(stack, ended)


@pytest.fixture
def filler(world: World) -> Iterator[Backfill]:
    stack = world.stack
    no_events: Any = {}
    all_events: Any = {"EventBridgeConfiguration": {}}
    stack.s3.put_bucket_notification_configuration(
        Bucket=stack.photos_bucket, NotificationConfiguration=no_events
    )
    with deployed(stack, "backfill") as arn:
        yield Backfill(world, arn)
    stack.s3.put_bucket_notification_configuration(
        Bucket=stack.photos_bucket, NotificationConfiguration=all_events
    )


def test_cfn_lint_accepts_the_backfill(tmp_path: Path) -> None:
    made = definition("backfill")
    photos = made["States"]["Photos"]
    photos["MaxConcurrency"] = 6  # cfn-lint accepts no expression there; AWS does
    photos["ItemProcessor"]["States"]["Process"]["TimeoutSeconds"] = 1  # nor here

    linted = cfn_lint(json.dumps(made), tmp_path)

    assert linted.returncode == 0, linted.stdout


def test_concurrency_is_bounded_and_a_failed_photo_does_not_end_the_backfill() -> None:
    photos = definition("backfill")["States"]["Photos"]

    new_account = photos_at_once(NEW_ACCOUNT, labeler="rekognition")
    assert photos["MaxConcurrency"].endswith(f" : {new_account} %}}")
    assert photos["ToleratedFailurePercentage"] == 100
    process = photos["ItemProcessor"]["States"]["Process"]
    assert process["Resource"].endswith(":states:startExecution.sync:2")
    retried = {error for one in process["Retry"] for error in one["ErrorEquals"]}
    assert not retried & {"States.ALL", "States.TaskFailed", "States.Timeout"}


@pytest.mark.parametrize("name", ["backfill", "reprocess"])
def test_a_start_that_step_functions_refuses_for_a_quota_is_tried_again(name: str) -> None:
    # https://docs.aws.amazon.com/step-functions/latest/dg/concepts-nested-workflows.html: the name
    # of the API's error, without the SDK's ending
    process = definition(name)["States"]["Photos"]["ItemProcessor"]["States"]["Process"]
    retried = {error for rule in process["Retry"] for error in rule["ErrorEquals"]}

    assert "StepFunctions.ExecutionLimitExceeded" in retried


def test_every_state_has_a_timeout() -> None:
    # that of Process outlasts an execution: tests/workflow/test_definition.py
    states = definition("backfill")["States"]["Photos"]["ItemProcessor"]["States"].values()

    assert all(state["TimeoutSeconds"] for state in states)


def test_the_cost_model_counts_the_states_of_the_backfill() -> None:
    states = definition("backfill")["States"]["Photos"]["ItemProcessor"]["States"]

    assert len(states) == OWN_TRANSITIONS


def test_a_photo_without_an_event_becomes_ready(
    filler: Backfill,
) -> None:
    version_id = filler.put(KEY)

    assert outcomes(filler.run()) == {"READY": 1}
    row = filler.world.rows()[SK]
    assert (row["status"], row["version_id"], row["bytes"]) == ("READY", version_id, 5)
    assert row["claimed_version"] == version_id


def test_a_second_run_processes_nothing(filler: Backfill) -> None:
    filler.put(KEY)
    filler.run()
    before = filler.world.rows()
    filler.world.functions.calls.clear()

    assert outcomes(filler.run()) == {"DUPLICATE": 1}
    assert filler.world.functions.calls == {}
    assert filler.world.rows() == before


def test_a_second_run_processes_a_photo_that_was_overwritten_without_an_event(
    filler: Backfill,
) -> None:
    filler.put(KEY)
    filler.run()
    filler.world.stack.dynamodb.update_item(  # as if the first run had been last year
        TableName=filler.world.stack.table,
        Key={"pk": {"S": "alice"}, "sk": {"S": SK}},
        UpdateExpression="SET sequencer = :then",
        ExpressionAttributeValues={":then": {"S": "0" * 18 + "20230101000000"}},
    )
    version_id = filler.put(KEY, b"another")

    assert outcomes(filler.run()) == {"READY": 1}
    assert filler.world.rows()[SK]["version_id"] == version_id


def test_a_backfill_is_a_duplicate_after_an_s3_event(filler: Backfill) -> None:
    version_id = filler.put(KEY)
    filler.world.run(event(KEY, sequencer=OLD, version_id=version_id))

    assert outcomes(filler.run()) == {"DUPLICATE": 1}


def test_an_s3_event_is_processed_after_a_backfill(filler: Backfill) -> None:
    version_id = filler.put(KEY)
    filler.run()

    (ended,) = filler.world.run(event(KEY, sequencer=OLD, version_id=version_id))

    assert ended.output["outcome"] == "READY"


def test_failures_are_recorded_and_retried_by_the_next_run(filler: Backfill) -> None:
    filler.put(KEY)
    filler.put(PREFIX + "good.jpg")

    def broken(request: ExtractRequest) -> Contract:
        if request.photo.key == KEY:
            raise AccessDeniedError("no right")
        return extract(request)

    filler.world.functions.steps["extract"] = broken
    first = filler.run()
    filler.world.functions.steps["extract"] = extract

    assert outcomes(first) == {"FAILED": 1, "READY": 1}
    (failure,) = first["FAILED"]
    assert json.loads(failure["Input"]) == {"key": KEY}
    assert failure["Error"] == "States.TaskFailed"
    assert "AccessDeniedError" in failure["Cause"]
    assert outcomes(filler.run()) == {"READY": 1, "DUPLICATE": 1}


def test_a_prefix_without_objects_succeeds(filler: Backfill) -> None:
    assert outcomes(filler.run("uploads/nobody/")) == {}


@pytest.mark.timeout(1200)
def test_many_photos_become_ready_and_are_not_processed_again(filler: Backfill) -> None:
    keys = [
        f"{PREFIX}{'again' if number < AGAIN else 'once'}/{number:04}.jpg"
        for number in range(PHOTOS)
    ]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(filler.put, keys))
    calls = filler.world.functions.calls

    first = outcomes(filler.run())
    worked = Counter(step for step, _ in calls.elements())
    calls.clear()
    second = outcomes(filler.run(f"{PREFIX}again/"))

    assert first == {"READY": PHOTOS}
    assert worked == {"extract": PHOTOS, "thumbnail": PHOTOS, "tag": PHOTOS}
    assert second == {"DUPLICATE": AGAIN}
    assert calls == {}
