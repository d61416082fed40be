"""GIF's header. Source: https://www.w3.org/Graphics/GIF/spec-gif89a.txt; XMP part 3, 1.1.2."""

from typing import Final

from formats.partial import PartialFile
from formats.structure import MAX_METADATA_BYTES, Structure

_XMP: Final = b"\x21\xff\x0bXMP DataXMP"
_XMP_TRAILER: Final = b"\x01\xff\xfe\xfd"  # of 258 bytes, which lead block readers out of the XML


def survey_gif(file: PartialFile, found: Structure) -> None:
    """Read the size of the screen, on which the first frame is drawn, and XMP where it is known."""
    screen = file.read(6, 4)
    found.width_px = int.from_bytes(screen[:2], "little") or None
    found.height_px = int.from_bytes(screen[2:], "little") or None
    _, _, rest = file.known_from(0).partition(_XMP)
    xmp, trailer, _ = rest[:MAX_METADATA_BYTES].partition(_XMP_TRAILER)
    if trailer:
        found.xmp = xmp


def is_gif_truncated(photo: bytes) -> bool:
    """Return whether `photo` does not end with a trailer; NULs behind it are padding."""
    return not photo.rstrip(b"\0").endswith(b";")
