"""Types, sizes and where the metadata is, from the structure of every accepted container."""

import io
import struct
import time
import zlib
from collections.abc import Callable

import exifread
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import photofiles as pf
from formats import (
    MIME_TYPES,
    PartialFile,
    Structure,
    count_jpeg_scans,
    pack_tiff,
    read_tiff,
    sniff,
    survey,
)
from shared.errors import UnsupportedTypeError

EXIF = pf.tiff_block([pf.text(pf.MAKE, "ACME")], [pf.text(pf.DATE_TIME_ORIGINAL, "2016:04:09")])
XMP = pf.xmp(pf.bag("dc:subject", "dog"))
IPTC = pf.dataset(25, b"cat")

FILES = {
    "JPEG": pf.jpeg(exif=EXIF, xmp=XMP, iptc=IPTC),
    "JPEG progressive": pf.jpeg(exif=EXIF, progressive=True),
    "PNG": pf.png(pf.chunk(b"eXIf", EXIF), pf.xmp_chunk(XMP)),
    "PNG late": pf.png(late=[pf.chunk(b"eXIf", EXIF), pf.xmp_chunk(XMP, compressed=True)]),
    "PNG raw profiles": pf.png(
        pf.raw_profile(b"exif", b"Exif\0\0" + EXIF),
        pf.raw_profile(b"8bim", pf.photoshop(b"\x04\x04", IPTC)),
    ),
    "WEBP": pf.webp(exif=EXIF, xmp=XMP),
    "WEBP odd": pf.webp(exif=EXIF, xmp=XMP, filling_bytes=401),
    "WEBP lossless": pf.encode(pf.picture(), "WEBP", lossless=True),
    "WEBP simple": pf.encode(pf.picture(), "WEBP"),
    "GIF": pf.encode(pf.picture(), "GIF"),
    "TIFF": pf.tiff_file([pf.text(pf.MAKE, "ACME"), pf.Tag(0x02BC, pf.BYTE, XMP)], gps=pf.gps()),
    "TIFF big-endian": pf.tiff_file([pf.text(pf.MAKE, "ACME")], order=">"),
    "HEIC": pf.heif(exif=EXIF, xmp=XMP, transforms=[pf.irot(1), pf.imir(0)]),
    "HEIC behind a large box": pf.heif(exif=EXIF, xmp=XMP, in_idat=True).replace(
        b"mif1heic", b"mif1heic" + struct.pack(">I4sQ", 1, b"free", 20) + b"meta"
    ),
    "HEIC in idat": pf.heif(exif=EXIF, xmp=XMP, in_idat=True),
    "AVIF": pf.encode(pf.picture(), "AVIF", exif=b"Exif\0\0" + EXIF, xmp=XMP),
}
WITH_EXIF = [name for name in FILES if name.split()[-1] not in {"lossless", "simple", "GIF"}]
WITH_XMP = ["JPEG", "PNG", "PNG late", "WEBP", "TIFF", "HEIC", "HEIC in idat", "AVIF"]


def structure_of(data: bytes) -> Structure:
    return survey(PartialFile(len(data), data), sniff(data))


@pytest.mark.parametrize("name", FILES)
def test_names_the_type_by_the_first_bytes(name: str) -> None:
    assert sniff(FILES[name][:64]) == name.split(maxsplit=1)[0]
    assert sniff(FILES[name]) in MIME_TYPES


