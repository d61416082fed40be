"""What is accepted, and why. Every number that refuses a photo stands here.

Extract and the decoder call the same functions, so that both refuse a photo in the same words.

Sources: docs/decisions, and the limits of the services themselves.
"""

from shared.errors import (
    EmptyPhotoError,
    PhotoTooLargeError,
    TooComplexError,
    TooManyPixelsError,
    UnsupportedTypeError,
)

MAX_BYTES = 26_214_400  # 25 MiB: the largest object that is read; the upload form's limit too
MAX_RAW_BYTES = 268_435_456  # 256 MiB: of a raw photo no more than its preview is decoded
MIN_PREVIEW_PX = 1_024  # longer side of a preview that can stand for a raw photo
MAX_PIXELS = 50_000_000  # one frame; a progressive JPEG of that size is held in 300 MB
MAX_JPEG_SCANS = 100  # no camera or editor writes over 14; 20,000 scans cost 13 s of CPU
MAX_PARTS = 10_000  # of a container that a survey reads: segments, chunks, boxes
MAX_OWNER_BYTES = 128  # keeps every derived key and sort key below S3's and DynamoDB's 1,024

MAX_TAG_CHARACTERS = 256  # camera make, model, lens, title, creator, copyright
MAX_DESCRIPTION_CHARACTERS = 2_000
MAX_KEYWORDS = 100
MAX_KEYWORD_CHARACTERS = 64
MAX_PEOPLE = 100  # names and boxes of faces: a wedding; Rekognition too finds at most 100 faces
MAX_PERSON_CHARACTERS = 64

MAX_LABELS = 50  # kept in the record; fewer where ancestors and boxes outgrow MAX_TAGS_BYTES
MAX_LABEL_CHARACTERS = 64
MAX_LABEL_ROWS = 49  # 1 photo + 49 new + 49 old rows fit in 100 items, one transaction
MAX_INSTANCES = 10  # boxes kept for one label
MAX_LABEL_RELATIVES = 10  # parents, categories and aliases kept for one label, each
MAX_TAGS_BYTES = 16_384  # a whole TagResult as JSON; half of what may pass between two states

MAX_PAYLOAD_BYTES = 32_768  # between two states, usually: references and small facts, never bytes


def refuse_bytes(size: int, at_most: int = MAX_BYTES) -> None:
    """Raise if a file of `size` bytes is empty or too large.

    Args:
        size: in bytes.
        at_most: the limit; `MAX_RAW_BYTES` for a file that is, or may be, a raw photo.

    Raises:
        EmptyPhotoError: it has no bytes.
        PhotoTooLargeError: it has more than `at_most`.
    """
    if size == 0:
        raise EmptyPhotoError("0 bytes; at least 1 is required")
    if size > at_most:
        raise PhotoTooLargeError(f"{size:,} bytes; at most {at_most:,} are allowed")


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


def refuse_scans(scans: int) -> None:
    """Raise if a JPEG of which `scans` scans were counted takes too long to decode.

    Raises:
        TooComplexError: it has more than `MAX_JPEG_SCANS`.
    """
    if scans > MAX_JPEG_SCANS:
        raise TooComplexError(f"{scans:,} JPEG scans or more; at most {MAX_JPEG_SCANS} are allowed")


def refuse_unsupported(reason: str | None) -> None:
    """Raise if a survey found a `reason` why the decoder does not show the picture.

    Raises:
        UnsupportedTypeError: it did.
    """
    if reason is not None:
        raise UnsupportedTypeError(reason)
