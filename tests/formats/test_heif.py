"""HEIC and AVIF: brands, orientation, crop, end of the file, and the grid of a phone's tiles."""

import struct

import pytest

import photofiles as pf
from formats import PartialFile, Structure, is_truncated, sniff, survey, without_exif
from formats.heif.grid import read_grid
from heicfile import HEIC_WITH_ALPHA, Thumbnail, heic, sized
from shared.errors import TooComplexError
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


def test_empty_boxes_are_skipped_and_only_so_many_are_accepted() -> None:
    photo = pf.heif()
    meta_at = int.from_bytes(photo[:4])

    def padded(boxes: int) -> bytes:
        return photo[:meta_at] + pf.box(b"free") * boxes + photo[meta_at:]

    assert structure_of(padded(MAX_PARTS - 2)).width_px == 40  # and ftyp, and meta
    with pytest.raises(TooComplexError, match="more than 10,000 boxes"):
        structure_of(padded(MAX_PARTS))


def test_a_box_may_have_a_size_of_64_bits_or_reach_to_the_end() -> None:
    large = b"\0\0\0\1mdat" + (16 + 8).to_bytes(8) + bytes(8)
    open_ended = b"\0\0\0\0mdat" + bytes(100)

    for last in (large, open_ended):
        assert not is_truncated(pf.box(b"ftyp", b"heic") + last, "HEIC")
    assert is_truncated(pf.box(b"ftyp", b"heic") + large[:-1], "HEIC")


AVIF = pf.encode(pf.picture(), "AVIF")
TRAILERS = {
    "text": b"    </rdf:Bag>\n  </rdf:RDF>\n</x:xmpmeta>\n",  # by Samsung, from an XMP that shrank
    "Samsung's directory": b"\0\0\1\x0aImage_UTC_Data1617060431000SEFHk\0\0\0SEFT",
    "motion photo": pf.box(b"ftyp", b"mp42", bytes(4)) + pf.box(b"mdat", bytes(50))[:-20],
    "size of 64 bits": b"\0\0\0\1SEFT" + b"\x7f" * 16,
    "short": b"\xff\xff",
    "zeros": bytes(9),
    "ones": b"\xff" * 9,
}


@pytest.mark.parametrize("trailer", TRAILERS.values(), ids=TRAILERS)
def test_bytes_behind_the_last_box_change_nothing(trailer: bytes) -> None:
    block = pf.tiff_block([pf.text(pf.MAKE, "samsung")])
    for meta_last in (False, True):
        described = pf.heif(exif=block, meta_last=meta_last)
        assert structure_of(described + trailer) == structure_of(described)
        assert not is_truncated(described + trailer, "HEIC")
        assert is_truncated(described[:-1], "HEIC")

    for photo in (heic(), heic(tiles=2, thumbnail=Thumbnail()), HEIC_WITH_ALPHA, AVIF):
        assert not is_truncated(photo + trailer, sniff(photo))
        assert is_truncated(photo[:-1], sniff(photo))


def moved_behind_the_end(photo: bytes, item: int) -> bytes:
    """Return a HEIC or AVIF in which the last byte of an item lies behind the end."""
    entry = photo.index(struct.pack(">HHH", item, 0, 1)) + 6
    (size,) = struct.unpack_from(">I", photo, entry + 4)
    return photo[:entry] + struct.pack(">I", len(photo) + 1 - size) + photo[entry + 4 :]


def test_what_the_picture_needs_has_to_be_there() -> None:
    photo = heic(tiles=2, thumbnail=Thumbnail())  # items 1 to 4, 5, and the grid

    assert [is_truncated(moved_behind_the_end(photo, item), "HEIC") for item in range(1, 7)] == [
        True,
        True,
        True,
        True,
        False,  # the tiles show the same
        True,
    ]


def test_alpha_has_to_be_there_and_other_auxiliary_pictures_do_not() -> None:
    in_hevc = b"urn:mpeg:hevc:2015:auxid:1\0"
    in_av1 = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"
    translucent = pf.picture()
    translucent.putalpha(100)
    avif = moved_behind_the_end(pf.encode(translucent, "AVIF"), 2)

    for photo, alpha in ((HEIC_WITH_ALPHA[:-1], in_hevc), (avif, in_av1)):
        assert alpha in photo
        assert is_truncated(photo, sniff(photo))
        for other in (b"urn:com:apple:hdrgainmap", b"urn:mpeg:hevc:2015:auxid:2"):  # 2: depth
            renamed = photo.replace(alpha, other.ljust(len(alpha), b"\0"))
            assert not is_truncated(renamed, sniff(photo))


def test_metadata_has_to_be_there() -> None:
    for photo in (pf.heif(exif=bytes(50)), pf.heif(xmp=b"<x/>")):
        assert not is_truncated(photo, "HEIC")
        assert is_truncated(photo[:-1], "HEIC")

    in_idat = pf.heif(xmp=b"<x/>", in_idat=True, filling_bytes=100)
    whole, longer = (struct.pack(">HHHHII", 2, 1, 0, 1, 0, size) for size in (4, 5))
    assert not is_truncated(in_idat, "HEIC")
    assert is_truncated(in_idat.replace(whole, longer), "HEIC")


def test_items_that_refer_to_each_other_are_looked_at_once() -> None:
    photo = heic(tiles=2)
    grid_of_itself = photo.replace(struct.pack(">HHH", 5, 4, 1), struct.pack(">HHH", 5, 4, 5))

    assert grid_of_itself != photo
    assert not is_truncated(grid_of_itself, "HEIC")


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


def test_a_decoder_gets_the_items_without_those_of_exif() -> None:
    exif = pf.tiff_block([pf.text(pf.MAKE, "Exif")])
    photo = pf.heif(exif=exif, xmp=pf.xmp())

    changed = without_exif(photo)

    assert len(changed) == len(photo)
    assert structure_of(photo).exif == exif
    assert structure_of(changed).exif is None
    assert structure_of(changed).xmp == pf.xmp()
    assert exif in changed
