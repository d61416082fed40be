"""Of a progressive JPEG only what an eighth needs is left, and only where nothing is odd."""

import re

import pytest
import pyvips

from formats import count_jpeg_scans
from formats.progressive_jpeg import strip_to_dc_scans
from photofiles import jpeg
from pictures import NO_METADATA, difference, textured


@pytest.fixture(scope="module")
def progressive() -> bytes:
    return saved(textured(), "on")


def saved(image: pyvips.Image, subsample_mode: str) -> bytes:
    return image.jpegsave_buffer(
        Q=90, interlace=True, subsample_mode=subsample_mode, keep=NO_METADATA
    )


def eighth(photo: bytes) -> pyvips.Image:
    """Decode it as strictly as photos are."""
    return pyvips.Image.jpegload_buffer(photo, shrink=8, fail_on="warning")


def test_an_eighth_of_the_size_looks_the_same_from_a_fraction_of_the_bytes(
    progressive: bytes,
) -> None:
    kept = strip_to_dc_scans(progressive)

    assert len(kept) < len(progressive) / 8
    assert count_jpeg_scans(kept) == 4  # the means, twice, and each color's first look
    assert difference(eighth(kept), eighth(progressive)) < 0.5  # levels: color is not refined


@pytest.mark.parametrize(
    "image",
    [textured(), textured()[1].copy(interpretation="b-w")],
    ids=["color in full", "gray"],
)
def test_means_alone_are_shown_as_they_are(image: pyvips.Image) -> None:
    photo = saved(image, "off")
    kept = strip_to_dc_scans(photo)

    assert count_jpeg_scans(kept) == 2  # the means, and their last bit
    assert difference(eighth(kept), eighth(photo)) == 0


def test_a_photo_without_means_is_left_alone(progressive: bytes) -> None:
    scans = [at.start() for at in re.finditer(b"\xff\xda", progressive)]
    photo = progressive[: scans[0]] + progressive[scans[1] : scans[6]] + b"\xff\xd9"

    assert strip_to_dc_scans(photo) is photo


def test_metadata_and_profile_are_kept() -> None:
    photo = jpeg(exif=b"II*\0\x08\0\0\0" + bytes(6), progressive=True)

    assert b"Exif\0\0II*\0" in strip_to_dc_scans(photo)


def test_a_baseline_photo_is_left_alone() -> None:
    photo = textured().jpegsave_buffer()

    assert strip_to_dc_scans(photo) is photo


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
        assert strip_to_dc_scans(photo) is photo


@pytest.mark.parametrize("table", [b"", b"\0", b"\x10", b"\0\1\1", b"\x10\0\1\0\1\0\1\0"])
def test_a_cut_quantization_table_stays_as_it_is(progressive: bytes, table: bytes) -> None:
    segment = b"\xff\xdb" + (2 + len(table)).to_bytes(2) + table

    kept = strip_to_dc_scans(progressive[:2] + segment + progressive[2:])

    assert kept[2:].startswith(segment + b"\xff")
