"""What queries return: rows of the table, with a person's edits merged over what was extracted.

images/shared/rows.py says what each attribute is.
"""

from collections.abc import Sequence
from typing import Any, Final, Generic, Literal, TypeVar

import msgspec

from gallery.table import Row
from shared.contracts import (
    Count,
    Location,
    Place,
    Position,
    Precision,
    Px,
    Rendition,
    Sha256,
    SortTime,
    TakenAt,
)
from shared.keys import SORT_TIME_CHARACTERS, photo_key, term_of, term_sort_key
from shared.rows import IndexedPhoto, PhotoFacts, PhotoRow, Status, TermRow, read
from shared.text import fold_label

EDITED: Final = "EDITED"  # the source of a time that a person wrote

Item = TypeVar("Item")
PhotoT = TypeVar("PhotoT", bound=IndexedPhoto)
RecordT = TypeVar("RecordT", bound=msgspec.Struct)


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One result of a query."""


class Taken(Record, frozen=True):
    """A time by the camera's clock that a person wrote."""

    local: SortTime  # of a day, month or year its start
    precision: Precision | None = None  # the smallest unit that is known; absent: a full time


class Edits(Record, frozen=True):
    """What a person wrote over the file's metadata. None keeps the file's; "" removes it."""

    title: str | None = None
    description: str | None = None
    keywords: list[str] | None = None
    hidden_labels: list[str] = []  # folded; hiding a label does not hide its ancestors
    taken: Taken | None = None
    location: Position | None = None
    place: Place | None = None  # of the location, in words; the state machine finds it
    removed: list[Literal["location", "taken"]] = []  # the file's one is wrong, and none is right


class Picture(Record, frozen=True):
    """A photo of an album or of the timeline."""

    key: str
    status: Status  # READY, or PROCESSING while it is reprocessed
    sort_time: SortTime
    width_px: Px
    height_px: Px
    renditions: dict[str, Rendition]
    taken_at: TakenAt | None = None
    title: str | None = None
    truncated: bool = False


class Found(Record, frozen=True):
    """A photo that a search found."""

    key: str
    sort_time: SortTime
    width_px: Px
    height_px: Px
    precision: Precision | None = None  # of the sort time; absent: a full time
    thumb: Rendition | None = None


class TermCount(Record, frozen=True):
    """How many photos a term has by itself, in the period of a search."""

    kind: str
    text: str  # folded
    photos: int
    more: bool  # whether there are more than that


class Suggestion(Record, frozen=True):
    """A term that photos have."""

    kind: str
    text: str  # folded
    written: str  # as in the file


class Problem(Record, frozen=True):
    """A photo that was rejected or failed."""

    key: str
    status: Status  # REJECTED or FAILED, or PROCESSING while it is tried again
    sort_time: SortTime  # of the upload
    reason: str | None = None  # absent while it is tried again, as are step and error
    step: str | None = None
    error: str | None = None


class Album(Record, frozen=True):
    """An album that has photos."""

    path: str  # may have slashes; empty for photos directly below their owner
    photos: int
    cover: Picture | None  # the photo that a person chose, else the newest


class Month(Record, frozen=True):
    """A month that has photos."""

    month: str  # such as 2016-04, by the times by which photos are sorted
    photos: int


class Trashed(Record, frozen=True):
    """A photo that was deleted and can be restored, as long as S3 keeps its version."""

    key: str
    status: Status  # DELETED, or PROCESSING while it is restored
    deleted_at: SortTime  # in UTC
    width_px: Px | None = None
    height_px: Px | None = None
    title: str | None = None


class Copies(Record, frozen=True):
    """Photos with the same bytes; raw photos with the same preview and number of bytes.

    Two raw photos can differ all the same, in metadata: nobody reads the rest of a raw photo.
    """

    sha256: Sha256  # as in the rows
    bytes: Count
    keys: list[str]  # two or more


class Photo(PhotoFacts, frozen=True, kw_only=True):
    """Everything that a gallery shows of a photo."""

    key: str
    bucket: str
    edits: Edits = Edits()


class Page(Record, Generic[Item], frozen=True):
    """One page of results. The last page may be empty."""

    items: list[Item]
    cursor: str | None  # of the next page; None if this is the last
    read_units: float  # that DynamoDB charged for this page


def decoded(edits: str | None) -> Edits:
    """Return the edits of a row's attribute; none if it is absent."""
    return Edits() if edits is None else msgspec.json.decode(edits, type=Edits)


