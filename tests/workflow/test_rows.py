"""Every row that the state machine writes has the attributes of its type in rows.py, no others."""

from typing import Any

import msgspec
import pytest

from gallery.records import Edits, Taken
from gallery.table import Query, Table
from shared.contracts import (
    BoundingBox,
    Camera,
    Contract,
    Label,
    Metadata,
    Person,
    Place,
    TagResult,
)
from shared.errors import EmptyPhotoError
from shared.keys import term_of
from shared.rows import AlbumRow, MonthRow, PhotoRow, TermRow, read
from shared.terms import KINDS as KINDS_OF_TERMS
from workflow.scripted import Step, event, extract, raising, tag, thumbnail
from workflow.world import (
    CREATED,
    DELETED,
    KEY,
    OVERWRITTEN,
    SK,
    World,
    assert_found_by_terms,
)

KINDS: dict[str, type[Contract]] = {
    "photo": PhotoRow,
    **dict.fromkeys(KINDS_OF_TERMS, TermRow),
    "album": AlbumRow,
    "month": MonthRow,
}
FULL_EDITS = Edits(title="Mine", taken=Taken(local="2020-02-29T00:00:00", precision="day"))
TRASH = {"thumbhash"}  # only if a photo is DELETED
EARLIER = {"label_keys"}  # only in rows of earlier releases
PHOTO = set(PhotoRow.__struct_fields__) - TRASH - EARLIER
TERM = set(TermRow.__struct_fields__) - {"label"}  # as above
PROBLEM = {"reason", "step", "error"}  # only if a photo is REJECTED or FAILED
OBJECT = {  # of every photo that was created, published or not
    *("pk", "sk", "status", "bucket", "key", "version_id", "etag", "bytes", "sequencer"),
    *("claimed_version", "execution_arn", "updated_at", "uploaded_at", "sort_time"),
}


def stored(world: World, owner: str = "alice") -> dict[str, dict[str, Any]]:
    """Return the attributes of every row by sort key; each row is converted into its type."""
    table = Table(world.stack.dynamodb, world.stack.table)
    every = Query(owner=owner, index=None, range_key="sk", low="a", high="z")
    rows = {row["sk"]: row for row in table.every(every)}
    for sk, row in rows.items():
        read(KINDS[sk.partition("#")[0]], row)
    return rows


def sort_key(term: str, rows: dict[str, Any]) -> str:
    """Return the sort key of the only row of a term."""
    [found] = [sk for sk in rows if term_of(sk) == term]
    return found


def full(request: Any) -> Contract:  # noqa: ANN401  # any step's request
    """Return a result of Extract with every field, and each flag set."""
    result = extract(request)
    metadata = result.metadata
    assert metadata.taken_at is not None
    assert metadata.location is not None
    box = BoundingBox(left=0, top=0.5, width=0.0001, height=0.25)
    return msgspec.structs.replace(
        result,
        precision="month",
        metadata=Metadata(
            taken_at=msgspec.structs.replace(metadata.taken_at, precision="year", plausible=False),
            location=msgspec.structs.replace(metadata.location, gps_valid=False),
            place=Place(
                country="Germany",
                country_code="DE",
                region="Berlin",
                city="Berlin",
                distance_km=0.5,
                offshore=True,
                other_countries=["PL"],
                source="GeoNames",
                data_version="1",
            ),
            camera=Camera(
                make="Nikon", model="D3X", lens="50", iso=1, f_number=2, focal_length_mm=50.5
            ),
            title="Title",
            description="Description",
            keywords=[f"Keyword {number}" for number in range(48)],
            creator="Ada",
            copyright="© Ada",
            rating=5,
            people=[Person(name="Grace", boxes=[box])],
            sources={"title": "TAKEOUT"},
        ),
    )


def truncated(request: Any) -> Contract:  # noqa: ANN401  # as above
    return msgspec.structs.replace(thumbnail(request), truncated=True)


def bare(request: Any) -> Contract:  # noqa: ANN401  # as above
    return msgspec.structs.replace(extract(request), metadata=Metadata())


def without_thumb(request: Any) -> Contract:  # noqa: ANN401  # as above
    result = thumbnail(request)
    large = {"large": result.renditions["large"]}
    return msgspec.structs.replace(result, renditions=large)


def without_labels(_request: object) -> Contract:
    return TagResult(labels=[], label_index=[], labels_status="SKIPPED:TOO_SMALL", version=1)


def one_label(_request: object) -> Contract:
    return TagResult(
        labels=[Label(name="Cat", confidence=9)],
        label_index=["cat"],
        labels_status="READY",
        version=1,
    )


