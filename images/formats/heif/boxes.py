"""HEIC's and AVIF's boxes, and the items and properties that the boxes describe.

Source: ISO/IEC 14496-12 (boxes, iloc), 23008-12 (items, properties).
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from formats.partial import PartialFile
from formats.structure import MAX_METADATA_BYTES
from shared.limits import parts, refuse_parts

META_VERSION_BYTES: Final = 4  # of the `meta` and `iref` boxes, before the boxes in them

_HEADER_BYTES: Final = 8  # size and kind
_LONG_HEADER_BYTES: Final = 16  # and the size in 64 bits
_MAX_EXTENTS: Final = 64  # of one item; writers use one, and libheif accepts 32
_EXIF_ITEM: Final = re.compile(rb"(infe(?:\x02.{7}|\x03.{9}))Exif", re.DOTALL)
_TURNS_AND_MIRROR_TO_EXIF: Final = (1, 6, 3, 8, 2, 5, 4, 7)  # mirrored * 4 + quarters clockwise


class Box(NamedTuple):
    """One box. A property is a box, too."""

    kind: bytes
    body: bytes


class BoxRange(NamedTuple):
    """Where one of the file's own boxes is."""

    kind: bytes
    body_at: int
    end_at: int  # as the box states: it may lie behind the end of the file


class Location(NamedTuple):
    """Where an item's bytes are."""

    in_idat: bool  # offsets count from the body of `idat`, not from the start of the file
    extents: list[tuple[int, int]]  # offset, size


def file_boxes(file: PartialFile) -> Iterator[BoxRange]:
    """Yield the boxes that `file` is made of, up to one that cannot be a box.

    Raises:
        NotReadError: the header of a box lies behind what is known.
        TooComplexError: there are more than in any photo.
    """
    at = 0
    for _ in parts("boxes"):
        header = file.read(at, _LONG_HEADER_BYTES)
        size, body_at = int.from_bytes(header[:4]), at + _HEADER_BYTES
        if size == 1:  # the true size follows, in 64 bits
            size, body_at = int.from_bytes(header[8:16]), at + _LONG_HEADER_BYTES
        elif size == 0:  # up to the end of the file
            size = file.total_bytes - at
        if at + size < body_at:  # the end of the file, too
            return
        yield BoxRange(header[4:8], body_at, at + size)
        at += size


def read_meta(file: PartialFile) -> dict[bytes, bytes]:
    """Return the boxes in the file's `meta` box; none where that is missing or too large.

    Raises:
        NotReadError: it lies behind what is known.
    """
    for kind, body_at, end_at in file_boxes(file):
        if kind == b"meta":
            size = end_at - body_at
            body = file.read(body_at, size) if size <= MAX_METADATA_BYTES else b""
            return {box.kind: box.body for box in boxes(body[META_VERSION_BYTES:])}
    return {}


def boxes(data: bytes) -> Iterator[Box]:
    """Yield the boxes that `data`, the body of a box, is made of, up to the first broken one.

    Raises:
        TooComplexError: there are more than in any photo. All functions below raise it, too, for
            items, references and properties.
    """
    at = 0
    for _ in parts("boxes"):
        if at + _HEADER_BYTES > len(data):
            return
        size = int.from_bytes(data[at : at + 4]) or len(data) - at
        if size < _HEADER_BYTES:  # 64 bit sizes are not needed in 1 MiB
            return
        yield Box(data[at + 4 : at + 8], data[at + 8 : at + size])
        at += size


def without_exif(photo: bytes) -> bytes:
    """Return a whole file with its Exif items called something else.

    libexif reads a few thousand entries for minutes, and a decoder needs none of them.
    """
    changed = photo
    for kind, body_at, end_at in file_boxes(PartialFile(len(photo), photo)):
        if kind == b"meta":
            meta = _EXIF_ITEM.sub(rb"\1none", photo[body_at:end_at])
            changed = changed[:body_at] + meta + changed[end_at:]
    return changed


def primary_item(pitm: bytes) -> int:
    """Return the id of the item that viewers show."""
    return int.from_bytes(pitm[4:6] if pitm[:1] == b"\0" else pitm[4:8])


def properties(iprp: bytes, wanted: set[int]) -> dict[int, list[Box]]:
    """Return the properties of each of the `wanted` items, in the order in which they apply."""
    known: list[Box] = []
    found: dict[int, list[Box]] = {item: [] for item in wanted}
    for kind, body in boxes(iprp):
        if kind == b"ipco":
            known = list(boxes(body))
        elif kind == b"ipma":
            for item, indices in _associations(body, wanted).items():
                found[item] += [known[index - 1] for index in indices if 0 < index <= len(known)]
    return found