@pytest.mark.parametrize(
    ("head", "guess"),
    [
        (b"%PDF-1.7", "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\xef\xbb\xbf <?xml version='1.0'?><svg/>", "XML"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\xff\x0a\xfa\x7f", "JPEG XL"),
        (b"BM6\0\0\0", "Windows bitmap"),
        (b"II+\0\x08\0\0\0", "BigTIFF"),
        (b"II*\0\x10\0\0\0CR\x02\0", "no image"),
        (pf.box(b"ftyp", b"mp42", bytes(4), b"isom"), "mp42"),
        (pf.box(b"ftyp", b"mif1", bytes(4), b"jpeg"), "mif1"),
        (b"push graphic-context", "no image"),
        (b"P6 1 1 255 ", "no image"),
        (b"\xff\xd8", "no image"),
        (b"RIFF\0\0\0\0AVI ", "no image"),
        (b"", "nothing"),
    ],
)
def test_refuses_every_other_type_and_says_what_it_seems_to_be(head: bytes, guess: str) -> None:
    with pytest.raises(UnsupportedTypeError, match=guess):
        sniff(head)


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
def test_names_heif_by_its_brands(brand: bytes, compatible: bytes, expected: str) -> None:
    assert sniff(pf.box(b"ftyp", brand, bytes(4), compatible)) == expected


@pytest.mark.parametrize("name", FILES)
def test_finds_the_size(name: str) -> None:
    structure = structure_of(FILES[name])

    assert (structure.width_px, structure.height_px) == (40, 30)
    assert structure.missing is None


@pytest.mark.parametrize("name", WITH_EXIF)
def test_finds_exif(name: str) -> None:
    block = structure_of(FILES[name]).exif or b""

    assert [entry.value for entry in read_tiff(PartialFile(len(block), block)).ifd0] == [b"ACME\0"]


@pytest.mark.parametrize("name", WITH_XMP)
def test_finds_xmp(name: str) -> None:
    assert (structure_of(FILES[name]).xmp or b"").rstrip(b"\0") == XMP


def test_finds_xmp_in_gif() -> None:
    gif = pf.encode(pf.picture(), "GIF")
    block = b"\x21\xff\x0bXMP DataXMP" + XMP + b"\x01" + bytes(range(255, -1, -1)) + b"\0"

    assert structure_of(gif[:-1] + block + gif[-1:]).xmp == XMP


@pytest.mark.parametrize("name", ["JPEG", "PNG raw profiles"])
def test_finds_iptc(name: str) -> None:
    assert structure_of(FILES[name]).iptc == IPTC


def test_only_what_its_checksum_proves_is_a_chunk_of_a_png() -> None:
    """Of a large PNG the tail is read, which begins inside some chunk."""
    pixels = bytes(70_000) + pf.chunk(b"eXIf", b"not a chunk")[:-4]
    late = [pf.chunk(b"IDAT", pixels), pf.chunk(b"eXIf", EXIF)]
    photo = pf.png(filling_bytes=400_000, late=late)
    file = PartialFile(len(photo), photo[:1_000])
    file.add(len(photo) - 65_536, photo[-65_536:])

    assert survey(file, "PNG").exif == EXIF


def test_a_png_whose_pixels_are_not_reached_is_missing_what_comes_next() -> None:
    """Its tail may be known already: an eXIf found there is not one from before the pixels."""
    text = pf.chunk(b"tEXt", bytes(200_000))
    photo = pf.png(text, late=[pf.chunk(b"eXIf", EXIF)], filling_bytes=400_000)
    file = PartialFile(len(photo), photo[:1_000])
    file.add(len(photo) - 65_536, photo[-65_536:])

    found = survey(file, "PNG")

    assert found.missing == (33 + 8, 33 + 8 + 200_000 - 1)
    assert found.exif is None


def test_joins_exif_that_one_segment_cannot_hold() -> None:
    block = pf.tiff_block([pf.text(pf.DESCRIPTION, "x" * 100_000)])
    rest = block[65_527:]

    found = structure_of(pf.jpeg(before=pf.exif_segment(block[:65_527]) + pf.exif_segment(rest)))

    assert found.exif == block


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
        ([pf.imir(1), pf.irot(1)], 5),  # mirrored first, and so turned the other way round
    ],
)
def test_heif_is_turned_by_its_properties(transforms: list[bytes], orientation: int) -> None:
    sideways = pf.tiff_block([pf.Tag(pf.ORIENTATION, pf.SHORT, [6])])

    assert structure_of(pf.heif(transforms=transforms, exif=sideways)).orientation == orientation


def test_heif_is_cropped_by_its_aperture() -> None:
    structure = structure_of(pf.heif(transforms=[pf.clap(20, 10), pf.irot(1)]))

    assert (structure.width_px, structure.height_px) == (20, 10)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heif_turns_as_the_encoder_meant(orientation: int) -> None:
    """Pillow's AVIF encoder turns an EXIF orientation into irot and imir."""
    block = pf.tiff_block([pf.Tag(pf.ORIENTATION, pf.SHORT, [orientation])])
    avif = pf.encode(pf.picture(), "AVIF", exif=b"Exif\0\0" + block)

    assert structure_of(avif).orientation == orientation


