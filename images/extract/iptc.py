"""Read the few IPTC-IIM datasets that are kept.

Source: IPTC-NAA Information Interchange Model 4.2, 1.5 and 6.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

from shared.limits import parts

_MARKER: Final = 0x1C
_APPLICATION_RECORD: Final = 2
_TITLE, _KEYWORD, _DATE, _TIME, _CREATOR, _COPYRIGHT, _DESCRIPTION = 5, 25, 55, 60, 80, 116, 120
_DIGITAL_DATE, _DIGITAL_TIME = 62, 63


@dataclass(frozen=True, slots=True)
class Iptc:
    """Raw texts from the file."""

    title: bytes | None = None  # Object Name
    description: bytes | None = None  # Caption/Abstract
    date: bytes | None = None  # Date Created, 20160409; 00 is an unknown month or day
    time: bytes | None = None  # Time Created, 140813+0200
    digital_date: bytes | None = None  # Digital Creation Date
    digital_time: bytes | None = None  # Digital Creation Time
    keywords: list[bytes] = field(default_factory=list)
    creators: list[bytes] = field(default_factory=list)  # By-line
    copyright: bytes | None = None  # Copyright Notice


def read_iptc(records: bytes | None) -> Iptc:
    """Read `records` up to the first damaged one. Of repeated single values the first counts.

    Raises:
        TooComplexError: there are more datasets than in any photo.
    """
    once: dict[int, bytes] = {}
    repeated: dict[int, list[bytes]] = {_KEYWORD: [], _CREATOR: []}
    data = _unswapped(records or b"")
    at = 0
    for _ in parts("IPTC datasets"):
        header = data[at : at + 5]
        if len(header) < 5 or header[0] != _MARKER:  # noqa: PLR2004  # marker, two numbers, size
            break
        size = int.from_bytes(header[3:])
        at += 5
        if size & 0x8000:  # extended: this is the length of the size that follows
            size_bytes = min(size & 0x7FFF, 4)
            size = int.from_bytes(data[at : at + size_bytes])
            at += size_bytes
        body = data[at : at + size]
        at += size
        if header[1] != _APPLICATION_RECORD:
            continue
        if header[2] in repeated:
            repeated[header[2]].append(body)
        else:
            once.setdefault(header[2], body)
    return Iptc(
        title=once.get(_TITLE),
        description=once.get(_DESCRIPTION),
        date=once.get(_DATE),
        time=once.get(_TIME),
        digital_date=once.get(_DIGITAL_DATE),
        digital_time=once.get(_DIGITAL_TIME),
        keywords=repeated[_KEYWORD],
        creators=repeated[_CREATOR],
        copyright=once.get(_COPYRIGHT),
    )


def _unswapped(records: bytes) -> bytes:
    """Return `records` in order: some writers swap a TIFF's records as if they were LONGs."""
    if records[:1] == bytes([_MARKER]) or records[3:4] != bytes([_MARKER]):
        return records
    whole = records.ljust(-(-len(records) // 4) * 4, b"\0")
    numbers = len(whole) // 4
    return struct.pack(f">{numbers}I", *struct.unpack(f"<{numbers}I", whole))
