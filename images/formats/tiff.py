"""TIFF's directories: of TIFF files, and of the EXIF block in any other.

`pack_tiff` copies only the wanted entries, so that the next parser meets no loop, no second page,
no entry twice, and no count that is larger than the file.

Source: TIFF 6.0, section 2; Exif 2.32, 4.6.
"""

import struct
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final, Literal, NamedTuple

from formats.partial import PartialFile
from formats.photoshop import find_iptc
from formats.structure import MAX_METADATA_BYTES, Structure
from formats.tiff_samples import (
    BITS,
    COMPRESSION,
    EXTRA_SAMPLES,
    INK_SET,
    PHOTOMETRIC,
    PLANES,
    SAMPLE_FORMAT,
    SAMPLE_TAGS,
    SAMPLES,
    SUBSAMPLING,
    TILE_WIDTH,
    Samples,
    unsupported,
)
from shared.errors import TooComplexError
from shared.limits import (
    MAX_OVERLAP,
    MAX_OVERLAP_BYTES,
    MAX_TIFF_ENTRIES,
    MAX_TIFF_STRIPS,
    refuse_parts,
)

EXIF_POINTER, GPS_POINTER = 0x8769, 0x8825
_WIDTH, _HEIGHT, _ORIENTATION, _XMP = 0x0100, 0x0101, 0x0112, 0x02BC
_IPTC, _PHOTOSHOP = 0x83BB, 0x8649
_TYPE_BYTES: Final = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4)  # by type, 1 BYTE to 13 IFD
_OFFSETS, _BYTE_COUNTS = (0x0111, 0x0144), (0x0117, 0x0145)  # of strips, of tiles
_STRIP_ROWS: Final = 0x0116
_MAX_STRIP_BYTES: Final = 16_777_216  # when decoded; libvips refuses tiles of that size
_SHORT, _LONG, _RATIONAL = 3, 4, 5
_SEPARATE_PLANES: Final = 2
_SLOT_BYTES: Final = 4  # of an entry: its value, or where a longer one is
_BYTE_TYPES: Final = frozenset({1, 6})  # BYTE, SBYTE
_INTEGER_TYPES: Final = frozenset({3, 4, 8, 9, 13})  # SHORT, LONG, SSHORT, SLONG, IFD
# What libvips (libexif) takes an orientation from; of a RATIONAL it takes the numerator.
_ORIENTATION_BYTES: Final = {1: 1, 3: 2, 4: 4, _RATIONAL: 4, 6: 1, 8: 2, 9: 4}  # by type
_UPRIGHT: Final = 1
_MAX_VALUE_BYTES: Final = 65_536  # the texts that are kept are far shorter

_IFD0_TAGS: Final = frozenset(
    {
        0x010E,  # ImageDescription
        0x010F,  # Make
        0x0110,  # Model
        _ORIENTATION,
        0x0132,  # DateTime
        0x013B,  # Artist
        0x4746,  # Rating
        0x4749,  # RatingPercent
        0x8298,  # Copyright
        0x9C9B,  # XPTitle
        0x9C9C,  # XPComment
        0x9C9D,  # XPAuthor
        0x9C9E,  # XPKeywords
        0x9C9F,  # XPSubject
    }
)
_EXIF_TAGS: Final = frozenset(
    {
        0x829A,  # ExposureTime
        0x829D,  # FNumber
        0x8827,  # PhotographicSensitivity, alias ISOSpeedRatings
        0x8832,  # RecommendedExposureIndex
        0x9003,  # DateTimeOriginal
        0x9004,  # DateTimeDigitized
        0x9010,  # OffsetTime
        0x9011,  # OffsetTimeOriginal
        0x9012,  # OffsetTimeDigitized
        0x9286,  # UserComment
        0x9290,  # SubSecTime
        0x9291,  # SubSecTimeOriginal
        0x9292,  # SubSecTimeDigitized
        0x920A,  # FocalLength
        0xA434,  # LensModel
    }
)
_GPS_TAGS: Final = frozenset(range(1, 7))  # latitude, longitude and altitude, each with its Ref

ByteOrder = Literal["little", "big"]

