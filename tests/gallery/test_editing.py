"""A user's edits survive everything that the workflow writes, at any time."""

from collections.abc import Callable  # noqa: TC003  # as everywhere else
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from gallery import queries
from gallery.editing import edit
from gallery.records import Edits
from gallery.table import ConflictError, Table
from shared.contracts import Contract, ExtractRequest, Label, Metadata, TagResult, TakenAt
from shared.errors import EmptyPhotoError
from shared.limits import MAX_TAG_CHARACTERS
from workflow.cancelling import CONFLICT, THROTTLED, cancel
from workflow.scripted import event, extract, raising
from workflow.world import (
    CREATED,
    CREATED_AGAIN,
    DELETED,
    KEY,
    OVERWRITTEN,
    SK,
    World,
    label_rows,
)

MINE = Edits(
    title="Mine", description="Über\nTacos", keywords=["a", "A", "b"], hidden_labels=["DOG", "Pet"]
)
NORMALIZED = Edits(
    title="Mine", description="Über Tacos", keywords=["a", "b"], hidden_labels=["dog", "pet"]
)


@pytest.fixture
def table(world: World) -> Table:
    return Table(world.stack.dynamodb, world.stack.table)


def titles(table: Table) -> list[str | None]:
    return [picture.title for picture in queries.album(table, "alice", "2024").items]


def test_an_edit_is_visible_in_every_query(world: World, table: Table) -> None:
    world.run(CREATED)

    edited = edit(table, "alice", KEY, MINE)

    assert edited == queries.photo(table, "alice", KEY)
    assert (edited.title, edited.description) == ("Mine", "Über Tacos")
    assert (edited.keywords, edited.edits) == (["a", "b"], NORMALIZED)
    assert [label.name for label in edited.labels] == ["version v1"]
    assert titles(table) == ["Mine"]
    assert label_rows(world.rows()) == {"animal", "version v1"}
    assert queries.labeled(table, "alice", "dog").items == []
    assert [match.key for match in queries.labeled(table, "alice", "Animal").items] == [KEY]


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
    matches = queries.labeled(table, "alice", "dog").items
    assert [match.precision for match in matches] == ["year" if plausible else None]
    before = world.rows()

    edit(table, "alice", KEY, MINE)
    edit(table, "alice", KEY, Edits())

    assert world.rows() == before


def test_a_label_may_contain_the_separator(world: World, table: Table) -> None:
    labels = [Label(name="C#", confidence=90), Label(name="C", confidence=80)]
    world.functions.steps["tag"] = lambda _: TagResult(
        labels=labels, label_index=["c#", "c"], labels_status="READY", version=1
    )
    world.run(CREATED)
    before = world.rows()

    edit(table, "alice", KEY, Edits(hidden_labels=["c#"]))
    assert label_rows(world.rows()) == {"c"}

    edit(table, "alice", KEY, Edits(hidden_labels=["c"]))
    assert label_rows(world.rows()) == {"c#"}

    edit(table, "alice", KEY, Edits())
    assert world.rows() == before


def test_an_empty_edit_removes_the_title_and_the_keywords(world: World, table: Table) -> None:
    world.run(CREATED)

    edited = edit(table, "alice", KEY, Edits(title=" ", keywords=[]))

    assert (edited.title, edited.keywords) == (None, [])
    assert titles(table) == [None]


@pytest.mark.parametrize("error", [None, EmptyPhotoError("0 bytes"), RuntimeError("a bug")])
def test_an_edit_survives_every_outcome_of_a_new_version(
    world: World,
    table: Table,
    error: Exception | None,
) -> None:
    world.run(CREATED)
    edit(table, "alice", KEY, MINE)

    if error is not None:
        world.functions.steps["extract"] = raising(error)
    world.run(OVERWRITTEN)

    photo = queries.photo(table, "alice", KEY)
    assert photo is not None
    assert (photo.title, photo.edits) == ("Mine", NORMALIZED)
    assert not {"dog", "pet"} & label_rows(world.rows())


def test_an_edit_survives_the_deletion_and_return_of_its_photo(world: World, table: Table) -> None:
    world.run(CREATED)
    edit(table, "alice", KEY, MINE)

    world.run(DELETED)
    with pytest.raises(LookupError, match="no photo"):
        edit(table, "alice", KEY, Edits())
    world.run(CREATED_AGAIN)

    assert titles(table) == ["Mine"]


