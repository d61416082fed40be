"""Edits and covers of an export are written once their photos are there, over nothing newer."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from gallery.archives.restore import restore
from gallery.editing import EditError
from gallery.records import Edits
from gallery.table import ConflictError
from shared.keys import album_prefix

KEY = "uploads/ada/2016/{}.jpg"
OLD = Edits(title="old")


@dataclass
class Row:
    status: str = "READY"
    edits: str | None = None
    album_key: str | None = "there"


@dataclass
class Gallery:
    """A table and an editor: `appear` has the rows that the n-th look finds for the first time."""

    appear: list[dict[str, Row]]
    covers: set[str] = field(default_factory=set)
    fault: Exception | None = None
    written: list[Any] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)

    def look(self, _seconds: float = 0) -> None:
        self.rows |= self.appear.pop(0) if self.appear else {}

    @property
    def table(self) -> "Gallery":
        return self

    def photo(self, _owner: str, sort_key: str) -> Row | None:
        return self.rows.get(sort_key.rpartition("/")[2].removesuffix(".jpg"))

    def get(self, _owner: str, sort_key: str) -> dict[str, str] | None:
        known = {f"album#{album_prefix(album)}#0" for album in self.covers}
        return {"cover": "chosen here"} if sort_key in known else None

    def edit(self, _owner: str, key: str, edits: Edits) -> None:
        if self.fault is not None:
            raise self.fault
        self.refuse_deleted(key)
        self.written.append((key, edits))

    def request(self, _owner: str, request: dict[str, str]) -> None:
        self.refuse_deleted(request["cover"])
        self.written.append(request)

    def refuse_deleted(self, key: str) -> None:
        """Raise for a photo that is deleted, as the state machine does."""
        row = self.photo("", key)
        if row is None or row.status == "DELETED":
            raise LookupError(f"there is no photo {key}")


def run(gallery: Gallery, edits: list[str], covers: list[str]) -> Any:  # noqa: ANN401  # Restored
    gallery.look()
    return restore(
        gallery,  # type: ignore[arg-type]  # as much of an editor as is used
        "ada",
        {KEY.format(name): OLD for name in edits},
        [KEY.format(name) for name in covers],
        attempts=3,
        sleep=gallery.look,
    )


def test_edits_wait_for_the_row_and_replace_no_others() -> None:
    gallery = Gallery([{"mine": Row(edits='{"title": "newer"}')}, {}, {"late": Row("PROCESSING")}])

    done = run(gallery, ["mine", "late", "never"], [])

    assert gallery.written == [(KEY.format("late"), OLD)]
    assert (done.late, done.refused) == ([KEY.format("never")], {})


def test_a_cover_waits_until_its_photo_is_ready_and_replaces_no_other() -> None:
    gallery = Gallery(
        [{"a": Row("PROCESSING", album_key=None)}, {"a": Row("READY")}, {"b": Row("PROCESSING")}]
    )

    assert run(gallery, [], ["a", "b", "never"]).late == [KEY.format("never")]
    cover = {"album": "2016", "cover": "2016/a.jpg"}
    assert gallery.written == [cover, {**cover, "cover": "2016/b.jpg"}]

    gallery.covers, gallery.written = {"2016"}, []
    assert run(gallery, [], ["a"]).late == []
    assert gallery.written == []


def test_a_photo_that_was_deleted_before_the_import_is_waited_for() -> None:
    deleted = Row("DELETED", album_key=None)
    gallery = Gallery([{"a": deleted, "b": deleted}, {"a": Row(), "b": Row()}])

    done = run(gallery, ["a"], ["b"])

    assert gallery.written == [(KEY.format("a"), OLD), {"album": "2016", "cover": "2016/b.jpg"}]
    assert (done.late, done.refused) == ([], {})


@pytest.mark.parametrize(
    "fault",
    [ValueError("title is longer"), LookupError("deleted"), ConflictError("x"), EditError("x")],
    ids=repr,
)
def test_an_edit_that_is_refused_does_not_stop_the_others(fault: Exception) -> None:
    gallery = Gallery([{"a": Row(), "b": Row()}], fault=fault)

    done = run(gallery, ["a"], ["b"])

    assert done.refused == {KEY.format("a"): str(fault)}
    assert gallery.written == [{"album": "2016", "cover": "2016/b.jpg"}]
