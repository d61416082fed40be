"""What is accepted, and why. Every number that refuses a photo stands here.

Extract and the decoder call the same functions, so that both refuse a photo in the same words.

Sources: docs/decisions, and the limits of the services themselves. `python -m bench memory`
measures what a file just below each limit of `WAYS` costs; docs/performance.md has the figures.
"""

from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Final, NamedTuple

from shared.errors import (
    EmptyPhotoError,
    PhotoTooLargeError,
    TooComplexError,
    TooManyPixelsError,
    UnsupportedTypeError,
)

_MIB: Final = 1_048_576


class Way(NamedTuple):
    """A way in which files are decoded, and the largest files that may go it."""

    name: str  # in messages
    max_megapixels: int  # of the frame to decode
    max_bytes: int  # of the file


# Ways differ in what they hold in memory: some rows, all rows, or all coefficients. Each holds the
# file, too, some three times. None may take more than the deployed memory or 25 s of CPU, and each
# has to admit what devices make: 50, 64 (9,248 × 6,936 px), 108 and 200 megapixels.
WAYS: Final[Mapping[str, Way]] = {
    "JPEG": Way("a baseline JPEG", 500, 128 * _MIB),  # some rows
    "PROGRESSIVE_JPEG": Way("a progressive JPEG", 128, 128 * _MIB),  # or in scans: all coefficients
    "PNG": Way("a PNG", 250, 256 * _MIB),  # some rows
    "INTERLACED_PNG": Way("an interlaced PNG", 128, 256 * _MIB),  # all rows
    "WEBP": Way("a WebP", 250, 128 * _MIB),  # if lossless, all rows
    "GIF": Way("a GIF", 128, 128 * _MIB),  # all rows
    "TIFF": Way("a TIFF", 250, 256 * _MIB),  # a strip, or a row of tiles
    "UNDIVIDED_TIFF": Way("a TIFF in one piece", 110, 256 * _MIB),  # all rows, and a plane again
    "HEIC": Way("a HEIC", 65, 64 * _MIB),  # all rows, twice or more
    "AVIF": Way("an AVIF", 65, 25 * _MIB),  # all rows, four times
}
MAX_BYTES: Final = max(way.max_bytes for way in WAYS.values())  # of any file; the upload form's too
MAX_SIDE_PX = 100_000  # some rows of 1,000,000 px take 4 GB; the longest JPEG is 65,535 px wide
MAX_PIXEL_BYTES = 8  # of a whole pixel; where it has more, the other limits are divided
MIN_PREVIEW_PX = 1_024  # longer side of a preview that can stand for a raw photo
MAX_JPEG_SCANS = 100  # no camera or editor writes over 14; 20,000 scans cost 13 s of CPU
MAX_SCANNED_MEGAPIXELS = 3_000  # of all scans together: 5 s of CPU
# Of one kind in one file: segments, chunks, boxes, items. A progressive JPEG has 14 scans and some
# 200 segments, 10 MB of depth map among them; a HEIC of 200 megapixels has 800 items; of chunks
# other than pixels a PNG has dozens. 10,000 cost Python 10 ms, and every decoder less than 100.
MAX_PARTS = 10_000
MAX_PIXEL_CHUNKS = 100_000  # of a PNG. libpng writes 8 KiB into each: 32,000 in 256 MiB
MAX_TIFF_ENTRIES = 4_096  # of a directory; libtiff accepts no more. Writers stay below 100
MAX_TIFF_STRIPS = 1_000_000  # or tiles: 256 px each in 250 megapixels
MAX_OVERLAP = 4  # times that the values of a directory, or all strips, may be as long as the file
MAX_OVERLAP_BYTES = 67_108_864  # or as long as this: blank tiles may share their bytes
MAX_SURPLUS = 4  # times that the parts of a HEIF picture may have its pixels: tiles, alpha, layers
MAX_SURPLUS_PIXELS = 4_194_304  # or so many: a single tile is larger than a small picture
MAX_XMP_NAME_CHARACTERS = 16_777_216  # of all names together: 20,000 of 50 are in 1 MiB of XMP
MAX_OWNER_BYTES = 128  # keeps every derived key and sort key below S3's and DynamoDB's 1,024
MAX_PATH_BYTES = 1_018  # DynamoDB's sort keys have at most 1,024: photo#<path>

MAX_TAG_CHARACTERS = 256  # camera make, model, lens, title, creator, copyright
MAX_DESCRIPTION_CHARACTERS = 2_000
MAX_KEYWORDS = 100
MAX_KEYWORD_CHARACTERS = 64
MAX_PEOPLE = 100  # names and boxes of faces: a wedding; Rekognition too finds at most 100 faces
MAX_PERSON_CHARACTERS = 64

