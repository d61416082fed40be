"""HEIC's and AVIF's boxes. Source: ISO/IEC 14496-12 (boxes, iloc), 23008-12 (items, properties).

Which way up is said by the properties `irot` and `imir` of the primary item. Decoders (libheif,
and browsers) follow these and ignore the EXIF orientation, and so do we.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from formats.partial import PartialFile
from formats.structure import MAX_METADATA_BYTES, MAX_PARTS, Structure

META_VERSION_BYTES: Final = 4  # of the `meta` and `iref` boxes, before the boxes in them

_MAX_EXTENTS: Final = 64  # of one item; writers use one
_TURNS_AND_MIRROR_TO_EXIF: Final = (1, 6, 3, 8, 2, 5, 4, 7)  # mirrored * 4 + quarters clockwise


class Box(NamedTuple):
    """One box, or property, which is a box as well."""

    kind: bytes
    body: bytes


class Location(NamedTuple):
    """Where an item's bytes are."""

    in_idat: bool  # offsets count from the body of `idat`, not from the start of the file
    extents: list[tuple[int, int]]  # offset, size


def survey_heif(file: PartialFile, found: Structure) -> None:
    """Read the properties of the primary item, then the Exif and XMP items.

    Raises:
        NotReadError: the `meta` box, or one of these items, lies behind what is known.
    """
    meta = read_meta(file)
    primary = primary_item(meta.get(b"pitm", b""))
    _take_properties(properties(meta.get(b"iprp", b""), {primary})[primary], found)
    of_kind = _metadata_items(meta.get(b"iinf", b""))
    where = locations(meta.get(b"iloc", b""), set(of_kind.values()))
    for kind in ("exif", "xmp"):
        location = where.get(of_kind.get(kind, -1))
        if location is None:
            continue
        idat = meta.get(b"idat", b"")
        source = PartialFile(len(idat), idat) if location.in_idat else file
        body = b"".join(
            source.read(offset, min(size, MAX_METADATA_BYTES)) for offset, size in location.extents
        )
        if kind == "exif":
            found.exif = body[4 + int.from_bytes(body[:4]) :]  # how much stands before the TIFF
        else:
            found.xmp = body


def read_meta(file: PartialFile) -> dict[bytes, bytes]:
    """Return the boxes in the file's `meta` box; none where that is missing or of no sane size.

    Raises:
        NotReadError: it lies behind what is known.
    """
    return {box.kind: box.body for box in boxes(_meta_body(file)[META_VERSION_BYTES:])}


def _meta_body(file: PartialFile) -> bytes:
    at = 0
    for _ in range(MAX_PARTS):
        header = file.read(at, 16)
        size, body_at = int.from_bytes(header[:4]), 8
        if size == 1:
            size, body_at = int.from_bytes(header[8:16]), 16
        elif size == 0:
            size = file.total_bytes - at
        if size < body_at:
            break
        if header[4:8] == b"meta":
            return file.read(at + body_at, size - body_at) if size <= MAX_METADATA_BYTES else b""
        at += size
    return b""


def boxes(data: bytes) -> Iterator[Box]:
    """Yield the boxes that `data` is made of, up to the first that cannot be one."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4]) or len(data) - at
        if size < 8:  # noqa: PLR2004  # size and kind; 64 bit sizes have no place in 1 MiB
            return
        yield Box(data[at + 4 : at + 8], data[at + 8 : at + size])
        at += size


def primary_item(pitm: bytes) -> int:
    """Return the id of the item that a reader shows."""
    return int.from_bytes(pitm[4:6] if pitm[:1] == b"\0" else pitm[4:8])


def properties(iprp: bytes, wanted: set[int]) -> dict[int, list[Box]]:
    """Return the properties of each of the `wanted` items, in the order of their application."""
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
    while at < len(ipma) and len(found) < len(wanted):
        this = int.from_bytes(ipma[at : at + id_bytes])
        start = at + id_bytes + 1
        at = start + int.from_bytes(ipma[start - 1 : start]) * index_bytes
        if this in wanted and this not in found:
            indices = range(start, min(at, len(ipma)), index_bytes)
            found[this] = [int.from_bytes(ipma[i : i + index_bytes]) & mask for i in indices]
    return found


def _take_properties(of_item: list[Box], found: Structure) -> None:
    """Read the size as coded (and cropped by `clap`), and the turn as an EXIF orientation."""
    for kind, body in of_item:
        if kind == b"ispe":
            found.width_px = int.from_bytes(body[4:8]) or None
            found.height_px = int.from_bytes(body[8:12]) or None
        elif kind == b"clap":
            found.width_px = _fraction(body[0:8]) or found.width_px
            found.height_px = _fraction(body[8:16]) or found.height_px
    found.orientation = orientation(of_item)


def orientation(of_item: list[Box]) -> int:
    """Return the turn that an item's properties state, as an EXIF orientation."""
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


def _fraction(pair: bytes) -> int:
    numerator, denominator = int.from_bytes(pair[:4]), int.from_bytes(pair[4:8])
    return round(numerator / denominator) if denominator else 0


def items(iinf: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield the id of each item, its kind, and what else its entry says, from its name on."""
    for kind, body in boxes(iinf[6 if iinf[:1] == b"\0" else 8 :]):
        if kind == b"infe" and body[:1] in {b"\2", b"\3"}:
            id_bytes = 2 if body[:1] == b"\2" else 4
            rest = body[6 + id_bytes :]
            yield int.from_bytes(body[4 : 4 + id_bytes]), rest[:4], rest[4:]


def _metadata_items(iinf: bytes) -> dict[str, int]:
    """Return the ids of the first Exif and the first XMP item."""
    found: dict[str, int] = {}
    for item, kind, rest in items(iinf):
        if kind == b"Exif":
            found.setdefault("exif", item)
        elif kind == b"mime" and rest.split(b"\0")[1:2] == [b"application/rdf+xml"]:
            found.setdefault("xmp", item)
    return found


def locations(iloc: bytes, wanted: set[int]) -> dict[int, Location]:
    """Return where the `wanted` items are, those apart whose bytes stand in other items."""
    version = int.from_bytes(iloc[:1])
    offset_bytes, length_bytes, base_bytes, index_bytes = (
        half for byte in iloc[4:6].ljust(2, b"\0") for half in (byte >> 4, byte & 15)
    )
    if version == 0:
        index_bytes = 0
    id_bytes = 2 if version < 2 else 4  # noqa: PLR2004  # the version that widened ids
    at = 6 + id_bytes
    found: dict[int, Location] = {}
    while at < len(iloc) and len(found) < len(wanted):
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
            for number in range(min(count, _MAX_EXTENTS)):
                start = at + number * extent_bytes + index_bytes
                end = start + offset_bytes
                size = int.from_bytes(iloc[end : end + length_bytes])
                extents.append((base + int.from_bytes(iloc[start:end]), size))
            found[item] = Location(method == 1, extents)
        at += count * extent_bytes
    return found
