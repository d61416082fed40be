"""What a survey of a file's structure has found."""

import math
from dataclasses import dataclass

from formats.partial import Range
from shared.errors import UnreadablePhotoError
from shared.limits import refuse_bytes, refuse_pixels, refuse_scans

MAX_METADATA_BYTES = 1_048_576  # of one block; writers stay far below, and bombs stay harmless
SIDEWAYS = range(5, 9)  # EXIF orientations that exchange width and height
EXIF_NAME = b"Exif\0\0"  # of JPEG's segment; some writers copy it into other containers


@dataclass(slots=True)
class Raw:
    """What a camera's raw photo is called, and the JPEG in it that is shown."""

    format: str  # a key of MIME_TYPES
    preview: Range | None = None  # the largest JPEG that is large enough and lies in the file
    width_px: int = 0  # of the preview
    height_px: int = 0
    is_cut_off: bool = False  # a preview, or the directory of one, lies behind the end of the file


@dataclass(slots=True)
class Structure:
    """Filled in during the survey, so that a survey that breaks off keeps what it found."""

    width_px: int | None = None  # as coded: before orientation
    height_px: int | None = None
    decoded_size: tuple[int, int] | None = None  # in pixels, where it is not that one
    pixel_bytes: int = 1  # of a TIFF: all samples of a pixel together
    way: str | None = None  # a key of limits.WAYS, where it is not the format
    orientation: int | None = None  # of EXIF, where decoders do not read it from `exif`
    scans: int = 1  # of a JPEG, in the bytes that are known
    exif: bytes | None = None  # a TIFF structure, from its byte order mark on
    xmp: bytes | None = None  # an XML document, perhaps padded
    iptc: bytes | None = None  # IIM records
    unsupported: str | None = None  # why the decoder does not show the picture
    raw: Raw | None = None  # of a raw photo
    is_scattered: bool = False  # parts lie far apart: fetch each, never the whole file
    missing: Range | None = None  # the first bytes that the survey needs and does not have


def refuse_costly(structure: Structure, image_format: str, total_bytes: int) -> tuple[int, int]:
    """Raise if a surveyed file of `total_bytes` would take too much memory or time to decode.

    Returns:
        Width and height of the picture in pixels, before orientation.

    Raises:
        UnreadablePhotoError: it has no size.
        PhotoTooLargeError, TooManyPixelsError, TooComplexError: see `shared.limits`.
    """
    if structure.width_px is None or structure.height_px is None:
        raise UnreadablePhotoError(f"a {image_format} in which no picture was found")
    way = structure.way or image_format
    refuse_bytes(total_bytes, way)
    size = structure.decoded_size or (structure.width_px, structure.height_px)
    refuse_pixels(*size, way, pixel_bytes=structure.pixel_bytes)
    refuse_scans(structure.scans, math.prod(size))
    return structure.width_px, structure.height_px
