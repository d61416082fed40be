"""The calls of pi-heif-decoder's C module, which is private: a release may change it."""

import struct
import subprocess
import sys
from pathlib import Path

import _pi_heif
import pytest
import pyvips

from heicfile import HEIC_WITH_ALPHA, heic, icc, nclx
from photofiles import clap, irot
from picture.decode import Box, decode
from picture.heic import HeifFile
from shared.errors import UnreadablePhotoError

ROOT = Path(__file__).parents[2]


def test_needs_no_pillow() -> None:
    """pi-heif-decoder requires it, but the images do not contain it."""
    code = "import sys; sys.modules['PIL'] = None; import picture.heic"

    subprocess.run(  # noqa: S603  # this very Python
        [sys.executable, "-c", code], check=True, env={"PYTHONPATH": "images"}, cwd=ROOT
    )


def test_the_wheel_only_decodes_and_has_no_gpl_part() -> None:
    info = _pi_heif.get_lib_info()

    assert list(info["decoders"]) == ["libde265"]
    assert not {"x265", "aom", "kvazaar"} & set(info["encoders"])
    assert (info["HEIF"], info["AVIF"]) == ("", "")


def test_the_libraries_have_the_fixes_of_september_2026() -> None:
    """A HEIC in an upload could reach the heap overflows in libheif up to 1.23.2."""
    info = _pi_heif.get_lib_info()
    libde265 = info["decoders"]["libde265"].split()[-1]

    assert _numbers(info["libheif"]) >= (1, 23, 4)
    assert _numbers(libde265) >= (1, 1, 3)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_the_size_is_known_before_anything_is_decoded() -> None:
    huge = heic().replace((64).to_bytes(4) * 2, (9_000).to_bytes(4) * 2)

    assert HeifFile(huge).size == (9_000, 9_000)
    assert HeifFile(heic(clap(64, 48), irot(1))).size == (48, 64)


def test_a_profile_is_found_in_either_form() -> None:
    profile = bytes(pyvips.Image.profile_load("p3"))

    assert HeifFile(heic(icc(profile))).icc_profile == profile
    assert HeifFile(heic(nclx(12, 13))).nclx == (12, 13)
    assert (HeifFile(heic()).icc_profile, HeifFile(heic()).nclx) == (None, None)


def test_pixels_are_without_padding_and_keep_their_alpha() -> None:
    file = HeifFile(HEIC_WITH_ALPHA)
    image = file.decode()

    assert (image.width, image.height, image.bands, image.format) == (64, 64, 4, "uchar")
    assert [image(x, 5)[3] for x in (5, 60)] == [0, 255]


@pytest.mark.parametrize("photo", [b"", b"\0\0\0\x18ftypheic", heic()[:200]])
def test_a_file_that_libheif_does_not_open_is_unreadable(photo: bytes) -> None:
    with pytest.raises(UnreadablePhotoError, match="libheif: "):
        HeifFile(photo)


def test_a_file_that_libheif_does_not_decode_is_unreadable() -> None:
    broken = heic()[:-60] + bytes(60)

    with pytest.raises(UnreadablePhotoError, match="libheif: "):
        HeifFile(broken).decode()


@pytest.mark.parametrize("size", [(0, 64), (64, 0), (0, 0)])
def test_a_picture_without_a_size_is_unreadable(size: tuple[int, int]) -> None:
    photo = heic().replace(struct.pack(">II", 64, 64), struct.pack(">II", *size))

    with pytest.raises(UnreadablePhotoError):
        decode(photo, Box(400, 400))


def test_reserved_numbers_of_color_are_as_good_as_none() -> None:
    file = HeifFile(heic(nclx(3, 3)))

    assert file.nclx is None
    assert file.icc_profile is None
    assert file.decode().width == 64
