"""WebP's chunks. Source: https://developers.google.com/speed/webp/docs/riff_container."""

from typing import Final

from formats.partial import PartialFile
from formats.structure import MAX_METADATA_BYTES, Structure
from shared.limits import MAX_PARTS

_RIFF_HEADER_BYTES: Final = 8  # the size that follows `RIFF` does not count these
_FIRST_CHUNK: Final = 12
_EXIF_FLAG, _XMP_FLAG = 0x08, 0x04


def survey_webp(file: PartialFile, found: Structure) -> None:
    """Read the size, and the metadata if the first chunk says that there is some.

    Raises:
        NotReadError: the metadata lies behind what is known.
    """
    start = file.read(_FIRST_CHUNK, 18)
    kind, body = start[:4], start[8:]
    if kind == b"VP8X":
        found.width_px = int.from_bytes(body[4:7], "little") + 1
        found.height_px = int.from_bytes(body[7:10], "little") + 1
        _find_metadata(file, found, flags=int.from_bytes(body[:1]))
    elif kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        found.width_px = int.from_bytes(body[6:8], "little") & 0x3FFF or None
        found.height_px = int.from_bytes(body[8:10], "little") & 0x3FFF or None
    elif kind == b"VP8L" and body[:1] == b"\x2f":
        bits = int.from_bytes(body[1:5], "little")
        found.width_px = (bits & 0x3FFF) + 1
        found.height_px = (bits >> 14 & 0x3FFF) + 1


def is_webp_truncated(photo: bytes) -> bool:
    """Return whether `photo` is shorter than its header says."""
    return len(photo) < _RIFF_HEADER_BYTES + int.from_bytes(photo[4:8], "little")


def _find_metadata(file: PartialFile, found: Structure, *, flags: int) -> None:
    at = _FIRST_CHUNK
    wanted = {b"EXIF"} if flags & _EXIF_FLAG else set()
    wanted |= {b"XMP "} if flags & _XMP_FLAG else set()
    for _ in range(MAX_PARTS):
        header = file.read(at, 8)
        if not wanted or len(header) < 8:  # noqa: PLR2004  # type and size
            break
        kind, size = header[:4], int.from_bytes(header[4:], "little")
        if kind in wanted:
            wanted.remove(kind)
            body = file.read(at + 8, min(size, MAX_METADATA_BYTES))
            if kind == b"EXIF":
                found.exif = body.removeprefix(b"Exif\0\0")  # some writers copy it from JPEG
            else:
                found.xmp = body
        at += 8 + size + size % 2
