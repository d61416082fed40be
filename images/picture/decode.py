"""Photos in, small pictures out: upright, sRGB, 8 bit, and no larger than what is asked for.

Pure over libvips and libheif: no AWS, no environment. The clock is read only to stop at
`deadline`. What the file says is checked before what it holds is decoded; of animations and
documents only the first frame or page is ever looked at.
"""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, NamedTuple

import pyvips

from formats import SNIFF_BYTES, count_jpeg_scans, is_truncated, sniff, strip_to_dc_scans
from picture.color import (
    Nclx,
    as_srgb,
    has_foreign_profile,
    hdr_to_srgb,
    is_hdr,
    profile_of,
    refuse_unscaled,
    with_nclx_profile,
    with_profile,
)
from picture.heic import HeifFile
from picture.heic_small import SmallHeic
from picture.incoming import IncomingPhoto
from shared.deadline import is_over, refuse_late
from shared.errors import (
    EmptyPhotoError,
    PhotoTooLargeError,
    TooComplexError,
    TooManyPixelsError,
    TruncatedPhotoError,
    UnreadablePhotoError,
)
from shared.limits import MAX_BYTES, MAX_JPEG_SCANS, MAX_PIXELS
from shared.storage import PhotoStream

GAP: Final = 1.5  # decoded / wanted size: faster than libvips' own 2, and no worse to the eye
MIN_SHOWN: Final = 0.25  # of the rows: of less than a quarter nobody tells what the photo was

_TURNED: Final = range(5, 9)  # EXIF orientations that exchange width and height
_SHRINKS: Final = (1, 2, 4, 8)  # that a JPEG can be decoded by, and a HEIC's tiles divided by
_FILL_GRAY: Final = 128  # in the file's own colors: what libjpeg puts where no data is left
_FILL_TOLERANCE: Final = 8  # levels, since the fill is resampled with the rest

_STREAMED: Final = frozenset({"JPEG", "PNG"})  # of the others libvips wants all bytes at once
_SHOWN_WHEN_CUT: Final = frozenset({"JPEG", "GIF"})  # the others fill up with what memory held
_BOXED: Final = frozenset({"AVIF", "HEIC"})  # ISO base media files, read by libheif
# Where the data ends, libheif leaves green tiles and libtiff whatever, and both call it a success.
_JUDGED_FIRST: Final = _BOXED | {"TIFF"}

_LOADERS: Final[Mapping[str, Callable[..., pyvips.Image]]] = {
    "JPEG": pyvips.Image.jpegload_source,
    "PNG": pyvips.Image.pngload_source,
    "WEBP": pyvips.Image.webpload_source,
    "GIF": pyvips.Image.gifload_source,
    "TIFF": pyvips.Image.tiffload_source,
    "AVIF": pyvips.Image.heifload_source,
}

# A second wall behind `sniff`: no loader but those above, and none that libvips does not fuzz.
pyvips.operation_block_set("VipsForeignLoad", True)  # noqa: FBT003  # not a keyword there
for _family in ("Jpeg", "Png", "Webp", "Nsgif", "Tiff", "Heif"):
    pyvips.operation_block_set(f"VipsForeignLoad{_family}", False)  # noqa: FBT003  # as above
pyvips.block_untrusted_set(True)  # noqa: FBT003  # as above
pyvips.cache_set_max(0)  # no photo is opened twice: the cache would only hold memory
# Lambda gives one core up to 1,769 MB: threads would only cost memory.
pyvips.concurrency_set(1)  # type: ignore[attr-defined]  # missing from its stubs
logging.getLogger("pyvips").setLevel(logging.ERROR)  # what matters of its warnings, we raise


