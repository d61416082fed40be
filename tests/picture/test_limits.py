"""Extract and the decoder refuse a file above a limit, from its header, in the same words."""

import math
from collections.abc import Callable

import pytest

import heicfile
import photofiles as pf
from cputime import cpu_within
from extract.handler import run
from fakes import PHOTOS_BUCKET, MemoryPhotoStream, stored
from formats import PartialFile, sniff, survey
from photofiles import Tag, clap
from picture.decode import Box, decode
from pictures import NO_METADATA, plain
from shared.contracts import ExtractRequest
from shared.errors import (
    PhotoTooLargeError,
    RejectedError,
    TooComplexError,
    TooManyPixelsError,
)
from shared.limits import WAYS

BOX = Box(400, 400)
AVIF = plain((40, 90, 200)).heifsave_buffer(compression="av1", effort=0)
WEBP = plain((40, 90, 200)).webpsave_buffer(lossless=True, keep=NO_METADATA)
INTERLACED = plain((40, 90, 200)).pngsave_buffer(interlace=True)


def tiff(width_px: int, height_px: int, *tags: Tag) -> bytes:
    """Return a TIFF of 1 byte per pixel in strips of 50 rows, which are all the same bytes."""
    strips = math.ceil(height_px / 50)
    page = {
        tag.tag: tag
        for tag in (
            Tag(0x0100, pf.LONG, [width_px]),
            Tag(0x0101, pf.LONG, [height_px]),
            Tag(0x0102, pf.SHORT, [8]),
            Tag(0x0103, pf.SHORT, [1]),
            Tag(0x0106, pf.SHORT, [1]),
            Tag(0x0111, pf.LONG, [8] * strips),
            Tag(0x0115, pf.SHORT, [1]),
            Tag(0x0116, pf.LONG, [50]),
            Tag(0x0117, pf.LONG, [8] * strips),
            *tags,
        )
    }
    return pf.tiff_block([page[number] for number in sorted(page)], gap=bytes(8))


def one_strip(width_px: int, height_px: int) -> bytes:
    return tiff(
        *(width_px, height_px),
        *(Tag(0x0111, pf.LONG, [8]), Tag(0x0116, pf.LONG, [height_px]), Tag(0x0117, pf.LONG, [8])),
    )


# A small file of each way, with any size in its header.
SIZED: dict[str, Callable[[int, int], bytes]] = {
    "JPEG": lambda *size: pf.with_size(pf.jpeg(), *size),
    "PROGRESSIVE_JPEG": lambda *size: pf.with_size(pf.jpeg(progressive=True), *size),
    "PNG": lambda *size: pf.with_size(pf.png(), *size),
    "INTERLACED_PNG": lambda *size: pf.with_size(INTERLACED, *size),
    "WEBP": lambda *size: pf.with_size(WEBP, *size),
    "GIF": lambda *size: pf.with_size(pf.encode(pf.picture(), "GIF"), *size),
    "TIFF": tiff,
    "UNDIVIDED_TIFF": one_strip,
    "HEIC": lambda *size: pf.with_size(heicfile.heic(), *size),
    "AVIF": lambda *size: pf.with_size(AVIF, *size),
}


def way(photo: bytes) -> str:
    image_format = sniff(photo)
    return survey(PartialFile(len(photo), photo), image_format).way or image_format


def refusals(photo: bytes) -> list[tuple[type[RejectedError], str]]:
    """Return how Extract and the decoder refuse `photo`, each within a second of CPU."""
    store, reference = stored(photo)
    found = []
    for refuse in (
        lambda: run(ExtractRequest(photo=reference), store, photos_bucket=PHOTOS_BUCKET),
        lambda: decode(MemoryPhotoStream(photo), BOX),
    ):
        with cpu_within(1), pytest.raises(RejectedError) as caught:
            refuse()
        found.append((caught.type, str(caught.value)))
    return found


def test_each_way_has_a_file_here() -> None:
    assert SIZED.keys() == WAYS.keys()


@pytest.mark.parametrize("name", SIZED)
def test_a_picture_with_more_pixels_than_its_way_allows_is_refused(name: str) -> None:
    side = math.isqrt(WAYS[name].max_megapixels * 1_000_000) + 1
    photo = SIZED[name](side, side)

    extracts, decoders = refusals(photo)

    assert way(photo) == name
    assert extracts == decoders
    assert extracts[0] is TooManyPixelsError
    assert extracts[1].endswith(f"are allowed for {WAYS[name].name}")


ORIENTATION = Tag(0x0112, pf.SHORT, [6])  # width and height are exchanged where it is displayed
TURNED: dict[str, Callable[[int, int], bytes]] = {
    "JPEG": lambda *size: pf.with_size(
        pf.jpeg(before=pf.exif_segment(pf.tiff_block([ORIENTATION]))), *size
    ),
    "PNG": lambda *size: pf.with_size(
        pf.png(pf.chunk(b"eXIf", pf.tiff_block([ORIENTATION]))), *size
    ),
    "TIFF": lambda *size: tiff(*size, ORIENTATION),
}


