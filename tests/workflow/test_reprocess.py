"""A reprocessed photo has the results of the newest code and the user's edits, or is unchanged."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import pytest

from gallery import queries
from gallery.records import Edits
from gallery.table import Table
from shared.contracts import (
    Contract,
    ExtractRequest,
    ExtractResult,
    Metadata,
    TagRequest,
    TakenAt,
    ThumbnailRequest,
    ThumbnailResult,
)
from shared.errors import (
    AccessDeniedError,
    ArchivedPhotoError,
    CustomerKeyError,
    RejectedError,
    TruncatedPhotoError,
)
from shared.keys import derived_key, month_sort_key
from workflow.scripted import extract, raising, tag, thumbnail
from workflow.world import SK, World, label_rows, outcomes, photo_count, renditions_of

KEY = "uploads/alice/2024/space plus+ü \"q\" 'a'.jpg"


def reprocess(world: World, **more: object) -> dict[str, Any]:
    """Return the input with which workflow/reprocess.json.tftpl starts the state machine."""
    row = world.rows().get(SK, {"sequencer": "0" * 32})
    photo = {"key": KEY, "sequencer": row["sequencer"]}
    return {
        "event": "Reprocess Requested",
        "time": "2026-01-01T00:00:00Z",
        "bucket": world.stack.photos_bucket,
        "object": photo,
        **more,
    }


@pytest.fixture
def ready(world: World) -> World:
    """Upload one photo and wait until it is READY."""
    version_id = world.stack.upload(KEY, b"photo")
    world.stack.wait_for(KEY, version_id)
    world.stack.wait_until_idle()
    assert world.rows()[SK]["status"] == "READY"
    world.functions.calls.clear()
    return world


def use_newer_steps(world: World) -> None:
    """Replace all three steps with newer ones, which make other renditions."""

    def newer_thumbnail(request: ThumbnailRequest) -> ThumbnailResult:
        made = thumbnail(request)
        renditions = {
            name: msgspec.structs.replace(
                rendition, key=derived_key(request.photo, name, "webp", recipe="2")
            )
            for name, rendition in made.renditions.items()
        }
        for rendition in renditions.values():
            world.stack.s3.put_object(
                Bucket=world.stack.derived_bucket, Key=rendition.key, Body=b"newer"
            )
        return msgspec.structs.replace(made, renditions=renditions, version=2)

    def newer(step: Callable[[Any], Any]) -> Callable[[Any], Contract]:
        return lambda request: msgspec.structs.replace(step(request), version=2)

    world.functions.steps |= {
        "extract": newer(extract),
        "thumbnail": newer_thumbnail,
        "tag": newer(tag),
    }


def test_a_reprocess_replaces_every_result_and_deletes_the_old_renditions(ready: World) -> None:
    before, old = ready.rows()[SK], ready.derived()
    use_newer_steps(ready)

    (ended,) = ready.run(reprocess(ready))

    row = ready.rows()[SK]
    assert ended.output["outcome"] == "READY"
    assert row["versions"] == {"extract": 2, "thumbnail": 2, "tag": 2}
    assert ready.derived() == renditions_of(row)
    assert old.isdisjoint(ready.derived())
    assert photo_count(ready.rows()) == 1
    same = ("version_id", "sequencer", "uploaded_at", "bytes", "key", "claimed_version")
    assert [row[name] for name in same] == [before[name] for name in same]


def test_a_reprocess_with_the_same_code_changes_no_rendition(ready: World) -> None:
    before = ready.derived()

    ready.run(reprocess(ready))

    assert ready.derived() == before == renditions_of(ready.rows()[SK])


def test_a_reprocess_moves_a_photo_to_its_local_time_and_leaves_nothing_behind(
    ready: World,
) -> None:
    """Extract 2 sorted by UTC: a photo of 1 January could stand under 31 December."""
    in_utc, local = "2020-12-31T22:30:00", "2021-01-01T00:30:00"

    def sort_by(time: str) -> None:
        ready.functions.steps["extract"] = lambda request: msgspec.structs.replace(
            extract(request), metadata=Metadata(taken_at=TakenAt(local=time, source="x"))
        )
        ready.run(reprocess(ready))

    sort_by(in_utc)
    table = Table(ready.stack.dynamodb, ready.stack.table)
    ready.editor.edit("alice", KEY, Edits(hidden_labels=["dog"]))
    before = ready.rows()
    sort_by(local)
    after = ready.rows()

    def moved(value: object) -> object:
        text = json.dumps(value, default=float)
        return json.loads(text.replace(in_utc, local).replace("month#2020-12", "month#2021-01"))

    for name in ("updated_at", "execution_arn"):
        del before[SK][name], after[SK][name]
    assert after.pop(month_sort_key(in_utc, KEY))["photos"] == 0
    assert in_utc in json.dumps(before, default=float)
    assert json.loads(json.dumps(after, default=float)) == moved(before)
    new_year = [datetime(2021, 1, day) for day in (1, 2)]  # noqa: DTZ001  # photos' times are local
    assert [it.key for it in queries.between(table, "alice", *new_year).items] == [KEY]
    assert queries.between(table, "alice", datetime(2020, 1, 1), new_year[0]).items == []  # noqa: DTZ001
    assert [(it.path, it.photos) for it in queries.albums(table, "alice").items] == [("2024", 1)]


def test_edits_survive_a_reprocess(ready: World) -> None:
    ready.editor.edit("alice", KEY, Edits(title="Mine", hidden_labels=["dog"]))
    edited = ready.rows()[SK]["edits"]

    ready.run(reprocess(ready))

    assert ready.rows()[SK]["edits"] == edited
    assert "dog" not in label_rows(ready.rows())


@pytest.mark.parametrize("step", ["extract", "thumbnail", "tag"])
def test_a_failed_reprocess_leaves_the_photo_unchanged(ready: World, step: str) -> None:
    before, renditions = ready.rows(), ready.derived()
    use_newer_steps(ready)
    ready.functions.steps[step] = raising(AccessDeniedError("no right"))

    (ended,) = ready.run(reprocess(ready))

    after = ready.rows()
    volatile = ("updated_at", "execution_arn")
    for name in volatile:
        del before[SK][name], after[SK][name]
    assert ended.status == "FAILED"
    assert after == before
    assert ready.derived() == renditions
    assert ready.processing() == []
    (message,) = ready.dead_letters()
    assert message["failure"]["name"] == "AccessDeniedError"
    assert message["input"]["event"] == "Reprocess Requested"


def test_the_dead_letter_message_of_a_failed_reprocess_can_be_redriven(ready: World) -> None:
    ready.functions.steps["extract"] = raising(AccessDeniedError("no right"))
    ready.run(reprocess(ready))
    (message,) = ready.dead_letters()
    use_newer_steps(ready)

    (ended,) = ready.run(message["input"])

    assert ended.output["outcome"] == "READY"
    assert ready.rows()[SK]["versions"]["extract"] == 2


@pytest.mark.parametrize("step", ["extract", "tag"])
@pytest.mark.parametrize("error", [ArchivedPhotoError, CustomerKeyError])
def test_a_photo_that_cannot_be_read_any_more_stays_unchanged_without_a_dead_letter(
    ready: World, error: type[RejectedError], step: str
) -> None:
    before, renditions = ready.rows(), ready.derived()
    ready.functions.steps[step] = raising(error("not now"))

    (ended,) = ready.run(reprocess(ready))

    after = ready.rows()
    for name in ("updated_at", "execution_arn"):
        del before[SK][name], after[SK][name]
    assert ended.status == "SUCCEEDED"
    assert ended.output == {"outcome": "RESTORED", "reason": error.code}
    assert after == before
    assert ready.derived() == renditions
    assert ready.dead_letters() == []


def test_a_photo_that_newer_code_refuses_is_rejected(ready: World) -> None:
    ready.functions.steps["thumbnail"] = raising(TruncatedPhotoError("cut"))

    (ended,) = ready.run(reprocess(ready))

    assert ended.output == {"outcome": "REJECTED", "reason": "TRUNCATED"}
    assert ready.derived() == set()
    assert photo_count(ready.rows()) == 0


def test_a_failed_photo_can_be_reprocessed(world: World) -> None:
    world.functions.steps["extract"] = raising(AccessDeniedError("no right"))
    version_id = world.stack.upload(KEY, b"photo")
    world.stack.wait_for(KEY, version_id)
    world.functions.steps["extract"] = extract

    (ended,) = world.run(reprocess(world))

    assert ended.output["outcome"] == "READY"


def test_a_reprocess_of_a_photo_deleted_since_leaves_a_tombstone(ready: World) -> None:
    asked = reprocess(ready)
    ready.delete(KEY, ready.rows()[SK]["version_id"])
    ready.stack.wait_until_idle()

    ready.run(asked)

    assert ready.rows()[SK]["status"] == "DELETED"
    assert ready.derived() == set()
    assert label_rows(ready.rows()) == set()


def test_a_reprocess_publishes_a_version_that_had_no_event(ready: World) -> None:
    no_events: Any = {}
    all_events: Any = {"EventBridgeConfiguration": {}}
    photos = ready.stack.photos_bucket
    ready.stack.s3.put_bucket_notification_configuration(
        Bucket=photos, NotificationConfiguration=no_events
    )
    version_id = ready.stack.upload(KEY, b"another")
    ready.stack.s3.put_bucket_notification_configuration(
        Bucket=photos, NotificationConfiguration=all_events
    )

    ready.run(reprocess(ready))

    row = ready.rows()[SK]
    assert (row["status"], row["version_id"], row["bytes"]) == ("READY", version_id, 7)


def test_a_reprocess_is_a_duplicate_if_an_event_arrived_since(ready: World) -> None:
    asked = reprocess(ready)
    version_id = ready.stack.upload(KEY, b"another")
    ready.stack.wait_for(KEY, version_id)
    ready.stack.wait_until_idle()
    ready.functions.calls.clear()

    assert outcomes(ready.run(asked)) == ["DUPLICATE"]
    assert ready.functions.calls == {}


def test_of_two_concurrent_reprocessings_one_is_a_duplicate(ready: World) -> None:
    others: list[Any] = []

    def meanwhile(request: ExtractRequest) -> ExtractResult:
        others.append(ready.until_ended(ready.begin(reprocess(ready))))
        return extract(request)

    ready.functions.steps["extract"] = meanwhile
    (first,) = ready.run(reprocess(ready))

    assert first.output["outcome"] == "READY"
    assert outcomes(others) == ["DUPLICATE"]


def test_tag_is_asked_to_relabel_only_if_the_reprocess_requests_it(ready: World) -> None:
    asked: list[bool] = []

    def recording(request: TagRequest) -> Contract:
        asked.append(request.relabel)
        return tag(request)

    ready.functions.steps["tag"] = recording
    ready.run(reprocess(ready), reprocess(ready, relabel=True))

    assert asked == [False, True]


def test_a_reprocess_of_a_key_without_an_owner_is_ignored(world: World) -> None:
    asked = reprocess(world)
    asked["object"]["key"] = "x.jpg"

    assert outcomes(world.run(asked)) == ["IGNORED"]
    assert world.rows("/") == {}
