"""Give: a photo is handed over whole, its labels are not paid again, and a stop loses nothing."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from gallery import queries
from gallery.buckets import Bucket
from gallery.editing import Editor
from gallery.giving import (
    CHANGED,
    COLLISION,
    EDITED,
    NOT_READY,
    UNPROCESSED,
    Given,
    Giving,
    Side,
    merged,
)
from gallery.records import Edits, Taken
from gallery.table import Table
from shared import sidecars
from shared.contracts import Position, Sidecar, TagRequest, TagResult
from shared.errors import EmptyPhotoError
from shared.s3 import S3PhotoStore
from shared.versions import VERSIONS
from tag.aws import DynamoRecords
from tag.labels import Labels, tag_result
from tag.same_bytes import labels_of_same_bytes
from workflow.conftest import deployed as gallery  # noqa: F401  # a fixture
from workflow.scripted import extract, raising, tag
from workflow.world import World, assert_found_by_terms, photo_count

OLD, NEW = "alice", "bob"
MINE = Edits(
    title="Mine",
    keywords=["a"],
    hidden_labels=["dog"],
    taken=Taken(local="2021-01-01T00:00:00", precision="day"),
    location=Position(latitude=52.518611, longitude=13.376111),
)
SECONDS = 60.0
STOPS = (  # a request, and the next one, before which the command is killed
    ("GetItem", "TransactWriteItems"),
    ("TransactWriteItems", "CopyObject"),
    ("CopyObject", "GetItem"),
    ("GetItem", "StartSyncExecution"),
    ("ListObjectVersions", "DeleteObject"),
    ("DeleteObject", "GetItem"),
)


class Stop(BaseException):
    """The command is killed."""


class Labeler:
    """Accepts every label, and counts the photos that it is paid for."""

    def __init__(self) -> None:
        self.paid: Counter[str] = Counter()

    def accepts(self, model: str) -> bool:
        return model == "scripted 1"

    def label(self, *_: object, **__: object) -> Labels:
        raise NotImplementedError  # the scripted step labels


@pytest.fixture(scope="module")
def labeler() -> Labeler:
    return Labeler()


@pytest.fixture(scope="module")
def whole(gallery: Any, labeler: Labeler) -> World:  # noqa: ANN401, F811  # the fixture
    stack, functions = gallery
    world = World(stack, functions)
    store = S3PhotoStore(stack.s3)
    records = DynamoRecords(stack.dynamodb, stack.table)

    def labeled(request: TagRequest) -> TagResult:
        known = labels_of_same_bytes(
            request,
            store,
            labeler,
            records,
            version=VERSIONS["tag"],
        )
        if known is None:
            labeler.paid[request.photo.key] += 1
            known = Labels(found=tag(request).labels, model="scripted 1")
        return tag_result(known, version=VERSIONS["tag"])

    functions.steps = {"extract": extract, "thumbnail": world.hashed_thumbnail, "tag": labeled}
    return world


@pytest.fixture
def world(whole: World, labeler: Labeler) -> Iterator[World]:
    yield whole
    whole.clear()
    for sk in whole.rows(NEW):
        whole.editor.table.delete(NEW, [sk])
    labeler.paid.clear()


def clients(world: World) -> list[Any]:
    """Return the clients of S3, DynamoDB and Step Functions."""
    return [world.stack.client(name) for name in ("s3", "dynamodb", "stepfunctions")]


def giving(world: World, **more: Any) -> Giving:  # noqa: ANN401
    s3, dynamodb, stepfunctions = clients(world)
    table, photos = Table(dynamodb, world.stack.table), Bucket(s3, world.stack.photos_bucket)
    editor = Editor(stepfunctions, world.stack.edit_arn, table)
    sides = Side(table, photos, OLD), Side(table, photos, NEW)
    return Giving(*sides, editor, ready_seconds=SECONDS, scale=0.5, **more)


def upload(world: World, path: str, body: bytes | None = None, owner: str = OLD) -> None:
    world.stack.upload(f"uploads/{owner}/{path}", path.encode() if body is None else body)


def current(world: World, owner: str) -> dict[str, bytes]:
    """Return the bytes of each photo that an owner has in S3, by path."""
    prefix = f"uploads/{owner}/"
    s3, bucket = world.stack.s3, world.stack.photos_bucket
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return {
        one["Key"].removeprefix(prefix): s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
        for one in listed
    }


def facts(world: World, owner: str) -> dict[str, dict[str, Any]]:
    """Return what a gallery shows of each photo that is READY, without what names the object."""
    names = ("key", "version_id", "renditions", "uploaded_at")
    shown = {}
    for sk, row in world.rows(owner).items():
        if sk.startswith("photo#") and row["status"] == "READY":
            found = queries.photo(world.editor.table, owner, row["key"])
            fields = msgspec.to_builtins(found)
            shown[sk] = {name: value for name, value in fields.items() if name not in names}
    return shown


def rows_of(world: World) -> dict[str, Any]:
    """Return the rows of the old owner's photos, by path."""
    return {row["sk"].removeprefix("photo#"): row for row in giving(world).source.rows()}


