"""Raw photos made of TIFF's directories: NEF, DNG, CR2, ARW, PEF, ORF, RW2, SRW and their like.

Most of them begin as a TIFF does, and their first directory is often a stamp of 160 pixels. What
tells a raw photo from a TIFF is the data of its sensor: its color filter, its codec. A TIFF that
begins with a stamp of a larger picture is taken for one, too: only the stamp would be shown.

Source: TIFF/EP (ISO 12234-2), DNG 1.7.1; https://exiftool.org/TagNames/ for what cameras write.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from formats.jpeg import survey_jpeg
from formats.partial import Part, PartialFile
from formats.photoshop import find_iptc
from formats.raw import olympus
from formats.raw.preview import take_preview
from formats.sniffing import RAW_MAGICS
from formats.structure import MAX_METADATA_BYTES, Raw, Structure
from formats.tiff import (
    EXIF_POINTER,
    ByteOrder,
    Value,
    first_directory,
    has_entries,
    join_tiff,
    orientation_of,
    pack_tiff,
    read_entries,
    read_numbers,
    read_tiff,
    survey_tiff,
)

_SUBFILE, _WIDTH, _HEIGHT, _COMPRESSION, _PHOTOMETRIC = 0x00FE, 0x0100, 0x0101, 0x0103, 0x0106
_MAKE, _STRIPS, _ORIENTATION, _STRIP_BYTES, _SUB_IFDS = 0x010F, 0x0111, 0x0112, 0x0117, 0x014A
_JPEG_TABLES, _JPEG_AT, _JPEG_BYTES, _XMP = 0x015B, 0x0201, 0x0202, 0x02BC
_IPTC, _PHOTOSHOP, _MAKER_NOTE, _SHOWN_WIDTH, _SHOWN_HEIGHT = 0x83BB, 0x8649, 0x927C, 0xA002, 0xA003
_DNG_VERSION, _CROP_SIZE, _CR2_SLICES = 0xC612, 0xC620, 0xC640
_CFA_TAGS: Final = (0x828D, 0x828E)
# Panasonic's own tags, in place of TIFF's.
_TOP, _LEFT, _BOTTOM, _RIGHT, _PANASONIC_JPEG = 0x0004, 0x0005, 0x0006, 0x0007, 0x002E

_REDUCED: Final = 1  # bit of _SUBFILE
_SENSOR_COLORS: Final = frozenset({32803, 34892})  # photometric: color filter, linear raw
_MAX_COLORS: Final = 8  # photometric of pictures
# In this order those of Sony, Epson, Samsung twice, Kodak, Panasonic, Nikon, Kodak and Pentax.
_SENSOR_CODECS: Final = frozenset({32767, 32769, 32770, 32772, 32867, 34316, 34713, 65000, 65535})
_OLD_JPEG, _JPEG = 6, 7  # compression
_GRAY, _YCBCR = 1, 6  # photometric

_MAX_SUB_IFDS: Final = 16
_MAX_DIRECTORIES: Final = 32  # of a file; cameras write up to eight
_MAX_MAKE_BYTES: Final = 64
_MAGIC_BYTES: Final = 16

_FORMATS_BY_MAKE: Final = (
    (b"NIKON", "NEF"),
    (b"SONY", "ARW"),
    (b"PENTAX", "PEF"),
    (b"RICOH", "PEF"),
    (b"SAMSUNG", "SRW"),
    (b"HASSELBLAD", "3FR"),
    (b"SEIKO EPSON", "ERF"),
    (b"MAMIYA", "MEF"),
    (b"LEAF", "MOS"),
    (b"EASTMAN KODAK", "DCR"),
)
_OTHER: Final = "RAW"

Entries = Mapping[int, Value]


class _File(NamedTuple):
    """A file, and what its first directory says."""

    file: PartialFile
    order: ByteOrder
    ifd0: Entries
    next_at: int  # the second directory; 0 if there is none

    def numbers(self, entries: Entries, tag: int, at_most: int = 2) -> list[int]:
        return read_numbers(self.file, self.order, entries.get(tag), at_most)

    def number(self, entries: Entries, tag: int) -> int | None:
        """Return the only number of a tag; None if it has none, or several."""
        value = entries.get(tag)
        if value is None or value.items != 1:
            return None
        return next(iter(self.numbers(entries, tag)), None)

    def block(self, tag: int) -> bytes:
        """Return a block of metadata in the first directory; empty if it has none."""
        value = self.ifd0.get(tag)
        if value is None or value.size > MAX_METADATA_BYTES:
            return b""
        return self.file.read(value.at, value.size)

    def sub_ifds(self) -> list[Entries]:
        offsets = self.numbers(self.ifd0, _SUB_IFDS, _MAX_SUB_IFDS)
        return [read_entries(self.file, self.order, at)[0] for at in dict.fromkeys(offsets)]

    def exif(self) -> Entries:
        """Return the entries of the Exif directory."""
        at = self.number(self.ifd0, EXIF_POINTER)
        return read_entries(self.file, self.order, at)[0] if at else {}


def survey_tiff_or_raw(file: PartialFile, found: Structure) -> None:
    """Read a raw photo, if a file that begins as a TIFF is one, or the TIFF that it is.

    Raises:
        NotReadError: a directory, a value or a preview that is wanted is not known.
        TooComplexError: as `survey_tiff`.
    """
    order, first = first_directory(file)
    photo = _File(file, order, *read_entries(file, order, first))
    name = _name_by_magic(file.read(0, _MAGIC_BYTES))
    is_raw = name is not None or _is_sensor_data(photo, photo.ifd0) or _is_dng(photo)
    subs: list[Entries] = []
    if is_raw or _SUB_IFDS in photo.ifd0:
        found.is_scattered = True
        subs = photo.sub_ifds()
        is_raw = (
            is_raw or any(_is_sensor_data(photo, sub) for sub in subs) or _is_stamp(photo, subs)
        )
    if is_raw:
        found.raw = Raw(name or _name(photo), is_cut_off=bool(subs) and not all(subs))
        _survey_raw(photo, subs, found, found.raw)
    else:
        found.is_scattered = False
        survey_tiff(file, found)


def _survey_raw(photo: _File, subs: list[Entries], found: Structure, raw: Raw) -> None:
    tiff = read_tiff(photo.file)
    if not tiff.exif:  # TIFF/EP has Exif's tags in the first directory
        tiff = tiff._replace(exif=join_tiff(photo.file, photo.file, PartialFile(0)).exif)
    found.exif = pack_tiff(tiff)
    found.xmp = photo.block(_XMP) or None
    found.iptc = find_iptc(photo.block(_IPTC)) or find_iptc(photo.block(_PHOTOSHOP))
    directories = [photo.ifd0, *subs, *_following(photo)]
    width_px, height_px = _size(photo, directories, raw.format)
    take_preview(photo.file, _previews(photo, directories, raw.format), raw)
    found.width_px, found.height_px = width_px or raw.width_px, height_px or raw.height_px
    if _ORIENTATION in photo.ifd0:
        found.orientation = orientation_of(tiff)
    if raw.format == "RW2" and raw.preview is not None:
        first, last = raw.preview
        _take_metadata_of_preview(Part(photo.file, first, last - first + 1), found)


def _take_metadata_of_preview(preview: PartialFile, found: Structure) -> None:
    """Read what Panasonic puts into the preview: most metadata."""
    inner = Structure()
    survey_jpeg(preview, inner)
    if inner.exif is not None and has_entries(inner.exif):
        found.exif = inner.exif
    found.xmp, found.iptc = found.xmp or inner.xmp, found.iptc or inner.iptc


def _following(photo: _File) -> Iterator[Entries]:
    """Yield the directories behind the first one, each once."""
    seen: set[int] = set()
    at = photo.next_at
    while at and at not in seen and len(seen) < _MAX_DIRECTORIES:
        seen.add(at)
        entries, at = read_entries(photo.file, photo.order, at)
        yield entries


def _is_sensor_data(photo: _File, entries: Entries) -> bool:
    """Return whether a directory describes what a sensor has measured, by its colors and codec."""
    colors = photo.number(entries, _PHOTOMETRIC)
    is_picture = colors is not None and colors <= _MAX_COLORS
    return (
        colors in _SENSOR_COLORS
        or photo.number(entries, _COMPRESSION) in _SENSOR_CODECS
        or (not is_picture and any(tag in entries for tag in _CFA_TAGS))
    )


def _is_dng(photo: _File) -> bool:
    """Return whether the file is a DNG, and not a TIFF with tags of the DNG that it was made of."""
    colors = photo.number(photo.ifd0, _PHOTOMETRIC)
    is_picture = colors is not None and colors <= _MAX_COLORS
    return _DNG_VERSION in photo.ifd0 and (not is_picture or _is_reduced(photo, photo.ifd0))


def _is_stamp(photo: _File, subs: list[Entries]) -> bool:
    """Return whether IFD0 is the small copy of a picture in a SubIFD, or of one that is missing."""
    if not _is_reduced(photo, photo.ifd0) or not subs:
        return False
    pixels = _area(photo, photo.ifd0)
    return not any(subs) or any(
        not _is_reduced(photo, sub) and _area(photo, sub) > pixels for sub in subs
    )


def _area(photo: _File, entries: Entries) -> int:
    """Return the pixels of a directory's picture."""
    return (photo.number(entries, _WIDTH) or 0) * (photo.number(entries, _HEIGHT) or 0)


