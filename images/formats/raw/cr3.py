"""CR3: Canon's raw photos, made of boxes. Metadata is in TIFF structures of one directory each.

Source: https://github.com/lclevy/canon_cr3; ISO/IEC 14496-12 (moov, stsz, co64).
"""

from collections.abc import Iterator
from typing import Final

from formats.heif.boxes import Box, boxes, file_boxes
from formats.partial import PartialFile
from formats.raw.preview import take_preview
from formats.structure import MAX_METADATA_BYTES, Raw, Structure
from formats.tiff import first_directory, join_tiff, pack_tiff, read_entries, read_numbers

_UUID_BYTES: Final = 16
_CANON: Final = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")  # in moov: metadata
_PREVIEW: Final = bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16")  # a preview of 1,620 pixels
_XMP: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
# In the box of the preview: 8 bytes, a box header, version, sizes; then the JPEG's length, the JPEG
_PREVIEW_LENGTH_AT: Final = _UUID_BYTES + 8 + 8 + 12
_WIDTH, _HEIGHT = 0x0100, 0x0101
_MAX_TRACKS: Final = 8  # a photo has four
_TRACK: Final = (b"mdia", b"minf", b"stbl")  # one within the other


def survey_cr3(file: PartialFile, found: Structure) -> None:
    """Read the metadata, and find the preview.

    Raises:
        NotReadError: one of them is not known.
    """
    found.is_scattered = True
    found.raw = raw = Raw("CR3")
    candidates: list[tuple[int, int]] = []
    for kind, body_at, end_at in file_boxes(file):
        size = min(end_at - body_at, MAX_METADATA_BYTES)
        if kind == b"moov":
            movie = list(boxes(file.read(body_at, size)))
            _take_metadata(movie, found)
            candidates += _pictures(movie)
        elif kind == b"uuid":
            name = file.read(body_at, _UUID_BYTES)
            if name == _XMP:
                found.xmp = file.read(body_at + _UUID_BYTES, size - _UUID_BYTES)
            elif name == _PREVIEW:
                at = body_at + _PREVIEW_LENGTH_AT
                candidates.append((at + 4, int.from_bytes(file.read(at, 4))))
        elif kind == b"mdat":
            break  # the last one
    take_preview(file, candidates, raw)


def _take_metadata(movie: list[Box], found: Structure) -> None:
    """Read size, orientation and EXIF from the boxes CMT1 (IFD0), CMT2 (Exif) and CMT4 (GPS)."""
    parts: dict[bytes, bytes] = {}
    for kind, body in movie:
        if kind == b"uuid" and body.startswith(_CANON):
            parts |= {part.kind: part.body for part in boxes(body[_UUID_BYTES:])}
    ifd0, exif, gps = (
        PartialFile(len(block), block)
        for block in (parts.get(kind, b"") for kind in (b"CMT1", b"CMT2", b"CMT4"))
    )
    found.exif = pack_tiff(join_tiff(ifd0, exif, gps))
    order, first = first_directory(ifd0)
    entries, _ = read_entries(ifd0, order, first)
    width, height = (read_numbers(ifd0, order, entries.get(tag)) for tag in (_WIDTH, _HEIGHT))
    found.width_px, found.height_px = width[0] if width else None, height[0] if height else None


def _pictures(movie: list[Box]) -> Iterator[tuple[int, int]]:
    """Yield offset and size of the first picture of each track that has JPEGs."""
    tracks = [body for kind, body in movie if kind == b"trak"]
    for track in tracks[:_MAX_TRACKS]:
        table = track
        for name in _TRACK:
            table = dict(boxes(table)).get(name, b"")
        parts = dict(boxes(table))
        if b"JPEG" in parts.get(b"stsd", b""):
            sizes, offsets = parts.get(b"stsz", b""), parts.get(b"co64", b"")
            size = int.from_bytes(sizes[4:8]) or int.from_bytes(sizes[12:16])
            yield int.from_bytes(offsets[8:16]), size
