"""WebP's chunks. Source: https://developers.google.com/speed/webp/docs/riff_container."""

from collections.abc import Set as AbstractSet
from typing import Final

from formats.partial import PartialFile
from formats.structure import EXIF_NAME, MAX_METADATA_BYTES, Structure
from shared.limits import parts

_RIFF_HEADER_BYTES: Final = 8  # the size that follows `RIFF` does not count these
_FIRST_CHUNK: Final = 12
_EXIF_FLAG, _XMP_FLAG, _ANIMATION_FLAG = 0x08, 0x04, 0x02
_DECODED: Final = frozenset({b"VP8X", b"ICCP", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L"})
_BOTH: Final = frozenset({b"EXIF", b"XMP "})


def survey_webp(file: PartialFile, found: Structure) -> None:
    """Read the size, and the metadata behind the pixels.

    Some writers add metadata and do not set its flag in the first chunk. So it is looked for in any
    case, except in an animation, which has a chunk for each frame.

    Raises:
        NotReadError: the metadata lies behind what is known.
        TooComplexError: there are more chunks than a photo has.
    """
    start = file.read(_FIRST_CHUNK, 18)
    kind, body = start[:4], start[8:]
    if kind == b"VP8X":
        found.width_px = int.from_bytes(body[4:7], "little") + 1
        found.height_px = int.from_bytes(body[7:10], "little") + 1
        _find_metadata(file, found, _wanted(int.from_bytes(body[:1])))
    elif kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        found.width_px = int.from_bytes(body[6:8], "little") & 0x3FFF or None
        found.height_px = int.from_bytes(body[8:10], "little") & 0x3FFF or None
        _find_metadata(file, found, _BOTH)
    elif kind == b"VP8L" and body[:1] == b"\x2f":
        bits = int.from_bytes(body[1:5], "little")
        found.width_px = (bits & 0x3FFF) + 1
        found.height_px = (bits >> 14 & 0x3FFF) + 1
        _find_metadata(file, found, _BOTH)


def decoded_webp(photo: bytes) -> bytes:
    """Return a WebP of those chunks that its picture, or its first frame, is decoded from.

    libwebp lists all frames, and libvips asks for each by its number: time by their square. The
    EXIF, which libexif reads in more than that, is not among the chunks.

    Raises:
        TooComplexError: there are more chunks than a photo has.
    """
    if is_webp_truncated(photo):
        return photo  # and refused as such, before its chunks are read
    kept = []
    at = _FIRST_CHUNK
    for _ in parts("WebP chunks"):
        header = photo[at : at + 8]
        size = int.from_bytes(header[4:], "little")
        end = at + 8 + size + size % 2
        if header[:4] in _DECODED:
            kept.append(photo[at:end])
        at = end
        if at >= len(photo) or header[:4] == b"ANMF" or not any(header):
            break  # the end, the first frame, or padding with NULs
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def is_webp_truncated(photo: bytes) -> bool:
    """Return whether `photo` is shorter than its header says."""
    return len(photo) < _RIFF_HEADER_BYTES + int.from_bytes(photo[4:8], "little")


def _wanted(flags: int) -> AbstractSet[bytes]:
    """Return the kinds of the chunks that are looked for."""
    if not flags & _ANIMATION_FLAG:
        return _BOTH
    kinds = {b"EXIF": flags & _EXIF_FLAG, b"XMP ": flags & _XMP_FLAG}
    return {kind for kind, is_stated in kinds.items() if is_stated}


def _find_metadata(file: PartialFile, found: Structure, wanted: AbstractSet[bytes]) -> None:
    at = _FIRST_CHUNK
    for _ in parts("WebP chunks"):
        header = file.read(at, 8)
        if not wanted or len(header) < 8 or not any(header):  # noqa: PLR2004  # type and size
            break  # the end, or padding with NULs
        kind, size = header[:4], int.from_bytes(header[4:], "little")
        if kind in wanted:
            wanted = wanted - {kind}
            body = file.read(at + 8, min(size, MAX_METADATA_BYTES))
            if kind == b"EXIF":
                found.exif = body.removeprefix(EXIF_NAME)
            else:
                found.xmp = body
        at += 8 + size + size % 2
