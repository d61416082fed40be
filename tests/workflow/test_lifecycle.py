"""After S3's own events, undelete among them, the rows match the bucket."""

from collections.abc import Callable
from typing import Any

import pytest
from moto.dynamodb.exceptions import DynamodbException
from moto.dynamodb.responses import DynamoHandler
from moto.s3.models import S3Backend

import photofiles as pf
from gallery import queries
from gallery.records import Edits
from gallery.table import Table
from shared.contracts import Contract
from shared.errors import EmptyPhotoError, PhotoGoneError
from workflow.scripted import extract, raising
from workflow.world import ALBUM, KEY, SK, World, label_rows, photo_count, renditions_of

# Attributes that differ between two executions with the same outcome.
PER_EXECUTION = {"sequencer", "execution_arn", "updated_at"}


class InternalServerError(DynamodbException):  # type: ignore[misc]  # moto is untyped
    """InternalServerError, which DynamoDB may send after it has written."""

    def __init__(self) -> None:
        name = "com.amazonaws.dynamodb.v20120810#InternalServerError"
        super().__init__(name, "try again")


@pytest.fixture(autouse=True)
def steps_that_read(world: World) -> None:
    for name, step in world.functions.steps.items():
        world.functions.steps[name] = world.reading(step)


def put(world: World, body: bytes = b"photo") -> str:
    """Upload a version and wait until it is processed; return its id."""
    version_id = world.stack.upload(KEY, body)
    world.stack.wait_until_idle()
    return version_id


def delete(world: World, version_id: str | None = None) -> str:
    """Delete the photo or one version, and wait until that is processed; return S3's version id."""
    deleted = world.delete(KEY, version_id)
    world.stack.wait_until_idle()
    return deleted


def state(world: World) -> tuple[dict[str, Any], set[str]]:
    """Return the rows, without PER_EXECUTION, and the keys of the derived bucket."""
    rows = world.rows()
    rows[SK] = {name: value for name, value in rows[SK].items() if name not in PER_EXECUTION}
    return rows, world.derived()


def test_an_undeleted_photo_is_as_before(world: World) -> None:
    put(world)
    before = state(world)

    marker = delete(world)
    assert world.rows()[SK]["status"] == "DELETED"
    assert (photo_count(world.rows()), world.derived()) == (0, set())

    delete(world, marker)
    assert state(world) == before
    assert photo_count(world.rows()) == 1


def test_an_undeleted_photo_keeps_its_edits(world: World) -> None:
    put(world)
    world.editor.edit("alice", KEY, Edits(title="Mine"))
    before = state(world)

    marker = delete(world)
    assert world.rows()[SK]["time_key"].startswith("trash#")
    delete(world, marker)

    assert state(world) == before
    assert world.rows()[SK]["edits"] == '{"title":"Mine"}'


def test_a_photo_leaves_the_trash_when_no_version_is_left(world: World) -> None:
    first = put(world, b"1")
    second = put(world, b"2")
    marker = delete(world)
    deleted = world.rows()[SK]["time_key"]

    delete(world, second)
    assert world.rows()[SK]["time_key"] == deleted  # the older one can be restored
    delete(world, first)
    assert "time_key" not in world.rows()[SK]
    delete(world, marker)
    assert "time_key" not in world.rows()[SK]


def test_the_previous_version_is_published_after_the_newest_is_deleted(world: World) -> None:
    first = put(world, b"1")
    before = state(world)
    second = put(world, b"2")
    assert label_rows(world.rows()) >= {f"version {second}"}

    delete(world, second)

    assert world.rows()[SK]["version_id"] == first
    assert state(world) == before


def test_deleting_an_old_version_changes_nothing(world: World) -> None:
    first = put(world, b"1")
    put(world, b"2")
    before = world.rows()
    calls = world.functions.calls["extract", KEY]

    delete(world, first)

    assert world.rows() == before
    assert world.functions.calls["extract", KEY] == calls


def test_deleting_the_only_version_deletes_the_photo(world: World) -> None:
    only = put(world)

    delete(world, only)

    rows = world.rows()
    [month] = (sk for sk in rows if sk.startswith("month#"))
    assert set(rows) == {SK, ALBUM, month}
    assert rows[SK]["status"] == "DELETED"
    assert (rows[ALBUM]["photos"], rows[month]["photos"]) == (0, 0)
    assert world.derived() == set()


