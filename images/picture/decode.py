"""Photos in, small pictures out: upright, sRGB, 8 bit, and no larger than asked for.

Pure over libvips and libheif: no AWS, no environment. The clock is read only to stop at
`deadline`. The file's header is checked before any pixel is decoded; of animations and documents
only the first frame or page is ever decoded.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import pyvips

from formats import SNIFF_BYTES, is_truncated, sniff
from picture.box import Box
from picture.buffer import PhotoBuffer
from picture.steps import (
    Decoding,
    drop_unusable_profile,
    embed_nclx_profile,
    evaluate,
    judge_damage,
    read_colors,
    read_header,
    refuse_bombs,
    refuse_complex,
    refuse_layout,
    refuse_raw,
    refuse_truncated,
    refuse_unscaled,
    resize_to_srgb,
    shrink_on_load,
    tone_map_hdr,
    turn_upright,
)
from shared.errors import TruncatedPhotoError, UnreadablePhotoError
from shared.limits import refuse_bytes
from shared.storage import PhotoStream

__all__ = ["GAP", "STEPS", "Box", "Picture", "decode"]

STEPS: Final[tuple[Callable[[Decoding], None], ...]] = (
    refuse_complex,
    refuse_raw,  # TIFF: most raw photos begin as one
    refuse_truncated,  # HEIC, AVIF, TIFF: their decoders would not report it
    refuse_layout,  # HEIC, AVIF, TIFF: their decoders would report it too late
    read_header,
    refuse_bombs,
    shrink_on_load,  # JPEG, WebP, HEIC: their decoders can
    read_colors,  # TIFF
    drop_unusable_profile,
    refuse_unscaled,
    embed_nclx_profile,  # HEIC, AVIF
    resize_to_srgb,
    tone_map_hdr,  # HEIC, AVIF
    evaluate,  # libvips is lazy: it decodes pixels only here
    judge_damage,  # JPEG and GIF, if a strict attempt has failed; TIFF
    turn_upright,
)

GAP: Final = 1.5  # decoded / wanted size: faster than libvips' own 2, and no worse to the eye

_SHOWN_WHEN_DAMAGED: Final = frozenset({"JPEG", "GIF"})  # others fill up with uninitialized memory


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded photo."""

    image: pyvips.Image  # in memory, upright; uchar sRGB of 3 bands, or 4 with alpha
    width_px: int  # of the photo as displayed: `image` may be smaller, even than was asked for
    height_px: int
    truncated: bool  # the file ends early or is damaged: a part of the picture is gray


def decode(
    photo: bytes | PhotoStream,
    *boxes: Box,
    gap: float = GAP,
    thumbnail_px: float = math.inf,
    orientation: int | None = None,
    deadline: float = math.inf,
) -> Picture:
    """Decode `photo` as large as the largest of `boxes` asks for, and never larger than it is.

    Args:
        photo: the file, or a stream of it; baseline JPEGs and PNGs are decoded as they arrive.
        boxes: at least one.
        gap: at least 1: how much larger than wanted a decoder's own shrinking may leave the picture
            before it is resized. Less is faster, and less sharp.
        thumbnail_px: accept a thumbnail within a HEIC, even if it is smaller than the boxes ask
            for, if its longer side has at least so many pixels. By default, none is accepted.
        orientation: of EXIF, 1 to 8, of the preview of a raw photo: the raw photo's. By default,
            the file states it.
        deadline: seconds of `time.monotonic()` at which to give up.

    Raises:
        EmptyPhotoError, PhotoTooLargeError: by its length, before a byte is read.
        UnsupportedTypeError: by its first bytes; it is a raw photo, of which only the preview is
            decoded; its samples are no known colors; or a TIFF stores them in a way that is not
            decoded.
        PhotoTooLargeError, TooManyPixelsError, TooComplexError: by its header, before a pixel is
            decoded.
        TruncatedPhotoError: the file ends early, and too little of the picture is there.
        UnreadablePhotoError: the decoder gives up for any other reason.
        StorageUnavailableError: the stream broke.
        DeadlineExceededError: the deadline has passed.
    """
    buffer = PhotoBuffer(photo, deadline=deadline)
    refuse_bytes(buffer.total_bytes)
    image_format = sniff(buffer.head(SNIFF_BYTES))
    decoding = partial(
        Decoding, buffer, image_format, boxes, gap, thumbnail_px, orientation, deadline
    )
    try:
        return _attempt(decoding(lenient=False))
    except pyvips.Error as error:
        # Its traceback refers to this frame: a cycle that would keep the photo in memory.
        failure = error.with_traceback(None)
    if image_format in _SHOWN_WHEN_DAMAGED:
        try:
            return _attempt(decoding(lenient=True))
        except pyvips.Error:
            pass  # the first failure says more
    reason = " ".join(str(failure).split())
    if is_truncated(buffer.whole(), image_format):
        raise TruncatedPhotoError(reason) from failure
    raise UnreadablePhotoError(reason) from failure


def _attempt(decoding: Decoding) -> Picture:
    """Take a photo through all steps.

    Raises:
        pyvips.Error: libvips does not decode it.
        PhotoError: as `decode`.
    """
    try:
        for step in STEPS:
            step(decoding)
    except pyvips.Error:
        decoding.check()
        raise
    return Picture(decoding.image, decoding.width_px, decoding.height_px, decoding.truncated)
