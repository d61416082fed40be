"""The recorded size is the one that decoders show, and so renditions have it too."""

from collections.abc import Callable
from pathlib import Path

import pytest
import pyvips

import photofiles as pf
from picture.box import Box
from picture.decode import decode
from picture.heic import HeifFile
from reading import extracted

ENTRIES: dict[str, list[pf.Tag]] = {
    **{str(n): [pf.Tag(pf.ORIENTATION, pf.SHORT, [n])] for n in (*range(10), 65_535)},
    "ASCII": [pf.text(pf.ORIENTATION, "6")],
    "LONG": [pf.Tag(pf.ORIENTATION, pf.LONG, [6])],
    "BYTE": [pf.Tag(pf.ORIENTATION, pf.BYTE, [6])],
    "signed byte": [pf.Tag(pf.ORIENTATION, 6, [6])],
    "signed short": [pf.Tag(pf.ORIENTATION, 8, [6])],
    "signed long": [pf.Tag(pf.ORIENTATION, 9, [6])],
    "negative": [pf.Tag(pf.ORIENTATION, 9, [-6])],
    "UNDEFINED": [pf.Tag(pf.ORIENTATION, pf.UNDEFINED, b"\6")],
    "RATIONAL": [pf.Tag(pf.ORIENTATION, pf.RATIONAL, [6, 1])],
    "RATIONAL 12/2": [pf.Tag(pf.ORIENTATION, pf.RATIONAL, [12, 2])],
    "DOUBLE": [pf.Tag(pf.ORIENTATION, pf.DOUBLE, [6])],
    "IFD": [pf.Tag(pf.ORIENTATION, pf.IFD, [6])],
    "unknown field type": [pf.Tag(pf.ORIENTATION, 99, b"\6\0")],
    "two values": [pf.Tag(pf.ORIENTATION, pf.SHORT, [6, 1])],
    "three values": [pf.Tag(pf.ORIENTATION, pf.SHORT, [1, 6, 6])],
    "no value": [pf.Tag(pf.ORIENTATION, pf.SHORT, [6], items=0)],
    "two entries": [pf.Tag(pf.ORIENTATION, pf.SHORT, [n]) for n in (1, 6)],
    "two entries, the first sideways": [pf.Tag(pf.ORIENTATION, pf.SHORT, [n]) for n in (6, 1)],
}

CONTAINERS: dict[str, Callable[[bytes], bytes]] = {
    "JPEG": lambda block: pf.jpeg(exif=block),
    "PNG": lambda block: pf.png(pf.chunk(b"eXIf", block)),
    "WEBP": lambda block: pf.webp(exif=block),
}

UPRIGHT, SIDEWAYS = (
    pf.tiff_block([pf.Tag(pf.ORIENTATION, pf.SHORT, [orientation])]) for orientation in (1, 6)
)

ODD_FILES = {
    "two APP1": pf.jpeg(before=pf.exif_segment(SIDEWAYS), exif=UPRIGHT),
    "two APP1, the second sideways": pf.jpeg(before=pf.exif_segment(UPRIGHT), exif=SIDEWAYS),
    "a broken APP1 first": pf.jpeg(before=pf.exif_segment(b"junk"), exif=SIDEWAYS),
    "an empty APP1 first": pf.jpeg(before=pf.exif_segment(b""), exif=SIDEWAYS),
    "an APP1 without entries first": pf.jpeg(
        before=pf.exif_segment(pf.tiff_block()), exif=SIDEWAYS
    ),
    "APP1 with other padding": pf.jpeg(before=pf.segment(0xE1, b"Exif\0\xff" + SIDEWAYS)),
    "APP1 in two": pf.jpeg(before=pf.exif_segment(SIDEWAYS[:20]) + pf.exif_segment(SIDEWAYS[20:])),
    "PNG, late": pf.png(late=[pf.chunk(b"eXIf", SIDEWAYS)]),
    "PNG, twice": pf.png(pf.chunk(b"eXIf", SIDEWAYS), pf.chunk(b"eXIf", UPRIGHT)),
    "PNG, with a name": pf.png(pf.chunk(b"eXIf", b"Exif\0\0" + SIDEWAYS)),
    "PNG, as text": pf.png(pf.raw_profile(b"exif", b"Exif\0\0" + SIDEWAYS)),
    "PNG, as text too": pf.png(
        pf.raw_profile(b"exif", b"Exif\0\0" + SIDEWAYS), pf.chunk(b"eXIf", UPRIGHT)
    ),
    "WebP, with a name": pf.webp(exif=b"Exif\0\0" + SIDEWAYS),
    "WebP without its flag": pf.webp(exif=SIDEWAYS, flags=0),
    "WebP without a header": pf.webp(exif=SIDEWAYS, simple=True),
}
TURNED_BY_US = {
    "a broken APP1 first",
    "an empty APP1 first",
    "an APP1 without entries first",
    "WebP without its flag",
    "WebP without a header",
}