def test_a_full_photo_has_every_attribute(world: World) -> None:
    world.functions.steps |= {"extract": full, "thumbnail": truncated, "tag": tag}
    world.run(CREATED)
    world.editor.edit("alice", KEY, FULL_EDITS)

    rows = stored(world)

    assert set(rows[SK]) == PHOTO - PROBLEM - {"processing_shard"}
    assert rows[SK]["truncated"] == 1
    assert rows[SK]["taken_at"]["plausible"] == 0
    assert rows[SK]["location"]["gps_valid"] == 0
    photo = read(PhotoRow, rows[SK])
    assert photo.truncated is True
    assert photo.taken_at is not None
    assert photo.taken_at.plausible is False
    [grace] = photo.people
    assert (grace.name, [box.width for box in grace.boxes]) == ("Grace", [0.0001])
    assert set(rows[sort_key("keyword#keyword 1", rows)]) == TERM
    assert_found_by_terms(world.rows())
    assert rows[SK]["terms_left_out"] == 11
    albums = [row for sk, row in rows.items() if sk.startswith("album#")]
    assert [set(row) for row in albums] == [set(AlbumRow.__struct_fields__) - {"cover"}]
    months = [row for sk, row in rows.items() if sk.startswith("month#")]
    assert {frozenset(row) for row in months} == {frozenset(MonthRow.__struct_fields__)}


def test_a_photo_without_metadata_has_no_attributes_for_it(world: World) -> None:
    world.functions.steps |= {
        "extract": bare,
        "thumbnail": without_thumb,
        "tag": without_labels,
    }
    world.run(CREATED)

    row = stored(world)[SK]

    metadata = set(Metadata.__struct_fields__)
    absent = PROBLEM | metadata | {"processing_shard", "edits", "truncated", "labels_model"}
    assert set(row) == PHOTO - absent - {"edited_terms", "terms_left_out"}
    assert (row["labels"], row["found_by"], row["terms"]) == ([], [], {"labels": []})


def test_a_photo_without_a_thumb_has_term_rows_without_one(world: World) -> None:
    world.functions.steps |= {"extract": bare, "thumbnail": without_thumb, "tag": one_label}
    world.run(CREATED)

    [label] = [row for sk, row in stored(world).items() if sk.startswith("label#")]

    assert set(label) == TERM - {"precision", "text", "thumb"}


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (EmptyPhotoError("0 bytes"), "REJECTED", "EMPTY"),
        (RuntimeError("a bug"), "FAILED", "RuntimeError"),
    ],
    ids=["rejected", "failed"],
)
def test_a_rejected_or_failed_photo_has_a_reason_and_no_metadata(
    world: World, error: Exception, status: str, reason: str
) -> None:
    world.run(CREATED)
    world.functions.steps["extract"] = raising(error)
    world.run(OVERWRITTEN)

    row = stored(world)[SK]

    assert set(row) == OBJECT | PROBLEM | {"time_key"}
    assert (row["status"], row["reason"]) == (status, reason)


def test_a_deleted_photo_leaves_a_tombstone(world: World) -> None:
    world.run(CREATED, OVERWRITTEN, DELETED)

    row = stored(world)[SK]

    assert set(row) == OBJECT - {"etag", "bytes"}
    assert row["status"] == "DELETED"


def test_a_claim_adds_attributes_and_keeps_those_of_the_previous_version(world: World) -> None:
    seen: list[set[str]] = []

    def looking(step: Step) -> Step:
        def step_(request: Any) -> Contract:  # noqa: ANN401  # any step's request
            seen.append(set(stored(world)[SK]))
            return step(request)

        return step_

    world.functions.steps["extract"] = looking(extract)
    world.run(CREATED, OVERWRITTEN)

    first, second = seen
    claimed = OBJECT - {"version_id", "etag", "bytes", "uploaded_at", "sort_time"}
    assert first == claimed | {"processing_shard"}
    assert second > first | {"renditions", "labels", "labels_status", "album_key"}


def test_a_failed_tag_step_leaves_the_labels_pending(world: World) -> None:
    world.functions.steps["tag"] = raising(RuntimeError("a bug"))
    world.run(CREATED)

    assert stored(world)[SK]["labels_status"] == "PENDING:RuntimeError"


def test_an_object_without_an_owner_is_recorded_as_rejected(world: World) -> None:
    world.run(event("elsewhere/a.jpg", sequencer=1, version_id="v1"))

    [row] = stored(world, owner="/").values()

    assert set(row) == OBJECT | PROBLEM | {"time_key"}
    assert row["reason"] == "BAD_KEY"
