"""Only the mean of each block is left of a progressive JPEG, and only where nothing is odd."""

import pytest
import pyvips

from photofiles import jpeg
from pictures import NO_METADATA, difference, textured
from shared.dc_scans import keep_dc_scans
from shared.formats import count_jpeg_scans


@pytest.fixture(scope="module")
def progressive() -> bytes:
    return textured().jpegsave_buffer(Q=90, interlace=True, keep=NO_METADATA)


def test_an_eighth_of_the_size_looks_the_same_from_a_fraction_of_the_bytes(
    progressive: bytes,
) -> None:
    kept = keep_dc_scans(progressive)

    assert len(kept) < len(progressive) / 4
    assert count_jpeg_scans(kept) < count_jpeg_scans(progressive)
    eighths = [pyvips.Image.jpegload_buffer(photo, shrink=8) for photo in (kept, progressive)]
    assert difference(*eighths) < 1.5  # levels: where chroma is halved, it is now an eighth


def test_metadata_and_profile_are_kept() -> None:
    photo = jpeg(exif=b"II*\0\x08\0\0\0" + bytes(6), progressive=True)

    assert b"Exif\0\0II*\0" in keep_dc_scans(photo)


def test_a_baseline_photo_is_left_alone() -> None:
    photo = textured().jpegsave_buffer()

    assert keep_dc_scans(photo) is photo


def test_what_is_odd_or_cut_anywhere_is_left_alone(progressive: bytes) -> None:
    first_scan = progressive.index(b"\xff\xda")
    odd = [progressive[:length] for length in range(2, len(progressive), 997)]
    odd += [
        progressive[:-2],
        progressive[:first_scan] + b"??" + progressive[first_scan:],
        progressive[: first_scan + 4] + b"\xff" + progressive[first_scan + 5 :],
        progressive[: first_scan + 2] + b"\0\2" + progressive[first_scan + 4 :],
        progressive[:first_scan] + b"\xff\xc0\0\2" + progressive[first_scan:],
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
    ]

    for photo in odd:
        assert keep_dc_scans(photo) is photo
