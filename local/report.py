"""Show the documents of `local.process`: a table for a terminal, a contact sheet for a browser.

Strings from files are text in both, never markup.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections import Counter
from collections.abc import Mapping  # noqa: TC003  # msgspec needs it
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import jinja2
import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from shared.contracts import Camera, Location, Place, Rendition, TakenAt
from shared.labels import reading_order
from shared.limits import MIN_PREVIEW_PX
from shared.rows import PhotoFacts
from shared.terms import camera_name
from shared.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from local.process import Document

HERE = Path(__file__).parent
# The states whose times are shown.
STEPS: Final[tuple[str, ...]] = ("Claim", "Extract", "Thumbnail", "Tag", "Publish")
WIDE: Final = 140  # columns of a terminal in which each kind of fact has a column of its own
NEAR_KM: Final = 10  # farther from a town's center than this, the distance is said
TABLE_LABELS = 4  # the table shows the first ones; the contact sheet shows all

REASONS: Final = {
    "BAD_KEY": "the file's name is not allowed",
    "FOREIGN_BUCKET": "the file is not in the photos bucket",
    "ARCHIVED": "the object is archived: restore it, then reprocess the photo",
    "CUSTOMER_KEY": "the object is encrypted with a key that only its uploader has",
    "EMPTY": "the file is empty",
    "TOO_LARGE": "the file is too large",
    "UNSUPPORTED_TYPE": "the file is not an image of a supported type",
    "RAW_WITHOUT_PREVIEW": f"the raw photo has no preview of at least {MIN_PREVIEW_PX:,} pixels",
    "TOO_MANY_PIXELS": "the image has too many pixels",
    "TOO_COMPLEX": "the image takes far more work to decode than a photo should",
    "TRUNCATED": "the file ends too early",
    "UNREADABLE": "the image cannot be decoded",
}
TIME_NOTES: Final = {  # by the source of a time that is not that of the exposure
    "EXIF:DateTime": "modified",
    "EXIF:DateTimeDigitized": "digitized",
    "XMP:DateTimeDigitized": "digitized",
    "XMP:CreateDate": "digitized",
    "IPTC:DigitalCreationDate": "digitized",
    "FILENAME": "file name",
}
INCOMPLETE: Final = "the file is cut or damaged: the missing part is gray"


class Picture(Rendition, frozen=True, kw_only=True):
    """A rendition, and its path on this disk."""

    path: str


class Record(PhotoFacts, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """The fields of a document that the report shows: a photo's facts, and those of this run."""

    file: str
    renditions: Mapping[str, Picture] = msgspec.field(default_factory=dict)
    states_ms: dict[str, float] = msgspec.field(default_factory=dict)
    duration_ms: float | None = None

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return Path(self.file).name


def read(documents: Iterable[Document]) -> list[Record]:
    """Return the documents as records, sorted by file."""
    records = (msgspec.convert(document, Record, strict=False) for document in documents)
    return sorted(records, key=lambda record: record.file)


def table(records: Iterable[Record], *, width: int) -> Table:
    """Return a table with a row for each record, for a terminal of `width` columns.

    In a terminal that is too narrow for a column for each fact, all facts are in one.
    """
    result = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=True)
    is_wide = width >= WIDE
    result.add_column("Photo", overflow="fold", max_width=None if is_wide else width // 3)
    if is_wide:
        result.add_column("Taken", overflow="fold", min_width=len("14 Aug 2021, 09:31 +02:00"))
        for column in ("Size", "Camera", "Labels", "Renditions"):
            result.add_column(column, overflow="fold")
        result.add_column(
            "Milliseconds", overflow="fold", min_width=len("Thumbnail 1,234, Tag 1,234")
        )
    else:
        result.add_column("Facts", overflow="fold")
    for record in records:
        photo, *facts = _facts(record)
        cells = (
            facts
            if is_wide
            else [[", ".join(filter(None, lines)) for lines in facts if any(lines)]]
        )
        result.add_row(*(_cell(*lines) for lines in (photo, *cells)))
    return result


def _facts(record: Record) -> Iterator[list[str]]:
    """Yield the lines of each column of a wide table."""
    yield [record.name, *outcome(record)]
    yield [when(record.taken_at), where(record.location), place_in_words(record.place)]
    yield [pixels(record), kilobytes(record.bytes)]
    yield [camera_name(record.camera), exposure(record.camera)]
    yield [label_names(record) or labels_note(record)]
    yield [
        f"{name} {picture.width_px} × {picture.height_px}"
        for name, picture in sorted(record.renditions.items())
    ]
    spent = [f"{name} {ms:,.0f}" for name, ms in steps_ms(record).items()]
    yield [", ".join(spent[first : first + 2]) for first in range(0, len(spent), 2)]


def summary(records: Iterable[Record]) -> str:
    """Count the outcomes: `8 photos: 7 READY, 1 REJECTED (UNSUPPORTED_TYPE)`."""
    records = list(records)
    outcomes = Counter(
        record.status + (f" ({record.reason})" if record.status == "REJECTED" else "")
        for record in records
    )
    counts = ", ".join(f"{count:,} {each}" for each, count in sorted(outcomes.items()))
    return f"{len(records):,} {'photo' if len(records) == 1 else 'photos'}: {counts}"


def contact_sheet(records: Iterable[Record], *, folder: Path) -> str:
    """Return an HTML page of the records.

    The page is meant for `folder`: its links are relative to it, and it loads nothing from outside.
    """
    records = list(records)
    style = (HERE / "contact_sheet.css").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "camera_name": camera_name,
        "place_in_words": place_in_words,
        "exposure": exposure,
        "kilobytes": kilobytes,
        "labels_note": labels_note,
        "machine_time": machine_time,
        "rating": rating,
        "reading_order": reading_order,
        "rights": rights,
        "outcome": outcome,
        "pixels": pixels,
        "steps_ms": steps_ms,
        "when": when,
        "where": where,
    }
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("contact_sheet.html.j2").render(
        records=records,
        summary=summary(records),
        style=style,
        style_digest=f"sha256-{digest}",
        link=lambda path: quote(os.fsencode(os.path.relpath(path, folder))),
    )


