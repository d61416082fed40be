"""A user's edits survive everything that the workflow writes, at any time."""

import itertools
import threading
from collections.abc import Callable  # noqa: TC003  # as everywhere else
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import pytest

from gallery import queries, search
from gallery.editing import EditError
from gallery.records import Edits, Found, Taken
from gallery.table import ConflictError, Table
from shared.contracts import (
    Contract,
    ExtractRequest,
    Label,
    Location,
    Metadata,
    Position,
    TagResult,
    TakenAt,
)
from shared.errors import AccessDeniedError, EmptyPhotoError
from shared.keys import digest, month_sort_key
from shared.limits import MAX_TAG_CHARACTERS
from workflow.cancelling import CONFLICT, THROTTLED, after_reads, before_sorting, cancel
from workflow.scripted import event, extract, raising
from workflow.world import (
    CREATED,
    CREATED_AGAIN,
    DELETED,
    KEY,
    OVERWRITTEN,
    SK,
    World,
    assert_found_by_terms,
    label_rows,
    month_counts,
    photo_count,
    term_rows,
)

TAKEN = "2016-04-09T14:08:13"  # what every file states
UPLOADED = "2024-07-01T10:00:00"
NEW_YEAR = Taken(local="2021-01-01T00:00:00", precision="day")
BERLIN = Position(latitude=52.518611, longitude=13.376111)
MINE = Edits(
    title="Mine",
    description="Über\nTacos",
    keywords=["a", "A", "b"],
    hidden_labels=["DOG", "Pet"],
    taken=NEW_YEAR,
    removed=["location"],
)
NORMALIZED = msgspec.structs.replace(
    MINE, description="Über Tacos", keywords=["a", "b"], hidden_labels=["dog", "pet"]
)


def assert_listed_once(world: World, time: str) -> None:
    """Check every row that lists the photo, or counts it, by its time."""
    rows = world.rows()
    photo = rows[SK]
    at = f"{time}#{digest(KEY)}"
    assert photo["sort_time"] == time
    assert photo["album_key"] == f"{digest('2024')}#{at}"
    assert photo["time_key"] == f"time#{at}"
    assert photo["month_key"] == month_sort_key(time, KEY)
    assert_found_by_terms(rows)
    assert month_counts(rows) == {time[:7]: 1}
    assert photo_count(rows) == 1


@pytest.fixture
def table(world: World) -> Table:
    return Table(world.stack.dynamodb, world.stack.table)


def titles(table: Table) -> list[str | None]:
    return [picture.title for picture in queries.album(table, "alice", "2024").items]


def labeled(table: Table, label: str) -> list[Found]:
    return search.find(table, "alice", [search.term("label", label)]).items


def test_an_edit_is_visible_in_every_query(world: World, table: Table) -> None:
    world.run(CREATED)

    edited = world.editor.edit("alice", KEY, MINE)

    assert edited == queries.photo(table, "alice", KEY)
    assert (edited.title, edited.description) == ("Mine", "Über Tacos")
    assert (edited.keywords, edited.edits) == (["a", "b"], NORMALIZED)
    assert edited.taken_at == TakenAt(local=NEW_YEAR.local, precision="day", source="EDITED")
    assert (edited.location, edited.place) == (None, None)
    assert [label.name for label in edited.labels] == ["version v1"]
    assert_listed_once(world, NEW_YEAR.local)
    assert titles(table) == ["Mine"]
    assert label_rows(world.rows()) == {"animal", "version v1"}
    assert labeled(table, "dog") == []
    assert [photo.key for photo in labeled(table, "Animal")] == [KEY]


