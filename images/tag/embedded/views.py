"""What the networks look at: an upright photo in, small squares out. Pure pixels."""

from dataclasses import dataclass

import numpy as np
import pyvips

from tag.embedded.networks import FRAME_PX, VIEW_PX, Box, Pixels


@dataclass(frozen=True, slots=True)
class Frame:
    """The whole photo, its aspect kept, centred on a black square."""

    pixels: Pixels  # (416, 416, 3)
    width: float  # of the photo, as a fraction of the square's side
    height: float

    def to_photo(self, box: Box) -> Box:
        """Turn fractions of the square into fractions of the photo, cut at its edges."""
        return Box(
            left=_onto(box.left, self.width),
            top=_onto(box.top, self.height),
            right=_onto(box.right, self.width),
            bottom=_onto(box.bottom, self.height),
        )


def _onto(at: float, extent: float) -> float:
    return min(max((at - (1 - extent) / 2) / extent, 0.0), 1.0)


def classifier_views(photo: pyvips.Image) -> list[Pixels]:
    """Return the largest centred square, and the whole photo squeezed into a square.

    The first shows the subject in its true shape, the second what lies off the centre.
    Both are (260, 260, 3) sRGB.
    """
    side = min(photo.width, photo.height)
    square = photo.crop((photo.width - side) // 2, (photo.height - side) // 2, side, side)
    return [
        _pixels(view.thumbnail_image(VIEW_PX, height=VIEW_PX, size="force"))
        for view in (square, photo)
    ]


def detector_frame(photo: pyvips.Image) -> Frame:
    """Return the photo as the detector wants it: (416, 416, 3) sRGB."""
    inner = photo.thumbnail_image(FRAME_PX, height=FRAME_PX)
    framed = inner.gravity("centre", FRAME_PX, FRAME_PX)
    return Frame(_pixels(framed), inner.width / FRAME_PX, inner.height / FRAME_PX)


def _pixels(image: pyvips.Image) -> Pixels:
    return np.asarray(image.numpy(), np.uint8)
