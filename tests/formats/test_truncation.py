"""A file says itself where it ends."""

from collections.abc import Callable

import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st

from formats.truncation import ends_early
from heicfile import heic
from photofiles import box, exif_segment, jpeg, tiff_file
from pictures import quarters, textured

FILES: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: with_preview(textured().jpegsave_buffer()),
    "PNG": lambda: quarters().pngsave_buffer(),
    "GIF": lambda: quarters().gifsave_buffer(),
    "WEBP": lambda: quarters().webpsave_buffer(),
    "TIFF": tiff_file,
    "AVIF": lambda: quarters().heifsave_buffer(
        compression=pyvips.ForeignHeifCompression.AV1, effort=0
    ),
    "HEIC": heic,
}


def with_preview(photo: bytes) -> bytes:
    return photo[:2] + exif_segment(jpeg()) + photo[2:]


@pytest.mark.parametrize("image_format", FILES)
def test_a_whole_file_does_not(image_format: str) -> None:
    assert not ends_early(FILES[image_format](), image_format)


@pytest.mark.parametrize("image_format", FILES)
@pytest.mark.parametrize("share", [0.6, 0.8, 0.95])
def test_a_cut_file_does(image_format: str, share: float) -> None:
    photo = FILES[image_format]()

    assert ends_early(photo[: int(len(photo) * share)], image_format)


def test_what_stands_behind_the_end_does_not_matter() -> None:
    assert not ends_early(jpeg() + b"made by a phone", "JPEG")
    assert not ends_early(FILES["GIF"]() + bytes(7), "GIF")


def test_boxes_may_be_longer_than_32_bits_can_say_or_open_ended() -> None:
    large = b"\0\0\0\1mdat" + (16 + 8).to_bytes(8) + bytes(8)
    open_ended = b"\0\0\0\0mdat" + bytes(100)

    for last in (large, open_ended):
        assert not ends_early(box(b"ftyp", b"heic") + last, "HEIC")
    assert ends_early(box(b"ftyp", b"heic") + large[:-1], "HEIC")


@given(st.sampled_from(sorted(FILES)), st.binary(max_size=80))
def test_never_fails_whatever_it_is_given(image_format: str, junk: bytes) -> None:
    assert ends_early(junk, image_format) in {True, False}
    tiff = b"II*\0\x08\0\0\0" + junk
    assert ends_early(tiff, "TIFF") in {True, False}
