"""GIF's header. Source: https://www.w3.org/Graphics/GIF/spec-gif89a.txt; XMP part 3, 1.1.2."""

import struct
from typing import Final

from formats.partial import PartialFile
from formats.structure import MAX_METADATA_BYTES, Structure
from shared.limits import parts

_XMP: Final = b"\x21\xff\x0bXMP DataXMP"
_XMP_TRAILER: Final = b"\x01\xff\xfe\xfd"  # of 258 bytes, which lead block readers out of the XML

_HAS_COLOR_TABLE: Final = 0x80
_FRAME, _EXTENSION = b"\x2c", b"\x21"


def survey_gif(file: PartialFile, found: Structure) -> None:
    """Read the size of the screen, on which the first frame is drawn, and XMP where it is known.

    If the screen has no size, the first frame decides, as in libvips and in browsers.

    Raises:
        NotReadError: the first frame lies behind what is known, and is needed.
        TooComplexError: there is more before it than in any photo.
    """
    _, _, rest = bytes(file.known_from(0)).partition(_XMP)
    xmp, trailer, _ = rest[:MAX_METADATA_BYTES].partition(_XMP_TRAILER)
    if trailer:
        found.xmp = xmp
    width_px, height_px = struct.unpack("<HH", file.read(6, 4).ljust(4, b"\0"))
    if not width_px or not height_px:
        width_px, height_px = _first_frame_end(file)
    found.width_px = width_px or None
    found.height_px = height_px or None


def _first_frame_end(file: PartialFile) -> tuple[int, int]:
    """Return where the first frame ends, from the left and from the top; zeros if there is none."""
    flags = int.from_bytes(file.read(10, 1))
    at = 13 + (3 << (flags & 7) + 1 if flags & _HAS_COLOR_TABLE else 0)
    kind = file.read(at, 1)
    at += 2  # and the kind of the extension
    for _ in parts("blocks before the first frame"):
        if kind == _FRAME:
            left, top, width_px, height_px = struct.unpack(
                "<HHHH", file.read(at - 1, 8).ljust(8, b"\0")
            )
            return left + width_px, top + height_px
        if kind != _EXTENSION:
            break
        size = int.from_bytes(file.read(at, 1))  # of a part of the extension
        at += 1 + size
        if not size:
            kind = file.read(at, 1)
            at += 2
    return 0, 0


def is_gif_truncated(photo: bytes) -> bool:
    """Return whether `photo` does not end with a trailer; NULs behind it are padding."""
    return not photo.rstrip(b"\0").endswith(b";")
