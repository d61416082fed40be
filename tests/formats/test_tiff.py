"""TIFF: packed directories are readable, hostile ones cost nothing, and the end is known."""

import io
from collections.abc import Callable

import exifread
import pytest
from PIL import Image

import photofiles as pf
from cputime import cpu_within
from formats import PartialFile, is_truncated, pack_tiff, read_tiff


@pytest.mark.parametrize("order", ["<", ">"])
def test_other_readers_read_packed_entries(order: str) -> None:
    block = pf.tiff_block(
        [pf.text(pf.MAKE, "ACME"), pf.Tag(pf.ORIENTATION, pf.SHORT, [6])],
        [pf.Tag(pf.EXPOSURE_TIME, pf.RATIONAL, [1, 250]), pf.text(pf.LENS_MODEL, "50 mm")],
        pf.gps(),
        order="<" if order == "<" else ">",
    )

    packed = pack_tiff(read_tiff(PartialFile(len(block), block)))

    tags = exifread.process_file(io.BytesIO(packed), details=False)
    assert str(tags["Image Make"]) == "ACME"
    assert str(tags["EXIF ExposureTime"]) == "1/250"
    assert str(tags["GPS GPSLatitude"]) == "[48, 51, 30]"
    exif = Image.Exif()
    exif.load(packed)
    assert (exif[pf.MAKE], exif[pf.ORIENTATION]) == ("ACME", 6)
    assert exif.get_ifd(pf.EXIF_IFD)[pf.LENS_MODEL] == "50 mm"
    assert exif.get_ifd(pf.GPS_IFD)[pf.LATITUDE] == (48, 51, 30)


BOMBS: dict[str, Callable[[], bytes]] = {
    "one directory as its own Exif": lambda: pf.tiff_block([pf.Tag(pf.EXIF_IFD, pf.LONG, [8])]),
    "65,535 entries": lambda: (
        b"II*\0\x08\0\0\0\xff\xff" + pf.tiff_block([pf.text(pf.MAKE, "A")])[10:22] * 65_535
    ),
    "4 G values": lambda: pf.tiff_block([pf.Tag(pf.MAKE, pf.ASCII, b"", 0xFFFFFFFF, 8)]),
    "offset past the end": lambda: pf.tiff_block([pf.Tag(pf.MAKE, pf.ASCII, b"", 20, 0xFFFFFFF0)]),
    "5,000 pointers to 5,000 entries": lambda: (
        b"II*\0\x08\0\0\0\x88\x13"
        + pf.tiff_block([pf.Tag(pf.GPS_IFD, pf.LONG, [8])])[10:22] * 5_000
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_directory_costs_nothing(name: str) -> None:
    block = BOMBS[name]()

    with cpu_within(0.1):
        packed = pack_tiff(read_tiff(PartialFile(len(block), block)))

    assert len(packed) < 100_000


@pytest.mark.parametrize("field_type", [pf.SHORT, pf.LONG])
@pytest.mark.parametrize("tags", [(0x0111, 0x0117), (0x0144, 0x0145)], ids=["strips", "tiles"])
def test_the_last_strip_or_tile_tells_where_the_file_ends(
    tags: tuple[int, int], field_type: int
) -> None:
    offsets, byte_counts = tags
    block = pf.tiff_block(
        [pf.Tag(offsets, field_type, [8, 1_000]), pf.Tag(byte_counts, field_type, [10, 500])]
    )
    whole = block.ljust(1_500, b"\0")

    assert not is_truncated(whole, "TIFF")
    assert is_truncated(whole[:-1], "TIFF")
