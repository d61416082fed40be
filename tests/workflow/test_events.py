"""Other systems are told of what was written, and of nothing else; see docs/events.md."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types of its own
import pytest
from moto.events.models import EventsBackend
from moto.sqs.models import SQSBackend
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

from gallery.redrive import Redrive
from gallery.table import Table
from local.clients import ACCOUNT, REGION
from local.stack import EndedExecution
from local.template import PLACEHOLDERS, REPOSITORY, render_file
from publishing import evaluated
from shared.contracts import Contract, parse
from shared.errors import AccessDeniedError, TruncatedPhotoError
from shared.events import DETAIL_TYPES, PhotoEvent
from shared.keys import digest
from workflow.scripted import Step, event, raising
from workflow.world import CREATED, DELETED, KEY, OVERWRITTEN, SK, World

PAGE = (REPOSITORY / "docs" / "events.md").read_text(encoding="utf-8")
SCHEMA = json.loads((REPOSITORY / "docs" / "events.schema.json").read_text(encoding="utf-8"))


class Consumer:
    """A queue with the events that a rule sends to it."""

    def __init__(self, world: World, pattern: dict[str, Any]) -> None:
        self.sqs, self.events = world.stack.sqs, world.stack.client("events")
        self.url = self.sqs.create_queue(QueueName="consumer")["QueueUrl"]
        self.events.put_rule(Name="consumer", EventPattern=json.dumps(pattern))
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:consumer"
        self.events.put_targets(Rule="consumer", Targets=[{"Id": "queue", "Arn": arn}])

    def received(self) -> list[dict[str, Any]]:
        """Receive the events, and delete them; each has the form that the page describes."""
        taken = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        found = []
        for message in taken.get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            told = json.loads(message["Body"])
            jsonschema.validate(told["detail"], SCHEMA)
            detail = parse(PhotoEvent, told["detail"])
            assert told["detail-type"] == DETAIL_TYPES[detail.status]
            assert detail.execution_arn in told["resources"]
            found.append(told)
        return found

    def types(self) -> list[str]:
        """Receive the events, and return their types."""
        return [told["detail-type"] for told in self.received()]

    def close(self) -> None:
        """Delete the rule and the queue."""
        self.events.remove_targets(Rule="consumer", Ids=["queue"])
        self.events.delete_rule(Name="consumer")
        self.sqs.delete_queue(QueueUrl=self.url)


@pytest.fixture
def consumer(world: World) -> Iterator[Consumer]:
    """Return what the page's rule receives, of all types and owners."""
    [pattern] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    one = Consumer(world, {"source": json.loads(pattern)["source"]})
    yield one
    one.close()


def reprocess(world: World) -> EndedExecution:
    """Reprocess the photo, as workflow/reprocess.json.tftpl does."""
    photo = {"key": KEY, "sequencer": world.rows()[SK]["sequencer"]}
    made = {"event": "Reprocess Requested", "time": "2026-01-01T00:00:00Z", "object": photo}
    return world.run({**made, "bucket": "photos"})[0]


def redriven(world: World) -> None:
    """Redrive what the dead-letter queue has, and wait for it."""
    stack = world.stack
    table = Table(stack.dynamodb, stack.table)
    Redrive(
        stack.sqs, stack.stepfunctions, table, stack.dead_letters_url, stack.state_machine_arn
    ).run(10)
    stack.wait_until_idle()


def send_of_rule(world: World, execution_arn: str) -> None:
    """Send the message that workflow/failure_rule.json.tftpl makes of a dead execution."""
    body = {"execution_arn": execution_arn, "failure": {"name": "FAILED"}}
    world.stack.sqs.send_message(
        QueueUrl=world.stack.dead_letters_url, MessageBody=json.dumps(body)
    )


def refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let EventBridge answer each event with ThrottlingException."""
    answer = {"ErrorCode": "ThrottlingException", "ErrorMessage": "too many"}
    monkeypatch.setattr(EventsBackend, "put_events", lambda _self, events: [answer] * len(events))


def test_the_rule_of_the_page_gets_the_photos_of_its_owner_that_become_ready_or_deleted(
    world: World,
) -> None:
    [pattern] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    consumer = Consumer(world, json.loads(pattern))
    try:
        world.run(CREATED, DELETED, event("uploads/bob/a.jpg", sequencer=1, version_id="b"))
        told = consumer.received()
    finally:
        consumer.close()

    assert [one["detail-type"] for one in told] == ["Photo Ready", "Photo Deleted"]


def test_each_outcome_is_told_with_what_the_row_says(world: World, consumer: Consumer) -> None:
    extract = world.functions.steps["extract"]
    changes: list[tuple[str, Step, Callable[[], object]]] = [
        ("Object Created", extract, lambda: world.stack.upload(KEY, b"photo")),
        ("Reprocess Requested", extract, lambda: reprocess(world)),
        (
            "Object Created",
            raising(TruncatedPhotoError("cut")),
            lambda: world.stack.upload(KEY, b"2"),
        ),
        ("Object Deleted", extract, lambda: world.delete(KEY)),
        ("Object Created", raising(AccessDeniedError("no")), lambda: world.stack.upload(KEY, b"3")),
    ]
    statuses = []

    for cause, step, change in changes:
        world.functions.steps["extract"] = step
        change()
        world.stack.wait_until_idle()
        row = world.rows()[SK]
        [told] = consumer.received()
        detail = told["detail"]
        statuses.append(detail["status"])
        assert told["source"] == "gallery"
        assert detail.pop("written_at") >= row["updated_at"]
        assert detail == {
            "status": row["status"],
            "owner": row["pk"],
            "bucket": row["bucket"],
            "key": KEY,
            "photo": digest(KEY),
            "version": row["claimed_version"],
            "sequencer": row["sequencer"],
            "cause": cause,
            "execution_arn": row["execution_arn"],
            **({"code": row["reason"]} if "reason" in row else {}),
        }

    assert statuses == ["READY", "READY", "REJECTED", "DELETED", "FAILED"]


def test_nothing_is_told_of_what_did_not_happen(world: World, consumer: Consumer) -> None:
    version = world.stack.upload(KEY, b"photo")
    world.stack.wait_until_idle()
    assert consumer.types() == ["Photo Ready"]

    late = event(KEY, sequencer=0, version_id="v0")
    world.run(late, event(KEY, sequencer=0, version_id=version))  # a duplicate too
    world.run(event("uploads/nobody.jpg", sequencer=1, version_id="n"))  # no owner, no photo
    world.functions.steps["thumbnail"] = raising(AccessDeniedError("no"))
    reprocess(world)  # fails: the photo is as it was

    assert world.rows()[SK]["status"] == "READY"
    assert consumer.types() == []


def test_an_execution_that_loses_its_photo_tells_nothing(world: World, consumer: Consumer) -> None:
    thumbnail = world.functions.steps["thumbnail"]

    def superseded(request: Any) -> Contract:  # noqa: ANN401  # the step's request
        if request.photo.version_id == "v1":
            world.until_ended(world.begin(OVERWRITTEN))
        return thumbnail(request)

    world.functions.steps["thumbnail"] = superseded
    [ended] = world.run(CREATED)

    assert ended.output["outcome"] == "SUPERSEDED"
    [told] = consumer.received()
    assert told["detail"]["version"] == "v2"


def test_a_photo_without_labels_is_told_and_so_are_its_labels(
    world: World, consumer: Consumer
) -> None:
    tag = world.functions.steps["tag"]
    world.functions.steps["tag"] = raising(AccessDeniedError("no"))
    world.run(CREATED)
    assert consumer.types() == ["Photo Ready"]
    world.functions.steps["tag"] = tag

    redriven(world)

    assert world.rows()[SK]["labels_status"] == "READY"
    assert consumer.types() == ["Photo Ready"]


@pytest.mark.parametrize("status", ["READY", "DELETED"])
def test_what_eventbridge_does_not_take_is_told_after_a_redrive(
    world: World, consumer: Consumer, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    with monkeypatch.context() as patch:
        refuse(patch)
        if status == "READY":
            ended = world.stack.wait_for(KEY, world.stack.upload(KEY, b"photo"))
        else:
            [ended] = world.run(DELETED)
    assert ended.output["outcome"] == world.rows()[SK]["status"] == status  # does not fail
    assert [visit.state for visit in ended.visits][-2:] == ["Conclude", "Done"]
    assert consumer.received() == []

    redriven(world)

    [told] = consumer.received()
    assert told["detail"]["status"] == status


def test_a_failed_photo_whose_event_is_refused_fails_as_it_would_anyway(
    world: World, consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch)
    world.functions.steps["extract"] = raising(AccessDeniedError("no"))

    [ended] = world.run(CREATED)

    assert (ended.status, ended.error) == ("FAILED", "AccessDeniedError")
    assert len(world.dead_letters()) == 1
    assert consumer.types() == []


@pytest.mark.parametrize("death", ["at Announce", "without SQS"])
def test_an_execution_that_dies_before_its_event_is_redriven_until_it_is_told(
    world: World, consumer: Consumer, monkeypatch: pytest.MonkeyPatch, death: str
) -> None:
    usual = CommonStateField._eval_body  # noqa: SLF001  # the seam between two states

    def die(self: Any, env: Any) -> None:  # noqa: ANN401  # moto's
        if self.name == "Announce":
            raise RuntimeError("died")  # States.Runtime, which no Catch handles
        usual(self, env)

    def down(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("down")

    with monkeypatch.context() as patch:
        if death == "at Announce":
            patch.setattr(CommonStateField, "_eval_body", die)
        else:
            refuse(patch)
            patch.setattr(SQSBackend, "send_message", down)
        [ended] = world.run(DELETED)
    assert (ended.status, world.rows()[SK]["status"]) == ("FAILED", "DELETED")
    assert consumer.types() == []
    send_of_rule(world, ended.arn)

    redriven(world)

    assert consumer.types() == ["Photo Deleted"]


def test_nothing_is_told_if_events_are_off() -> None:
    off = json.loads(render_file("statemachine.json.tftpl", {**PLACEHOLDERS, "events": "false"}))
    on = json.loads(render_file("statemachine.json.tftpl", PLACEHOLDERS))
    variables = {
        "record": {"status": "READY"},
        "row": {"pk": "alice", "digest": digest(KEY)},
        "states": {"context": {"Execution": {"Id": "arn"}}},
    }
    for name in ("Publish", "CollectGarbage"):
        told = [
            evaluated(one["States"][name]["Assign"]["announcement"], variables) for one in (off, on)
        ]
        assert told[0] == {}
        assert told[1]["type"] == "Photo Ready"