def outcome(given: list[Given]) -> dict[str, str]:
    return {one.path: one.why if one.to is None else f"to {one.to}" for one in given}


def test_everything_of_a_photo_is_handed_over_and_no_label_is_paid_twice(
    world: World, labeler: Labeler
) -> None:
    paths = ["2024/a.jpg", "2024/ü #1 +.jpg", "2024/x/c.jpg", "top.jpg"]
    for path in paths:
        upload(world, path)
    world.stack.s3.put_object(
        Bucket=world.stack.photos_bucket,
        Key="uploads/alice/2024/d.jpg",
        Body=b"d",
        ContentType="image/jpeg",
        Metadata={"by": "hand"},
    )
    upload(world, "2024/gone.jpg")
    world.stack.wait_until_idle()
    world.delete("uploads/alice/2024/gone.jpg")
    world.editor.edit(OLD, "uploads/alice/2024/a.jpg", MINE)
    world.editor.request(OLD, {"album": "2024", "cover": "2024/d.jpg"})
    world.stack.wait_until_idle()
    before, objects = facts(world, OLD), current(world, OLD)
    paid = labeler.paid.total()
    plan = giving(world).plan()

    given = list(giving(world).all(at_once=4))

    world.stack.wait_until_idle()
    rows = world.rows(NEW)
    assert outcome(given) == {path: f"to {path}" for path in [*paths, "2024/d.jpg"]}
    assert facts(world, NEW) == before
    assert current(world, NEW) == objects
    assert labeler.paid.total() == paid
    assert_found_by_terms(rows)
    assert photo_count(rows) == len(objects)
    [album] = [one for one in queries.albums(world.editor.table, NEW).items if one.path == "2024"]
    assert (album.photos, album.cover and album.cover.key) == (3, "uploads/bob/2024/d.jpg")
    copy = world.stack.s3.head_object(
        Bucket=world.stack.photos_bucket, Key="uploads/bob/2024/d.jpg"
    )
    assert (copy["ContentType"], copy["Metadata"]) == ("image/jpeg", {"by": "hand"})
    assert (current(world, OLD), facts(world, OLD)) == ({}, {})
    trash = {one.key for one in queries.trash(world.editor.table, OLD).items}
    assert trash == {f"uploads/alice/{path}" for path in [*objects, "2024/gone.jpg"]}
    assert (plan.photos, plan.covers, plan.edited, plan.labeled, plan.trash) == (5, 1, 1, 0, 1)
    assert plan.bytes == sum(map(len, objects.values()))


def test_a_stop_before_any_write_loses_nothing_and_the_next_run_ends_it(
    world: World, labeler: Labeler
) -> None:
    paths = {f"album/{number}.jpg": stop for number, stop in enumerate(STOPS)}
    for path in paths:
        upload(world, path)
    world.stack.wait_until_idle()
    world.editor.edit(OLD, "uploads/alice/album/2.jpg", MINE)
    before, rows = facts(world, OLD), rows_of(world)
    for path, requests in paths.items():
        calls: list[str] = []

        def stop(
            model: Any,  # noqa: ANN401  # boto3's
            calls: list[str] = calls,
            requests: tuple[str, str] = requests,
            **_: object,
        ) -> None:
            calls.append(model.name)
            if (*calls[-2:],) == requests:
                raise Stop

        for one in clients(world):
            one.meta.events.register("before-call", stop, unique_id="stop")
        with pytest.raises(Stop):
            giving(world).one(rows[path], {"album": path})
        for one in clients(world):
            one.meta.events.unregister("before-call", unique_id="stop")
        assert path in {*current(world, OLD), *current(world, NEW)}

    given = list(giving(world).all(at_once=4))

    world.stack.wait_until_idle()
    assert {one.to for one in given} == {one.path for one in given}
    assert facts(world, NEW) == before
    assert current(world, NEW) == {path: path.encode() for path in paths}
    assert current(world, OLD) == {}
    assert not [key for key in labeler.paid if key.startswith("uploads/bob/")]
    assert photo_count(world.rows(NEW)) == len(paths)
    assert_found_by_terms(world.rows(NEW))