class Box(NamedTuple):
    """A size to fit into (`inside`), or to fill, so that one side may stand out (`cover`)."""

    width_px: int
    height_px: int
    fit: Literal["inside", "cover"] = "inside"

    def scaled(self, width_px: int, height_px: int) -> tuple[int, int]:
        """Return the size of a picture of that size when brought to this box.

        It is never enlarged, and has no side below 1. What `cover` cuts off is still there.
        """
        choose = min if self.fit == "inside" else max
        scale = min(1.0, choose(self.width_px / width_px, self.height_px / height_px))
        return max(1, round(width_px * scale)), max(1, round(height_px * scale))


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded photo."""

    image: pyvips.Image  # in memory, upright; uchar sRGB of 3 bands, or 4 with alpha
    width_px: int  # of the photo as displayed: `image` may be smaller, even than was asked for
    height_px: int
    truncated: bool  # the file ends early, or a part of the picture is gray for want of data


def decode(
    photo: bytes | PhotoStream,
    *boxes: Box,
    gap: float = GAP,
    thumbnail_px: float = math.inf,
    deadline: float = math.inf,
) -> Picture:
    """Decode `photo` as large as the largest of `boxes` asks for, and never larger than it is.

    Args:
        photo: the file, or a stream of it; baseline JPEGs and PNGs are decoded as they arrive.
        boxes: at least one.
        gap: at least 1: how much larger than wanted a decoder's own shrinking may leave the picture
            before it is resized. Less is faster, and less sharp.
        thumbnail_px: a thumbnail within a HEIC will do, even if it is smaller than the boxes ask
            for, provided that its longer side has so many pixels. None does unless this is given.
        deadline: seconds of `time.monotonic()` at which to give up.

    Raises:
        EmptyPhotoError, PhotoTooLargeError: by its length, before a byte is read.
        UnsupportedTypeError: by its first bytes; or its samples are no known colors.
        TooManyPixelsError, TooComplexError: by its headers, before a pixel is decoded.
        TruncatedPhotoError: the file ends early, and too little of the picture is there.
        UnreadablePhotoError: the decoder gives up for any other reason.
        StorageUnavailableError: the stream broke.
        DeadlineExceededError: the deadline has come.
    """
    incoming = IncomingPhoto(photo, deadline=deadline)
    if incoming.total_bytes == 0:
        raise EmptyPhotoError("0 bytes")
    if incoming.total_bytes > MAX_BYTES:
        raise PhotoTooLargeError(f"{incoming.total_bytes} bytes, over {MAX_BYTES}")
    image_format = sniff(incoming.head(SNIFF_BYTES))
    decoding = _Decoding(incoming, image_format, boxes, gap, thumbnail_px, deadline)
    try:
        return decoding.attempt(damaged=False)
    except pyvips.Error as error:
        decoding.check()
        failure = error.with_traceback(
            None
        )  # it has this frame in it: a cycle that holds the photo
    if decoding.image_format in _SHOWN_WHEN_CUT:
        try:
            return decoding.attempt(damaged=True)
        except pyvips.Error:
            decoding.check()
    is_cut = is_truncated(incoming.whole(), decoding.image_format)
    reason = " ".join(str(failure).split())
    raise (TruncatedPhotoError if is_cut else UnreadablePhotoError)(reason) from failure


class _Opened(NamedTuple):
    """A picture of which no pixel is decoded yet."""

    image: pyvips.Image  # as the file has it, or smaller where its decoder can shrink
    width_px: int  # of the photo as displayed
    height_px: int
    owner: object  # of the bytes that it reads: must live until the image is evaluated
    nclx: Nclx | None  # its color, if that is not said by an ICC profile


@dataclass(frozen=True, slots=True)
class _Decoding:
    """One photo on its way."""

    incoming: IncomingPhoto
    image_format: str
    boxes: tuple[Box, ...]
    gap: float
    thumbnail_px: float
    deadline: float

    def check(self) -> None:
        """Raise what is not the photo's fault, if there is such a thing.

        Raises:
            StorageUnavailableError, DeadlineExceededError: as `decode`.
        """
        self.incoming.check()
        refuse_late(self.deadline, "decoding")

    def attempt(self, *, damaged: bool) -> Picture:
        """Decode strictly or, if the photo is `damaged`, whatever can be had of it.

        Raises:
            pyvips.Error: that did not work.
        """
        if self.image_format in _JUDGED_FIRST and self._ends_early():
            raise TruncatedPhotoError(f"the {self.image_format} ends early")
        heif = HeifFile(self.incoming.whole()) if self.image_format in _BOXED else None
        if heif is not None and self.image_format == "HEIC":
            opened = self._open_heic(heif)
        else:
            opened = self._open(heif, damaged=damaged)
        # libvips is lazy: pixels are decoded only here.
        image = self._evaluate(self._small(opened))
        if not damaged:
            return Picture(image.autorot(), opened.width_px, opened.height_px, truncated=False)
        shown = _shown(image, self._fill(opened))
        if shown < MIN_SHOWN:
            raise TruncatedPhotoError(f"{shown:.0%} of the picture is there")
        truncated = shown < 1 or self._ends_early()
        return Picture(image.autorot(), opened.width_px, opened.height_px, truncated)

    def _ends_early(self) -> bool:
        return is_truncated(self.incoming.whole(), self.image_format)

    def _open_heic(self, heif: HeifFile) -> _Opened:
        width, height = heif.size
        _refuse_pixels(width, height)
        shrink = self._shrink(width, height)
        if shrink > 1:
            small = SmallHeic(self.incoming.whole(), heif)
            image = small.thumbnail(self.thumbnail_px)
            if image is None:
                image = small.shrunk(shrink, self.check)
            self.check()
            if image is not None:
                return _Opened(image, width, height, heif, heif.nclx)
        image = heif.decode()
        self.check()
        return _Opened(image, image.width, image.height, heif, heif.nclx)

    def _open(self, heif: HeifFile | None, *, damaged: bool) -> _Opened:
        """Open the photo by libvips, shrunk as far as its decoder can and the boxes allow."""
        load: Callable[..., pyvips.Image] = partial(
            _LOADERS[self.image_format], access="sequential", fail_on="truncated"
        )
        if self.image_format == "JPEG":  # cut in the middle and closed again, it only warns
            load = partial(load, fail_on="warning")
        if damaged:
            load = partial(load, fail_on="none")
            if self.image_format == "JPEG":
                load = partial(load, unlimited=True)  # or it gives up after 100 warnings
        if self.image_format in _STREAMED and not damaged:
            source = self.incoming.source()
        else:
            source = _in_memory(self.incoming.whole())
        image = load(source)
        _refuse_pixels(image.width, image.height)
        is_turned = _is_turned(image)
        width, height = (image.height, image.width) if is_turned else (image.width, image.height)
        if self.image_format == "JPEG":
            shrink = self._shrink(width, height)
            if image.get("jpeg-multiscan"):
                whole = self.incoming.whole()
                _refuse_scans(whole)
                is_eighth = shrink == _SHRINKS[-1] and not damaged
                source = _in_memory(strip_to_dc_scans(whole) if is_eighth else whole)
            image = load(source, shrink=shrink)
        elif self.image_format == "WEBP":
            scale = self._scale(width, height) * self.gap
            # libwebp refuses a scale by which a side has less than one pixel.
            image = load(source, scale=min(1.0, max(scale, 1 / min(width, height))))
        return _Opened(image, width, height, source, heif.nclx if heif else None)

    def _wanted(self, width_px: int, height_px: int) -> tuple[int, int]:
        """Return the size that a photo of that size, as displayed, is decoded to."""
        return max(box.scaled(width_px, height_px) for box in self.boxes)

    def _scale(self, width_px: int, height_px: int) -> float:
        return self._wanted(width_px, height_px)[0] / width_px

    def _shrink(self, width_px: int, height_px: int) -> int:
        """Return by how much a decoder may divide a photo of that size, as displayed."""
        scale = self._scale(width_px, height_px)
        return max(s for s in _SHRINKS if s == 1 or s * self.gap * scale <= 1)

    def _small(self, opened: _Opened) -> pyvips.Image:
        """Return the picture in its final size and color, still as it lies in the file."""
        image, nclx = opened.image, opened.nclx
        refuse_unscaled(image)
        if nclx is not None and not is_hdr(nclx):
            image = with_nclx_profile(image, nclx)
        wanted = self._wanted(opened.width_px, opened.height_px)
        width, height = wanted[::-1] if _is_turned(image) else wanted
        width, height = min(width, image.width), min(height, image.height)  # a HEIC's thumbnail
        shrink: Callable[..., pyvips.Image] = partial(
            image.thumbnail_image, width, height=height, size="force", no_rotate=True
        )
        image = as_srgb(shrink(output_profile="srgb") if has_foreign_profile(image) else shrink())
        return hdr_to_srgb(image, nclx) if nclx is not None and is_hdr(nclx) else image

    def _fill(self, opened: _Opened) -> list[float]:
        """Return what has become of `_FILL_GRAY` on the way to sRGB: CMYK and profiles move it."""
        levels = [_FILL_GRAY] * opened.image.bands
        pixel = opened.image.new_from_image(levels).crop(0, 0, 1, 1)
        if profile := profile_of(opened.image):
            pixel = with_profile(pixel, profile)
        converted = self._small(opened._replace(image=pixel, width_px=1, height_px=1))
        return [float(level) for level in converted(0, 0)]

    def _evaluate(self, image: pyvips.Image) -> pyvips.Image:
        """Decode, shrink and convert: return `image` in memory."""

        def stop_in_time(image: pyvips.Image, _progress: object) -> None:
            if is_over(self.deadline):
                image.set_kill(True)

        image.set_progress(True)
        image.signal_connect("eval", stop_in_time)
        image = image.copy_memory()
        self.check()
        return image


def _in_memory(photo: bytes) -> pyvips.Source:
    return pyvips.Source.new_from_memory(photo)


def _refuse_pixels(width_px: int, height_px: int) -> None:
    if width_px * height_px > MAX_PIXELS:
        raise TooManyPixelsError(f"{width_px} x {height_px} px, over {MAX_PIXELS}")


def _refuse_scans(photo: bytes) -> None:
    scans = count_jpeg_scans(photo)
    if scans > MAX_JPEG_SCANS:
        raise TooComplexError(f"{scans} JPEG scans, over {MAX_JPEG_SCANS}")


def _is_turned(image: pyvips.Image) -> bool:
    """Tell whether its EXIF orientation exchanges width and height."""
    orientation: Any = image.get("orientation") if image.get_typeof("orientation") else 1
    return orientation in _TURNED


def _shown(image: pyvips.Image, gray: list[float]) -> float:
    """Return the share of rows, from the first stored one, in which something was decoded.

    Args:
        image: in sRGB, as it lies in the file.
        gray: what the rest of a JPEG looks like.
    """
    if image.hasalpha():  # GIF: the rest is transparent
        band, fill = image[image.bands - 1], [0.0]
    else:  # JPEG: the rest is gray
        band, fill = image, image(image.width - 1, image.height - 1)
        if any(abs(a - b) > _FILL_TOLERANCE for a, b in zip(fill, gray, strict=True)):
            return 1.0
    _, top, _, height = band.find_trim(threshold=_FILL_TOLERANCE, background=fill, line_art=True)
    return float(top + height) / image.height
