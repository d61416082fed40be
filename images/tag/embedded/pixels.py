"""Decode a photo for the model: photo in, plain pixels out, as a worker hands them over."""

from typing import NamedTuple

import pyvips

from picture.box import Box
from picture.decode import decode
from shared.storage import PhotoStream


class Pixels(NamedTuple):
    """An upright picture in sRGB."""

    samples: bytes  # 8 bit, three bands
    width_px: int
    height_px: int

    def image(self) -> pyvips.Image:
        """Return them as a picture, in memory as long as these pixels are."""
        image = pyvips.Image.new_from_memory(
            self.samples, self.width_px, self.height_px, 3, "uchar"
        )
        return image.copy(interpretation="srgb")


def pixels(
    photo: bytes | PhotoStream,
    boxes: tuple[Box, ...],
    gap: float,
    thumbnail_px: float,
    *,
    deadline: float,
) -> Pixels:
    """Decode `photo`, on white where it is transparent; the arguments are those of `decode`.

    Raises:
        PhotoError: as `decode`.
    """
    image = decode(photo, *boxes, gap=gap, thumbnail_px=thumbnail_px, deadline=deadline).image
    if image.hasalpha():
        image = image.flatten(background=[255.0])
    return Pixels(bytes(image.write_to_memory()), image.width, image.height)