def _associations(ipma: bytes, wanted: set[int]) -> dict[int, list[int]]:
    """Return the indices, from 1, of the properties that each of the `wanted` items has."""
    id_bytes = 2 if ipma[:1] == b"\0" else 4
    index_bytes = 1 + (int.from_bytes(ipma[3:4]) & 1)
    mask = 0x7F if index_bytes == 1 else 0x7FFF  # the top bit says: essential
    at = 8
    found: dict[int, list[int]] = {}
    for _ in parts("items with properties"):
        if at >= len(ipma) or len(found) >= len(wanted):
            break
        this = int.from_bytes(ipma[at : at + id_bytes])
        start = at + id_bytes + 1
        at = start + int.from_bytes(ipma[start - 1 : start]) * index_bytes
        if this in wanted and this not in found:
            indices = range(start, min(at, len(ipma)), index_bytes)
            found[this] = [int.from_bytes(ipma[i : i + index_bytes]) & mask for i in indices]
    return found


def orientation(of_item: list[Box]) -> int:
    """Return how an item's properties turn and mirror it, as an EXIF orientation."""
    quarters, mirrored = 0, False
    for kind, body in of_item:
        if kind == b"irot":
            turn = -(int.from_bytes(body[:1]) & 3)  # anticlockwise
            quarters += -turn if mirrored else turn
        elif kind == b"imir":
            mirrored = not mirrored
            if not int.from_bytes(body[:1]) & 1:  # top to bottom: left to right, and half a turn
                quarters += 2
    return _TURNS_AND_MIRROR_TO_EXIF[mirrored * 4 + quarters % 4]


def items(iinf: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield the id of each item, its kind, and the rest of its entry, from its name on."""
    for kind, body in boxes(iinf[6 if iinf[:1] == b"\0" else 8 :]):
        if kind == b"infe" and body[:1] in {b"\2", b"\3"}:
            id_bytes = 2 if body[:1] == b"\2" else 4
            rest = body[6 + id_bytes :]
            yield int.from_bytes(body[4 : 4 + id_bytes]), rest[:4], rest[4:]


def references(iref: bytes) -> Iterator[tuple[bytes, int, list[int]]]:
    """Yield the kind of each reference, the item that refers, and those that it refers to."""
    id_bytes = 2 if iref[:1] == b"\0" else 4
    total = 0
    for kind, body in boxes(iref[META_VERSION_BYTES:]):
        count = int.from_bytes(body[id_bytes : id_bytes + 2])
        end = min(id_bytes * (1 + count) + 2, len(body))
        total += end // id_bytes
        refuse_parts(total, "references between items")
        to = [int.from_bytes(body[i : i + id_bytes]) for i in range(id_bytes + 2, end, id_bytes)]
        yield kind, int.from_bytes(body[:id_bytes]), to


def locations(iloc: bytes, wanted: set[int]) -> dict[int, Location]:
    """Return where the `wanted` items are, without those that are made of other items."""
    version = int.from_bytes(iloc[:1])
    offset_bytes, length_bytes, base_bytes, index_bytes = (
        half for byte in iloc[4:6].ljust(2, b"\0") for half in (byte >> 4, byte & 15)
    )
    if version == 0:
        index_bytes = 0
    id_bytes = 2 if version < 2 else 4  # noqa: PLR2004  # the version that widened ids
    at = 6 + id_bytes
    found: dict[int, Location] = {}
    for _ in parts("items"):
        if at >= len(iloc) or len(found) >= len(wanted):
            break
        item = int.from_bytes(iloc[at : at + id_bytes])
        at += id_bytes
        method = 0
        if version > 0:
            method = int.from_bytes(iloc[at : at + 2]) & 15
            at += 2
        at += 2  # data reference
        base = int.from_bytes(iloc[at : at + base_bytes])
        at += base_bytes
        count = int.from_bytes(iloc[at : at + 2])
        at += 2
        extent_bytes = index_bytes + offset_bytes + length_bytes
        if item in wanted and method <= 1:
            extents = []
            for number in range(min(count, _MAX_EXTENTS if extent_bytes else 1)):
                start = at + number * extent_bytes + index_bytes
                end = start + offset_bytes
                size = int.from_bytes(iloc[end : end + length_bytes])
                extents.append((base + int.from_bytes(iloc[start:end]), size))
            found[item] = Location(method == 1, extents)
        at += count * extent_bytes
    return found
