"""The bucket has the last word: what S3's own events lead to, undelete among them."""

from collections.abc import Callable
from typing import Any

import pytest
from moto.dynamodb.exceptions import DynamodbException
from moto.dynamodb.responses import DynamoHandler
from moto.s3.models import S3Backend

from shared.contracts import Contract
from shared.errors import EmptyPhotoError, PhotoGoneError
from workflow.scripted import extract, raising
from workflow.world import ALBUM, KEY, SK, World, label_rows, photos_of, renditions_of

# What one execution writes otherwise than another that comes to the same.
ITS_OWN = {"sequencer", "execution_arn", "updated_at"}


class InternalServerError(DynamodbException):  # type: ignore[misc]  # moto is untyped
    """What DynamoDB answers when it does not know itself whether it has written."""

    def __init__(self) -> None:
        name = "com.amazonaws.dynamodb.v20120810#InternalServerError"
        super().__init__(name, "try again")


@pytest.fixture(autouse=True)
def steps_that_read(world: World) -> None:
    for name, step in world.functions.steps.items():
        world.functions.steps[name] = world.reading(step)


def put(world: World, body: bytes = b"photo") -> str:
    """Upload a version, and let it be processed."""
    version_id = world.stack.upload(KEY, body)
    world.stack.wait_until_idle()
    return version_id


def delete(world: World, version_id: str | None = None) -> str:
    """Delete the photo or a version of it, and let that be processed."""
    deleted = world.delete(KEY, version_id)
    world.stack.wait_until_idle()
    return deleted


def state(world: World) -> tuple[dict[str, Any], set[str]]:
    """The table, without what differs from one execution to another, and the derived bucket."""
    rows = world.rows()
    rows[SK] = {name: value for name, value in rows[SK].items() if name not in ITS_OWN}
    return rows, world.derived()


def test_an_undeleted_photo_is_what_it_was(world: World) -> None:
    put(world)
    before = state(world)

    marker = delete(world)
    assert world.rows()[SK]["status"] == "DELETED"
    assert (photos_of(world.rows()), world.derived()) == (0, set())

    delete(world, marker)
    assert state(world) == before
    assert photos_of(world.rows()) == 1


def test_the_version_before_comes_back_when_the_newest_is_deleted(world: World) -> None:
    first = put(world, b"1")
    before = state(world)
    second = put(world, b"2")
    assert label_rows(world.rows()) >= {f"version {second}"}

    delete(world, second)

    assert world.rows()[SK]["version_id"] == first
    assert state(world) == before


def test_the_end_of_an_old_version_does_no_work(world: World) -> None:
    first = put(world, b"1")
    put(world, b"2")
    before = world.rows()
    calls = world.functions.calls["extract", KEY]

    delete(world, first)

    assert world.rows() == before
    assert world.functions.calls["extract", KEY] == calls


def test_the_end_of_the_only_version_is_the_end_of_the_photo(world: World) -> None:
    only = put(world)

    delete(world, only)

    assert set(world.rows()) == {SK, ALBUM}
    assert world.rows()[SK]["status"] == "DELETED"
    assert world.rows()[ALBUM]["photos"] == 0
    assert world.derived() == set()