@pytest.mark.parametrize(
    ("data", "scans"),
    [
        (pf.jpeg(), 1),
        (pf.jpeg(exif=b"\xff\xda\0\4" * 50), 1),
        (pf.encode(pf.picture(), "JPEG", progressive=True), 10),
        (pf.scan_bomb(300), 300),
        (pf.jpeg() + pf.jpeg() * 3, 1),
        (pf.jpeg()[:-2] + pf.jpeg()[pf.jpeg().rindex(b"\xff\xda") :] * 50, 1),
        (b"\xff\xd8\xff", 0),
        (b"", 0),
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
def test_counts_the_scans_that_a_decoder_would_run_through(data: bytes, scans: int) -> None:
    assert count_jpeg_scans(data) == scans


def test_counts_the_scans_of_a_large_bomb_quickly() -> None:
    bomb = pf.scan_bomb(20_000)
    started = time.process_time()

    assert count_jpeg_scans(bomb) == 20_000
    assert time.process_time() - started < 3  # seconds: a tenth of one, on a machine at rest


@pytest.mark.parametrize("order", ["<", ">"])
def test_packed_entries_read_the_same_to_others(order: str) -> None:
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
    started = time.process_time()

    packed = pack_tiff(read_tiff(PartialFile(len(block), block)))

    assert len(packed) < 100_000
    assert time.process_time() - started < 0.1


def test_a_bomb_of_text_is_inflated_no_further_than_metadata_may_be_long() -> None:
    bomb = pf.xmp_chunk(bytes(50_000_000), compressed=True)

    assert len(structure_of(pf.png(bomb)).xmp or b"") == 1_048_576


SLOW_FILES: dict[str, Callable[[], bytes]] = {
    "50,000 PNG texts": lambda: pf.png(*[pf.chunk(b"tEXt", b"Raw profile type exif\0x")] * 50_000),
    "250 PNG texts that inflate": lambda: pf.png(
        *[pf.chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"0 " * 500_000))] * 250
    ),
    "JPEG of 6 million segments": lambda: b"\xff\xd8" + b"\xff\xe0\0\2" * 6_000_000,
    "JPEG of 400 full segments": lambda: (
        b"\xff\xd8" + pf.segment(0xED, b"Photoshop 3.0\0".ljust(65_533, b"8")) * 400
    ),
    "JPEG of 400 full EXIF segments": lambda: b"\xff\xd8" + pf.exif_segment(bytes(65_527)) * 400,
    "JPEG of padding": lambda: b"\xff\xd8" + b"\xff" * 25_000_000,
    "WebP of 3 million chunks": lambda: pf.webp(exif=b"").replace(
        b"EXIF", b"JUNK\0\0\0\0" * 3_000_000 + b"EXIF"
    ),
    "HEIF of 3 million boxes": lambda: (
        pf.box(b"ftyp", b"heic", bytes(4)) + b"\0\0\0\x08free" * 3_000_000
    ),
    "HEIF of 100,000 items": lambda: (
        pf.box(b"ftyp", b"heic", bytes(4))
        + pf.box(
            b"meta",
            bytes(4),
            pf.box(b"iinf", bytes(6), pf.box(b"infe", b"\2\0\0\0\0\7\0\0Exif\0")),
            pf.box(b"iloc", b"\0\0\0\0\0\0\xff\xff", b"\0\1\0\0\xff\xff" * 100_000),
        )
    ),
}


@pytest.mark.parametrize("name", SLOW_FILES)
def test_no_file_of_many_parts_is_walked_for_long(name: str) -> None:
    photo = SLOW_FILES[name]()
    started = time.process_time()

    structure_of(photo)

    assert time.process_time() - started < 3  # seconds: a tenth of one, on a machine at rest


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes, int]:
    """Return a valid file's format, its bytes after some mutations, and how many are known."""
    name = draw(st.sampled_from(sorted(FILES)))
    data = bytearray(FILES[name])
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(12, len(data) - 1))
        edit = draw(
            st.binary(min_size=1, max_size=4) | st.sampled_from([b"\xff\xff\xff\xff", bytes(4)])
        )
        data[at : at + len(edit)] = edit
    cut = draw(st.integers(12, len(data)) | st.just(len(data)))
    known = draw(st.integers(12, cut) | st.just(cut))
    return name.split()[0], bytes(data[:cut]), known


@given(damaged())
@settings(max_examples=800, deadline=None)
def test_no_damage_is_an_error_and_every_missing_range_lies_in_the_file(
    case: tuple[str, bytes, int],
) -> None:
    image_format, data, known = case
    file = PartialFile(len(data), data[:known])

    structure = survey(file, image_format)

    if structure.missing is not None:
        first, last = structure.missing
        assert known <= last < len(data)
        assert first <= last
    block = structure.exif or b""
    pack_tiff(read_tiff(PartialFile(len(block), block)))


@given(damaged(), st.integers(1, 400))
@settings(max_examples=300, deadline=None)
def test_what_is_found_in_parts_is_what_is_found_in_the_whole(
    case: tuple[str, bytes, int], ahead: int
) -> None:
    image_format, data, known = case
    file = PartialFile(len(data), data[:known])
    whole = survey(PartialFile(len(data), data), image_format)

    structure = survey(file, image_format)
    if structure.missing is not None:
        first, last = structure.missing
        file.add(first, data[first : max(last + 1, first + ahead)])
        structure = survey(file, image_format)
    if structure.missing is not None:
        file.add(0, data)
        structure = survey(file, image_format)

    assert (structure.width_px, structure.height_px) == (whole.width_px, whole.height_px)
    if image_format in {"PNG", "WEBP", "TIFF", "HEIC", "AVIF"}:  # JPEG ends with its size
        assert structure == whole


def test_pixels_agree_with_the_decoder() -> None:
    """The size of every file here that libvips opens is the one that it sees."""
    for name, data in FILES.items():
        if name.split()[0] != "HEIC":
            image = pyvips.Image.new_from_buffer(data, "")
            assert (image.width, image.height) == (40, 30), name
