"""Choose the time when a photo was taken from all times in the file. Never raises.

Local time is that of the camera's clock. UTC is known only if the file has the offset.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from shared.contracts import TakenAt
from shared.text import decode

_TIME: Final = re.compile(
    r"(?P<date>\d{4}([:-])\d\d\2\d\d)[ T](?P<time>\d\d:\d\d:\d\d)"
    r"(?:\.(?P<fraction>\d{1,9}))?\s*(?P<offset>Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)
_OFFSET: Final = re.compile(r"([+-])(\d\d):([0-5]\d)", re.ASCII)
_FRACTION: Final = re.compile(r"\d{1,9}", re.ASCII)
_MAX_OFFSET: Final = timedelta(hours=14)  # Kiribati
_FIRST_PHOTO_YEAR: Final = 1826  # Niépce's view from the window at Le Gras
_PLACEHOLDER_YEAR: Final = 9999
_CLOCK_TOLERANCE: Final = timedelta(hours=24)  # for a camera across the date line


class Stated(NamedTuple):
    """A time from one source in the file. Each part may be absent or invalid."""

    source: str  # such as EXIF:DateTimeOriginal
    time: bytes | str | None
    fraction: bytes | str | None = None  # of the second, as digits
    offset: bytes | str | None = None


def choose_time(candidates: Iterable[Stated], uploaded_at: str) -> TakenAt | None:
    """Return the first valid date and time of `candidates`, or None.

    A valid time that is impossible for a photo is returned too, with `plausible` false.

    Args:
        candidates: best source first.
        uploaded_at: UTC, as contracts.UtcTime. A time much later than this is not plausible.
    """
    latest = datetime.fromisoformat(uploaded_at) + _CLOCK_TOLERANCE
    return next((taken for stated in candidates if (taken := _read(stated, latest))), None)


def _read(stated: Stated, latest: datetime) -> TakenAt | None:
    """Return the time of one source; None if it is not a valid date and time."""
    match = _TIME.fullmatch(_ascii(stated.time))
    if match is None:
        return None
    try:
        local = datetime.fromisoformat(f"{match['date'].replace(':', '-')}T{match['time']}")
    except ValueError:
        return None
    if local.year == _PLACEHOLDER_YEAR:
        return None
    offset = _valid_offset(match["offset"] or _ascii(stated.offset))
    fraction = match["fraction"] or _ascii(stated.fraction)
    digits = f".{fraction}" if _FRACTION.fullmatch(fraction) else ""
    utc = _to_utc(local, offset)
    return TakenAt(
        local=local.isoformat() + digits,
        source=stated.source,
        offset=offset if utc is not None else None,
        utc=None if utc is None else f"{utc.replace(tzinfo=None).isoformat()}{digits}Z",
        plausible=local.year >= _FIRST_PHOTO_YEAR and (utc or local.replace(tzinfo=UTC)) <= latest,
    )


def _ascii(value: bytes | str | None) -> str:
    return (decode(value) if isinstance(value, bytes) else value or "").partition("\0")[0].strip()


def _valid_offset(offset: str) -> str | None:
    return offset if offset == "Z" or _OFFSET.fullmatch(offset) else None


def _to_utc(local: datetime, offset: str | None) -> datetime | None:
    """Return `local` in UTC; None if the offset is absent or no place on earth has it."""
    if offset is None:
        return None
    east = timedelta()
    if match := _OFFSET.fullmatch(offset):
        sign = -1 if match[1] == "-" else 1
        east = sign * timedelta(hours=int(match[2]), minutes=int(match[3]))
    if abs(east) > _MAX_OFFSET:
        return None
    try:
        return (local - east).replace(tzinfo=UTC)
    except OverflowError:
        return None
