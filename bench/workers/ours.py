"""This project's cores without AWS, called as in the functions."""

import logging
from typing import Literal

from bench.workers import serve
from picture.decode import Box, decode
from thumbnail.render import render
from thumbnail.renditions import DEFAULT_RENDITIONS, RenditionSpec

logging.disable(logging.CRITICAL)
SIDE_PX = 256
SQUARE_PX = 200  # the original's
THUMB, LARGE = (DEFAULT_RENDITIONS[name] for name in ("thumb", "large"))


def _spec(fit: Literal["inside", "cover"], side_px: int, quality: int) -> RenditionSpec:
    return RenditionSpec(
        fit=fit, width_px=side_px, height_px=side_px, format="jpeg", quality=quality
    )


def _made(photo: bytes, **specs: RenditionSpec) -> bytes:
    return b"".join(one.body for one in render(photo, specs).renditions.values())


def _lossless(photo: bytes) -> bytes:
    """Return the picture of `fit` before encoding; the decoder already gives the final size."""
    return bytes(decode(photo, Box(SIDE_PX, SIDE_PX)).image.pngsave_buffer(compression=1))


def _decoded(photo: bytes, specs: list[RenditionSpec]) -> bytes:
    """Decode in the size that the largest of `specs` needs, and encode nothing."""
    decode(photo, *(Box(spec.width_px, spec.height_px, spec.fit) for spec in specs))
    return b""


FIT, SQUARE = _spec("inside", SIDE_PX, 80), _spec("cover", SQUARE_PX, 85)

if __name__ == "__main__":
    serve(
        {
            "fit": lambda photo: _made(photo, fit=FIT),
            "fit-png": _lossless,
            "square": lambda photo: _made(photo, square=SQUARE),
            "both": lambda photo: _made(photo, thumb=THUMB, large=LARGE),
            "one-by-one": lambda photo: _made(photo, thumb=THUMB) + _made(photo, large=LARGE),
            "both, decoded": lambda photo: _decoded(photo, [THUMB, LARGE]),
            "one-by-one, decoded": lambda photo: (
                _decoded(photo, [THUMB]) + _decoded(photo, [LARGE])
            ),
        }
    )
