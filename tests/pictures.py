"""Make pictures with libvips, and compare them."""

from collections.abc import Sequence
from functools import cache

import pyvips

QUARTERS = ((200, 50, 50), (50, 180, 60), (60, 70, 210), (230, 220, 90))  # red, green, blue, yellow
NO_METADATA = pyvips.ForeignKeep.NONE


def plain(
    levels: Sequence[float],
    interpretation: str = "srgb",
    sample: str = "uchar",
    *,
    width_px: int = 64,
    height_px: int = 64,
) -> pyvips.Image:
    """Return a picture of one color: `levels`, as many as it has bands."""
    black = pyvips.Image.black(width_px, height_px, bands=len(levels))
    return (black + list(levels)).cast(sample).copy(interpretation=interpretation)


def quarters(width_px: int = 96, height_px: int = 64) -> pyvips.Image:
    """Return a picture of four plain quarters: QUARTERS, left to right, top to bottom."""
    right, below = width_px // 2, height_px // 2
    image = plain(QUARTERS[0], width_px=width_px, height_px=height_px)
    image = image.insert(plain(QUARTERS[1], width_px=width_px, height_px=height_px), right, 0)
    image = image.insert(plain(QUARTERS[2], width_px=width_px, height_px=height_px), 0, below)
    image = image.insert(plain(QUARTERS[3], width_px=width_px, height_px=height_px), right, below)
    return image.crop(0, 0, width_px, height_px)


@cache
def textured(width_px: int = 800, height_px: int = 600) -> pyvips.Image:
    """Return a picture with noise everywhere, and no row of one color."""
    position = pyvips.Image.xyz(width_px, height_px)
    noise = pyvips.Image.gaussnoise(width_px, height_px, sigma=12, seed=7)
    red = position[0] * (160 / width_px) + 40 + noise
    green = position[1] * (160 / height_px) + 40 + noise
    blue = (position[0] + position[1]) % 64 * 2 + 60 + noise
    image = red.bandjoin(green).bandjoin(blue).cast("uchar").copy(interpretation="srgb")
    return image.copy_memory()


def with_profile(image: pyvips.Image, profile: bytes) -> pyvips.Image:
    """Return `image` with an ICC profile embedded; its pixels stay as they are."""
    image = image.copy()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)  # type: ignore[arg-type]  # the stubs lack blobs
    return image


def stored(image: pyvips.Image, orientation: int) -> pyvips.Image:
    """Return `image` as a camera stores it: turned, with the orientation that undoes it."""
    turns = {
        1: lambda i: i,
        2: lambda i: i.fliphor(),
        3: lambda i: i.rot180(),
        4: lambda i: i.flipver(),
        5: lambda i: i.rot90().fliphor(),
        6: lambda i: i.rot270(),
        7: lambda i: i.rot270().fliphor(),
        8: lambda i: i.rot90(),
    }
    turned: pyvips.Image = turns[orientation](image).copy()
    turned.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return turned


def opened(file: bytes) -> pyvips.Image:
    """Return the picture of `file` as stored: orientation and profile are not applied."""
    return pyvips.Image.new_from_buffer(file, "")


def seen(image: pyvips.Image) -> list[list[float]]:
    """Return the colors in the middle of the four quarters, left to right, top to bottom."""
    columns = (image.width // 4, image.width * 3 // 4)
    rows = (image.height // 4, image.height * 3 // 4)
    return [[float(level) for level in image(x, y)] for y in rows for x in columns]


def distance(one: Sequence[Sequence[float]], other: Sequence[Sequence[float]]) -> float:
    """Return the largest difference of two levels, 0 to 255."""
    return max(
        abs(a - b)
        for left, right in zip(one, other, strict=True)
        for a, b in zip(left, right, strict=True)
    )


def difference(one: pyvips.Image, other: pyvips.Image) -> float:
    """Return the mean difference of two pictures of one size, in levels from 0 to 255."""
    return float((one - other).abs().avg())