_MAX_ENTRIES: Final = 1_000  # of a directory of a raw photo; cameras write under 100


class Entry(NamedTuple):
    """A tag. Its value is still in the file's byte order."""

    tag: int
    field_type: int
    items: int
    value: bytes


class Value(NamedTuple):
    """Where the value of a tag is."""

    field_type: int
    items: int
    at: int
    size: int  # as stated: it may end behind the end of the file


class Tiff(NamedTuple):
    """The wanted entries of the three directories that describe a photo."""

    byte_order: ByteOrder
    ifd0: list[Entry]
    exif: list[Entry]
    gps: list[Entry]


def survey_tiff(file: PartialFile, found: Structure) -> None:
    """Read the first page's size and metadata.

    Raises:
        NotReadError: a directory or a value that is wanted is not known.
        TooComplexError: the page has more entries or values than any photo.
    """
    order, first = first_directory(file)
    _refuse_complex(file, order, first)
    page = _page_numbers(file, SAMPLE_TAGS | {_WIDTH, _HEIGHT, _STRIP_ROWS})
    found.width_px = _first(page, _WIDTH, 0) or None
    found.height_px = _first(page, _HEIGHT, 0) or None
    if found.width_px and found.height_px:
        found.unsupported = unsupported(_samples_of(page))
        _take_layout(page, found)
    found.xmp = _block(file, order, first, _XMP) or None
    # Photoshop writes IPTC in both places, other writers in one of them.
    found.iptc = find_iptc(_block(file, order, first, _IPTC))
    if found.iptc is None:
        found.iptc = find_iptc(_block(file, order, first, _PHOTOSHOP))
    tiff = read_tiff(file)
    found.exif = pack_tiff(tiff)
    is_one_integer = all(
        entry.items == 1 and entry.field_type != _RATIONAL
        for entry in tiff.ifd0
        if entry.tag == _ORIENTATION
    )
    found.orientation = orientation_of(tiff) if is_one_integer else _UPRIGHT  # as libtiff decides


