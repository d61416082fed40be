"""Render the renditions of a photo. No AWS, no environment."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pyvips

from picture.decode import Box, decode
from shared.deadline import refuse_late
from shared.storage import PhotoStream
from thumbnail.placeholder import placeholder
from thumbnail.renditions import RenditionSpec

# By default libvips would copy all metadata, with the GPS position.
_NO_METADATA: Final = pyvips.ForeignKeep.NONE
_ONLY_XMP: Final = pyvips.ForeignKeep.XMP
_XMP: Final = "xmp-data"  # libvips' name of the field
_LISTED: Final = "thumb"  # the rendition that lists show, as term rows have it
_WHITE: Final = [255.0, 255.0, 255.0]


@dataclass(frozen=True, slots=True)
class Encoded:
    """The file of one rendition."""

    body: bytes
    width_px: int
    height_px: int
    thumbhash: str | None  # of the rendition that lists show


@dataclass(frozen=True, slots=True)
class Rendered:
    """All renditions of a photo."""

    renditions: dict[str, Encoded]  # by name
    truncated: bool  # the photo ends early: a part of each picture is missing


def render(
    photo: bytes | PhotoStream,
    renditions: Mapping[str, RenditionSpec],
    *,
    orientation: int | None = None,
    xmp: bytes = b"",
    deadline: float = math.inf,
) -> Rendered:
    """Render `photo` upright, in sRGB, without the photo's metadata, and never enlarged.

    The photo is decoded once, in the size that the largest rendition needs. The same photo always
    gives the same bytes.

    Args:
        photo: the file, or a stream of it.
        renditions: at least one, by name.
        orientation: see `picture.decode.decode`.
        xmp: the metadata of every rendition; none if it is empty.
        deadline: in seconds of `time.monotonic()`.

    Raises:
        PhotoError: as `picture.decode.decode`.
    """
    boxes = {name: _box(spec) for name, spec in renditions.items()}
    picture = decode(photo, *boxes.values(), orientation=orientation, deadline=deadline)
    encoded = {}
    for name, spec in renditions.items():
        refuse_late(deadline, f"encoding {name}")
        scaled = boxes[name].scaled(picture.width_px, picture.height_px)
        image = _crop(_resize(picture.image, *scaled), boxes[name])
        thumbhash = None
        if name == _LISTED:
            image = image.copy_memory()  # or it would be resized twice
            thumbhash = placeholder(image)
        keep = _NO_METADATA
        if xmp:
            image = image.copy()  # fields are not shared with other users of a copy
            image.set_type(pyvips.GValue.blob_type, _XMP, xmp)  # type: ignore[arg-type]  # a blob
            keep = _ONLY_XMP
        body = _ENCODERS[spec.format](image, spec.quality, keep)
        encoded[name] = Encoded(body, *_size(image), thumbhash)
    return Rendered(encoded, picture.truncated)


def _box(spec: RenditionSpec) -> Box:
    return Box(spec.width_px, spec.height_px, spec.fit)


def _size(image: pyvips.Image) -> tuple[int, int]:
    return image.width, image.height


def _resize(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    if (width, height) == _size(image):
        return image
    return image.thumbnail_image(width, height=height, size=pyvips.Size.FORCE)


def _crop(image: pyvips.Image, box: Box) -> pyvips.Image:
    """Crop the picture to the middle part that fits in `box`."""
    width, height = min(image.width, box.width_px), min(image.height, box.height_px)
    if (width, height) == _size(image):
        return image
    return image.crop((image.width - width) // 2, (image.height - height) // 2, width, height)


def _webp(image: pyvips.Image, quality: int, keep: int) -> bytes:
    """Encode with effort 4: 17 % smaller than 0. Effort 6 saves 4 % more in twice the time."""
    return bytes(image.webpsave_buffer(Q=quality, effort=4, keep=keep))


def _jpeg(image: pyvips.Image, quality: int, keep: int) -> bytes:
    """Encode with optimized tables: up to 32 % fewer bytes for the same quality, in 0.4 ms."""
    if image.hasalpha():
        image = image.flatten(background=_WHITE)
    return bytes(image.jpegsave_buffer(Q=quality, optimize_coding=True, quant_table=3, keep=keep))


def _avif(image: pyvips.Image, quality: int, keep: int) -> bytes:
    """Encode with effort 0: effort 1 saves 5 % in over twice the time."""
    return bytes(
        image.heifsave_buffer(
            Q=quality,
            compression=pyvips.ForeignHeifCompression.AV1,
            effort=0,
            keep=keep,
        )
    )


_ENCODERS: Final[Mapping[str, Callable[[pyvips.Image, int, int], bytes]]] = {
    "avif": _avif,
    "jpeg": _jpeg,
    "webp": _webp,
}
