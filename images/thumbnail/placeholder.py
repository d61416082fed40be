"""ThumbHash: about 25 bytes that show a picture, blurred, before the picture itself is loaded.

The published Python packages are a translation of 2023 that rounds as JavaScript does not, and one
that needs Pillow. Differences from the reference are stated in `thumbhash`.

Source: https://evanw.github.io/thumbhash/, thumbhash.js 0.1.1
"""

import base64
import math
from collections.abc import Sequence
from functools import cache
from operator import mul
from typing import Final

import pyvips

MAX_SIDE_PX: Final = 32  # of the picture that is hashed; a hash has at most 7 waves on a side
_RGB: Final = 3
_NEGLIGIBLE: Final = 1e-9  # noise of the sums; the smallest scale that is stored is 1 of 63

Channel = Sequence[Sequence[float]]  # rows of pixels, 0 to 1 or -1 to 1


def placeholder(image: pyvips.Image) -> str:
    """Return the ThumbHash of `image` in base64: 24 to 36 characters.

    Args:
        image: uchar sRGB of 3 bands, or 4 with alpha.
    """
    fit = min(1, MAX_SIDE_PX / max(image.width, image.height))
    width, height = (max(1, round(side * fit)) for side in (image.width, image.height))
    small = image.thumbnail_image(width, height=height, size=pyvips.Size.FORCE)
    pixels = bytes(small.write_to_memory())
    if small.bands == _RGB:
        rgba = bytearray(b"\xff" * (width * height * 4))
        for band in range(_RGB):
            rgba[band::4] = pixels[band::_RGB]
        pixels = bytes(rgba)
    return base64.b64encode(thumbhash(width, height, pixels)).decode()


def thumbhash(width: int, height: int, rgba: bytes) -> bytes:
    """Return the ThumbHash of a picture, as `rgbaToThumbHash` of the reference does.

    Of a channel without variation, the reference stores the noise of its sums, which no decoder
    shows, since the scale is 0. Here the hash is the same on every machine.

    Args:
        width: in pixels, at most 100.
        height: in pixels, at most 100.
        rgba: the pixels by row, 4 bytes each, not premultiplied.
    """
    alpha = [level / 255 for level in rgba[3::4]]
    total = math.fsum(alpha)
    has_alpha = any(level < 255 for level in rgba[3::4])  # noqa: PLR2004  # the opaque level
    red, green, blue = (
        _over_average([level / 255 for level in rgba[band::4]], alpha, total)
        for band in range(_RGB)
    )

    def rows(values: Sequence[float]) -> Channel:
        return [values[start : start + width] for start in range(0, len(values), width)]

    longest = max(width, height)
    most = 5 if has_alpha else 7  # waves of the luminance; alpha has the rest of the bytes
    across, down = (max(1, _round(most * side / longest)) for side in (width, height))
    colors = list(zip(red, green, blue, strict=True))
    light, light_waves, light_scale = _waves(
        rows([(r + g + b) / 3 for r, g, b in colors]), max(3, across), max(3, down)
    )
    yellow, yellow_waves, yellow_scale = _waves(rows([(r + g) / 2 - b for r, g, b in colors]), 3, 3)
    reddish, reddish_waves, reddish_scale = _waves(rows([r - g for r, g, _ in colors]), 3, 3)
    waves = [*light_waves, *yellow_waves, *reddish_waves]

    is_landscape = width > height
    header = (
        _round(63 * light)
        | _round(31.5 + 31.5 * yellow) << 6
        | _round(31.5 + 31.5 * reddish) << 12
        | _round(31 * light_scale) << 18
        | has_alpha << 23
        | (down if is_landscape else across) << 24
        | _round(63 * yellow_scale) << 27
        | _round(63 * reddish_scale) << 33
        | is_landscape << 39
    )
    packed = bytearray(header.to_bytes(5, "little"))
    if has_alpha:
        opacity, opacity_waves, opacity_scale = _waves(rows(alpha), 5, 5)
        waves += opacity_waves
        packed.append(_round(15 * opacity) | _round(15 * opacity_scale) << 4)
    levels = [_round(15 * wave) for wave in waves]
    if len(levels) % 2:
        levels.append(0)
    packed += bytes(low | high << 4 for low, high in zip(levels[::2], levels[1::2], strict=True))
    return bytes(packed)


def _over_average(levels: list[float], alpha: list[float], total: float) -> list[float]:
    """Return a color's levels over the average color of what is seen."""
    average = _dot(levels, alpha) / total if total else 0.0
    return [
        average * (1 - opacity) + opacity * level
        for level, opacity in zip(levels, alpha, strict=True)
    ]


def _waves(channel: Channel, across: int, down: int) -> tuple[float, list[float], float]:
    """Return the mean, the amplitudes from 0 to 1, and the largest of them, by a DCT."""
    width, height = len(channel[0]), len(channel)
    columns = [[_dot(row, _cosines(width, x)) for row in channel] for x in range(across)]
    amplitudes = [
        _dot(columns[x], _cosines(height, y)) / (width * height)
        for y in range(down)
        for x in range(across)
        if x * down < across * (down - y)
    ]
    mean, *waves = amplitudes
    scale = max(map(abs, waves), default=0.0)
    if scale < _NEGLIGIBLE:
        return mean, [0.0] * len(waves), 0.0
    return mean, [0.5 + 0.5 / scale * wave for wave in waves], scale


@cache  # at most 7 for each of MAX_SIDE_PX lengths
def _cosines(length: int, wave: int) -> list[float]:
    return [math.cos(math.pi / length * wave * (at + 0.5)) for at in range(length)]


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    total: float = sum(map(mul, one, other))  # math.sumprod() is new in Python 3.12
    return total


def _round(value: float) -> int:
    """Round as JavaScript does; Python rounds 0.5 to 0."""
    return math.floor(value + 0.5)
