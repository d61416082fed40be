"""Choose the time when a photo was taken from all times that are stated. Never raises.

Local time is that of the camera's clock. UTC is known only if the file has the offset.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from shared.contracts import Precision, TakenAt
from shared.text import decode

FILENAME: Final = "FILENAME"  # the source of a date in the file's name

# The forms of EXIF, XMP and IPTC. Where the clock is absent, the day or the month may be too.
_TIME: Final = re.compile(
    r"(?P<year>\d{4})(?:(?P<mark>[:-]?)(?P<month>\d\d)(?:(?P=mark)(?P<day>\d\d)"
    r"(?:[ T](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<offset>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_UNKNOWN: Final = " :"  # EXIF has blanks in place of the parts that are not known
_OFFSET: Final = re.compile(r"([+-])(\d\d):([0-5]\d)", re.ASCII)
_FRACTION: Final = re.compile(r"\d{1,9}", re.ASCII)
_MAX_OFFSET: Final = timedelta(hours=14)  # Kiribati
_FIRST_PHOTO_YEAR: Final = 1826  # Niépce's view from the window at Le Gras
# What programs and cameras write if they do not know the time. Other starts of a calendar, such as
# that of 1970, can be a year that a person knows.
_PLACEHOLDER_YEAR: Final = 9999
_PLACEHOLDERS: Final = {datetime(1, 1, 1), datetime(2002, 12, 8, 12)}  # noqa: DTZ001  # local
_CLOCK_TOLERANCE: Final = timedelta(hours=24)  # for a camera across the date line

# The sources that say when the photo was taken, not when it was scanned, changed or named.
_ORIGINAL: Final = (
    "EXIF:DateTimeOriginal",
    "XMP:DateTimeOriginal",
    "XMP:DateCreated",
    "IPTC:DateCreated",
)
_KNOWN_CHARACTERS: Final[dict[Precision | None, int]] = {  # of TakenAt.local
    "year": len("2016"),
    "month": len("2016-04"),
    "day": len("2016-04-09"),
    None: len("2016-04-09T14:08:13"),
}


class Stated(NamedTuple):
    """A time from one source. Each part may be absent or invalid."""

    source: str  # such as EXIF:DateTimeOriginal
    time: bytes | str | None
    fraction: bytes | str | None = None  # of the second, as digits
    offset: bytes | str | None = None


def choose_time(candidates: Iterable[Stated], uploaded_at: str) -> TakenAt | None:
    """Return the first valid time of `candidates`, or None.

    A time that is impossible for a photo is returned too, with `plausible` false, unless it stands
    beside the file's metadata: in the file's name, or in an archive. A date without a time of day
    gives way to another original one that has it.

    Args:
        candidates: best source first.
        uploaded_at: UTC, as contracts.UtcTime. A time much later than this is not plausible.
    """
    latest = datetime.fromisoformat(uploaded_at) + _CLOCK_TOLERANCE
    valid: list[TakenAt] = []
    for stated in candidates:
        taken = _read(stated, latest)
        if taken is None or not (taken.plausible or _is_tag(taken.source)):
            continue
        valid.append(taken)
        if valid[0].precision is None:  # no other can have more
            return taken
    if not valid:
        return None
    known = valid[0].local[: _KNOWN_CHARACTERS[valid[0].precision]]
    same = [taken for taken in valid if taken.source in _ORIGINAL and taken.local.startswith(known)]
    # Of equals, max returns the first one.
    return max(valid[:1] + same, key=lambda taken: _KNOWN_CHARACTERS[taken.precision])


def is_full(stated: Stated) -> bool:
    """Return whether a time is stated to the second, as far as its form tells."""
    match = _TIME.fullmatch(_ascii(stated.time))
    return match is not None and match["second"] is not None


def share_offsets(times: Sequence[Stated]) -> list[Stated]:
    """Return `times`, with one offset for all that are equal to the second.

    Many cameras write OffsetTime alone, which is that of DateTime.
    """
    return [
        one._replace(
            offset=next(
                (
                    other.offset
                    for other in (one, *times)
                    if _ascii(other.time) == _ascii(one.time)
                    and _east(_ascii(other.offset)) is not None
                ),
                None,
            )
        )
        for one in times
    ]


def _is_tag(source: str) -> bool:
    """Return whether a source is a tag of the file, such as EXIF:DateTimeOriginal."""
    return ":" in source


def _read(stated: Stated, latest: datetime) -> TakenAt | None:
    """Return the time of one source; None if it is not a valid date, or has an invalid clock."""
    match = _TIME.fullmatch(_ascii(stated.time).rstrip(_UNKNOWN))
    local = None if match is None else _local(match)
    if match is None or local is None:
        return None
    if local.year == _PLACEHOLDER_YEAR or local in _PLACEHOLDERS:
        return None
    precision = _precision(match)
    if precision is not None:  # a day in all time zones
        return TakenAt(
            local=local.isoformat(),
            source=stated.source,
            precision=precision,
            plausible=_is_plausible(local.replace(tzinfo=UTC), local.year, latest),
        )
    offset = match["offset"] or _ascii(stated.offset)
    fraction = match["fraction"] or _ascii(stated.fraction)
    digits = f".{fraction}" if _FRACTION.fullmatch(fraction) else ""
    utc = _to_utc(local, offset)
    return TakenAt(
        local=local.isoformat() + digits,
        source=stated.source,
        offset=offset if utc is not None else None,
        utc=None if utc is None else f"{utc.replace(tzinfo=None).isoformat()}{digits}Z",
        plausible=_is_plausible(utc or local.replace(tzinfo=UTC), local.year, latest),
    )


def _local(match: re.Match[str]) -> datetime | None:
    """Return the start of the time that `match` states; None if there is no such time."""
    year, month, day, hour, minute, second = (
        int(match[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")
    )
    if (month == 0 and day) or (day == 0 and (hour or minute or second)):
        return None
    hour = 0 if hour == 24 else hour  # noqa: PLR2004  # cameras that count midnight's hour as 24
    try:
        return datetime(year, month or 1, day or 1, hour, minute, second)  # noqa: DTZ001  # local
    except ValueError:
        return None


def _precision(match: re.Match[str]) -> Precision | None:
    """Return the smallest unit that `match` states. A month or day of 00 is not known."""
    if not int(match["month"] or 0):
        return "year"
    if not int(match["day"] or 0):
        return "month"
    return "day" if match["hour"] is None else None


def _is_plausible(moment: datetime, year: int, latest: datetime) -> bool:
    return year >= _FIRST_PHOTO_YEAR and moment <= latest


def _ascii(value: bytes | str | None) -> str:
    return (decode(value) if isinstance(value, bytes) else value or "").partition("\0")[0].strip()


def _east(offset: str) -> timedelta | None:
    """Return an offset as a duration; None if it is not valid or no place on earth has it."""
    if offset == "Z":
        return timedelta()
    match = _OFFSET.fullmatch(offset)
    if match is None:
        return None
    sign = -1 if match[1] == "-" else 1
    east = sign * timedelta(hours=int(match[2]), minutes=int(match[3]))
    return east if abs(east) <= _MAX_OFFSET else None


def _to_utc(local: datetime, offset: str) -> datetime | None:
    """Return `local` in UTC; None if the offset is not known, or UTC is beyond the calendar."""
    east = _east(offset)
    try:
        return None if east is None else (local - east).replace(tzinfo=UTC)
    except OverflowError:
        return None