def test_another_photo_of_the_name_is_never_overwritten(world: World) -> None:
    upload(world, "a/1.jpg", b"old")
    upload(world, "a/1.jpg", b"another", owner=NEW)
    upload(world, "a/2.jpg", b"trash of old")
    upload(world, "a/2.jpg", b"trash of new", owner=NEW)
    upload(world, "a/3.jpg", b"same")
    upload(world, "a/3.jpg", b"same", owner=NEW)
    world.stack.wait_until_idle()
    world.delete("uploads/bob/a/2.jpg")
    world.stack.wait_until_idle()
    plan = giving(world).plan()

    refused = outcome(list(giving(world).all(at_once=1)))
    given = outcome(list(giving(world, rename=True).all(at_once=1)))

    assert plan.collisions == ["a/1.jpg"]
    assert refused == {"a/1.jpg": COLLISION, "a/2.jpg": COLLISION, "a/3.jpg": "to a/3.jpg"}
    assert given == {"a/1.jpg": "to a/1 (2).jpg", "a/2.jpg": "to a/2 (2).jpg"}
    assert current(world, NEW) == {
        "a/1.jpg": b"another",
        "a/1 (2).jpg": b"old",
        "a/2 (2).jpg": b"trash of old",
        "a/3.jpg": b"same",
    }


def test_what_cannot_be_given_stays_and_the_reason_is_said(world: World) -> None:
    steps = world.functions.steps
    upload(world, "edited.jpg")
    upload(world, "unprocessed.jpg")
    upload(world, "changed.jpg")
    world.stack.wait_until_idle()
    changed = rows_of(world)["changed.jpg"]
    upload(world, "changed.jpg", b"newer")
    world.functions.steps = {**steps, "extract": raising(EmptyPhotoError("0 bytes"))}
    upload(world, "rejected.jpg")
    world.stack.wait_until_idle()
    # An earlier run has stopped after the copy; then both owners have edited it.
    world.functions.steps = steps
    upload(world, "edited.jpg", owner=NEW)
    world.stack.wait_until_idle()
    world.editor.edit(OLD, "uploads/alice/edited.jpg", Edits(title="Mine"))
    world.editor.edit(NEW, "uploads/bob/edited.jpg", Edits(title="Not yours"))
    world.functions.steps = {**steps, "extract": raising(EmptyPhotoError("0 bytes"))}
    world.stack.wait_until_idle()
    rows = rows_of(world)
    before = current(world, OLD)

    given = outcome(
        [
            *(
                giving(world).one(rows[f"{path}.jpg"], {})
                for path in ("edited", "rejected", "unprocessed")
            ),
            giving(world).one(changed, {}),
        ]
    )

    world.functions.steps = steps
    assert given == {
        "edited.jpg": EDITED,
        "rejected.jpg": NOT_READY,
        "unprocessed.jpg": UNPROCESSED,
        "changed.jpg": CHANGED,
    }
    assert current(world, OLD) == before


def test_a_photo_that_gets_the_name_meanwhile_is_not_overwritten(world: World) -> None:
    upload(world, "a.jpg", b"old")
    world.stack.wait_until_idle()
    row = rows_of(world)["a.jpg"]
    events = world.stack.s3.meta.events

    def take(**_: object) -> None:
        events.unregister("before-call.s3.CopyObject", take)
        world.stack.s3.put_object(
            Bucket=world.stack.photos_bucket, Key="uploads/bob/a.jpg", Body=b"new"
        )

    events.register_first("before-call.s3.CopyObject", take)

    given = giving(world).one(row, {})

    world.stack.wait_until_idle()
    assert (given.to, given.why) == (None, CHANGED)
    assert current(world, OLD) == {"a.jpg": b"old"}
    assert current(world, NEW) == {"a.jpg": b"new"}
    assert list(queries.copies(world.editor.table, NEW).items) == []


def test_a_copy_of_which_the_answer_was_lost_is_given_and_its_labels_are_not_paid_again(
    world: World, labeler: Labeler
) -> None:
    upload(world, "a.jpg", b"old")
    world.stack.wait_until_idle()
    row, paid = rows_of(world)["a.jpg"], labeler.paid.total()
    events = world.stack.s3.meta.events

    def copy(**_: object) -> None:  # botocore sends the request again: S3 finds the copy
        events.unregister("before-call.s3.CopyObject", copy)
        bucket = world.stack.photos_bucket
        world.stack.s3.copy_object(
            Bucket=bucket, Key="uploads/bob/a.jpg", CopySource=f"{bucket}/uploads/alice/a.jpg"
        )

    events.register_first("before-call.s3.CopyObject", copy)

    given = giving(world).one(row, {})

    world.stack.wait_until_idle()
    assert (given.to, labeler.paid.total()) == ("a.jpg", paid)
    assert (current(world, OLD), current(world, NEW)) == ({}, {"a.jpg": b"old"})


