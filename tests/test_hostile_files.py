"""Small files that would cost minutes are refused, or decoded, within a second of CPU time."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import pytest

import bombs
from fuzzing import Fuzzer
from photofiles import chunk, encode, jpeg, picture, png, webp
from picture.decode import Box, decode
from pictures import difference

MAX_CPU_SECONDS: Final = 2.0  # a tenth, on a machine at rest: see the printed table
MAX_MEMORY_MB: Final = 300
REFUSED, DECODED = "TooComplexError", "ok"


class Case(NamedTuple):
    """A hostile file, and what Extract and the decoder make of it."""

    photo: Callable[[], bytes]
    extract: str = REFUSED
    decoder: str = REFUSED


# Where Extract accepts, the cost stands behind what it reads, and the decoder does not meet it.
CASES: Final = {
    "JPEG, 5,000,000 segments before the picture": Case(
        lambda: bombs.jpeg_segments(5_000_000, behind_scan=False)
    ),
    "JPEG, 250,000 comments before the picture": Case(
        lambda: bombs.jpeg_segments(250_000, behind_scan=False, empty=b"\xff\xfe\0\2")
    ),
    "progressive JPEG, 5,000,000 segments behind the first scan": Case(
        lambda: bombs.jpeg_segments(5_000_000, behind_scan=True)
    ),
    "progressive JPEG, the same far behind it": Case(
        lambda: bombs.jpeg_segments(5_000_000, behind_scan=True, side_px=1_600), extract=DECODED
    ),
    "JPEG, 1,000,000 restart markers": Case(
        lambda: bombs.jpeg_restarts(1_000_000), DECODED, DECODED
    ),
    "JPEG, 20,000,000 bytes of filling": Case(
        lambda: bombs.jpeg_filling(20_000_000), DECODED, DECODED
    ),
    "JPEG, 1,000,000 stray bytes between segments": Case(lambda: bombs.jpeg_stray_bytes(1_000_000)),
    "PNG, 2,000,000 texts before the pixels": Case(lambda: bombs.png_texts(2_000_000)),
    "PNG, 2,000,000 chunks of no known kind": Case(lambda: bombs.png_texts(2_000_000, b"abCd")),
    "PNG, 2,000,000 chunks of pixels": Case(
        lambda: bombs.png_pixels_in_bytes(2_000_000), extract=DECODED
    ),
    "PNG, a profile of 1 GB": Case(lambda: bombs.png_profile_bomb(1_000_000_000), DECODED, DECODED),
    "PNG, 2,000 texts of 10 MB": Case(
        lambda: bombs.png_text_bombs(2_000, 10_000_000), DECODED, DECODED
    ),
    "PNG, a tail of chunk names": Case(lambda: bombs.png_chunk_names(16_384), DECODED, DECODED),
    "WebP, 50,000 frames": Case(lambda: bombs.webp_frames(50_000), DECODED, DECODED),
    "WebP, 50,000 frames and metadata": Case(lambda: bombs.webp_frames(50_000, flags=0x0A)),
    "WebP, 1,000,000 chunks": Case(lambda: bombs.webp_chunks(1_000_000)),
    "GIF, 1,000,000 frames": Case(lambda: bombs.gif_frames(1_000_000), DECODED, DECODED),
    "GIF, a comment in 10,000,000 parts": Case(lambda: bombs.gif_blocks(10_000_000)),
    "GIF, pixels in 10,000,000 parts": Case(
        lambda: bombs.gif_pixel_blocks(10_000_000), DECODED, DECODED
    ),
    "GIF without a screen, 8,000,000 extensions": Case(
        lambda: bombs.gif_extensions(8_000_000, screen=bytes(4))
    ),
    "TIFF, 65,000 lists of strips": Case(lambda: bombs.tiff_entries(65_000, 250_000)),
    "TIFF, 1,000 lists of strips": Case(lambda: bombs.tiff_entries(1_000, 250_000)),
    "TIFF, 1,000 unknown tags of 1 MB": Case(lambda: bombs.tiff_entries(1_000, 250_000, None)),
    "TIFF, 28,000 unknown tags": Case(lambda: bombs.tiff_entries(28_000, 1, None)),
    "TIFF, 50,000 pages": Case(lambda: bombs.tiff_pages(50_000), DECODED, DECODED),
    "TIFF, 60,000 strips of the same 500 kB": Case(
        lambda: bombs.tiff_shared_strips(60_000, 500_000), extract=DECODED
    ),
    "EXIF, 5,000 entries of 60,000 bytes": Case(
        lambda: bombs.exif_entries(5_000, 60_000), DECODED, DECODED
    ),
    "EXIF in a PNG, 65,000 entries of 250,000 bytes": Case(
        lambda: bombs.png_exif_entries(65_000, 250_000), DECODED, DECODED
    ),
    **{
        f"EXIF of 4,000 directories, {name}": Case(make, DECODED, DECODED)
        for name, make in {
            "JPEG": lambda: jpeg(exif=bombs.exif_directories(4_000)),
            "PNG": lambda: png(chunk(b"eXIf", bombs.exif_directories(4_000))),
            "WEBP": lambda: webp(exif=bombs.exif_directories(4_000)),
            "AVIF": lambda: bombs.avif(bombs.exif_directories(4_000)),
        }.items()
    },
    "EXIF in a loop": Case(bombs.exif_loop, DECODED, DECODED),
    "HEIC, 45,000 items": Case(lambda: bombs.heif_items(45_000)),
    "HEIC, 3,000,000 boxes": Case(lambda: bombs.heif_boxes(3_000_000)),
    "HEIC, properties of 200,000 items": Case(
        lambda: bombs.heif_associations(200_000), DECODED, "UnreadablePhotoError"
    ),
    "HEIC, 120,000 properties": Case(lambda: bombs.heif_properties(120_000)),
    "HEIC, a picture laid over itself 9,000 times": Case(lambda: bombs.heif_overlay(9_000)),
    "XMP, 250,000 elements": Case(lambda: bombs.xmp_elements(250_000), DECODED, DECODED),
    "XMP, 300,000 elements in each other": Case(
        lambda: bombs.xmp_nesting(300_000), DECODED, DECODED
    ),
    "XMP, 120,000 names of 500,000 characters": Case(
        lambda: bombs.xmp_names(120_000, 500_000), decoder=DECODED
    ),
    "IPTC, 1,000,000 datasets": Case(lambda: bombs.iptc_datasets(1_000_000), decoder=DECODED),
    "1,000,000 Photoshop resources": Case(lambda: bombs.photoshop_resources(1_000_000)),
}


@pytest.fixture(scope="module")
def fuzzer() -> Iterator[Fuzzer]:
    running = Fuzzer()
    yield running
    running.stop()


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_costs_no_more_than_a_photo(fuzzer: Fuzzer, name: str) -> None:
    case = CASES[name]
    photo = case.photo()

    spent = fuzzer.spend(photo)

    print(f"{len(photo) / 1e6:5.1f} MB {spent.cpu_seconds:5.2f} s {spent.memory_mb:4.0f} MB {name}")  # noqa: T201  # with pytest -s
    extract, decoder = spent.outcomes
    assert (extract.partition(":")[0], decoder.partition(":")[0]) == (case.extract, case.decoder)
    if case.extract == case.decoder == REFUSED:
        assert extract == decoder  # in the same words
    assert spent.cpu_seconds < MAX_CPU_SECONDS
    assert spent.memory_mb < MAX_MEMORY_MB


def test_an_animation_is_shown_by_its_first_frame() -> None:
    for image_format in ("WEBP", "GIF"):
        first, second = picture(64, 48), picture(64, 48).rotate(180)
        animation = encode(first, image_format, save_all=True, append_images=[second] * 3)
        still = encode(first, image_format)

        shown = [
            decode(photo, Box(64, 48)).image.extract_band(0, n=3) for photo in (animation, still)
        ]

        assert difference(*shown) < 1