def _take_layout(page: Mapping[int, tuple[int, ...]], found: Structure) -> None:
    """Read how many bytes a pixel has, and whether a strip is the whole picture or nearly."""
    found.pixel_bytes = -(-_first(page, SAMPLES, 1) * _first(page, BITS, 1) // 8)
    height_px = found.height_px or 0
    rows = min(_first(page, _STRIP_ROWS, 0) or height_px, height_px)
    strip_bytes = rows * (found.width_px or 0) * found.pixel_bytes
    if TILE_WIDTH not in page and strip_bytes > _MAX_STRIP_BYTES:
        found.way = "UNDIVIDED_TIFF"


def _refuse_complex(file: PartialFile, order: ByteOrder, at: int) -> None:
    """Raise if the first page has far more entries or values than a picture needs.

    The entries of a small file may state that each of them has the whole file as its values.

    Raises:
        NotReadError: the directory is not known.
        TooComplexError: see `limits`.
    """
    rows = _rows(file, order, at)
    refuse_parts(len(rows), "TIFF entries", MAX_TIFF_ENTRIES)
    value_bytes = 0
    for tag, kind, count, _ in rows:
        size = count * _TYPE_BYTES[kind] if kind < len(_TYPE_BYTES) else 0
        if tag in _OFFSETS + _BYTE_COUNTS and 0 < size <= file.total_bytes:  # not damaged
            refuse_parts(count, "TIFF strips", MAX_TIFF_STRIPS)
        value_bytes += min(size, file.total_bytes)
    _refuse_overlap(value_bytes, file.total_bytes, "values of its first page")


def _refuse_overlap(size: int, file_bytes: int, what: str) -> None:
    if size > max(MAX_OVERLAP * file_bytes, MAX_OVERLAP_BYTES):
        raise TooComplexError(f"{size:,} bytes of {what} in a file of {file_bytes:,}")


def _block(file: PartialFile, order: ByteOrder, at: int, tag: int) -> bytes:
    """Return a block of metadata in the first page's directory; empty if it has none."""
    entry = _directory(file, order, at, {tag}, MAX_METADATA_BYTES).get(tag)
    return b"" if entry is None else entry.value


def is_tiff_truncated(photo: bytes) -> bool:
    """Return whether the first page's directory, or one of its strips or tiles, ends too late.

    Raises:
        TooComplexError: its strips or tiles lie over each other.
    """
    order = "<" if photo.startswith(b"II") else ">"
    try:
        page = _integers_of_first_page(photo, order)
    except struct.error:
        return True
    strip_bytes = sum(min(size, len(photo)) for tag in _BYTE_COUNTS for size in page.get(tag, ()))
    _refuse_overlap(strip_bytes, len(photo), "strips")
    offsets, byte_counts = (
        next((page[tag] for tag in tags if tag in page), ()) for tags in (_OFFSETS, _BYTE_COUNTS)
    )
    return any(
        offset + size > len(photo) for offset, size in zip(offsets, byte_counts, strict=False)
    )


def _integers_of_first_page(photo: bytes, order: str) -> dict[int, tuple[int, ...]]:
    """Return the offsets and byte counts of the first page's strips and tiles, by tag.

    Raises:
        struct.error: the directory, or one of the values, ends behind the end of `photo`.
    """
    (directory,) = struct.unpack_from(f"{order}I", photo, 4)
    (entries,) = struct.unpack_from(f"{order}H", photo, directory)
    values: dict[int, tuple[int, ...]] = {}
    for at in range(directory + 2, directory + 2 + entries * 12, 12):
        tag, kind, count = struct.unpack_from(f"{order}HHI", photo, at)
        if tag in _OFFSETS + _BYTE_COUNTS and tag not in values:  # libtiff reads the first
            code, size = ("H", 2) if kind == _SHORT else ("I", 4)
            value_at = at + 8
            if count * size > _SLOT_BYTES:
                (value_at,) = struct.unpack_from(f"{order}I", photo, value_at)
            values[tag] = struct.unpack_from(f"{order}{count}{code}", photo, value_at)
    return values


def read_tiff(file: PartialFile) -> Tiff:
    """Return the wanted entries of a TIFF structure, the first of each tag; empty if it is none.

    Raises:
        NotReadError: a directory or a value that is wanted is not known.
    """
    order, first = first_directory(file)
    ifd0 = _directory(file, order, first, _IFD0_TAGS | {EXIF_POINTER, GPS_POINTER})
    exif_at = _number(ifd0.pop(EXIF_POINTER, None), order)
    gps_at = _number(ifd0.pop(GPS_POINTER, None), order)
    exif = _directory(file, order, exif_at, _EXIF_TAGS) if exif_at else {}
    gps = _directory(file, order, gps_at, _GPS_TAGS) if gps_at else {}
    return Tiff(order, list(ifd0.values()), list(exif.values()), list(gps.values()))


def read_samples(file: PartialFile) -> Samples:
    """Return how the first page's pixels are stored.

    Raises:
        NotReadError: a directory or a value that is wanted is not known.
    """
    return _samples_of(_page_numbers(file, SAMPLE_TAGS))


def _page_numbers(file: PartialFile, wanted: AbstractSet[int]) -> dict[int, tuple[int, ...]]:
    """Return the integers of the first page's entries, by tag, of any size as for libtiff."""
    order, first = first_directory(file)
    page = _directory(file, order, first, wanted)
    return {tag: _numbers(entry, order) for tag, entry in page.items()}


def _first(page: Mapping[int, tuple[int, ...]], tag: int, default: int) -> int:
    return page[tag][0] if page.get(tag) else default


def _samples_of(page: Mapping[int, tuple[int, ...]]) -> Samples:
    samples = _first(page, SAMPLES, 1)
    return Samples(
        bits=page.get(BITS, ())[:samples] or (1,),
        compression=_first(page, COMPRESSION, 1),
        photometric=_first(page, PHOTOMETRIC, -1),
        samples=samples,
        is_planar=_first(page, PLANES, 1) == _SEPARATE_PLANES,
        is_tiled=TILE_WIDTH in page,
        ink_set=_first(page, INK_SET, 1),
        extra_samples=page.get(EXTRA_SAMPLES, ()),
        sample_format=_first(page, SAMPLE_FORMAT, 1),
        subsampling=page.get(SUBSAMPLING, (2, 2)),
    )


def with_short(photo: bytes, values: Mapping[int, int]) -> bytes:
    """Return a TIFF in which these tags, where the first page has them, have one SHORT as value."""
    order = "<" if photo.startswith(b"II") else ">"
    (directory,) = struct.unpack_from(f"{order}I", photo, 4)
    (entries,) = struct.unpack_from(f"{order}H", photo, directory)
    view, done = memoryview(photo), 0
    parts: list[bytes | memoryview] = []
    for at in range(directory + 2, directory + 2 + entries * 12, 12):
        (tag,) = struct.unpack_from(f"{order}H", photo, at)
        if tag in values:
            entry = struct.pack(f"{order}HHIHH", tag, _SHORT, 1, values[tag], 0)
            parts += [view[done:at], entry]
            done = at + len(entry)
    return b"".join([*parts, view[done:]])


def has_entries(block: bytes) -> bool:
    """Return whether `block` begins as a TIFF structure with at least one entry in IFD0."""
    order: ByteOrder = "little" if block.startswith(b"II") else "big"
    first = int.from_bytes(block[4:8], order)
    return block.startswith((b"II", b"MM")) and any(block[first : first + 2])


def orientation_of(tiff: Tiff) -> int:
    """Return the EXIF orientation that decoders apply, 1 to 8: 1 if there is no valid one.

    Source: Exif 2.32, 4.6.4 A, Orientation; tests compare it with libvips.
    """
    for entry in tiff.ifd0:
        if entry.tag == _ORIENTATION:
            size = _ORIENTATION_BYTES.get(entry.field_type, 0)
            value = int.from_bytes(entry.value[:size], tiff.byte_order)
            return value if value in range(1, 9) else _UPRIGHT
    return _UPRIGHT


def pack_tiff(tiff: Tiff) -> bytes:
    """Return a TIFF structure of one IFD0 with its Exif and GPS directories."""
    order = tiff.byte_order
    prefix = "<" if order == "little" else ">"
    directories = [tiff.ifd0, tiff.exif, tiff.gps]
    sizes = [2 + 12 * len(entries) + 4 for entries in directories]
    sizes[0] += 24  # its pointers to the other two
    exif_at, gps_at, values_at = 8 + sizes[0], 8 + sum(sizes[:2]), 8 + sum(sizes)
    pointers = [
        Entry(tag, _LONG, 1, at.to_bytes(4, order))
        for tag, at in ((EXIF_POINTER, exif_at), (GPS_POINTER, gps_at))
    ]
    heads, values = b"", b""
    for entries in ([*tiff.ifd0, *pointers], tiff.exif, tiff.gps):
        heads += len(entries).to_bytes(2, order)
        for entry in entries:
            slot = entry.value
            if len(slot) > _SLOT_BYTES:
                slot = (values_at + len(values)).to_bytes(4, order)
                values += entry.value
            heads += struct.pack(prefix + "HHI4s", entry.tag, entry.field_type, entry.items, slot)
        heads += bytes(4)
    magic = b"II*\0" if order == "little" else b"MM\0*"
    return magic + (8).to_bytes(4, order) + heads + values


def _byte_order(file: PartialFile) -> ByteOrder:
    return "little" if file.read(0, 2) == b"II" else "big"


def _pointer(slot: bytes, order: ByteOrder) -> int:
    return int.from_bytes(slot, order)


def _number(entry: Entry | None, order: ByteOrder) -> int | None:
    """Return the first value of an integer entry; None for 0, which is never valid.

    A negative number is read as a large one, which lies behind the end of any file.
    """
    if entry is None or entry.field_type not in _INTEGER_TYPES:
        return None
    return int.from_bytes(entry.value[: _TYPE_BYTES[entry.field_type]], order) or None


def _numbers(entry: Entry, order: ByteOrder) -> tuple[int, ...]:
    """Return all values of an integer entry; none of any other."""
    if entry.field_type not in _INTEGER_TYPES | _BYTE_TYPES:
        return ()
    size = _TYPE_BYTES[entry.field_type]
    return tuple(
        int.from_bytes(entry.value[at : at + size], order)
        for at in range(0, entry.items * size, size)
    )


def _directory(
    file: PartialFile,
    order: ByteOrder,
    offset: int,
    wanted: AbstractSet[int],
    max_bytes: int = _MAX_VALUE_BYTES,
) -> dict[int, Entry]:
    """Return the entries of one directory whose tags are `wanted`, by tag."""
    entries: dict[int, Entry] = {}
    for tag, kind, stated, slot in _rows(file, order, offset):
        if tag not in wanted or tag in entries or kind >= len(_TYPE_BYTES):
            continue
        unit_bytes = _TYPE_BYTES[kind]
        size = min(stated, max_bytes) * unit_bytes
        if size <= len(slot):
            value = slot[:size]
        elif size <= max_bytes:
            value = file.read(_pointer(slot, order), size)
        else:
            continue
        items = len(value) // unit_bytes if unit_bytes else 0  # fewer than stated: the file ends
        if items:
            entries[tag] = Entry(tag, kind, items, value[: items * unit_bytes])
    return entries


def _rows(
    file: PartialFile, order: ByteOrder, offset: int, at_most: int = 65_535
) -> list[tuple[int, int, int, bytes]]:
    """Return tag, type, count and slot of each entry of a directory, as far as the file goes."""
    entries = min(int.from_bytes(file.read(offset, 2), order), at_most)
    rows = file.read(offset + 2, 12 * entries)
    layout = "<HHI4s" if order == "little" else ">HHI4s"
    return list(struct.iter_unpack(layout, rows[: len(rows) // 12 * 12]))


def first_directory(file: PartialFile) -> tuple[ByteOrder, int]:
    """Return the byte order of a TIFF structure, and where its first directory is."""
    order = _byte_order(file)
    return order, _pointer(file.read(4, 4), order)


def read_entries(file: PartialFile, order: ByteOrder, offset: int) -> tuple[dict[int, Value], int]:
    """Return where the values of a directory are, by tag, and where the next directory is.

    Unlike `read_tiff`, this reads no values: those of a raw photo are previews and pixels.

    Raises:
        NotReadError: the directory is not known.
    """
    rows = _rows(file, order, offset, _MAX_ENTRIES)
    rows_at = offset + 2
    entries: dict[int, Value] = {}
    for number, (tag, kind, items, slot) in enumerate(rows):
        size = items * _TYPE_BYTES[kind] if kind < len(_TYPE_BYTES) else 0
        at = rows_at + 12 * number + 8 if size <= len(slot) else _pointer(slot, order)
        entries.setdefault(tag, Value(kind, items, at, size))
    count = int.from_bytes(file.read(offset, 2), order)
    return entries, _pointer(file.read(rows_at + 12 * count, 4), order)


def read_numbers(
    file: PartialFile, order: ByteOrder, value: Value | None, at_most: int = 2
) -> list[int]:
    """Return the first numbers of a tag, rounded down; empty if it has none.

    Raises:
        NotReadError: the value is not known.
    """
    if value is None or value.field_type not in _INTEGER_TYPES | {_RATIONAL}:
        return []
    unit = _TYPE_BYTES[value.field_type]
    body = file.read(value.at, min(value.items, at_most) * unit)
    units = (body[at : at + unit] for at in range(0, len(body) - unit + 1, unit))
    if value.field_type != _RATIONAL:
        return [int.from_bytes(one, order) for one in units]
    return [
        int.from_bytes(one[:4], order) // max(int.from_bytes(one[4:], order), 1) for one in units
    ]


def join_tiff(ifd0: PartialFile, exif: PartialFile, gps: PartialFile) -> Tiff:
    """Return the wanted entries of three TIFF structures that have one directory each.

    Raises:
        NotReadError: a directory or a value that is wanted is not known.
    """
    order = _byte_order(ifd0)
    directories = []
    for file, tags in ((ifd0, _IFD0_TAGS), (exif, _EXIF_TAGS), (gps, _GPS_TAGS)):
        its_order, first = first_directory(file)
        entries = _directory(file, order, first, tags) if its_order == order else {}
        directories.append(list(entries.values()))
    return Tiff(order, *directories)
