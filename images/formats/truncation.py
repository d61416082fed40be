"""Does a file end before its format says that it does? Structure alone; nothing is decoded."""

import struct
from typing import Final

_EOI: Final = b"\xff\xd9"  # JPEG: end of image
_SOS: Final = b"\xff\xda"  # JPEG: start of scan
_BOX_HEADER_BYTES: Final = 8  # ISO base media: size, kind
_RIFF_HEADER_BYTES: Final = 8  # the size that follows `RIFF` does not count these
_OFFSETS, _BYTE_COUNTS = (273, 324), (279, 325)  # TIFF: of strips, of tiles


def ends_early(photo: bytes, image_format: str) -> bool:
    """Tell whether `photo`, a file of `image_format`, has lost its end.

    True is certain; False means no more than that nothing says so.
    """
    match image_format:
        case "JPEG":  # a preview within the EXIF block has both markers, and stands before
            return photo.rfind(_EOI) < photo.rfind(_SOS)
        case "PNG":
            return b"IEND" not in photo
        case "GIF":
            return not photo.rstrip(b"\0").endswith(b";")
        case "WEBP":
            return len(photo) < _RIFF_HEADER_BYTES + int.from_bytes(photo[4:8], "little")
        case "TIFF":
            return len(photo) < _tiff_bytes(photo)
        case _:
            return len(photo) < _boxes_bytes(photo)


def _boxes_bytes(photo: bytes) -> int:
    """Return where the last box of an ISO base media file ends."""
    at = 0
    while at + _BOX_HEADER_BYTES <= len(photo):
        size = int.from_bytes(photo[at : at + 4])
        if size == 1:  # the true size follows, in 64 bits
            size = int.from_bytes(photo[at + 8 : at + 16])
        if size < _BOX_HEADER_BYTES:  # 0: up to the end of the file, wherever that is
            break
        at += size
    return at


def _tiff_bytes(photo: bytes) -> int:
    """Return where the first page's directory and strips (or tiles) end."""
    order = "<" if photo.startswith(b"II") else ">"
    try:
        (directory,) = struct.unpack_from(f"{order}I", photo, 4)
        (entries,) = struct.unpack_from(f"{order}H", photo, directory)
        values: dict[int, tuple[int, ...]] = {}
        for at in range(directory + 2, directory + 2 + entries * 12, 12):
            tag, kind, count = struct.unpack_from(f"{order}HHI", photo, at)
            if tag in _OFFSETS + _BYTE_COUNTS:
                code, size = ("H", 2) if kind == 3 else ("I", 4)  # noqa: PLR2004  # SHORT, LONG
                if count * size > 4:  # noqa: PLR2004  # longer values stand elsewhere
                    (at_value,) = struct.unpack_from(f"{order}I", photo, at + 8)
                else:
                    at_value = at + 8
                values[tag] = struct.unpack_from(f"{order}{count}{code}", photo, at_value)
    except struct.error:
        return len(photo) + 1
    offsets = next((values[tag] for tag in _OFFSETS if tag in values), ())
    sizes = next((values[tag] for tag in _BYTE_COUNTS if tag in values), ())
    ends: list[int] = [offset + size for offset, size in zip(offsets, sizes, strict=False)]
    return max(ends, default=0)
