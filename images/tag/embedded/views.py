"""Scale an upright photo to the inputs of the networks. Pixels only."""

from dataclasses import dataclass

import numpy as np
import pyvips

from tag.embedded.networks import FRAME_PX, VIEW_PX, Box, Pixels


@dataclass(frozen=True, slots=True)
class Frame:
    """The whole photo, with its aspect ratio, in the center of a black square."""

    pixels: Pixels  # (416, 416, 3)
    width: float  # of the photo, as a fraction of the square's side
    height: float  # likewise

    def to_photo(self, box: Box) -> Box:
        """Convert fractions of the square to fractions of the photo, clipped to the photo."""
        return Box(
            left=_in_photo(box.left, self.width),
            top=_in_photo(box.top, self.height),
            right=_in_photo(box.right, self.width),
            bottom=_in_photo(box.bottom, self.height),
        )


def _in_photo(at: float, extent: float) -> float:
    return min(max((at - (1 - extent) / 2) / extent, 0.0), 1.0)


def classifier_views(photo: pyvips.Image) -> list[Pixels]:
    """Return the largest square in the center, and the whole photo distorted to a square.

    The first keeps the shape of the subject, the second also has the parts off the center.
    Both are (260, 260, 3) sRGB.
    """
    side = min(photo.width, photo.height)
    square = photo.crop((photo.width - side) // 2, (photo.height - side) // 2, side, side)
    return [
        _pixels(view.thumbnail_image(VIEW_PX, height=VIEW_PX, size="force"))
        for view in (square, photo)
    ]


def detector_frame(photo: pyvips.Image) -> Frame:
    """Return the detector's input: (416, 416, 3) sRGB."""
    inner = photo.thumbnail_image(FRAME_PX, height=FRAME_PX)
    framed = inner.gravity("centre", FRAME_PX, FRAME_PX)
    return Frame(_pixels(framed), inner.width / FRAME_PX, inner.height / FRAME_PX)


def _pixels(image: pyvips.Image) -> Pixels:
    return np.asarray(image.numpy(), np.uint8)
