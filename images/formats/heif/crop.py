"""The part of a HEIC's picture that its `clap` property shows. Nothing is decoded.

libheif compares the size of what it decodes with the cropped size, and refuses what is much larger
as a bomb (libheif 1.23, `ImageItem::decode_compressed_image`). So the decoder gets the file without
its crop, and crops the picture itself.

Source: ISO/IEC 14496-12, 12.1.4.
"""

import math
import struct
from fractions import Fraction
from typing import Final, NamedTuple

from formats.heif.boxes import orientation, primary_item, properties, read_meta
from formats.partial import PartialFile
from formats.structure import SIDEWAYS

_TRANSFORMS: Final = frozenset({b"clap", b"irot", b"imir"})


class Crop(NamedTuple):
    """A part of the picture, in pixels as displayed: after the turns of the file."""

    left: int
    top: int
    width_px: int
    height_px: int


def without_crop(photo: bytes) -> tuple[bytes, Crop] | None:
    """Return a HEIC with its whole picture shown, and the part that is to be shown.

    None if it is not cropped, or not in the usual way: before it is turned, and within the picture.
    """
    meta = read_meta(PartialFile(len(photo), photo))
    primary = primary_item(meta.get(b"pitm", b""))
    of_item = properties(meta.get(b"iprp", b""), {primary})[primary]
    transforms = [box for box in of_item if box.kind in _TRANSFORMS]
    sizes = [box.body[4:12] for box in of_item if box.kind == b"ispe"]
    if [box.kind for box in transforms].count(b"clap") != 1 or len(sizes) != 1:
        return None
    if transforms[0].kind != b"clap":
        return None
    clap = transforms[0].body
    try:
        width_px, height_px = struct.unpack(">II", sizes[0])
        crop = _crop(clap, width_px, height_px)
    except (struct.error, ZeroDivisionError):
        return None
    right = width_px - crop.left - crop.width_px
    below = height_px - crop.top - crop.height_px
    if min(crop.left, crop.top, right, below) < 0 or min(crop.width_px, crop.height_px) < 1:
        return None
    everything = struct.pack(">8I", width_px, 1, height_px, 1, 0, 1, 0, 1)
    whole = photo.replace(b"clap" + clap, b"clap" + everything)
    return whole, _turned(crop, right, below, orientation(of_item))


def _crop(clap: bytes, width_px: int, height_px: int) -> Crop:
    """Return the part before it is turned. It is rounded as libheif rounds it.

    Raises:
        struct.error, ZeroDivisionError: it is not well formed.
    """
    parts = struct.unpack(">IIIIiIiI", clap)
    width, height, right_of_center, below_center = map(Fraction, parts[::2], parts[1::2])
    return Crop(
        math.floor(right_of_center + (width_px - width) / 2),
        math.floor(below_center + (height_px - height) / 2),
        round(width),
        round(height),
    )


def _turned(crop: Crop, right: int, below: int, exif_orientation: int) -> Crop:
    """Return `crop`, turned with the picture; `right` and `below` are the pixels beside it."""
    left, top, width_px, height_px = crop
    left_and_top = {
        1: (left, top),
        2: (right, top),
        3: (right, below),
        4: (left, below),
        5: (top, left),
        6: (below, left),
        7: (below, right),
        8: (top, right),
    }
    size = (height_px, width_px) if exif_orientation in SIDEWAYS else (width_px, height_px)
    return Crop(*left_and_top[exif_orientation], *size)
