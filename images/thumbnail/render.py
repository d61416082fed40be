"""A photo in, its small copies out. Pure: no AWS, no environment."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pyvips

from picture.decode import Box, decode
from shared.deadline import refuse_late
from shared.storage import PhotoStream
from thumbnail.renditions import RenditionSpec

_NO_METADATA: Final = pyvips.ForeignKeep.NONE  # or libvips copies the EXIF, GPS included
_WHITE: Final = [255.0, 255.0, 255.0]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One rendition, as a file."""

    body: bytes
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """All renditions of a photo."""

    renditions: dict[str, Encoded]  # by name
    truncated: bool  # the photo ends early: a part of each of them is missing


def render(
    photo: bytes | PhotoStream,
    renditions: Mapping[str, RenditionSpec],
    *,
    deadline: float = math.inf,
) -> Rendered:
    """Make `renditions` of `photo`: upright, in sRGB, without metadata, never enlarged.

    The photo is decoded once, as large as the largest rendition needs it, and each one is made
    from that. The same photo gives the same bytes.

    Args:
        photo: the file, or a stream of it.
        renditions: at least one, by name.
        deadline: seconds of `time.monotonic()` at which to give up.

    Raises:
        PhotoError: as `picture.decode.decode`.
    """
    boxes = {name: _box(spec) for name, spec in renditions.items()}
    picture = decode(photo, *boxes.values(), deadline=deadline)
    encoded = {}
    for name, spec in renditions.items():
        refuse_late(deadline, f"encoding {name}")
        scaled = boxes[name].scaled(picture.width_px, picture.height_px)
        image = _crop(_resize(picture.image, *scaled), boxes[name])
        encoded[name] = Encoded(_ENCODERS[spec.format](image, spec.quality), *_size(image))
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
    """Cut off what stands out of `box`, the same on both sides."""
    width, height = min(image.width, box.width_px), min(image.height, box.height_px)
    if (width, height) == _size(image):
        return image
    return image.crop((image.width - width) // 2, (image.height - height) // 2, width, height)


def _webp(image: pyvips.Image, quality: int) -> bytes:
    """Encode with effort 4: 17 % smaller than 0; 6 is another 4 % for twice the time."""
    return bytes(image.webpsave_buffer(Q=quality, effort=4, keep=_NO_METADATA))


def _jpeg(image: pyvips.Image, quality: int) -> bytes:
    """Encode with the tables that look best for their bytes: up to 32 % fewer at 0.4 ms."""
    if image.hasalpha():
        image = image.flatten(background=_WHITE)
    return bytes(
        image.jpegsave_buffer(Q=quality, optimize_coding=True, quant_table=3, keep=_NO_METADATA)
    )


def _avif(image: pyvips.Image, quality: int) -> bytes:
    """Encode with effort 0: 1 is 5 % smaller for over twice the time."""
    return bytes(
        image.heifsave_buffer(
            Q=quality,
            compression=pyvips.ForeignHeifCompression.AV1,
            effort=0,
            keep=_NO_METADATA,
        )
    )


_ENCODERS: Final[Mapping[str, Callable[[pyvips.Image, int], bytes]]] = {
    "avif": _avif,
    "jpeg": _jpeg,
    "webp": _webp,
}
