"""What is accepted, and why. Every number that refuses a photo stands here.

Extract and the decoder call the same functions, so that both refuse a photo in the same words.

Sources: docs/decisions, and the limits of the services themselves.
"""

from collections.abc import Iterator
from itertools import repeat

from shared.errors import (
    EmptyPhotoError,
    PhotoTooLargeError,
    TooComplexError,
    TooManyPixelsError,
)

MAX_BYTES = 26_214_400  # 25 MiB: the largest object that is read; the upload form's limit too
MAX_PIXELS = 50_000_000  # one frame; a progressive JPEG of that size is held in 300 MB
MAX_JPEG_SCANS = 100  # no camera or editor writes over 14; 20,000 scans cost 13 s of CPU
MAX_SCANNED_PIXELS = 1_600_000_000  # scans × pixels: 14 scans of 108 megapixels; 3 s of CPU
# Of one kind in one file: segments, chunks, boxes, items. A progressive JPEG has 14 scans and some
# 200 segments, 10 MB of depth map among them; a HEIC of 200 megapixels has 800 items; of chunks
# other than pixels a PNG has dozens. 10,000 cost Python 10 ms, and every decoder less than 100.
MAX_PARTS = 10_000
MAX_PIXEL_CHUNKS = 100_000  # of a PNG. libpng writes 8 KiB into each: 3,200 in 25 MiB
MAX_TIFF_ENTRIES = 4_096  # of a directory; libtiff accepts no more. Writers stay below 100
MAX_TIFF_STRIPS = 1_000_000  # or tiles: 256 px each in 250 megapixels
MAX_OVERLAP = 4  # times that the values of a directory, or all strips, may be as long as the file
MAX_OVERLAP_BYTES = 67_108_864  # or as long as this: blank tiles may share their bytes
MAX_SURPLUS = 4  # times that the parts of a HEIF picture may have its pixels: tiles, alpha, layers
MAX_SURPLUS_PIXELS = 4_194_304  # or so many: a single tile is larger than a small picture
MAX_XMP_NAME_BYTES = 16_777_216  # of all elements together; a name has 50, and 1 MiB 20,000 names
MAX_OWNER_BYTES = 128  # keeps every derived key and sort key below S3's and DynamoDB's 1,024

MAX_TAG_CHARACTERS = 256  # camera make, model, lens, title
MAX_DESCRIPTION_CHARACTERS = 2_000
MAX_KEYWORDS = 100
MAX_KEYWORD_CHARACTERS = 64

MAX_LABELS = 50  # kept in the record; fewer where ancestors and boxes outgrow MAX_TAGS_BYTES
MAX_LABEL_CHARACTERS = 64
MAX_LABEL_ROWS = 49  # 1 photo + 49 new + 49 old rows fit in 100 items, one transaction
MAX_INSTANCES = 10  # boxes kept for one label
MAX_LABEL_RELATIVES = 10  # parents, categories and aliases kept for one label, each
MAX_TAGS_BYTES = 16_384  # a whole TagResult as JSON; half of what may pass between two states

MAX_PAYLOAD_BYTES = 32_768  # between two states: references and small facts, never bytes


def refuse_bytes(size: int) -> None:
    """Raise if a file of `size` bytes is empty or too large.

    Raises:
        EmptyPhotoError: it has no bytes.
        PhotoTooLargeError: it has more than `MAX_BYTES`.
    """
    if size == 0:
        raise EmptyPhotoError("0 bytes; at least 1 is required")
    if size > MAX_BYTES:
        raise PhotoTooLargeError(f"{size:,} bytes; at most {MAX_BYTES:,} are allowed")


def refuse_pixels(width_px: int, height_px: int) -> None:
    """Raise if a picture of that size has too many pixels to decode.

    Raises:
        TooManyPixelsError: it has more than `MAX_PIXELS`.
    """
    pixels = width_px * height_px
    if pixels > MAX_PIXELS:
        raise TooManyPixelsError(
            f"{width_px:,} × {height_px:,} px are {pixels / 1e6:,.1f} megapixels; "
            f"at most {MAX_PIXELS / 1e6:,.0f} are allowed"
        )


def refuse_scans(scans: int, pixels: int) -> None:
    """Raise if a JPEG of which `scans` scans were counted takes too long to decode.

    Raises:
        TooComplexError: it has more than `MAX_JPEG_SCANS`, or too many for its pixels.
    """
    most = min(MAX_JPEG_SCANS, MAX_SCANNED_PIXELS // max(pixels, 1))
    if scans > most:
        raise TooComplexError(f"{scans:,} JPEG scans or more; at most {most} are allowed")


def refuse_parts(count: int, what: str, most: int = MAX_PARTS) -> None:
    """Raise if a file has `count` parts of one kind, and may have fewer.

    Args:
        count: of the parts.
        what: the kind, in the plural.
        most: how many it may have.

    Raises:
        TooComplexError: it has more.
    """
    if count > most:
        raise TooComplexError(f"more than {most:,} {what}")


def parts(what: str, most: int = MAX_PARTS) -> Iterator[None]:
    """Yield once for each part that a walk over a file may read.

    Args:
        what: the kind, in the plural.
        most: how many the file may have.

    Raises:
        TooComplexError: the walk asks for one more.
    """
    yield from repeat(None, most)
    refuse_parts(most + 1, what, most)