def outcome(record: Record) -> list[str]:
    """Return the status and its reason; nothing for a READY photo that is complete."""
    if record.status == "REJECTED":
        return [f"REJECTED {record.reason}", REASONS.get(record.reason or "", record.error or "")]
    if record.status != "READY":
        return [record.status, record.error or ""]
    return [INCOMPLETE] if record.truncated else []


def when(taken_at: TakenAt | None) -> str:
    """Return the local time of the photo: `17 May 2011, 10:42 -05:00`, or `July 1965`.

    A note follows a time that is not that of the exposure: `6 May 2023, 10:00 (modified)`; `(?)`
    follows one that is not plausible.
    """
    if taken_at is None:
        return ""
    local = datetime.fromisoformat(taken_at.local)
    match taken_at.precision:
        case "year":
            text = f"{local.year}"
        case "month":
            text = f"{local:%B} {local.year}"
        case "day":
            text = f"{local.day} {local:%b} {local.year}"
        case None:
            text = f"{local.day} {local:%b} {local.year}, {local:%H:%M} {taken_at.offset or ''}"
    notes = (TIME_NOTES.get(taken_at.source), None if taken_at.plausible else "?")
    return " ".join([text.rstrip(), *(f"({note})" for note in notes if note)])


def machine_time(taken_at: TakenAt) -> str:
    """Return the time as the attribute of HTML's `time` element: as much of it as is known."""
    known = {"year": len("1965"), "month": len("1965-07"), "day": len("1965-07-04")}
    return taken_at.local[: known.get(taken_at.precision or "")] + (taken_at.offset or "")


def where(location: Location | None) -> str:
    """Return the place: `29.5597° N, 95.0894° W, altitude 6 m`."""
    if location is None or not location.gps_valid:
        return ""
    north = f"{abs(location.latitude):.4f}° {'N' if location.latitude >= 0 else 'S'}"
    east = f"{abs(location.longitude):.4f}° {'E' if location.longitude >= 0 else 'W'}"
    altitude = "" if location.altitude_m is None else f", altitude {location.altitude_m:.0f} m"
    return f"{north}, {east}{altitude}"


def place_in_words(place: Place | None) -> str:
    """Return `Kehl, Baden-Wurttemberg, Germany (or FR)`, or `Off the coast of Portugal`.

    Farther than `NEAR_KM` from the center of the town: `26 km from Yulara, …`.
    """
    if place is None:
        return ""
    parts = [place.city, place.region, place.country]
    words = ", ".join(dict.fromkeys(part for part in parts if part))  # Berlin and Taiwan once
    if place.offshore:
        words = f"Off the coast of {place.country}"
    elif place.city and place.distance_km is not None and place.distance_km > NEAR_KM:
        words = f"{place.distance_km:.0f} km from {words}"
    others = " or ".join(place.other_countries or [])
    return f"{words} (or {others})" if others else words


def exposure(camera: Camera | None) -> str:
    """Return the exposure settings: `1/160 s, f/5.6, ISO 200, 85 mm`."""
    if camera is None:
        return ""
    parts = []
    if camera.exposure_s:
        decimal = camera.exposure_s >= 0.3  # noqa: PLR2004  # cameras show 0.3 s, but 1/4 s
        parts.append(f"{camera.exposure_s:g} s" if decimal else f"1/{1 / camera.exposure_s:.0f} s")
    if camera.f_number:
        parts.append(f"f/{camera.f_number:g}")
    if camera.iso:
        parts.append(f"ISO {camera.iso}")
    if camera.focal_length_mm:
        parts.append(f"{camera.focal_length_mm:g} mm")
    return ", ".join(parts)


def rating(record: Record) -> str:
    """Return the rating: `4 of 5 stars`."""
    if record.rating is None:
        return ""
    return "rejected" if record.rating < 0 else f"{record.rating} of 5 stars"


def rights(record: Record) -> str:
    """Return creator and copyright: `Ada Lovelace, © 1843`."""
    return ", ".join(filter(None, (record.creator, record.copyright)))


def pixels(record: Record) -> str:
    """Return the upright width and height: `384 × 512`."""
    return f"{record.width_px} × {record.height_px}" if record.width_px else ""


def kilobytes(count: int | None) -> str:
    """Return a size in kB, rounded up."""
    return "" if count is None else f"{-(-count // 1000):,} kB"


def label_names(record: Record) -> str:
    """Return the first labels, for the table: `Dog 98 %, Animal 99 %`."""
    shown = reading_order(record.labels)[:TABLE_LABELS]
    return ", ".join(f"{label.name} {label.confidence:.0f} %" for label in shown)


def labels_note(record: Record) -> str:
    """Return why there are no labels: `none (PENDING)`."""
    status = record.labels_status
    return "" if status in {None, "READY"} else f"none ({status})"


def steps_ms(record: Record) -> dict[str, float]:
    """Return the milliseconds in each of `STEPS`, and in `all` states together."""
    spent = {step: record.states_ms[step] for step in STEPS if step in record.states_ms}
    return spent if record.duration_ms is None else spent | {"all": record.duration_ms}


def _cell(*lines: str) -> Text:
    """Join lines; characters that control a terminal are escaped."""
    return Text("\n".join(map(escaped, lines)))
