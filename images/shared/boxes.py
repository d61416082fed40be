"""Boxes in a picture, in fractions of its sides."""

import math

from shared.contracts import BoundingBox

_DIGITS = 4  # of a fraction: finer than a pixel of a picture that is shown or labeled


def clipped_box(left: float, top: float, right: float, bottom: float) -> BoundingBox | None:
    """Return the part of a box that is inside the picture; None if no part is."""
    if not all(map(math.isfinite, (left, top, right, bottom))):
        return None
    left, top, right, bottom = (
        round(min(max(edge, 0.0), 1.0), _DIGITS) for edge in (left, top, right, bottom)
    )
    if left >= right or top >= bottom:
        return None
    return BoundingBox(
        left=left,
        top=top,
        width=round(right - left, _DIGITS),
        height=round(bottom - top, _DIGITS),
    )
