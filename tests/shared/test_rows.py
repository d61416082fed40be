"""Each attribute is described once, in rows.py: indexes and views name what is there."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from gallery.reconcile import _RECORD
from gallery.records import Found, Photo, Picture, Problem
from shared.rows import PhotoRow, TermRow, read

TABLE = json.loads((Path(__file__).parents[2] / "workflow" / "table.json").read_text())
COMPUTED = {"sort_time"}  # from the index's range key
VIEWS = [(Picture, PhotoRow), (Problem, PhotoRow), (Photo, PhotoRow), (Found, TermRow)]


def projected(index: str) -> set[str]:
    """Return the attributes that an index holds beside its keys."""
    return set(TABLE["indexes"][index]["non_key_attributes"])


def names(kind: type[msgspec.Struct]) -> set[str]:
    return set(kind.__struct_fields__)


def types(kind: type[msgspec.Struct]) -> dict[str, set[Any]]:
    """Return the types of each field, None left out."""
    found: dict[str, set[Any]] = {}
    for field in inspect.type_info(kind).fields:  # type: ignore[attr-defined]
        union = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
        found[field.name] = {str(one) for one in union if not isinstance(one, inspect.NoneType)}
    return found


@pytest.mark.parametrize("index", TABLE["indexes"])
def test_an_index_has_attributes_of_photos_only(index: str) -> None:
    definition = TABLE["indexes"][index]
    keys = {definition["hash_key"], definition["range_key"]}

    assert keys | set(definition.get("non_key_attributes", [])) <= names(PhotoRow)


def test_an_index_projects_what_its_queries_return_and_no_more() -> None:
    picture = names(Picture) - COMPUTED | {"edits"}

    assert projected("by_album") == picture
    assert projected("by_time") == picture | names(Problem) - COMPUTED


@pytest.mark.parametrize(("view", "row"), VIEWS, ids=lambda kind: kind.__name__)
def test_a_view_has_the_types_of_its_row(
    view: type[msgspec.Struct], row: type[msgspec.Struct]
) -> None:
    own, rows = types(view), types(row)

    shared = own.keys() & rows.keys() - {"edits"}
    assert len(shared) > 3
    assert {name: own[name] for name in shared} == {name: rows[name] for name in shared}


def test_reconcile_compares_attributes_of_photos() -> None:
    assert set(_RECORD) <= names(PhotoRow)


@pytest.mark.parametrize("status", ["READY", "SKIPPED:TOO_SMALL", "FAILED:X", "PENDING:Timeout"])
def test_labels_have_one_of_four_statuses(status: str) -> None:
    assert read(PhotoRow, {**ROW, "labels_status": status}).labels_status == status


@pytest.mark.parametrize("status", ["", "READY:X", "SKIPPED", "FAILED:", "PENDING", "DONE:X"])
def test_labels_have_no_other_status(status: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="labels_status"):
        read(PhotoRow, {**ROW, "labels_status": status})


ROW = {
    "pk": "alice",
    "sk": "photo#a.jpg",
    "status": "READY",
    "bucket": "photos",
    "key": "uploads/alice/a.jpg",
    "sequencer": "1",
    "claimed_version": "v1",
    "execution_arn": "arn",
    "updated_at": "2024-07-01T10:00:00.000Z",
}


def test_a_row_without_a_required_attribute_or_with_an_unknown_one_is_refused() -> None:
    for name in ROW:
        with pytest.raises(msgspec.ValidationError, match=name):
            read(PhotoRow, {one: value for one, value in ROW.items() if one != name})
    with pytest.raises(msgspec.ValidationError, match="claimed"):
        read(PhotoRow, {**ROW, "claimed": "v1"})