@pytest.mark.parametrize("plausible", [True, False])
def test_a_reverted_edit_leaves_the_rows_unchanged(
    world: World, table: Table, *, plausible: bool
) -> None:
    def dated(request: ExtractRequest) -> Contract:
        taken = TakenAt(
            local="1965-01-01T00:00:00", source="x", precision="year", plausible=plausible
        )
        return msgspec.structs.replace(
            extract(request),
            metadata=Metadata(taken_at=taken),
            precision="year" if plausible else None,
        )

    world.functions.steps["extract"] = dated
    world.run(CREATED)
    found = labeled(table, "dog")
    assert [photo.precision for photo in found] == ["year" if plausible else None]
    assert search.find(table, "alice", [search.term("album", "2024")]).items == found
    assert (
        search.find(table, "alice", [], start=datetime.fromisoformat("1900-01-01")).items == found
    )
    before = world.rows()

    world.editor.edit("alice", KEY, MINE)
    world.editor.edit("alice", KEY, Edits())

    after = world.rows()
    assert after.pop(month_sort_key(NEW_YEAR.local, KEY))["photos"] == 0
    assert after == before


def test_a_label_may_contain_the_separator(world: World) -> None:
    labels = [Label(name="C#", confidence=90), Label(name="C", confidence=80)]
    world.functions.steps["tag"] = lambda _: TagResult(
        labels=labels, label_index=["c#", "c"], labels_status="READY", version=1
    )
    world.run(CREATED)
    before = world.rows()

    world.editor.edit("alice", KEY, Edits(hidden_labels=["c#"]))
    assert label_rows(world.rows()) == {"c"}

    world.editor.edit("alice", KEY, Edits(hidden_labels=["c"]))
    assert label_rows(world.rows()) == {"c#"}

    world.editor.edit("alice", KEY, Edits())
    assert world.rows() == before


def test_an_empty_edit_removes_the_title_and_the_keywords(world: World, table: Table) -> None:
    world.run(CREATED)

    edited = world.editor.edit("alice", KEY, Edits(title=" ", keywords=[]))

    assert (edited.title, edited.keywords) == (None, [])
    assert titles(table) == [None]


@pytest.mark.parametrize("error", [None, EmptyPhotoError("0 bytes"), RuntimeError("a bug")])
def test_an_edit_survives_every_outcome_of_a_new_version(
    world: World,
    table: Table,
    error: Exception | None,
) -> None:
    world.run(CREATED)
    world.editor.edit("alice", KEY, MINE)

    if error is not None:
        world.functions.steps["extract"] = raising(error)
    world.run(OVERWRITTEN)

    photo = queries.photo(table, "alice", KEY)
    assert photo is not None
    assert (photo.title, photo.edits) == ("Mine", NORMALIZED)
    assert not {"dog", "pet"} & label_rows(world.rows())
    if error is None:
        assert_listed_once(world, NEW_YEAR.local)
    else:
        assert (month_counts(world.rows()), photo_count(world.rows())) == ({}, 0)


def test_an_edit_survives_the_deletion_and_return_of_its_photo(world: World, table: Table) -> None:
    world.run(CREATED)
    world.editor.edit("alice", KEY, MINE)

    world.run(DELETED)
    with pytest.raises(LookupError, match="no photo"):
        world.editor.edit("alice", KEY, Edits())
    assert (month_counts(world.rows()), photo_count(world.rows())) == ({}, 0)
    world.run(CREATED_AGAIN)

    assert titles(table) == ["Mine"]
    assert_listed_once(world, NEW_YEAR.local)


BEFORE = Edits(title="Old", hidden_labels=["animal"], taken=Taken(local="2020-02-29T01:02:03"))


