"""The JPEG that is sent to a labeler: upright, small enough, without transparency."""

import math

import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import DeadlineExceededError
from tag.jpeg import upright_jpeg
from tag.rekognition import SENT_SIDE_PX

MAX_INLINE_BYTES = 5_242_880  # Rekognition's, for bytes in the request


def opened(jpeg: bytes) -> pyvips.Image:
    return pyvips.Image.jpegload_buffer(jpeg)


def test_noise_stays_below_rekognitions_limit() -> None:
    side = SENT_SIDE_PX
    noise = pyvips.Image.gaussnoise(side, side, mean=128, sigma=120)
    turned = noise.rot90().bandjoin(noise.rot180())
    photo = noise.bandjoin(turned).cast("uchar").copy(interpretation="srgb")

    jpeg = upright_jpeg(photo.pngsave_buffer(compression=1), side_px=side)

    assert (opened(jpeg).width, opened(jpeg).height) == (side, side)
    assert 1_000_000 < len(jpeg) < MAX_INLINE_BYTES


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_sent_upright(orientation: int) -> None:
    upright = pyvips.Image.black(60, 40, bands=3).copy(interpretation="srgb")
    upright = upright.draw_rect([255.0, 0, 0], 0, 0, 30, 20, fill=True)  # red top left corner
    stored_as = {
        1: lambda image: image,
        2: lambda image: image.fliphor(),
        3: lambda image: image.rot180(),
        4: lambda image: image.flipver(),
        5: lambda image: image.rot270().flipver(),
        6: lambda image: image.rot270(),
        7: lambda image: image.rot90().flipver(),
        8: lambda image: image.rot90(),
    }[orientation](upright)
    photo = stored_as.copy()
    photo.set_type(pyvips.GValue.gint_type, "orientation", orientation)

    jpeg = opened(upright_jpeg(photo.tiffsave_buffer(), side_px=2048))

    assert (jpeg.width, jpeg.height) == (60, 40)
    red, *others = jpeg(5, 5)
    assert red > 200
    assert max(others) < 60
    assert max(jpeg(55, 5) + jpeg(5, 35) + jpeg(55, 35)) < 60


def test_transparent_parts_are_white_and_metadata_is_removed() -> None:
    clear = pyvips.Image.black(100, 100, bands=4).copy(interpretation="srgb")

    jpeg = opened(upright_jpeg(clear.webpsave_buffer(lossless=True), side_px=2048))

    assert (jpeg.bands, min(jpeg(50, 50))) == (3, 255)
    assert not [name for name in jpeg.get_fields() if name.endswith("-data")]


@settings(max_examples=20)
@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 200))
def test_it_fits_the_square_without_enlarging(width: int, height: int, side_px: int) -> None:
    photo = pyvips.Image.black(width, height, bands=3).copy(interpretation="srgb")

    jpeg = opened(upright_jpeg(photo.webpsave_buffer(lossless=True), side_px=side_px))

    assert max(jpeg.width, jpeg.height) == min(side_px, max(width, height))
    scale = min(1, side_px / max(width, height))
    assert abs(jpeg.width - width * scale) <= 1
    assert abs(jpeg.height - height * scale) <= 1


def test_it_stops_at_the_deadline() -> None:
    photo = pyvips.Image.black(100, 100, bands=3).jpegsave_buffer()

    with pytest.raises(DeadlineExceededError):
        upright_jpeg(photo, side_px=2048, deadline=-math.inf)