@pytest.mark.parametrize("name", TURNED)
def test_a_photo_that_is_turned_is_refused_by_its_size_as_coded(name: str) -> None:
    extracts, decoders = refusals(TURNED[name](60_000, 9_000))

    assert extracts == decoders
    assert extracts[1].startswith("60,000 × 9,000 px")


@pytest.mark.parametrize("name", SIZED)
def test_a_file_with_more_bytes_than_its_way_allows_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    smaller = WAYS[name]._replace(max_bytes=100_000)
    monkeypatch.setattr("shared.limits.WAYS", {**WAYS, name: smaller})
    size = 6_000 if name == "UNDIVIDED_TIFF" else 64
    photo = SIZED[name](size, size).ljust(100_001, b"\0")

    extracts, decoders = refusals(photo)

    assert way(photo) == name
    assert extracts == decoders
    assert extracts[0] is PhotoTooLargeError


@pytest.mark.parametrize("name", ["PNG", "INTERLACED_PNG", "TIFF"])
def test_rows_of_more_than_100_000_pixels_are_refused(name: str) -> None:
    extracts, decoders = refusals(SIZED[name](100_001, 5))

    assert extracts == decoders
    assert extracts[0] is TooManyPixelsError


def test_a_sequential_jpeg_in_several_scans_costs_what_a_progressive_one_costs() -> None:
    photo = pf.multiscan_jpeg()
    assert way(photo) == "PROGRESSIVE_JPEG"
    assert decode(photo, BOX).image.bands == 3

    extracts, decoders = refusals(pf.with_size(photo, 12_000, 12_000))

    assert extracts == decoders
    assert "for a progressive JPEG" in extracts[1]


def test_a_jpeg_of_many_scans_may_have_fewer_pixels() -> None:
    extracts, decoders = refusals(pf.with_size(pf.scan_bomb(90), 8_000, 8_000))

    assert extracts == decoders
    assert extracts[0] is TooComplexError


def test_a_tiff_of_many_samples_per_pixel_may_have_fewer_pixels() -> None:
    bits = [Tag(0x0102, pf.SHORT, [8] * 20), Tag(0x0115, pf.SHORT, [20])]
    assert way(tiff(9_000, 9_000, *bits)) == "TIFF"

    extracts, decoders = refusals(tiff(9_500, 9_000, *bits))

    assert extracts == decoders
    assert "83.33 are allowed for a TIFF of 20 bytes per pixel" in extracts[1]


def test_of_a_cropped_heic_what_is_decoded_counts() -> None:
    photo = pf.with_size(heicfile.heic(clap(20, 10)), 8_100, 8_100)

    extracts, decoders = refusals(photo)

    assert extracts == decoders
    assert "8,100 × 8,100 px are 65.6 megapixels" in extracts[1]


def test_of_a_heic_with_tiles_larger_than_the_picture_all_pixels_count() -> None:
    photo = heicfile.heic(tiles=2)
    tile = photo.index(b"ispe") + 8  # the first one is a tile's
    photo = photo[:tile] + (9_000).to_bytes(4) * 2 + photo[tile + 8 :]

    extracts, decoders = refusals(photo)

    assert extracts == decoders
    assert "324.0 megapixels to decode; at most 4.2 are allowed" in extracts[1]


def test_of_a_heic_all_tiles_together_count() -> None:
    photo = heicfile.heic(tiles=20)
    tile = photo.index(b"ispe") + 8
    photo = photo[:tile] + (1_000).to_bytes(4) * 2 + photo[tile + 8 :]

    extracts, decoders = refusals(photo)

    assert extracts == decoders
    assert "400.0 megapixels to decode; at most 6.6 are allowed" in extracts[1]


def test_pictures_nested_deeper_than_any_writer_does_are_refused() -> None:
    photo = heicfile.heic(tiles=2)
    of_itself = photo.replace(
        b"dimg" + bytes([0, 5, 0, 4, 0, 1]), b"dimg" + bytes([0, 5, 0, 4, 0, 5])
    )
    assert of_itself != photo

    assert [error for error, _ in refusals(of_itself)] == [TooComplexError] * 2


def test_a_tiff_in_one_piece_may_have_more_than_libtiffs_own_limit_of_50_mb() -> None:
    side_px = 7_300
    plane_bytes = side_px**2
    page = [
        Tag(0x0100, pf.LONG, [side_px]),
        Tag(0x0101, pf.LONG, [side_px]),
        Tag(0x0102, pf.SHORT, [8] * 3),
        Tag(0x0103, pf.SHORT, [1]),
        Tag(0x0106, pf.SHORT, [2]),
        Tag(0x0111, pf.LONG, [8] * 3),
        Tag(0x0115, pf.SHORT, [3]),
        Tag(0x0116, pf.LONG, [side_px]),
        Tag(0x0117, pf.LONG, [plane_bytes] * 3),
        Tag(0x011C, pf.SHORT, [2]),  # a plane for each sample
    ]
    photo = pf.tiff_block(page, gap=bytes([90]) * plane_bytes)

    assert decode(photo, BOX).image(200, 200) == [90, 90, 90]
