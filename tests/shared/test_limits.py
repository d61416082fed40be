"""Each limit accepts the largest value that it allows, and refuses the next in plain words."""

from collections.abc import Callable

import pytest

from shared.errors import (
    EmptyPhotoError,
    PhotoTooLargeError,
    RejectedError,
    TooComplexError,
    TooManyPixelsError,
)
from shared.limits import refuse_bytes, refuse_pixels, refuse_scans


def test_the_largest_values_are_accepted() -> None:
    refuse_bytes(1)
    refuse_bytes(26_214_400)
    refuse_pixels(8_000, 6_250)
    refuse_scans(100, 12_000_000)
    refuse_scans(30, 50_000_000)


@pytest.mark.parametrize(
    ("refuse", "error", "message"),
    [
        (lambda: refuse_bytes(0), EmptyPhotoError, "0 bytes; at least 1 is required"),
        (
            lambda: refuse_bytes(26_214_401),
            PhotoTooLargeError,
            "26,214,401 bytes; at most 26,214,400 are allowed",
        ),
        (
            lambda: refuse_pixels(9_504, 6_336),
            TooManyPixelsError,
            "9,504 × 6,336 px are 60.2 megapixels; at most 50 are allowed",
        ),
        (lambda: refuse_pixels(50_000_001, 1), TooManyPixelsError, "50,000,001 × 1 px"),
        (
            lambda: refuse_scans(101, 1),
            TooComplexError,
            "101 JPEG scans or more; at most 100 are allowed",
        ),
    ],
)
def test_one_more_is_refused_with_its_unit_and_the_limit(
    refuse: Callable[[], None], error: type[RejectedError], message: str
) -> None:
    with pytest.raises(error, match=message):
        refuse()
