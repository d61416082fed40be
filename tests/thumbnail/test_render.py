"""Renditions have the promised size and colors, no metadata, and always the same bytes."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st

import thumbnail.render
from extract.xmp import Xmp
from fakes import MemoryPhotoStream
from formats import sniff
from heicfile import heic, icc
from photofiles import (
    DESCRIPTION,
    MAKE,
    exif_segment,
    gps,
    iptc_segment,
    text,
    tiff_block,
    xmp,
    xmp_segment,
)
from picture.decode import Box, decode
from pictures import (
    QUARTERS,
    difference,
    distance,
    opened,
    plain,
    quarters,
    seen,
    stored,
    textured,
    with_profile,
)
from shared.errors import DeadlineExceededError, UnreadablePhotoError
from thumbnail.credit import credit_xmp
from thumbnail.render import render
from thumbnail.renditions import DEFAULT_RENDITIONS, RenditionSpec

FORMATS = ("webp", "jpeg", "avif")
SECRET = b"a secret of the photographer"


def spec(width_px: int, height_px: int, **changes: object) -> RenditionSpec:
    fields: dict[str, object] = {"fit": "inside", "format": "webp", "quality": 80} | changes
    return RenditionSpec(width_px=width_px, height_px=height_px, **fields)  # type: ignore[arg-type]  # the tests' own changes


def one(photo: bytes, width_px: int = 64, height_px: int = 64, **changes: object) -> bytes:
    """Return one rendition of `photo`."""
    rendered = render(photo, {"one": spec(width_px, height_px, **changes)})
    return rendered.renditions["one"].body


class TestSizes:
    def test_default_renditions_fit_400_and_1600_pixels(self) -> None:
        rendered = render(textured(2000, 1500).jpegsave_buffer(), DEFAULT_RENDITIONS)

        sizes = {name: (r.width_px, r.height_px) for name, r in rendered.renditions.items()}
        assert sizes == {"thumb": (400, 300), "large": (1600, 1200)}

    @settings(max_examples=30, deadline=None)
    @given(
        width=st.integers(1, 300),
        height=st.integers(1, 300),
        box_width=st.integers(1, 200),
        box_height=st.integers(1, 200),
        fit=st.sampled_from(["inside", "cover"]),
        image_format=st.sampled_from(FORMATS),
    )
    def test_the_returned_size_is_that_of_the_file(  # noqa: PLR0913  # a photo, and a rendition
        self,
        *,
        width: int,
        height: int,
        box_width: int,
        box_height: int,
        fit: str,
        image_format: str,
    ) -> None:
        photo = plain((90, 120, 30), width_px=width, height_px=height).pngsave_buffer()

        made = render(photo, {"one": spec(box_width, box_height, fit=fit, format=image_format)})

        rendition = made.renditions["one"]
        image = opened(rendition.body)
        assert (image.width, image.height) == (rendition.width_px, rendition.height_px)
        assert 1 <= image.width <= min(width, box_width)
        assert 1 <= image.height <= min(height, box_height)
        if fit == "cover":
            assert (image.width, image.height) == (min(width, box_width), min(height, box_height))

    @pytest.mark.parametrize(
        ("size_px", "edge_px"), [((200, 100), (20, 100)), ((100, 200), (100, 20))], ids=str
    )
    def test_cover_keeps_the_middle(
        self, size_px: tuple[int, int], edge_px: tuple[int, int]
    ) -> None:
        black_edge = plain((0, 0, 0), width_px=edge_px[0], height_px=edge_px[1])
        photo = quarters(*size_px).insert(black_edge, 0, 0)

        image = opened(one(photo.pngsave_buffer(), 50, 50, fit="cover", format="jpeg"))

        assert distance(seen(image), QUARTERS) <= 12
        assert min(image(1, 10) + image(10, 1)) > 30  # the black edge is cut off

    def test_a_small_photo_is_not_enlarged(self) -> None:
        rendered = render(quarters(30, 20).pngsave_buffer(), DEFAULT_RENDITIONS)

        assert {(r.width_px, r.height_px) for r in rendered.renditions.values()} == {(30, 20)}

    def test_a_rendition_made_with_others_looks_as_if_made_alone(self) -> None:
        photo = textured(2400, 1800).jpegsave_buffer(Q=95)
        specs = {"small": spec(300, 300, quality=95), "large": spec(1600, 1600)}

        together = render(photo, specs).renditions["small"].body

        assert difference(opened(together), opened(one(photo, 300, 300, quality=95))) < 3


class TestPictures:
    @pytest.mark.parametrize("image_format", FORMATS)
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_are_upright_without_an_orientation_tag(
        self, image_format: str, orientation: int
    ) -> None:
        photo = stored(quarters(), orientation).jpegsave_buffer(Q=95)

        image = opened(one(photo, format=image_format))

        assert image.get_typeof("orientation") == 0 or image.get("orientation") == 1
        assert (image.width, image.height) == (64, 43)
        assert distance(seen(image), QUARTERS) <= 12

    @pytest.mark.parametrize("image_format", FORMATS)
    def test_are_srgb_for_viewers_without_color_management(self, image_format: str) -> None:
        p3 = bytes(pyvips.Image.profile_load("p3"))
        photo = with_profile(plain((200, 50, 50)), p3).jpegsave_buffer(Q=95)

        for source in (photo, heic(icc(p3))):
            red = seen(opened(one(source, format=image_format)))[0]
            assert distance([red], [(218, 24, 42)]) <= 8

    @pytest.mark.parametrize("image_format", ["webp", "avif"])
    def test_keep_transparency_if_the_format_can(self, image_format: str) -> None:
        photo = plain((200, 50, 50, 0)).insert(plain((50, 180, 60, 255), width_px=32), 0, 0)

        image = opened(one(photo.copy(interpretation="srgb").pngsave_buffer(), format=image_format))

        assert [round(level[3]) for level in seen(image)] == [255, 0, 255, 0]

    def test_are_flattened_on_white_if_the_format_has_no_transparency(self) -> None:
        photo = plain((200, 50, 50, 0)).insert(plain((50, 180, 60, 255), width_px=32), 0, 0)

        image = opened(one(photo.copy(interpretation="srgb").pngsave_buffer(), format="jpeg"))

        assert image.bands == 3
        white, green = (255, 255, 255), (50, 180, 60)
        assert distance(seen(image), [green, white, green, white]) <= 8

    def test_of_a_truncated_photo_are_flagged(self) -> None:
        photo = textured().jpegsave_buffer(Q=90)

        assert not render(photo, DEFAULT_RENDITIONS).truncated
        assert render(photo[: len(photo) // 2], DEFAULT_RENDITIONS).truncated


def photo_with_secrets() -> bytes:
    block = tiff_block([text(MAKE, "SecretCam"), text(DESCRIPTION, SECRET)], gps=gps())
    photo = with_profile(textured(400, 300), bytes(pyvips.Image.profile_load("p3")))
    encoded = photo.jpegsave_buffer(Q=90)
    segments = exif_segment(block) + xmp_segment(
        xmp("<dc:title>" + SECRET.decode() + "</dc:title>")
    )
    return encoded[:2] + segments + iptc_segment(b"\x1c\x02\x78\0\x1c" + SECRET) + encoded[2:]


class TestMetadata:
    @pytest.mark.parametrize("image_format", FORMATS)
    def test_none_is_left(self, image_format: str) -> None:
        photo = photo_with_secrets()
        assert opened(photo).get_typeof("exif-data") != 0

        body = one(photo, 400, 400, format=image_format)

        image = opened(body)
        for field in ("exif-data", "xmp-data", "iptc-data", "icc-profile-data", "gainmap-data"):
            assert image.get_typeof(field) == 0, field
        for trace in (SECRET, b"SecretCam", b"Exif", b"http://", b"ICC_PROFILE", b"Photoshop"):
            assert trace not in body

    @pytest.mark.parametrize("image_format", FORMATS)
    def test_exiftool_finds_none(self, image_format: str) -> None:
        exiftool = shutil.which("exiftool")
        if exiftool is None:
            pytest.skip("exiftool is not installed")

        found = subprocess.run(  # noqa: S603  # exiftool itself, on our own bytes
            [exiftool, "-G1", "-EXIF:all", "-XMP:all", "-IPTC:all", "-ICC_Profile:all", "-"],
            input=one(photo_with_secrets(), 400, 400, format=image_format),
            capture_output=True,
            check=True,
        )

        assert found.stdout == b""

    @pytest.mark.parametrize("image_format", FORMATS)
    def test_with_a_credit_it_is_all_that_there_is(self, image_format: str) -> None:
        credit = credit_xmp("Ada; Grace <b>&", "© “Ada” 日本")
        specs = {"one": spec(400, 400, format=image_format)}

        body = render(photo_with_secrets(), specs, xmp=credit).renditions["one"].body

        image = opened(body)
        for field in ("exif-data", "iptc-data", "icc-profile-data", "gainmap-data"):
            assert image.get_typeof(field) == 0, field
        assert image.get("xmp-data") == credit
        for trace in (SECRET, b"SecretCam", b"Exif", b"ICC_PROFILE", b"Photoshop"):
            assert trace not in body
        pixels = one(photo_with_secrets(), 400, 400, format=image_format)
        assert difference(image, opened(pixels)) == 0
        found = Xmp(credit)
        assert found.all("dc:creator") == ["Ada", "Grace <b>&"]
        assert found.all("dc:rights") == ["© “Ada” 日本"]

    @pytest.mark.parametrize("image_format", FORMATS)
    def test_exiftool_finds_the_credit_and_nothing_else(self, image_format: str) -> None:
        exiftool = shutil.which("exiftool")
        if exiftool is None:
            pytest.skip("exiftool is not installed")
        specs = {"one": spec(400, 400, format=image_format)}
        credit = credit_xmp("Ada; Grace", "© Ada")
        body = render(photo_with_secrets(), specs, xmp=credit).renditions["one"].body

        found = subprocess.run(  # noqa: S603  # exiftool itself, on our own bytes
            [
                *(exiftool, "-json", "-G1", "-EXIF:all", "-XMP:all", "-IPTC:all"),
                *("-ICC_Profile:all", "-Photoshop:all", "-"),
            ],
            input=body,
            capture_output=True,
            check=True,
        )

        assert json.loads(found.stdout) == [
            {
                "SourceFile": "-",
                "XMP-dc:Creator": ["Ada", "Grace"],
                "XMP-dc:Rights": "© Ada",
            }
        ]

    @pytest.mark.parametrize(
        "foreign",
        [
            b"PK\x03\x04 a ZIP archive PK\x05\x06",
            b"<html><script>alert(1)</script></html>",
            b"%PDF-1.7 1 0 obj",
            b"<?php system($_GET['c']); ?>",
            b"<svg onload='alert(1)'/>",
        ],
    )
    @pytest.mark.parametrize("image_format", FORMATS)
    def test_no_byte_of_a_polyglot_comes_through(self, image_format: str, foreign: bytes) -> None:
        host = textured(200, 150)
        encoded = host.jpegsave_buffer()
        comment = b"\xff\xfe" + (len(foreign) + 2).to_bytes(2) + foreign
        photos = [
            encoded + foreign,
            encoded[:2] + comment + encoded[2:],
            host.pngsave_buffer() + foreign,
            host.gifsave_buffer() + foreign,
            host.webpsave_buffer() + foreign,
        ]

        for photo in photos:
            body = one(photo, format=image_format)
            assert not any(foreign[at : at + 8] in body for at in range(len(foreign) - 7))
            assert foreign not in body


class TestDeterminism:
    @pytest.mark.parametrize("image_format", FORMATS)
    def test_the_same_photo_gives_the_same_bytes_after_other_photos_too(
        self, image_format: str
    ) -> None:
        photo = textured(900, 700).jpegsave_buffer(Q=90)
        first = one(photo, 500, 500, format=image_format)
        one(textured(300, 200).pngsave_buffer(), 500, 500, format=image_format)
        with pytest.raises(UnreadablePhotoError):
            one(b"\xff\xd8\xff", format=image_format)

        assert one(photo, 500, 500, format=image_format) == first

    def test_a_stream_gives_the_same_bytes_as_a_file(self) -> None:
        photo = textured(900, 700).jpegsave_buffer(Q=90)

        assert render(MemoryPhotoStream(photo), DEFAULT_RENDITIONS) == render(
            photo, DEFAULT_RENDITIONS
        )

    @pytest.mark.parametrize(
        ("image_format", "expected"), [("webp", "WEBP"), ("jpeg", "JPEG"), ("avif", "AVIF")]
    )
    def test_the_file_has_the_requested_format(self, image_format: str, expected: str) -> None:
        assert sniff(one(quarters().pngsave_buffer(), format=image_format)) == expected


def test_nothing_is_encoded_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = decode(quarters().pngsave_buffer(), Box(64, 64))
    monkeypatch.setattr(thumbnail.render, "decode", lambda *_, **__: picture)

    with pytest.raises(DeadlineExceededError):
        render(b"", DEFAULT_RENDITIONS, deadline=time.monotonic())


def test_nothing_is_decoded_after_the_deadline() -> None:
    photo = quarters().pngsave_buffer()

    with pytest.raises(DeadlineExceededError):
        render(photo, DEFAULT_RENDITIONS, deadline=time.monotonic())


def test_a_12_megapixel_photo_takes_little_memory() -> None:
    """Measured: 57 MB, of which Python and libvips take 27; decoded whole the photo has 36.

    getrusage is not used: a child's peak includes that of its parent.
    """
    photo = textured(4032, 3024).jpegsave_buffer(Q=90)
    code = (
        "import pathlib, re, sys\n"
        "from thumbnail.render import render\n"
        "from thumbnail.renditions import DEFAULT_RENDITIONS\n"
        "render(sys.stdin.buffer.read(), DEFAULT_RENDITIONS)\n"
        "status = pathlib.Path('/proc/self/status').read_text()\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', status)[1])\n"
    )

    peak_kib = subprocess.run(  # noqa: S603  # this very Python
        [sys.executable, "-c", code],
        input=photo,
        capture_output=True,
        check=True,
        env={"PYTHONPATH": "images", "MALLOC_ARENA_MAX": "1"},
        cwd=Path(__file__).parents[2],
    ).stdout

    assert int(peak_kib) / 1024 < 80  # MB