@pytest.mark.parametrize("before", [Edits(), Edits(title="Old", hidden_labels=["animal"])])
@pytest.mark.parametrize("during", ["extract", "tag"])
def test_an_edit_made_during_processing_is_not_lost(
    world: World,
    table: Table,
    before: Edits,
    during: str,
) -> None:
    world.run(CREATED)
    edit(table, "alice", KEY, before)
    usual: Callable[[Any], Contract] = world.functions.steps[during]

    def meanwhile(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        edit(table, "alice", KEY, MINE)
        return usual(request)

    world.functions.steps[during] = meanwhile
    [ended] = world.run(OVERWRITTEN)

    photo = queries.photo(table, "alice", KEY)
    assert photo is not None
    assert ended.output["outcome"] == "READY"
    assert (photo.version_id, photo.status, photo.edits) == ("v2", "READY", NORMALIZED)
    assert label_rows(world.rows()) == {"animal", "version v2"}
    assert world.dead_letters() == []


def test_an_edit_is_retried_after_a_concurrent_publish(
    world: World,
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world.run(CREATED)
    usual = Table.get
    pending = [OVERWRITTEN]

    def get(self: Table, owner: str, sort_key: str) -> Any:  # noqa: ANN401  # a row
        row = usual(self, owner, sort_key)
        if pending:
            world.run(pending.pop())  # published between the edit's read and its write
        return row

    monkeypatch.setattr(Table, "get", get)
    edit(table, "alice", KEY, Edits(title="Mine", hidden_labels=["version v2"]))

    assert world.rows()[SK]["version_id"] == "v2"
    assert titles(table) == ["Mine"]
    assert label_rows(world.rows()) == {"dog", "animal", "pet"}


def test_an_edit_is_retried_after_a_concurrent_edit(
    world: World,
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world.run(CREATED)
    usual = Table.get
    pending = [Edits(hidden_labels=["dog"])]

    def get(self: Table, owner: str, sort_key: str) -> Any:  # noqa: ANN401  # a row
        row = usual(self, owner, sort_key)
        if pending:
            edit(table, "alice", KEY, pending.pop())  # between the other edit's read and its write
        return row

    monkeypatch.setattr(Table, "get", get)
    edited = edit(table, "alice", KEY, Edits(hidden_labels=["animal"]))

    assert edited.edits == Edits(hidden_labels=["animal"])
    assert label_rows(world.rows()) == {"dog", "pet", "version v1"}


def test_an_edit_is_retried_if_its_row_was_read_during_processing(
    world: World,
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world.run(CREATED)
    usual = Table.get
    tag: Callable[[Any], Contract] = world.functions.steps["tag"]
    stale: list[Any] = []

    def reading(request: Any) -> Contract:  # noqa: ANN401  # any step's request
        stale.append(usual(table, "alice", SK))
        return tag(request)

    world.functions.steps["tag"] = reading
    world.run(OVERWRITTEN)
    assert [row["status"] for row in stale] == ["PROCESSING"]

    def get(self: Table, owner: str, sort_key: str) -> Any:  # noqa: ANN401  # a row
        return stale.pop() if stale else usual(self, owner, sort_key)

    monkeypatch.setattr(Table, "get", get)
    edit(table, "alice", KEY, Edits(hidden_labels=["version v2"]))

    assert label_rows(world.rows()) == {"dog", "animal", "pet"}


def test_an_edit_gives_up_if_every_attempt_finds_a_new_version(
    world: World,
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world.run(CREATED)
    usual = Table.get
    sequencers = iter(range(10, 99))

    def get(self: Table, owner: str, sort_key: str) -> Any:  # noqa: ANN401  # a row
        row = usual(self, owner, sort_key)
        number = next(sequencers)
        world.run(event(KEY, sequencer=number, version_id=f"v{number}"))
        return row

    monkeypatch.setattr(Table, "get", get)
    with pytest.raises(ConflictError):
        edit(table, "alice", KEY, MINE)

    assert "edits" not in world.rows()[SK]


@pytest.mark.parametrize("reason", [CONFLICT, "ConditionalCheckFailed"])
def test_an_edit_is_tried_again_after_a_conflict(
    world: World, table: Table, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    world.run(CREATED)
    transactions = cancel(monkeypatch, [reason])

    edit(table, "alice", KEY, MINE)

    assert transactions == [reason, "written"]


def test_an_edit_that_is_throttled_is_no_conflict(
    world: World, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run(CREATED)
    transactions = cancel(monkeypatch, [THROTTLED])

    with pytest.raises(ClientError, match=THROTTLED):
        edit(table, "alice", KEY, MINE)

    assert transactions == [THROTTLED]


def test_an_unknown_photo_cannot_be_edited(table: Table) -> None:
    with pytest.raises(LookupError, match="no photo"):
        edit(table, "alice", KEY, MINE)
    with pytest.raises(ValueError, match="no photo of 'bob'"):
        edit(table, "bob", KEY, MINE)


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
def test_an_edit_over_a_limit_is_refused(table: Table, edits: Edits, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        edit(table, "alice", KEY, edits)


def test_a_label_is_hidden_in_every_spelling(world: World, table: Table) -> None:
    labels = [Label(name="Straße", confidence=90), Label(name="Dog", confidence=80)]
    world.functions.steps["tag"] = lambda _: TagResult(
        labels=labels, label_index=["strasse", "dog"], labels_status="READY", version=1
    )
    world.run(CREATED)

    edited = edit(table, "alice", KEY, Edits(hidden_labels=["STRASSE"]))

    assert [label.name for label in edited.labels] == ["Dog"]
    assert label_rows(world.rows()) == {"dog"}


def test_an_edit_changes_only_the_fields_that_it_names(world: World, table: Table) -> None:
    world.run(CREATED)

    edit(table, "alice", KEY, Edits(keywords=["mine"]))

    assert titles(table) == [world.rows()[SK]["title"]]