def test_what_the_new_owner_has_edited_stays_also_if_the_photo_is_in_the_trash(
    world: World,
) -> None:
    for owner, edits in ((OLD, Edits(description="Ours")), (NEW, Edits(title="Theirs"))):
        upload(world, "a.jpg", b"same", owner)
        world.stack.wait_until_idle()
        world.editor.edit(owner, f"uploads/{owner}/a.jpg", edits)
    world.delete("uploads/bob/a.jpg")
    world.stack.wait_until_idle()

    given = giving(world).one(rows_of(world)["a.jpg"], {})

    photo = queries.photo(world.editor.table, NEW, "uploads/bob/a.jpg")
    assert given.to == "a.jpg"
    assert photo is not None
    assert photo.edits == Edits(title="Theirs", description="Ours")


def test_the_same_bytes_without_what_an_archive_says_of_them_do_not_replace_a_photo(
    world: World,
) -> None:
    world.stack.s3.put_object(
        Bucket=world.stack.photos_bucket,
        Key="uploads/alice/a.jpg",
        Body=b"same",
        Metadata={"sidecar": sidecars.write(Sidecar(source="TAKEOUT", title="Tower"))[0]},
    )
    upload(world, "a.jpg", b"same", NEW)
    world.stack.wait_until_idle()

    assert outcome(list(giving(world).all(at_once=1))) == {"a.jpg": COLLISION}
    assert current(world, OLD) == {"a.jpg": b"same"}
    renamed = outcome(list(giving(world, rename=True).all(at_once=1)))
    assert renamed == {"a.jpg": "to a (2).jpg"}


def test_a_row_that_announced_a_copy_names_no_content_without_one(world: World) -> None:
    upload(world, "a.jpg", b"old")
    world.stack.wait_until_idle()
    row = rows_of(world)["a.jpg"]
    events = world.stack.s3.meta.events

    def delete(**_: object) -> None:
        events.unregister("before-call.s3.CopyObject", delete)
        [version] = [one for key, one in world.versions() if key == "uploads/alice/a.jpg"]
        world.delete("uploads/alice/a.jpg", version)

    events.register_first("before-call.s3.CopyObject", delete)

    given = giving(world).one(row, {})

    assert (given.to, given.why) == (None, CHANGED)
    assert "content_key" not in world.rows(NEW)["photo#a.jpg"]


def test_a_photo_that_is_announced_and_not_copied_yet_is_no_copy_of_another(world: World) -> None:
    upload(world, "a.jpg", b"same")
    upload(world, "b.jpg", b"same", NEW)
    world.stack.wait_until_idle()
    row = rows_of(world)["a.jpg"]
    events = world.stack.s3.meta.events

    def stop(**_: object) -> None:
        events.unregister("before-call.s3.CopyObject", stop)
        raise Stop

    events.register_first("before-call.s3.CopyObject", stop)
    with pytest.raises(Stop):
        giving(world).one(row, {})

    assert "content_key" in world.rows(NEW)["photo#a.jpg"]
    assert list(queries.copies(world.editor.table, NEW).items) == []


def test_what_a_person_edits_meanwhile_is_given_too(world: World) -> None:
    upload(world, "a.jpg")
    world.stack.wait_until_idle()
    world.editor.edit(OLD, "uploads/alice/a.jpg", MINE)
    row = rows_of(world)["a.jpg"]
    events = world.stack.s3.meta.events

    def edit(**_: object) -> None:  # between the last look at the edits and the deletion
        world.editor.edit(OLD, "uploads/alice/a.jpg", replace_title("Last"))

    events.register_first("before-call.s3.DeleteObject", edit)

    giving(world).one(row, {})

    events.unregister("before-call.s3.DeleteObject", edit)

    photo = queries.photo(world.editor.table, NEW, "uploads/bob/a.jpg")
    assert photo is not None
    assert (photo.title, photo.edits.keywords) == ("Last", ["a"])


def replace_title(title: str) -> Edits:
    return msgspec.structs.replace(MINE, title=title)


@pytest.mark.parametrize(
    ("edits", "there", "was", "expected"),
    [
        (MINE, Edits(), None, MINE),
        (Edits(), MINE, None, MINE),
        (MINE, MINE, None, MINE),
        (Edits(title="a"), Edits(title="b"), None, None),
        (Edits(title="a"), Edits(description="b"), None, Edits(title="a", description="b")),
        (Edits(removed=["taken"]), Edits(), None, Edits(removed=["taken"])),
        (Edits(removed=["taken"]), Edits(taken=MINE.taken), None, None),
        (Edits(), Edits(title="a"), Edits(title="a"), Edits()),
        (
            Edits(hidden_labels=["dog"]),
            Edits(hidden_labels=["cat", "elk"]),
            Edits(hidden_labels=["elk"]),
            Edits(hidden_labels=["cat", "dog"]),
        ),
    ],
)
def test_edits_of_both_owners_are_kept_or_the_photo_stays(
    edits: Edits, there: Edits, was: Edits | None, expected: Edits | None
) -> None:
    assert merged(edits, there, was=was) == expected
