"""HEIC and AVIF: brands, orientation, crop, end of the file, and the grid of a phone's tiles."""

import struct

import pytest

import photofiles as pf
from formats import PartialFile, Structure, is_truncated, sniff, survey
from formats.heif.grid import read_grid
from heicfile import heic, sized
from shared.limits import MAX_PARTS


def structure_of(data: bytes) -> Structure:
    return survey(PartialFile(len(data), data), sniff(data))


@pytest.mark.parametrize(
    ("brand", "compatible", "expected"),
    [
        (b"heic", b"mif1", "HEIC"),
        (b"mif1", b"heic", "HEIC"),
        (b"mif1", b"avif", "AVIF"),
        (b"avif", b"heic", "AVIF"),
        (b"msf1", b"hevc", "HEIC"),
    ],
)
def test_brands_tell_the_format(brand: bytes, compatible: bytes, expected: str) -> None:
    assert sniff(pf.box(b"ftyp", brand, bytes(4), compatible)) == expected


@pytest.mark.parametrize(
    ("transforms", "orientation"),
    [
        ([], 1),
        ([pf.imir(1)], 2),
        ([pf.irot(2)], 3),
        ([pf.imir(0)], 4),
        ([pf.irot(3), pf.imir(1)], 5),
        ([pf.irot(3)], 6),
        ([pf.irot(3), pf.imir(0)], 7),
        ([pf.irot(1)], 8),
        ([pf.imir(1), pf.irot(1)], 5),  # mirrored first, so turned the other way round
    ],
)
def test_properties_tell_the_orientation(transforms: list[bytes], orientation: int) -> None:
    sideways = pf.tiff_block([pf.Tag(pf.ORIENTATION, pf.SHORT, [6])])

    assert structure_of(pf.heif(transforms=transforms, exif=sideways)).orientation == orientation


def test_the_size_is_that_of_the_clean_aperture() -> None:
    structure = structure_of(pf.heif(transforms=[pf.clap(20, 10), pf.irot(1)]))

    assert (structure.width_px, structure.height_px) == (20, 10)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_the_one_that_an_encoder_was_given(orientation: int) -> None:
    """Pillow's AVIF encoder turns an EXIF orientation into irot and imir."""
    block = pf.tiff_block([pf.Tag(pf.ORIENTATION, pf.SHORT, [orientation])])
    avif = pf.encode(pf.picture(), "AVIF", exif=b"Exif\0\0" + block)

    assert structure_of(avif).orientation == orientation


def test_empty_boxes_are_skipped_and_only_so_many_are_read() -> None:
    photo = pf.heif()
    meta_at = int.from_bytes(photo[:4])

    for boxes, width_px in [(MAX_PARTS - 2, 40), (MAX_PARTS, None)]:  # and ftyp, and meta
        padded = photo[:meta_at] + pf.box(b"free") * boxes + photo[meta_at:]
        assert structure_of(padded).width_px == width_px


def test_a_box_may_have_a_size_of_64_bits_or_reach_to_the_end() -> None:
    large = b"\0\0\0\1mdat" + (16 + 8).to_bytes(8) + bytes(8)
    open_ended = b"\0\0\0\0mdat" + bytes(100)

    for last in (large, open_ended):
        assert not is_truncated(pf.box(b"ftyp", b"heic") + last, "HEIC")
    assert is_truncated(pf.box(b"ftyp", b"heic") + large[:-1], "HEIC")


def test_tiles_are_a_grid_only_if_they_just_cover_the_picture() -> None:
    photo = heic(tiles=2)

    assert all(read_grid(sized(photo, 128, side_px)) for side_px in (65, 127, 128))
    assert not any(read_grid(sized(photo, 128, side_px)) for side_px in (1, 64, 129))
    assert read_grid(sized(photo, 128, 127, in_header=False)) is None
    assert read_grid(photo.replace(b"\0\0\1\1\0\x80", b"\0\0\1\2\0\x80")) is None  # 6 tiles


def test_a_tile_is_no_larger_than_the_picture() -> None:
    """The size of the picture is checked, and a single tile could be cut to any size."""
    whole = (struct.pack(">II", 64, 64), struct.pack(">II", 9_000, 9_000))
    huge_tile = heic(tiles=1).replace(*whole, 1)

    assert read_grid(huge_tile.replace(*whole)) is None
    assert read_grid(huge_tile) is None


def test_the_tiles_together_are_no_longer_than_the_file() -> None:
    """Or a file of 1 MB could cost as much time as one of 256 MB."""
    photo = heic(tiles=2)
    first, second = (struct.pack(">HHH", item, 0, 1) for item in (1, 2))
    at, size_at = photo.index(first) + 6, photo.index(second) + 6
    long = struct.pack(">II", 0, len(photo))  # where each tile is: the whole file

    shared_body = photo[:at] + long + photo[at + 8 : size_at] + long + photo[size_at + 8 :]

    assert read_grid(shared_body) is None