def _is_reduced(photo: _File, entries: Entries) -> bool:
    return bool((photo.number(entries, _SUBFILE) or 0) & _REDUCED)


def _name_by_magic(head: bytes) -> str | None:
    """Return the format that the first bytes name; None for what is made as a TIFF."""
    for magic, name in RAW_MAGICS:
        if head.startswith(magic):
            return name
    if head[8:12] == b"CR\2\0":
        return "CR2"
    if (head[8:12] == b"IIII" and head[13:16] == b"waR") or head[8:15] == b"MMMMRaw":
        return "IIQ"
    return None


def _name(photo: _File) -> str:
    """Return the format of a raw photo by its maker."""
    if _DNG_VERSION in photo.ifd0:
        return "DNG"
    make = photo.ifd0.get(_MAKE, Value(0, 0, 0, 0))
    text = photo.file.read(make.at, min(make.size, _MAX_MAKE_BYTES)).upper()
    name = next((name for start, name in _FORMATS_BY_MAKE if text.startswith(start)), _OTHER)
    # Nikon's compact cameras begin with a JPEG, the others with an uncompressed stamp.
    is_compact = name == "NEF" and photo.number(photo.ifd0, _COMPRESSION) == _OLD_JPEG
    return "NRW" if is_compact else name


def _size(photo: _File, directories: list[Entries], name: str) -> tuple[int | None, int | None]:
    """Return width and height of the picture that is in the sensor's data, as far as stated."""
    if name == "RW2":
        top, left, bottom, right = (
            photo.number(photo.ifd0, tag) or 0 for tag in (_TOP, _LEFT, _BOTTOM, _RIGHT)
        )
        return (right - left, bottom - top) if right > left and bottom > top else (None, None)
    if name in {"CR2", "IIQ"}:  # their directories have the sizes of previews
        exif = photo.exif()
        shown = photo.number(exif, _SHOWN_WIDTH), photo.number(exif, _SHOWN_HEIGHT)
        if all(shown):
            return shown
    sensors = [entries for entries in directories if _is_sensor_data(photo, entries)]
    sizes = [
        (photo.number(entries, _WIDTH) or 0, photo.number(entries, _HEIGHT) or 0, entries)
        for entries in sensors or directories
    ]
    width_px, height_px, entries = max(sizes, key=lambda size: size[0] * size[1])
    crop = photo.numbers(entries, _CROP_SIZE)
    if len(crop) > 1 and all(crop):
        width_px, height_px = crop
    return width_px or None, height_px or None


