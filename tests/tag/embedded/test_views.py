"""The inputs of the networks, and the conversion of boxes to the photo."""

import numpy as np
import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st

from tag.embedded.networks import FRAME_PX, VIEW_PX, Box
from tag.embedded.views import Frame, classifier_views, detector_frame

RED = [255.0, 0.0, 0.0]
NO_PIXELS = np.zeros((0, 0, 3), np.uint8)
BLUE = [0.0, 0.0, 255.0]


def halves(width_px: int, height_px: int) -> pyvips.Image:
    """Return a photo with a red left and a blue right half."""
    photo = pyvips.Image.black(width_px, height_px, bands=3).copy(interpretation="srgb")
    photo = photo.draw_rect(RED, 0, 0, width_px // 2, height_px, fill=True)
    return photo.draw_rect(BLUE, width_px // 2, 0, width_px, height_px, fill=True).copy_memory()


@pytest.mark.parametrize(
    "size_px", [(640, 480), (300, 900), (2000, 261), (20, 10), (1, 1)], ids=str
)
def test_every_photo_is_scaled_to_the_inputs(size_px: tuple[int, int]) -> None:
    photo = halves(*size_px)

    assert [view.shape for view in classifier_views(photo)] == [(VIEW_PX, VIEW_PX, 3)] * 2
    assert detector_frame(photo).pixels.shape == (FRAME_PX, FRAME_PX, 3)


def test_sides_and_colors_stay_the_same() -> None:
    photo = halves(600, 400)

    for pixels in [*classifier_views(photo), detector_frame(photo).pixels]:
        middle = len(pixels) // 2
        assert pixels[middle, 20].tolist() == RED
        assert pixels[middle, -20].tolist() == BLUE


def test_the_frame_around_the_photo_is_black() -> None:
    pixels = detector_frame(halves(600, 400)).pixels

    assert not pixels[0].any()
    assert not pixels[-1].any()


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 1))
def test_a_point_in_the_frame_is_converted_to_the_photo(x: float, y: float, height: float) -> None:
    frame = Frame(NO_PIXELS, 1.0, height)
    top = (1 - height) / 2 + y * height

    place = frame.to_photo(Box(x, top, x, top))

    assert (place.left, place.top) == pytest.approx((x, y), abs=1e-6)


@given(st.tuples(*[st.floats(-1, 2)] * 4), st.floats(0.01, 1), st.floats(0.01, 1))
def test_boxes_are_clipped_to_the_photo(
    edges: tuple[float, float, float, float], width: float, height: float
) -> None:
    box = Frame(NO_PIXELS, width, height).to_photo(Box(*edges))

    assert all(0 <= edge <= 1 for edge in (box.left, box.top, box.right, box.bottom))