@pytest.mark.parametrize("step", ["extract", "thumbnail"])
def test_a_version_that_vanishes_while_it_is_processed_gives_way_to_the_one_before(
    world: World, step: str
) -> None:
    first = put(world, b"1")
    before = state(world)
    usual = world.functions.steps[step]

    def meanwhile(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        if request.photo.version_id != first and len(world.versions()) == 2:
            world.delete(KEY, request.photo.version_id)
        return usual(request)

    world.functions.steps[step] = meanwhile
    put(world, b"2")

    assert state(world) == before


def test_a_photo_whose_name_begins_with_that_of_another_is_not_the_other(world: World) -> None:
    put(world)
    world.stack.upload(f"{KEY}.jpg", b"another")

    delete(world)

    assert world.rows()[SK]["status"] == "DELETED"
    assert world.rows()[f"{SK}.jpg"]["status"] == "READY"


def test_what_is_listed_and_yet_not_there_fails_once(world: World) -> None:
    world.functions.steps["extract"] = raising(PhotoGoneError("404"))

    put(world)

    row = world.rows()[SK]
    [letter] = world.letters()
    assert (row["status"], row["reason"]) == ("FAILED", "PhotoGoneError")
    assert letter["failure"]["message"].startswith("listed as current, yet not there")
    assert world.functions.calls["extract", KEY] == 1


def test_a_deletion_that_cannot_be_looked_up_is_kept_and_redriven(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(world)
    before = world.rows()

    def unavailable(*_: object, **__: object) -> None:
        raise RuntimeError("no listing today")

    with monkeypatch.context() as patch:
        patch.setattr(S3Backend, "list_object_versions", unavailable)
        delete(world)
    [letter] = world.letters()
    assert letter["failure"]["step"] == "FindCurrentVersion"
    assert world.rows() == before

    world.run(letter["input"])
    assert world.rows()[SK]["status"] == "DELETED"


def test_a_photo_is_in_the_processing_index_while_it_is_processed(world: World) -> None:
    seen = []

    def look(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        seen.append((world.rows()[SK], world.processing()))
        return extract(request)

    world.functions.steps["extract"] = look
    put(world)

    [(row, [found])] = seen
    assert row["processing_shard"] == found["processing_shard"] == ALBUM[-1]
    assert (found["sk"], found["key"], found["execution_arn"]) == (SK, KEY, row["execution_arn"])
    assert "processing_shard" not in world.rows()[SK]
    assert world.processing() == []


def test_an_album_shows_the_photo_before_while_its_successor_is_processed(world: World) -> None:
    put(world, b"1")
    before = world.rows()[SK]
    seen = []

    def look(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        seen.append(world.rows()[SK])
        return extract(request)

    world.functions.steps["extract"] = look
    put(world, b"2")

    [row] = seen
    assert row["status"] == "PROCESSING"
    assert {row[name] == before[name] for name in ("album_key", "time_key", "renditions")} == {True}


def failing_extract(world: World) -> None:
    world.functions.steps["extract"] = raising(RuntimeError("a bug"))


def rejecting_extract(world: World) -> None:
    world.functions.steps["extract"] = raising(EmptyPhotoError("0 bytes"))


@pytest.mark.parametrize(
    ("prepare", "indexed"),
    [
        (lambda _: None, {"album_key": None, "content_key": None, "time_key": "time"}),
        (rejecting_extract, {"time_key": "problem"}),
        (failing_extract, {"time_key": "problem"}),
    ],
    ids=["ready", "rejected", "failed"],
)
def test_a_photo_is_in_the_indexes_that_its_status_says(
    world: World, prepare: Callable[[World], None], indexed: dict[str, str]
) -> None:
    prepare(world)

    put(world)

    row = world.rows()[SK]
    assert {name for name in row if name.endswith("_key") and name != "label_keys"} == set(indexed)
    assert row["time_key"].startswith(f"{indexed['time_key']}#{row['sort_time']}#")
    delete(world)
    assert not {"album_key", "content_key", "time_key"} & set(world.rows()[SK])


def test_an_album_counts_its_photos_whatever_happens_to_them(world: World) -> None:
    put(world, b"1")
    put(world, b"2")
    assert photos_of(world.rows()) == 1

    rejecting_extract(world)
    put(world, b"3")
    assert photos_of(world.rows()) == 0

    world.functions.steps["extract"] = world.reading(extract)
    put(world, b"4")
    assert photos_of(world.rows()) == 1
    assert world.rows()[ALBUM]["album"] == "2024"


def test_a_publication_whose_answer_is_lost_is_counted_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = DynamoHandler.transact_write_items
    lost = iter([True])

    def transact_write_items(self: Any) -> Any:  # noqa: ANN401  # moto's
        answer = usual(self)
        if next(lost, False):
            raise InternalServerError
        return answer

    monkeypatch.setattr(DynamoHandler, "transact_write_items", transact_write_items)

    put(world)

    assert (world.rows()[SK]["status"], photos_of(world.rows())) == ("READY", 1)
    assert world.derived() == renditions_of(world.rows()[SK])
    assert world.letters() == []
