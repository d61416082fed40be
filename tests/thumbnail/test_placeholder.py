"""The ThumbHash of a picture is that of the reference; tests/vectors.json has its results."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import pyvips

from pictures import plain, quarters, textured
from shared.contracts import Rendition, parse
from thumbnail.placeholder import placeholder, thumbhash
from thumbnail.render import render
from thumbnail.renditions import DEFAULT_RENDITIONS

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))
HAS_ALPHA = 0x80  # in the third byte


def average(hashed: str) -> tuple[float, float, float]:
    """Return the average color that a ThumbHash states, 0 to 255."""
    header = int.from_bytes(base64.b64decode(hashed)[:3], "little")
    light = (header & 63) / 63
    yellow = (header >> 6 & 63) / 31.5 - 1
    reddish = (header >> 12 & 63) / 31.5 - 1
    blue = light - 2 / 3 * yellow
    red = (3 * light - blue + reddish) / 2
    return red * 255, (red - reddish) * 255, blue * 255


@pytest.mark.parametrize("vector", VECTORS["thumbhashes"], ids=lambda one: one["thumbhash"])
def test_a_thumbhash_is_that_of_the_reference(vector: dict[str, Any]) -> None:
    rgba = base64.b64decode(vector["rgba"])

    hashed = thumbhash(vector["width"], vector["height"], rgba)

    assert base64.b64encode(hashed).decode() == vector["thumbhash"]


@pytest.mark.parametrize("color", [(255, 255, 255), (0, 0, 0), (200, 50, 50), (10, 120, 240)])
def test_a_picture_of_one_color_has_that_color_and_no_noise(color: tuple[int, int, int]) -> None:
    hashed = placeholder(plain(color))

    assert average(hashed) == pytest.approx(color, abs=12)  # a hash has 6 bits of each channel
    assert set(base64.b64decode(hashed)[5:]) == {0}


def test_the_hidden_color_of_transparent_pixels_is_not_seen() -> None:
    red, clear_green = plain((200, 0, 0, 255)), plain((0, 255, 0, 0))
    half = red.insert(clear_green, 0, 32)

    hashed = placeholder(half.copy(interpretation="srgb"))

    assert base64.b64decode(hashed)[2] & HAS_ALPHA
    assert average(hashed) == pytest.approx((200, 0, 0), abs=12)
    assert not base64.b64decode(placeholder(quarters()))[2] & HAS_ALPHA


@pytest.mark.parametrize("size", [(1, 1), (400, 1), (1, 400), (400, 400), (33, 400)])
@pytest.mark.parametrize("bands", [3, 4])
def test_a_thumbhash_of_any_shape_fits_the_contract(size: tuple[int, int], bands: int) -> None:
    image = pyvips.Image.gaussnoise(*size, mean=128, seed=1).cast("uchar")
    image = pyvips.Image.bandjoin_const(image, [200.0] * (bands - 1)).copy(interpretation="srgb")

    hashed = placeholder(image)

    rendition = {"key": "a", "width_px": 1, "height_px": 1, "bytes": 1, "mime_type": "image/webp"}
    assert parse(Rendition, rendition | {"thumbhash": hashed}).thumbhash == hashed
    assert len(hashed) <= 36


def test_the_rendition_of_lists_alone_has_a_thumbhash_and_the_same_bytes_as_before() -> None:
    photo = textured().jpegsave_buffer(Q=85)
    large = {"large": DEFAULT_RENDITIONS["large"]}
    listed = {"thumb": DEFAULT_RENDITIONS["thumb"]}

    both = render(photo, listed | large).renditions

    assert both["large"].thumbhash is None
    assert average(both["thumb"].thumbhash or "") == pytest.approx(
        average(placeholder(textured())), abs=12
    )
    as_other = render(photo, {"other": DEFAULT_RENDITIONS["thumb"], **large}).renditions
    assert as_other["other"].body == both["thumb"].body
