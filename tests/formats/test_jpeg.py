"""JPEG: EXIF in several segments, scans counted, and scans that a decode at 1/8 does not use."""

import re
from collections.abc import Callable

import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st

import photofiles as pf
from cputime import cpu_within
from formats import (
    DecodedSegments,
    PartialFile,
    count_jpeg_scans,
    is_truncated,
    strip_to_dc_scans,
    survey,
)
from pictures import NO_METADATA, difference, textured
from shared.errors import TooComplexError


def test_exif_that_is_too_long_for_one_segment_is_joined() -> None:
    block = pf.tiff_block([pf.text(pf.DESCRIPTION, "x" * 100_000)])
    rest = block[65_527:]

    photo = pf.jpeg(before=pf.exif_segment(block[:65_527]) + pf.exif_segment(rest))

    assert survey(PartialFile(len(photo), photo), "JPEG").exif == block


def test_bytes_behind_the_end_marker_do_not_matter() -> None:
    assert not is_truncated(pf.jpeg() + b"made by a phone", "JPEG")


@pytest.mark.parametrize(
    ("photo", "scans"),
    [
        (pf.jpeg, 1),
        (lambda: pf.jpeg(exif=b"\xff\xda\0\4" * 50), 1),
        (lambda: pf.encode(pf.picture(), "JPEG", progressive=True), 10),
        (lambda: pf.scan_bomb(300), 300),
        (lambda: pf.jpeg() + pf.jpeg() * 3, 1),
        (lambda: pf.jpeg()[:-2] + pf.jpeg()[pf.jpeg().rindex(b"\xff\xda") :] * 50, 1),
        (lambda: b"\xff\xd8\xff", 0),
        (lambda: b"", 0),
    ],
    ids=[
        "baseline",
        "thumbnail in EXIF",
        "progressive",
        "bomb",
        "more behind",
        "more scans than there can be",
        "cut",
        "empty",
    ],
)
def test_only_scans_that_a_decoder_would_read_are_counted(
    photo: Callable[[], bytes], scans: int
) -> None:
    assert count_jpeg_scans(photo()) == scans


def test_20_000_scans_are_refused_quickly() -> None:
    bomb = pf.scan_bomb(20_000)

    # A tenth of a second on a machine at rest.
    with cpu_within(3), pytest.raises(TooComplexError):
        count_jpeg_scans(bomb)


@pytest.fixture(scope="module")
def progressive() -> bytes:
    return saved(textured(), "on")


def saved(image: pyvips.Image, subsample_mode: str) -> bytes:
    return image.jpegsave_buffer(
        Q=90, interlace=True, subsample_mode=subsample_mode, keep=NO_METADATA
    )


def decoded_at_one_8th(photo: bytes) -> pyvips.Image:
    """Decode as strictly as the pipeline does."""
    return pyvips.Image.jpegload_buffer(photo, shrink=8, fail_on="warning")


def test_a_decode_at_one_8th_looks_the_same_without_the_stripped_scans(progressive: bytes) -> None:
    kept = strip_to_dc_scans(progressive)

    assert len(kept) < len(progressive) / 8
    assert count_jpeg_scans(kept) == 4  # DC, twice, and the first bits of AC of each color
    assert (
        difference(decoded_at_one_8th(kept), decoded_at_one_8th(progressive)) < 0.5
    )  # levels: the last bits of AC are missing


@pytest.mark.parametrize("is_gray", [False, True])
def test_a_decode_of_dc_alone_is_not_smoothed(*, is_gray: bool) -> None:
    image = textured()[1].copy(interpretation="b-w") if is_gray else textured()
    photo = saved(image, "off")
    kept = strip_to_dc_scans(photo)

    assert count_jpeg_scans(kept) == 2  # DC, and its last bit
    assert difference(decoded_at_one_8th(kept), decoded_at_one_8th(photo)) == 0


def test_a_photo_without_dc_scans_is_returned_as_it_is(progressive: bytes) -> None:
    scans = [at.start() for at in re.finditer(b"\xff\xda", progressive)]
    photo = progressive[: scans[0]] + progressive[scans[1] : scans[6]] + b"\xff\xd9"

    assert strip_to_dc_scans(photo) is photo


def test_metadata_and_profile_are_kept() -> None:
    photo = pf.jpeg(exif=b"II*\0\x08\0\0\0" + bytes(6), progressive=True)

    assert b"Exif\0\0II*\0" in strip_to_dc_scans(photo)


def test_a_baseline_photo_is_returned_as_it_is() -> None:
    photo = textured().jpegsave_buffer()

    assert strip_to_dc_scans(photo) is photo


def test_an_unusual_or_truncated_photo_is_returned_as_it_is(progressive: bytes) -> None:
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
def test_a_truncated_quantization_table_is_not_changed(progressive: bytes, table: bytes) -> None:
    segment = b"\xff\xdb" + (2 + len(table)).to_bytes(2) + table

    kept = strip_to_dc_scans(progressive[:2] + segment + progressive[2:])

    assert kept[2:].startswith(segment + b"\xff")


@given(st.lists(st.integers(1, 3_000), max_size=8))
def test_a_decoder_gets_the_same_however_the_file_arrives(cuts: list[int]) -> None:
    photo = pf.jpeg(
        exif=pf.tiff_block([pf.text(pf.MAKE, "ACME")]), xmp=pf.xmp(), iptc=pf.dataset(25, b"cat")
    )
    segments = DecodedSegments()
    at, passed = 0, b""

    for size in [*cuts, len(photo)]:
        passed += segments.feed(photo[at : at + size])
        at += size

    assert passed == pf.jpeg()


def test_a_decoder_keeps_the_profile_and_adobes_segment() -> None:
    for marker, body in [(0xE2, b"ICC_PROFILE\0\1\1"), (0xEE, b"Adobe\0d\0\0\0\0\1")]:
        photo = pf.jpeg(before=pf.segment(marker, body))

        assert DecodedSegments().feed(photo) is photo  # not copied: it may have 100 MB
