"""GIF's header. Source: https://www.w3.org/Graphics/GIF/spec-gif89a.txt; XMP part 3, 1.1.2."""

import struct
from typing import Final, NamedTuple

from formats.partial import PartialFile
from formats.structure import MAX_METADATA_BYTES, Structure
from shared.limits import parts

_XMP: Final = b"\x21\xff\x0bXMP DataXMP"
_XMP_TRAILER: Final = b"\x01\xff\xfe\xfd"  # of 258 bytes, which lead block readers out of the XML

_HAS_COLOR_TABLE: Final = 0x80
_FRAME, _EXTENSION = b"\x2c", b"\x21"


class Frame(NamedTuple):
    """The part of the canvas that a frame covers."""

    left: int
    top: int
    width_px: int
    height_px: int


class Canvas(NamedTuple):
    """What a GIF is drawn on: its screen, enlarged where the first frame reaches beyond it."""

    width_px: int
    height_px: int
    frame: Frame | None  # the first one; None if it does not come early


def survey_gif(file: PartialFile, found: Structure) -> None:
    """Read the size of the canvas, and XMP where it is known.

    Raises:
        NotReadError: the first frame lies behind what is known.
        TooComplexError: there is more before it than in any photo.
    """
    _, _, rest = bytes(file.known_from(0)).partition(_XMP)
    xmp, trailer, _ = rest[:MAX_METADATA_BYTES].partition(_XMP_TRAILER)
    if trailer:
        found.xmp = xmp
    canvas = read_canvas(file)
    found.width_px = canvas.width_px or None
    found.height_px = canvas.height_px or None


def read_canvas(file: PartialFile) -> Canvas:
    """Return the canvas, as browsers lay it out. If the screen has no size, the frame decides.

    Raises:
        NotReadError: the first frame lies behind what is known.
        TooComplexError: there is more before it than in any photo.
    """
    width_px, height_px = struct.unpack("<HH", file.read(6, 4).ljust(4, b"\0"))
    if not width_px or not height_px:
        width_px = height_px = 0
    frame = _first_frame(file)
    if frame is None:
        return Canvas(width_px, height_px, None)
    right, bottom = frame.left + frame.width_px, frame.top + frame.height_px
    return Canvas(max(width_px, right), max(height_px, bottom), frame)


def _first_frame(file: PartialFile) -> Frame | None:
    flags = int.from_bytes(file.read(10, 1))
    at = 13 + (3 << (flags & 7) + 1 if flags & _HAS_COLOR_TABLE else 0)
    kind = file.read(at, 1)
    at += 2  # and the kind of the extension
    for _ in parts("blocks before the first frame"):
        if kind == _FRAME:
            return Frame(*struct.unpack("<HHHH", file.read(at - 1, 8).ljust(8, b"\0")))
        if kind != _EXTENSION:
            break
        size = int.from_bytes(file.read(at, 1))  # of a part of the extension
        at += 1 + size
        if not size:
            kind = file.read(at, 1)
            at += 2
    return None


def is_gif_truncated(photo: bytes) -> bool:
    """Return whether `photo` does not end with a trailer; NULs behind it are padding."""
    return not photo.rstrip(b"\0").endswith(b";")
