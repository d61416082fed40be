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
from shared.limits import (
    MAX_SCANNED_MEGAPIXELS,
    WAYS,
    refuse_bytes,
    refuse_pixels,
    refuse_scans,
    refuse_surplus,
)


def test_the_largest_values_are_accepted() -> None:
    refuse_bytes(1)
    refuse_bytes(268_435_456)
    refuse_bytes(134_217_728, "JPEG")
    refuse_pixels(25_000, 20_000, "JPEG")
    refuse_pixels(100_000, 2_500, "TIFF", pixel_bytes=8)
    refuse_pixels(50_000, 2_500, "TIFF", pixel_bytes=9)
    refuse_surplus(260_000_000, 65_000_000)
    refuse_scans(100, 30_000_000)


@pytest.mark.parametrize(
    ("way", "megapixels"),
    [("JPEG", 250), ("PROGRESSIVE_JPEG", 108), ("PNG", 108), ("INTERLACED_PNG", 108)]
    + [(way, 64) for way in ("HEIC", "AVIF", "WEBP", "TIFF", "UNDIVIDED_TIFF", "GIF")],
)
def test_what_phones_and_scanners_make_is_below_each_limit(way: str, megapixels: int) -> None:
    assert WAYS[way].max_megapixels >= megapixels
    assert WAYS[way].max_bytes >= 25 * 1_048_576  # as for all ways before


def test_the_largest_progressive_picture_may_have_fourteen_scans() -> None:
    assert WAYS["PROGRESSIVE_JPEG"].max_megapixels * 14 <= MAX_SCANNED_MEGAPIXELS


@pytest.mark.parametrize(
    ("refuse", "error", "message"),
    [
        (lambda: refuse_bytes(0), EmptyPhotoError, "0 bytes; at least 1 is required"),
        (
            lambda: refuse_bytes(268_435_457),
            PhotoTooLargeError,
            "268,435,457 bytes; at most 268,435,456 are allowed",
        ),
        (
            lambda: refuse_bytes(134_217_729, "JPEG"),
            PhotoTooLargeError,
            "134,217,729 bytes; at most 134,217,728 are allowed for a baseline JPEG",
        ),
        (
            lambda: refuse_pixels(11_608, 8_708, "AVIF"),
            TooManyPixelsError,
            "11,608 × 8,708 px are 101.1 megapixels; at most 65 are allowed for an AVIF",
        ),
        (
            lambda: refuse_pixels(10_000, 12_501, "TIFF", pixel_bytes=12),
            TooManyPixelsError,
            "125.0 megapixels; at most 125 are allowed for a TIFF of 12 bytes per pixel",
        ),
        (
            lambda: refuse_pixels(100_001, 1, "PNG"),
            TooManyPixelsError,
            "100,001 × 1 px: a side of at most 100,000 is allowed for a PNG",
        ),
        (
            lambda: refuse_pixels(1, 50_001, "TIFF", pixel_bytes=9),
            TooManyPixelsError,
            "a side of at most 50,000 is allowed for a TIFF of 9 bytes per pixel",
        ),
        (
            lambda: refuse_surplus(260_000_001, 65_000_000),
            TooComplexError,
            "260.0 megapixels to decode; at most 260.0 are allowed",
        ),
        (
            lambda: refuse_scans(101, 1),
            TooComplexError,
            "101 JPEG scans or more; at most 100 are allowed",
        ),
        (
            lambda: refuse_scans(100, 30_000_001),
            TooComplexError,
            "100 JPEG scans or more of 30.0 megapixels; at most 3,000 megapixels are allowed",
        ),
    ],
)
def test_one_more_is_refused_with_its_unit_and_the_limit(
    refuse: Callable[[], None], error: type[RejectedError], message: str
) -> None:
    with pytest.raises(error, match=message):
        refuse()