def picture(row: Row, kind: type[IndexedPhoto] = IndexedPhoto) -> Picture:
    """Return the photo of a row of by_album or by_time; of its own row, if `kind` is PhotoRow."""
    photo = _edited(read(kind, row))
    range_key = photo.album_key or photo.time_key or ""
    return _view(Picture, photo, sort_time=_sort_time(range_key))


def found(row: Row) -> Found:
    """Return the photo of a term's row."""
    one = read(TermRow, row)
    return _view(Found, one, key=photo_key(one.pk, one.photo), sort_time=_sort_time(one.sk))


def found_photo(row: Row) -> Found:
    """Return the photo of a row of by_album or by_time."""
    photo = picture(row)
    taken = photo.taken_at
    return Found(
        key=photo.key,
        sort_time=photo.sort_time,
        width_px=photo.width_px,
        height_px=photo.height_px,
        precision=taken.precision if taken is not None and taken.plausible else None,
        thumb=photo.renditions.get("thumb"),
    )


def problem(row: Row) -> Problem:
    """Return the problem of a row of by_time."""
    photo = read(IndexedPhoto, row)
    return _view(Problem, photo, sort_time=_sort_time(photo.time_key or ""))


def trashed(row: Row) -> Trashed:
    """Return the deleted photo of a row of by_time."""
    photo = _edited(read(IndexedPhoto, row))
    return _view(Trashed, photo, deleted_at=_sort_time(photo.time_key or ""))


def photo(row: PhotoRow) -> Photo:
    """Return the photo of its own row."""
    edits = decoded(row.edits)
    sources = {
        name: source
        for name, source in (row.sources or {}).items()
        if getattr(edits, name, None) is None and name not in edits.removed
    }
    return _view(Photo, _edited(row), edits=edits, sources=sources or None)


def term_sort_keys(row: Row) -> list[str]:
    """Return the sort keys of the rows by which a photo is found; `row` may be of any release."""
    if "found_by" in row:
        key = photo_key(row["pk"], row["sk"])
        return [term_sort_key(term, row["sort_time"], key) for term in row["found_by"]]
    hidden = {f"label#{label}" for label in decoded(row.get("edits")).hidden_labels}
    return [one for one in row.get("label_keys", []) if term_of(one) not in hidden]


def copies(rows: Sequence[Row]) -> Copies:
    """Return the photos of by_content's rows that have the same bytes."""
    size, sha256, _ = rows[0]["content_key"].split("#")
    keys = sorted(photo_key(row["pk"], row["sk"]) for row in rows)
    return Copies(sha256=sha256, bytes=int(size), keys=keys)


def _view(kind: type[RecordT], row: msgspec.Struct, **more: Any) -> RecordT:  # noqa: ANN401
    """Return the attributes of `row` that `kind` has, and `more`."""
    fields = {name: getattr(row, name) for name in kind.__struct_fields__ if name not in more}
    return msgspec.convert({**fields, **more}, kind)


def _edited(row: PhotoT) -> PhotoT:
    """Return a photo's row with the edits in their places."""
    edits = decoded(row.edits)
    row = _dated_and_placed(row, edits)
    return msgspec.structs.replace(
        row,
        title=(row.title if edits.title is None else edits.title) or None,
        description=(row.description if edits.description is None else edits.description) or None,
        keywords=row.keywords if edits.keywords is None else edits.keywords,
        labels=[label for label in row.labels if fold_label(label.name) not in edits.hidden_labels],
    )


def _dated_and_placed(row: PhotoT, edits: Edits) -> PhotoT:
    """Return a photo's row with the time and the place that a person wrote, or without them."""
    taken, location, place = row.taken_at, row.location, row.place
    if edits.taken is not None:
        taken = TakenAt(local=edits.taken.local, precision=edits.taken.precision, source=EDITED)
    elif "taken" in edits.removed:
        taken = None
    if edits.location is not None:
        location = Location(latitude=edits.location.latitude, longitude=edits.location.longitude)
        place = edits.place
    elif "location" in edits.removed:
        location = place = None
    return msgspec.structs.replace(row, taken_at=taken, location=location, place=place)


def _sort_time(range_key: str) -> str:
    """Return the sort time in <prefix>#<sort time>#<digest>; the prefix may contain a #."""
    return range_key.rpartition("#")[0][-SORT_TIME_CHARACTERS:]
