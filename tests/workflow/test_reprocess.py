"""A photo that is made anew: by the newest code, with a person's edits, and never at a loss."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gallery.editing import edit
from gallery.records import Edits
from gallery.table import Table
from shared.contracts import (
    Contract,
    ExtractRequest,
    ExtractResult,
    TagRequest,
    ThumbnailRequest,
    ThumbnailResult,
)
from shared.errors import AccessDeniedError, TruncatedPhotoError
from shared.keys import derived_key
from workflow.scripted import extract, raising, tag, thumbnail
from workflow.world import SK, World, label_rows, outcomes, photos_of, renditions_of

KEY = "uploads/alice/2024/space plus+ü \"q\" 'a'.jpg"


def reprocess(world: World, **more: object) -> dict[str, Any]:
    """Return what workflow/reprocess.json.tftpl starts the state machine with."""
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
    """One photo, uploaded and READY."""
    version_id = world.stack.upload(KEY, b"photo")
    world.stack.wait_for(KEY, version_id)
    world.stack.wait_until_idle()
    assert world.rows()[SK]["status"] == "READY"
    world.functions.calls.clear()
    return world


def newer(world: World) -> None:
    """Let all three steps be of newer code, which makes other renditions."""

    def larger(request: ThumbnailRequest) -> ThumbnailResult:
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

    def newest(step: Callable[[Any], Any]) -> Callable[[Any], Contract]:
        return lambda request: msgspec.structs.replace(step(request), version=2)

    world.functions.steps |= {
        "extract": newest(extract),
        "thumbnail": larger,
        "tag": newest(tag),
    }


def test_a_reprocess_makes_every_part_anew_and_leaves_nothing_of_the_old(ready: World) -> None:
    before, old = ready.rows()[SK], ready.derived()
    newer(ready)

    (ended,) = ready.run(reprocess(ready))

    row = ready.rows()[SK]
    assert ended.output["outcome"] == "READY"
    assert row["versions"] == {"extract": 2, "thumbnail": 2, "tag": 2}
    assert ready.derived() == renditions_of(row)
    assert old.isdisjoint(ready.derived())
    assert photos_of(ready.rows()) == 1
    same = ("version_id", "sequencer", "uploaded_at", "bytes", "key", "claimed_version")
    assert [row[name] for name in same] == [before[name] for name in same]


def test_a_reprocess_with_the_same_code_changes_no_rendition(ready: World) -> None:
    before = ready.derived()

    ready.run(reprocess(ready))

    assert ready.derived() == before == renditions_of(ready.rows()[SK])


def test_what_a_person_has_edited_survives_a_reprocess(ready: World) -> None:
    table = Table(ready.stack.dynamodb, ready.stack.table)
    edit(table, "alice", KEY, Edits(title="Mine", hidden_labels=["dog"]))
    edited = ready.rows()[SK]["edits"]

    ready.run(reprocess(ready))

    assert ready.rows()[SK]["edits"] == edited
    assert "dog" not in label_rows(ready.rows())


@pytest.mark.parametrize("step", ["extract", "thumbnail", "tag"])
def test_a_reprocess_that_fails_leaves_the_photo_as_it_was(ready: World, step: str) -> None:
    before, renditions = ready.rows(), ready.derived()
    newer(ready)
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
    (letter,) = ready.letters()
    assert letter["failure"]["name"] == "AccessDeniedError"
    assert letter["input"]["event"] == "Reprocess Requested"


def test_the_letter_of_a_reprocess_that_failed_reprocesses_it(ready: World) -> None:
    ready.functions.steps["extract"] = raising(AccessDeniedError("no right"))
    ready.run(reprocess(ready))
    (letter,) = ready.letters()
    newer(ready)

    (ended,) = ready.run(letter["input"])

    assert ended.output["outcome"] == "READY"
    assert ready.rows()[SK]["versions"]["extract"] == 2


def test_what_newer_code_refuses_is_rejected(ready: World) -> None:
    ready.functions.steps["thumbnail"] = raising(TruncatedPhotoError("cut"))

    (ended,) = ready.run(reprocess(ready))

    assert ended.output == {"outcome": "REJECTED", "reason": "TRUNCATED"}
    assert ready.derived() == set()
    assert photos_of(ready.rows()) == 0


def test_a_photo_that_failed_is_tried_again(world: World) -> None:
    world.functions.steps["extract"] = raising(AccessDeniedError("no right"))
    version_id = world.stack.upload(KEY, b"photo")
    world.stack.wait_for(KEY, version_id)
    world.functions.steps["extract"] = extract

    (ended,) = world.run(reprocess(world))

    assert ended.output["outcome"] == "READY"


def test_a_reprocess_of_what_the_bucket_no_longer_has_leaves_a_tombstone(ready: World) -> None:
    asked = reprocess(ready)
    ready.delete(KEY, ready.rows()[SK]["version_id"])
    ready.stack.wait_until_idle()

    ready.run(asked)

    assert ready.rows()[SK]["status"] == "DELETED"
    assert ready.derived() == set()
    assert label_rows(ready.rows()) == set()


def test_a_reprocess_finds_a_version_of_which_nobody_has_heard(ready: World) -> None:
    silence: Any = {}
    loud: Any = {"EventBridgeConfiguration": {}}
    photos = ready.stack.photos_bucket
    ready.stack.s3.put_bucket_notification_configuration(
        Bucket=photos, NotificationConfiguration=silence
    )
    unheard = ready.stack.upload(KEY, b"another")
    ready.stack.s3.put_bucket_notification_configuration(
        Bucket=photos, NotificationConfiguration=loud
    )

    ready.run(reprocess(ready))

    row = ready.rows()[SK]
    assert (row["status"], row["version_id"], row["bytes"]) == ("READY", unheard, 7)


def test_an_event_that_came_since_does_the_work(ready: World) -> None:
    asked = reprocess(ready)
    version_id = ready.stack.upload(KEY, b"another")
    ready.stack.wait_for(KEY, version_id)
    ready.stack.wait_until_idle()
    ready.functions.calls.clear()

    assert outcomes(ready.run(asked)) == ["DUPLICATE"]
    assert ready.functions.calls == {}


def test_of_two_reprocessings_at_one_time_one_works(ready: World) -> None:
    others: list[Any] = []

    def meanwhile(request: ExtractRequest) -> ExtractResult:
        others.append(ready.until_ended(ready.begin(reprocess(ready))))
        return extract(request)

    ready.functions.steps["extract"] = meanwhile
    (first,) = ready.run(reprocess(ready))

    assert first.output["outcome"] == "READY"
    assert outcomes(others) == ["DUPLICATE"]


def test_the_labeler_is_asked_anew_only_where_that_is_wanted(ready: World) -> None:
    asked: list[bool] = []

    def noted(request: TagRequest) -> Contract:
        asked.append(request.relabel)
        return tag(request)

    ready.functions.steps["tag"] = noted
    ready.run(reprocess(ready), reprocess(ready, relabel=True))

    assert asked == [False, True]


def test_a_reprocess_of_a_key_of_nobody_does_nothing(world: World) -> None:
    asked = reprocess(world)
    asked["object"]["key"] = "x.jpg"

    assert outcomes(world.run(asked)) == ["IGNORED"]
    assert world.rows("/") == {}