@pytest.mark.parametrize("earlier", [False, True], ids=["", "of an earlier release"])
@pytest.mark.parametrize("before", [Edits(), BEFORE, NORMALIZED])
@pytest.mark.parametrize("during", ["extract", "tag"])
def test_an_edit_made_during_processing_is_not_lost(
    world: World, table: Table, before: Edits, during: str, *, earlier: bool
) -> None:
    world.run(CREATED)
    world.editor.edit("alice", KEY, before)
    if earlier:
        world.make_earlier()
    usual: Callable[[Any], Contract] = world.functions.steps[during]

    def meanwhile(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        world.editor.edit("alice", KEY, MINE)
        return usual(request)

    world.functions.steps[during] = meanwhile
    [ended] = world.run(OVERWRITTEN)

    photo = queries.photo(table, "alice", KEY)
    assert photo is not None
    assert ended.output["outcome"] == "READY"
    assert (photo.version_id, photo.status, photo.edits) == ("v2", "READY", NORMALIZED)
    assert label_rows(world.rows()) == {"animal", "version v2"}
    assert_listed_once(world, NEW_YEAR.local)
    assert world.dead_letters() == []


def test_an_edit_that_is_undone_after_it_refused_publish_does_not_fail_the_photo(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run(CREATED)
    tag = world.functions.steps["tag"]

    def meanwhile(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        world.editor.edit("alice", KEY, Edits(title="Mine"))
        before_sorting(monkeypatch, lambda: world.editor.edit("alice", KEY, Edits()))
        return tag(request)

    world.functions.steps["tag"] = meanwhile

    world.run(OVERWRITTEN)

    row = world.rows()[SK]
    assert (row["status"], row.get("edits")) == ("READY", None)
    assert world.dead_letters() == []


@pytest.mark.parametrize("during", ["extract", "tag"])
def test_a_photo_is_listed_by_an_edit_at_once_while_it_is_reprocessed_and_if_that_fails(
    world: World, during: str
) -> None:
    world.stack.upload(KEY, b"photo")
    world.stack.wait_until_idle()

    def meanwhile(_: object) -> Contract:
        world.editor.edit("alice", KEY, MINE)
        assert_listed_once(world, NEW_YEAR.local)
        raise AccessDeniedError("no right")

    world.functions.steps[during] = meanwhile
    wanted = {"key": KEY, "sequencer": world.rows()[SK]["sequencer"]}
    [ended] = world.run({**CREATED, "event": "Reprocess Requested", "object": wanted})

    assert ended.status == "FAILED"
    assert world.rows()[SK]["status"] == "READY"
    assert_listed_once(world, NEW_YEAR.local)
    world.editor.edit("alice", KEY, Edits())
    assert_listed_once(world, TAKEN)


def test_an_edit_that_is_undone_during_processing_counts_a_photo_of_before_once(
    world: World,
) -> None:
    """Photos of earlier releases have no month_key: their months count them at the next write."""
    world.run(CREATED)
    for sk in [sk for sk in world.rows() if sk.startswith("month#")]:
        key = {"pk": {"S": "alice"}, "sk": {"S": sk}}
        world.stack.dynamodb.delete_item(TableName=world.stack.table, Key=key)
    world.stack.dynamodb.update_item(
        TableName=world.stack.table,
        Key={"pk": {"S": "alice"}, "sk": {"S": SK}},
        UpdateExpression="REMOVE month_key",
    )

    def meanwhile(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        world.editor.edit("alice", KEY, MINE)
        world.editor.edit("alice", KEY, Edits())
        return extract(request)

    world.functions.steps["extract"] = meanwhile
    world.run(OVERWRITTEN)

    assert_listed_once(world, TAKEN)


def test_a_photo_without_a_time_is_listed_by_its_upload(world: World) -> None:
    world.run(CREATED)

    world.editor.edit("alice", KEY, Edits(removed=["taken"]))
    assert_listed_once(world, UPLOADED)
    world.run(OVERWRITTEN)
    assert_listed_once(world, UPLOADED)


def test_a_position_brings_its_place_and_null_the_file_s(world: World) -> None:
    world.run(CREATED)
    file_s = Location(latitude=-0.000001, longitude=13.377704, altitude_m=35.5)

    edited = world.editor.edit("alice", KEY, Edits(location=BERLIN))
    assert edited.location == Location(latitude=BERLIN.latitude, longitude=BERLIN.longitude)
    assert edited.place is not None
    assert (edited.place.city, edited.place.country_code) == ("Berlin", "DE")
    world.run(OVERWRITTEN)
    again = queries.photo(world.editor.table, "alice", KEY)
    assert again is not None
    assert again.place == edited.place

    at_sea = Position(latitude=0.0000004, longitude=-30)
    edited = world.editor.edit("alice", KEY, Edits(location=at_sea))
    assert (edited.location, edited.place) == (Location(latitude=0, longitude=-30), None)
    edited = world.editor.edit("alice", KEY, Edits())
    assert (edited.location, edited.place) == (file_s, None)


WRITTEN = Edits(title="Am Meer", description="der Hund", keywords=["Sommer"], location=BERLIN)


def test_a_photo_is_found_by_what_a_person_wrote_and_again_by_what_the_file_states(
    world: World,
) -> None:
    world.run(CREATED)
    stated = term_rows(world.rows())
    assert {"person#grace", "keyword#one", 'camera#lg \\ "g5"', "word#ümlaut"} <= stated
    assert {term.partition("#")[0] for term in stated} >= {"geo", "label"}

    world.editor.edit("alice", KEY, WRITTEN)

    own = {"word#am", "word#meer", "word#der", "word#hund", "keyword#sommer", "geo#u33db2spj"}
    own |= {"city#berlin", "region#state of berlin", "country#germany"}
    of_file = ("word#", "keyword#", "geo#", "city#", "region#", "country#")
    assert term_rows(world.rows()) == own | {
        term for term in stated if not term.startswith(of_file)
    }
    assert_found_by_terms(world.rows())
    world.run(OVERWRITTEN)
    assert own < term_rows(world.rows())
    world.editor.edit("alice", KEY, Edits(removed=["location"]))
    assert {term.partition("#")[0] for term in term_rows(world.rows())} == {
        *("person", "keyword", "camera", "label", "word")
    }
    world.editor.edit("alice", KEY, Edits())
    assert term_rows(world.rows()) - {"label#version v2"} == stated - {"label#version v1"}
    assert_found_by_terms(world.rows())


@pytest.mark.parametrize(
    "patch",
    [{"title": "Am Meer"}, {"hide_labels": ["dog"]}, {"taken": "removed"}, {}],
    ids="".join,
)
@pytest.mark.parametrize("before", [Edits(), WRITTEN], ids=["", "edited"])
def test_any_edit_of_an_earlier_release_s_photo_leaves_term_rows_only(
    world: World, before: Edits, patch: dict[str, Any]
) -> None:
    world.run(CREATED)
    world.editor.edit("alice", KEY, before)
    world.make_earlier()

    world.editor.request("alice", {"path": SK.removeprefix("photo#"), **patch})

    rows = world.rows()
    assert_found_by_terms(rows)
    assert not any("label" in row for sk, row in rows.items() if sk.startswith("label#"))
    assert "label_keys" not in rows[SK]
    hidden = set(patch.get("hide_labels", []))
    assert label_rows(rows) == {"dog", "animal", "pet", "version v1"} - hidden
    assert ("word#meer" in term_rows(rows)) == (before == WRITTEN or "title" in patch)
    assert ("keyword#sommer" in term_rows(rows)) == (before == WRITTEN)


def test_an_edit_that_changes_no_value_leaves_no_row_behind_a_publish_at_the_same_time(
    world: World,
) -> None:
    """It replaces an earlier release's rows, so that Publish has to read which rows there are."""
    later = TakenAt(local="2016-04-10T10:00:00", source="EXIF:DateTimeOriginal")
    world.run(CREATED)
    world.editor.edit("alice", KEY, Edits(title="Mine"))
    world.make_earlier()

    def meanwhile(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        world.editor.edit("alice", KEY, Edits(title="Mine"))
        return msgspec.structs.replace(extract(request), metadata=Metadata(taken_at=later))

    world.functions.steps["extract"] = meanwhile
    world.run(OVERWRITTEN)

    assert_listed_once(world, later.local)
    assert "word#mine" in term_rows(world.rows())


def test_a_reprocessing_finds_the_terms_of_an_earlier_release_s_edits(world: World) -> None:
    world.run(CREATED)
    world.editor.edit("alice", KEY, WRITTEN)
    edited = term_rows(world.rows())
    world.make_earlier()
    assert {term.partition("#")[0] for term in term_rows(world.rows())} == {"label"}

    world.run(OVERWRITTEN)

    assert term_rows(world.rows()) - {"label#version v2"} == edited - {"label#version v1"}
    assert_found_by_terms(world.rows())


def test_an_edit_that_extract_cannot_read_changes_nothing(world: World) -> None:
    world.run(CREATED)
    before = world.rows()
    world.functions.failure = AccessDeniedError("no right")

    with pytest.raises(EditError, match="AccessDeniedError"):
        world.editor.edit("alice", KEY, WRITTEN)

    assert world.rows() == before


def test_an_edit_is_retried_after_a_concurrent_publish(
    world: World, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run(CREATED)
    after_reads(monkeypatch, [lambda: world.run(OVERWRITTEN)])

    world.editor.edit(
        "alice", KEY, Edits(title="Mine", hidden_labels=["version v2"], taken=NEW_YEAR)
    )

    assert world.rows()[SK]["version_id"] == "v2"
    assert titles(table) == ["Mine"]
    assert label_rows(world.rows()) == {"dog", "animal", "pet"}
    assert_listed_once(world, "2021-01-01T00:00:00")


def test_an_edit_is_retried_after_a_concurrent_edit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run(CREATED)
    other = Edits(hidden_labels=["dog"], taken=NEW_YEAR)
    after_reads(monkeypatch, [lambda: world.editor.edit("alice", KEY, other)])

    edited = world.editor.edit("alice", KEY, Edits(hidden_labels=["animal"]))

    assert edited.edits == Edits(hidden_labels=["animal"])
    assert label_rows(world.rows()) == {"dog", "pet", "version v1"}
    assert_listed_once(world, TAKEN)


def test_two_patches_of_one_list_at_the_same_time_are_both_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run(CREATED)
    path = SK.removeprefix("photo#")
    other = {"path": path, "add_keywords": ["theirs"], "hide_labels": ["dog"]}
    after_reads(monkeypatch, [lambda: world.editor.request("alice", other)])

    answer = world.editor.request(
        "alice", {"path": path, "add_keywords": ["mine"], "hide_labels": ["pet"]}
    )

    assert answer["edits"] == {
        "keywords": ["one", "theirs", "mine"],
        "hidden_labels": ["dog", "pet"],
    }


def test_an_edit_is_retried_if_its_row_was_read_during_processing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run(CREATED)
    tag: Callable[[Any], Contract] = world.functions.steps["tag"]
    tagging, read = threading.Event(), threading.Event()

    def waiting(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        tagging.set()
        assert read.wait(30)
        return tag(request)

    world.functions.steps["tag"] = waiting
    arn = world.begin(OVERWRITTEN)
    assert tagging.wait(30)
    seen: list[str] = []

    def publish() -> None:
        seen.append(world.rows()[SK]["status"])
        read.set()
        world.until_ended(arn)

    after_reads(monkeypatch, [publish])
    world.editor.edit("alice", KEY, Edits(hidden_labels=["version v2"]))

    assert seen == ["PROCESSING"]
    assert label_rows(world.rows()) == {"dog", "animal", "pet"}


def test_an_edit_gives_up_if_every_attempt_finds_a_new_version(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run(CREATED)
    after_reads(
        monkeypatch,
        (
            partial(world.run, event(KEY, sequencer=number, version_id=f"v{number}"))
            for number in itertools.count(10)
        ),
    )

    with pytest.raises(ConflictError):
        world.editor.edit("alice", KEY, MINE)

    assert "edits" not in world.rows()[SK]


@pytest.mark.parametrize("reason", [CONFLICT, "ConditionalCheckFailed", THROTTLED])
def test_an_edit_is_tried_again_after_a_conflict(
    world: World, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    world.run(CREATED)
    transactions = cancel(monkeypatch, [reason])

    world.editor.edit("alice", KEY, MINE)

    assert transactions == [reason, "written"]


def test_an_edit_that_dynamodb_refuses_is_an_error_that_says_why(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run(CREATED)
    transactions = cancel(monkeypatch, ["ItemCollectionSizeLimitExceeded"])

    with pytest.raises(EditError, match="ItemCollectionSizeLimitExceeded"):
        world.editor.edit("alice", KEY, MINE)

    assert transactions == ["ItemCollectionSizeLimitExceeded"]


def test_an_unknown_photo_cannot_be_edited(world: World) -> None:
    with pytest.raises(LookupError, match="no photo"):
        world.editor.edit("alice", KEY, MINE)
    with pytest.raises(ValueError, match="no photo of 'bob'"):
        world.editor.edit("bob", KEY, MINE)


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        (Edits(title="x" * (MAX_TAG_CHARACTERS + 1)), "title has 257 characters, over 256"),
        (Edits(description="x" * 2001), "description has 2001 characters, over 2000"),
        (Edits(keywords=["x"] * 101), "101 keywords are over 100"),
        (Edits(keywords=["x" * 65]), "keyword has 65 characters, over 64"),
        (Edits(hidden_labels=[str(n) for n in range(51)]), "51 hidden labels are over 50"),
    ],
)
def test_an_edit_over_a_limit_is_refused(world: World, edits: Edits, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        world.editor.edit("alice", KEY, edits)


def test_a_label_is_hidden_in_every_spelling(world: World) -> None:
    labels = [Label(name="Straße", confidence=90), Label(name="Dog", confidence=80)]
    world.functions.steps["tag"] = lambda _: TagResult(
        labels=labels, label_index=["strasse", "dog"], labels_status="READY", version=1
    )
    world.run(CREATED)

    edited = world.editor.edit("alice", KEY, Edits(hidden_labels=["STRASSE"]))

    assert [label.name for label in edited.labels] == ["Dog"]
    assert label_rows(world.rows()) == {"dog"}


def test_an_edit_changes_only_the_fields_that_it_names(world: World, table: Table) -> None:
    world.run(CREATED)

    world.editor.edit("alice", KEY, Edits(keywords=["mine"]))

    assert titles(table) == [world.rows()[SK]["title"]]


def test_an_edit_of_a_photo_that_is_not_published_changes_its_edits_only(world: World) -> None:
    world.functions.steps["extract"] = raising(EmptyPhotoError("0 bytes"))
    world.run(CREATED)
    before = world.rows()

    edited = world.editor.edit("alice", KEY, MINE)

    assert edited.edits == NORMALIZED
    after = world.rows()
    assert after[SK].pop("edits")
    assert after[SK].pop("edited_terms")
    assert after == before


def test_an_album_has_the_cover_that_a_person_chose_until_it_leaves(
    world: World, table: Table
) -> None:
    newest = "uploads/alice/2024/newest.jpg"
    world.run(CREATED, event(newest, sequencer=1, version_id="n1"))
    world.editor.edit("alice", newest, Edits(taken=NEW_YEAR))
    path = SK.removeprefix("photo#")

    def cover() -> str:
        [album] = queries.albums(table, "alice").items
        assert (album.path, album.photos) == ("2024", 2)
        assert album.cover is not None
        return album.cover.key

    assert cover() == newest
    for _ in range(2):
        assert world.editor.request("alice", {"album": "2024", "cover": path}) == {}
        assert cover() == KEY
    world.editor.request("alice", {"album": "2024", "cover": None})
    assert cover() == newest

    world.editor.request("alice", {"album": "2024", "cover": path})
    world.run(DELETED)
    [album] = queries.albums(table, "alice").items
    assert album.cover is not None
    assert (album.photos, album.cover.key) == (1, newest)
    with pytest.raises(LookupError, match="no photo"):
        world.editor.request("alice", {"album": "2024", "cover": path})