@pytest.mark.parametrize("step", ["extract", "thumbnail"])
def test_the_previous_version_is_published_if_the_newest_is_deleted_during_processing(
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


def test_deleting_a_photo_keeps_another_with_a_key_that_starts_the_same(world: World) -> None:
    put(world)
    world.stack.upload(f"{KEY}.jpg", b"another")

    delete(world)

    assert world.rows()[SK]["status"] == "DELETED"
    assert world.rows()[f"{SK}.jpg"]["status"] == "READY"


def test_a_version_that_is_listed_but_cannot_be_read_fails_without_a_retry(world: World) -> None:
    world.functions.steps["extract"] = raising(PhotoGoneError("404"))

    put(world)

    row = world.rows()[SK]
    [message] = world.dead_letters()
    assert (row["status"], row["reason"]) == ("FAILED", "PhotoGoneError")
    assert message["failure"]["message"].startswith("listed as current, yet not there")
    assert world.functions.calls["extract", KEY] == 1


def test_a_deletion_is_redriven_if_the_bucket_could_not_be_listed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(world)
    before = world.rows()

    def unavailable(*_: object, **__: object) -> None:
        raise RuntimeError("no listing today")

    with monkeypatch.context() as patch:
        patch.setattr(S3Backend, "list_object_versions", unavailable)
        delete(world)
    [message] = world.dead_letters()
    assert message["failure"]["step"] == "FindCurrentVersion"
    assert world.rows() == before

    world.run(message["input"])
    assert world.rows()[SK]["status"] == "DELETED"


def test_a_photo_is_in_the_processing_index_only_while_it_is_processed(world: World) -> None:
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


def test_an_album_shows_the_previous_version_while_the_new_one_is_processed(world: World) -> None:
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
def test_a_photo_is_in_the_indexes_of_its_status(
    world: World, prepare: Callable[[World], None], indexed: dict[str, str]
) -> None:
    prepare(world)

    put(world)

    row = world.rows()[SK]
    assert {name for name in row if name.endswith("_key") and name != "month_key"} == set(indexed)
    assert row["time_key"].startswith(f"{indexed['time_key']}#{row['sort_time']}#")
    delete(world)
    assert not {"album_key", "content_key", "month_key"} & set(world.rows()[SK])
    assert world.rows()[SK]["time_key"].startswith("trash#")


def test_a_deleted_photo_is_in_the_trash_until_its_last_version_is_gone(world: World) -> None:
    table = Table(world.stack.dynamodb, world.stack.table)
    first = put(world)
    world.editor.edit("alice", KEY, Edits(title="Mine"))
    assert queries.trash(table, "alice").items == []

    marker = delete(world)
    [trashed] = queries.trash(table, "alice").items
    assert (trashed.key, trashed.status, trashed.title) == (KEY, "DELETED", "Mine")
    assert (trashed.width_px, trashed.height_px) == (4032, 3024)
    assert queries.problems(table, "alice").items == []

    again = delete(world)  # another marker
    assert queries.trash(table, "alice").items == [trashed]
    delete(world, again)
    delete(world, marker)
    assert queries.trash(table, "alice").items == []
    assert world.rows()[SK]["status"] == "READY"

    markers = [delete(world)]
    assert len(queries.trash(table, "alice").items) == 1
    delete(world, first)
    assert queries.trash(table, "alice").items == []
    assert set(world.rows()[SK]) & {"title", "width_px", "time_key"} == set()
    delete(world, *markers)
    assert world.rows()[SK]["status"] == "DELETED"


def test_an_album_counts_a_photo_only_while_it_is_ready(world: World) -> None:
    put(world, b"1")
    put(world, b"2")
    assert photo_count(world.rows()) == 1

    rejecting_extract(world)
    put(world, b"3")
    assert photo_count(world.rows()) == 0

    world.functions.steps["extract"] = world.reading(extract)
    put(world, b"4")
    assert photo_count(world.rows()) == 1
    assert world.rows()[ALBUM]["album"] == "2024"


def test_a_photo_is_counted_once_if_the_answer_to_publish_is_lost(
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

    assert (world.rows()[SK]["status"], photo_count(world.rows())) == ("READY", 1)
    assert world.derived() == renditions_of(world.rows()[SK])
    assert world.dead_letters() == []


@pytest.mark.parametrize(
    ("stored", "outcome"),
    [
        ({"StorageClass": "GLACIER"}, ("REJECTED", "ARCHIVED")),
        ({"StorageClass": "GLACIER_IR"}, ("READY", None)),
        (
            {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32},
            ("REJECTED", "CUSTOMER_KEY"),
        ),
    ],
    ids=["archived", "cold but readable", "with a customer key"],
)
def test_an_object_that_s3_does_not_return_is_rejected_without_a_dead_letter(
    world: World, stored: dict[str, Any], outcome: tuple[str, str | None]
) -> None:
    world.functions.steps["extract"] = world.extracted
    bucket: Any = {"Bucket": world.stack.photos_bucket}
    rule: Any = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BlockedEncryptionTypes": {"EncryptionType": ["NONE"]},  # customer keys are allowed
    }
    world.stack.s3.put_bucket_encryption(
        **bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
    )

    body = pf.jpeg(width_px=8, height_px=8)
    put = world.stack.s3.put_object(**bucket, Key=KEY, Body=body, **stored)
    ended = world.stack.wait_for(KEY, put["VersionId"])

    row = world.rows()[SK]
    assert ended.status == "SUCCEEDED"
    assert (row["status"], row.get("reason")) == outcome
    assert world.dead_letters() == []
