"""What the gallery answers: values, with a person's edits merged over what was extracted."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from shared.contracts import Camera, Label, Location, Rendition, TakenAt
from shared.keys import SORT_TIME_CHARACTERS, photo_key
from shared.limits import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_KEYWORD_CHARACTERS,
    MAX_KEYWORDS,
    MAX_LABELS,
    MAX_TAG_CHARACTERS,
)
from shared.text import clean_label, distinct, fold_label, text

Item = TypeVar("Item")


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value; rows may hold more than it shows."""


class Edits(Record, frozen=True):
    """What a person wrote over what the file says. None leaves it; an empty text takes it away."""

    title: str | None = None
    description: str | None = None
    keywords: list[str] | None = None
    hidden_labels: list[str] = []  # no longer shown, nor found by; an ancestor is hidden by itself


class Picture(Record, frozen=True):
    """A photo, as an album or a timeline draws it."""

    key: str
    status: str  # READY, or PROCESSING while it is made anew
    sort_time: str  # 2016-04-09T14:08:13
    width_px: int
    height_px: int
    renditions: dict[str, Rendition]
    taken_at: TakenAt | None = None
    title: str | None = None
    truncated: bool = False


class Match(Record, frozen=True):
    """A photo, as a search for a label draws it."""

    key: str
    label: str  # folded
    sort_time: str
    width_px: int
    height_px: int
    thumb: Rendition | None = None


class Problem(Record, frozen=True):
    """A photo that was rejected or failed."""

    key: str
    status: str  # REJECTED or FAILED, or PROCESSING while it is tried again
    sort_time: str  # when it was uploaded
    reason: str | None = None  # as the contract's codes say; absent while it is tried again
    step: str | None = None
    error: str | None = None


class Album(Record, frozen=True):
    """An album, as a list of them draws it."""

    path: str  # may have slashes; empty for what lies directly below the owner
    photos: int
    cover: Picture | None  # its newest photo


class Copies(Record, frozen=True):
    """Photos that are the same, byte for byte."""

    sha256: str
    bytes: int
    keys: list[str]  # two or more


class Photo(Record, frozen=True):
    """All that is known of a photo. What its status does not bring along is absent."""

    key: str
    status: str
    bucket: str
    uploaded_at: str | None = None
    sort_time: str | None = None
    version_id: str | None = None
    bytes: int | None = None
    reason: str | None = None
    step: str | None = None
    error: str | None = None
    format: str | None = None
    mime_type: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    orientation: int | None = None
    taken_at: TakenAt | None = None
    location: Location | None = None
    camera: Camera | None = None
    title: str | None = None
    description: str | None = None
    keywords: list[str] = []
    labels: list[Label] = []
    labels_status: str | None = None
    labels_model: str | None = None
    renditions: dict[str, Rendition] = {}
    truncated: bool = False
    versions: dict[str, int] = {}
    edits: Edits = Edits()


class Page(Record, Generic[Item], frozen=True):
    """Some answers, and where the next ones are. The last page may be empty."""

    items: list[Item]
    cursor: str | None  # for the next page; None where there is no more
    read_units: float  # of DynamoDB's, that it cost


def edits_of(row: Mapping[str, Any]) -> Edits:
    """Return what a person wrote over the photo of a row."""
    return msgspec.json.decode(row["edits"], type=Edits) if "edits" in row else Edits()


def encoded(edits: Edits) -> str | None:
    """Return `edits` as they are stored; None where there are none."""
    return msgspec.json.encode(edits).decode() if edits != Edits() else None


def tidy(edits: Edits) -> Edits:
    """Return `edits` as the texts of a file are kept: clean, on one line, each keyword once.

    Raises:
        ValueError: a text or a list is longer than a file's may be.
    """
    keywords = edits.keywords or []
    for name, texts, most in (
        ("title", [edits.title or ""], MAX_TAG_CHARACTERS),
        ("description", [edits.description or ""], MAX_DESCRIPTION_CHARACTERS),
        ("keyword", keywords, MAX_KEYWORD_CHARACTERS),
    ):
        if (longest := max(map(len, texts), default=0)) > most:
            raise ValueError(f"{name} has {longest} characters, over {most}")
    hidden = sorted({fold_label(label) for label in map(clean_label, edits.hidden_labels) if label})
    for name, count, most in (
        ("keywords", len(keywords), MAX_KEYWORDS),
        ("hidden labels", len(hidden), MAX_LABELS),
    ):
        if count > most:
            raise ValueError(f"{count} {name} are over {most}")
    return Edits(
        title=_cleaned(edits.title, MAX_TAG_CHARACTERS),
        description=_cleaned(edits.description, MAX_DESCRIPTION_CHARACTERS),
        keywords=None
        if edits.keywords is None
        else distinct(keywords, MAX_KEYWORD_CHARACTERS, MAX_KEYWORDS),
        hidden_labels=hidden,
    )


def _cleaned(value: str | None, max_characters: int) -> str | None:
    return None if value is None else text(value, max_characters) or ""


def picture(row: Mapping[str, Any]) -> Picture:
    """Return the photo of a row of by_album or by_time."""
    range_key = row["album_key"] if "album_key" in row else row["time_key"]
    return msgspec.convert({**_merged(row), "sort_time": _time(range_key)}, Picture, strict=False)


def match(row: Mapping[str, Any]) -> Match:
    """Return the photo of a label's row."""
    key = photo_key(row["pk"], row["photo"])
    return msgspec.convert({**row, "key": key, "sort_time": _time(row["sk"])}, Match, strict=False)


def problem(row: Mapping[str, Any]) -> Problem:
    """Return the problem of a row of by_time."""
    return msgspec.convert({**row, "sort_time": _time(row["time_key"])}, Problem, strict=False)


def photo(row: Mapping[str, Any]) -> Photo:
    """Return the photo of its own row."""
    return msgspec.convert(_merged(row), Photo, strict=False)


def copies(rows: Sequence[Mapping[str, Any]]) -> Copies:
    """Return what rows of by_content with one content say."""
    size, sha256, _ = rows[0]["content_key"].split("#")
    keys = sorted(photo_key(row["pk"], row["sk"]) for row in rows)
    return Copies(sha256=sha256, bytes=int(size), keys=keys)


def _merged(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a photo's row with the edits in their places; what they emptied is absent."""
    edits = edits_of(row)
    written = msgspec.structs.asdict(edits)
    merged = {**row, "edits": written}
    for name in ("title", "description", "keywords"):
        if written[name] is not None:
            merged[name] = written[name]
        if not merged.get(name):
            merged.pop(name, None)
    if "labels" in merged:
        merged["labels"] = [
            label
            for label in merged["labels"]
            if fold_label(label["name"]) not in edits.hidden_labels
        ]
    return merged


def _time(range_key: str) -> str:
    """Return the time of <what it is>#<time>#<digest>; what it is may hold a #."""
    return range_key.rpartition("#")[0][-SORT_TIME_CHARACTERS:]