def displayed_by_libvips(data: bytes) -> tuple[int, int]:
    image = pyvips.Image.new_from_buffer(data, "").autorot()
    return image.width, image.height


def displayed_by_thumbnail(data: bytes) -> tuple[int, int]:
    picture = decode(data, Box(40, 40))
    assert (picture.image.width, picture.image.height) == (picture.width_px, picture.height_px)
    return picture.width_px, picture.height_px


def displayed_by_us(data: bytes) -> tuple[int, int]:
    image = extracted(data).image
    return image.width_px, image.height_px


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", ENTRIES)
def test_exif_rotates_the_record_like_the_rendition(name: str, container: str, order: str) -> None:
    block = pf.tiff_block(ENTRIES[name], order="<" if order == "<" else ">")
    photo = CONTAINERS[container](block)

    assert displayed_by_us(photo) == displayed_by_libvips(photo)


@pytest.mark.parametrize("name", ENTRIES)
def test_tiff_rotates_the_record_like_the_rendition(name: str) -> None:
    photo = pf.tiff_file(ENTRIES[name])

    assert displayed_by_us(photo) == displayed_by_libvips(photo)


@pytest.mark.parametrize("name", ODD_FILES)
def test_an_odd_file_rotates_the_record_like_the_rendition(name: str) -> None:
    photo = ODD_FILES[name]

    assert displayed_by_us(photo) == displayed_by_thumbnail(photo)
    assert displayed_by_us(photo) == (30, 40) or name not in TURNED_BY_US


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("container", ["JPEG", "WebP"])
def test_an_orientation_that_libvips_misses_turns_the_rendition(
    container: str, orientation: int
) -> None:
    block = pf.tiff_block([pf.Tag(pf.ORIENTATION, pf.SHORT, [orientation])])
    photos = {
        "JPEG": (pf.jpeg(before=pf.exif_segment(b""), exif=block), pf.jpeg(exif=block)),
        "WebP": (pf.webp(exif=block, flags=0), pf.webp(exif=block)),
    }

    odd, plain = (decode(photo, Box(40, 40)) for photo in photos[container])

    assert odd.image.write_to_memory() == plain.image.write_to_memory()
    assert (odd.width_px, odd.height_px) == (plain.width_px, plain.height_px)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_recorded(orientation: int) -> None:
    block = pf.tiff_block([pf.Tag(pf.ORIENTATION, pf.SHORT, [orientation])])

    assert extracted(pf.jpeg(exif=block)).image.orientation == orientation


@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif_rotates_the_record_like_the_rendition(orientation: int) -> None:
    """Pillow's encoder converts an EXIF orientation to irot and imir, which decoders apply."""
    block = pf.tiff_block([pf.Tag(pf.ORIENTATION, pf.SHORT, [orientation])])
    photo = pf.encode(pf.picture(), "AVIF", exif=b"Exif\0\0" + block)

    assert displayed_by_us(photo) == displayed_by_libvips(photo)
    assert extracted(photo).image.orientation == orientation


@pytest.mark.photos
def test_every_real_heic_is_recorded_as_libheif_shows_it(photos_folder: Path) -> None:
    paths = [path for path in photos_folder.rglob("*") if path.suffix.lower() in {".heic", ".heif"}]

    assert len(paths) >= 7
    for path in paths:
        photo = path.read_bytes()
        assert displayed_by_us(photo) == HeifFile(photo).size, path.name