MAX_LABELS = 50  # kept in the record; fewer where ancestors and boxes outgrow MAX_TAGS_BYTES
MAX_LABEL_CHARACTERS = 64
MAX_TERM_ROWS = 48  # 1 photo, 2 months, 48 new and up to 49 old rows: 100 items, one transaction
MAX_TERMS_BYTES = 8_192  # of a file's terms, or of its edits', as JSON; usual ones have 2,000
MAX_INSTANCES = 10  # boxes kept for one label
MAX_LABEL_RELATIVES = 10  # parents, categories and aliases kept for one label, each
MAX_TAGS_BYTES = 16_384  # a whole TagResult as JSON; half of what may pass between two states

MAX_PAYLOAD_BYTES = 32_768  # between two states, usually: references and small facts, never bytes


def refuse_bytes(size: int, way: str | None = None) -> None:
    """Raise if a file of `size` bytes is empty or too large.

    Args:
        size: of the file.
        way: a key of `WAYS`; None if it is not known yet, then only what no way allows is refused.

    Raises:
        EmptyPhotoError: it has no bytes.
        PhotoTooLargeError: it has more than the way allows.
    """
    if size == 0:
        raise EmptyPhotoError("0 bytes; at least 1 is required")
    max_bytes, subject = MAX_BYTES, ""
    if way is not None:
        max_bytes, subject = WAYS[way].max_bytes, f" for {WAYS[way].name}"
    if size > max_bytes:
        raise PhotoTooLargeError(f"{size:,} bytes; at most {max_bytes:,} are allowed{subject}")


def refuse_pixels(width_px: int, height_px: int, way: str, *, pixel_bytes: int = 1) -> None:
    """Raise if a picture of that size has too many pixels to decode.

    Args:
        width_px: as coded, which may be more than is shown.
        height_px: as coded.
        way: a key of `WAYS`.
        pixel_bytes: of all samples of a pixel together, where a file can have any number.

    Raises:
        TooManyPixelsError: it has more than the way allows, or a side over `MAX_SIDE_PX`.
    """
    share = -(-pixel_bytes // MAX_PIXEL_BYTES)
    subject = WAYS[way].name + (f" of {pixel_bytes:,} bytes per pixel" if share > 1 else "")
    size = f"{width_px:,} × {height_px:,} px"
    pixels, max_pixels = width_px * height_px, WAYS[way].max_megapixels * 1_000_000 // share
    if pixels > max_pixels:
        raise TooManyPixelsError(
            f"{size} are {pixels / 1e6:,.1f} megapixels; "
            f"at most {max_pixels / 1e6:,.4g} are allowed for {subject}"
        )
    max_side_px = MAX_SIDE_PX // share
    if max(width_px, height_px) > max_side_px:
        raise TooManyPixelsError(
            f"{size}: a side of at most {max_side_px:,} is allowed for {subject}"
        )


def refuse_scans(scans: int, pixels: int) -> None:
    """Raise if a JPEG of which `scans` scans were counted takes too long to decode.

    Args:
        scans: at least so many.
        pixels: of the picture. Each scan passes over all of them.

    Raises:
        TooComplexError: it has more than `MAX_JPEG_SCANS`, or passes over too many pixels.
    """
    if scans > MAX_JPEG_SCANS:
        raise TooComplexError(f"{scans:,} JPEG scans or more; at most {MAX_JPEG_SCANS} are allowed")
    if scans * pixels > MAX_SCANNED_MEGAPIXELS * 1_000_000:
        raise TooComplexError(
            f"{scans:,} JPEG scans or more of {pixels / 1e6:,.1f} megapixels; "
            f"at most {MAX_SCANNED_MEGAPIXELS:,} megapixels are allowed for all scans together"
        )


def refuse_unsupported(reason: str | None) -> None:
    """Raise if a survey found a `reason` why the decoder does not show the picture.

    Raises:
        UnsupportedTypeError: it did.
    """
    if reason is not None:
        raise UnsupportedTypeError(reason)


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


def refuse_surplus(pixels: int, of_picture: int) -> None:
    """Raise if far more pixels are decoded than a picture has.

    Args:
        pixels: of all parts that the picture is made of, each as often as it is used.
        of_picture: its own.

    Raises:
        TooComplexError: there are more than `MAX_SURPLUS` and `MAX_SURPLUS_PIXELS` allow.
    """
    most = max(MAX_SURPLUS * of_picture, MAX_SURPLUS_PIXELS)
    if pixels > most:
        raise TooComplexError(
            f"{pixels / 1e6:,.1f} megapixels to decode; at most {most / 1e6:,.1f} are allowed"
        )