def _previews(photo: _File, directories: list[Entries], name: str) -> Iterator[tuple[int, int]]:
    """Yield offset and size of all that may be a preview."""
    for entries in directories:
        if _is_sensor_data(photo, entries) or _CR2_SLICES in entries:
            continue
        at, size = photo.number(entries, _JPEG_AT), photo.number(entries, _JPEG_BYTES)
        if at and size:
            yield at, size
        if _is_jpeg(photo, entries):
            at, size = photo.number(entries, _STRIPS), photo.number(entries, _STRIP_BYTES)
            if at and size:
                yield at, size
    jpeg = photo.ifd0.get(_PANASONIC_JPEG)
    if name == "RW2" and jpeg is not None:
        yield jpeg.at, jpeg.size
    note = photo.exif().get(_MAKER_NOTE) if name == "ORF" else None
    if note is not None:
        yield from olympus.previews(photo.file, photo.order, note)


def _is_jpeg(photo: _File, entries: Entries) -> bool:
    """Return whether a directory's only strip is a JPEG that can be decoded alone."""
    compression = photo.number(entries, _COMPRESSION)
    colors = photo.number(entries, _PHOTOMETRIC)
    return _JPEG_TABLES not in entries and (
        compression == _OLD_JPEG or (compression == _JPEG and colors in {None, _GRAY, _YCBCR})
    )
