"""Read the few IPTC-IIM datasets that are kept.

Source: IPTC-NAA Information Interchange Model 4.2, 1.5 and 6.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

from shared.limits import parts

_MARKER: Final = 0x1C
_APPLICATION_RECORD: Final = 2
_TITLE, _KEYWORD, _DATE, _TIME, _DESCRIPTION = 5, 25, 55, 60, 120


@dataclass(frozen=True, slots=True)
class Iptc:
    """Raw texts from the file."""

    title: bytes | None = None  # Object Name
    description: bytes | None = None  # Caption/Abstract
    date: bytes | None = None  # Date Created, 20160409
    time: bytes | None = None  # Time Created, 140813+0200
    keywords: list[bytes] = field(default_factory=list)


def read_iptc(records: bytes | None) -> Iptc:
    """Read `records` up to the first damaged one. Of repeated single values the first counts.

    Raises:
        TooComplexError: there are more datasets than in any photo.
    """
    once: dict[int, bytes] = {}
    keywords: list[bytes] = []
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
        if header[2] == _KEYWORD:
            keywords.append(body)
        else:
            once.setdefault(header[2], body)
    return Iptc(
        title=once.get(_TITLE),
        description=once.get(_DESCRIPTION),
        date=once.get(_DATE),
        time=once.get(_TIME),
        keywords=keywords,
    )


def _unswapped(records: bytes) -> bytes:
    """Return `records` in order: some writers swap a TIFF's records as if they were LONGs."""
    if records[:1] == bytes([_MARKER]) or records[3:4] != bytes([_MARKER]):
        return records
    whole = records.ljust(-(-len(records) // 4) * 4, b"\0")
    numbers = len(whole) // 4
    return struct.pack(f">{numbers}I", *struct.unpack(f"<{numbers}I", whole))
