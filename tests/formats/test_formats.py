"""Type, size, metadata and end of a file, from the structure of every accepted container."""

import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache

import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st

import photofiles as pf
from cputime import cpu_within
from formats import (
    MIME_TYPES,
    PartialFile,
    Structure,
    is_truncated,
    pack_tiff,
    read_tiff,
    sniff,
    survey,
)
from heicfile import heic
from pictures import quarters, textured
from shared.errors import TooComplexError, UnsupportedTypeError

EXIF = pf.tiff_block([pf.text(pf.MAKE, "ACME")], [pf.text(pf.DATE_TIME_ORIGINAL, "2016:04:09")])
XMP = pf.xmp(pf.bag("dc:subject", "dog"))
IPTC = pf.dataset(25, b"cat")
IPTC_RESOURCE = pf.photoshop(b"\x04\x04", IPTC)

FILES: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: pf.jpeg(exif=EXIF, xmp=XMP, iptc=IPTC),
    "JPEG with an empty segment": lambda: pf.jpeg(before=pf.exif_segment(b""), exif=EXIF, xmp=XMP),
    "JPEG with no entry": lambda: pf.jpeg(before=pf.exif_segment(pf.tiff_block()), exif=EXIF),
    "JPEG with junk": lambda: pf.jpeg(before=pf.exif_segment(bytes(99)), exif=EXIF),
    "JPEG progressive": lambda: pf.jpeg(exif=EXIF, progressive=True),
    "PNG": lambda: pf.png(pf.chunk(b"eXIf", EXIF), pf.xmp_chunk(XMP)),
    "PNG late": lambda: pf.png(late=[pf.chunk(b"eXIf", EXIF), pf.xmp_chunk(XMP, compressed=True)]),
    "PNG raw profiles": lambda: pf.png(
        pf.raw_profile(b"exif", b"Exif\0\0" + EXIF),
        pf.raw_profile(b"8bim", pf.photoshop(b"\x04\x04", IPTC)),
    ),
    "PNG profiles by exiftool": lambda: pf.png(
        pf.raw_profile(b"APP1", b"Exif\0\0" + EXIF, title=b"generic profile", trailing=b"\0end"),
        pf.raw_profile(b"iptc", pf.photoshop(b"\x04\x04", IPTC), title=b"IPTC profile"),
        pf.raw_profile(b"xmp", XMP, title=b"XMP profile", trailing=b"00ff"),
    ),
    "PNG profiles without containers": lambda: pf.png(
        pf.raw_profile(b"exif", EXIF),
        pf.raw_profile(b"iptc", IPTC),
        pf.raw_profile(b"APP1", b"http://ns.adobe.com/xap/1.0/\0" + XMP),
    ),
    "WEBP": lambda: pf.webp(exif=EXIF, xmp=XMP),
    "WEBP odd": lambda: pf.webp(exif=EXIF, xmp=XMP, filling_bytes=401),
    "WEBP without flags": lambda: pf.webp(exif=EXIF, xmp=XMP, flags=0, filling_bytes=401),
    "WEBP without a header": lambda: pf.webp(exif=EXIF, xmp=XMP, simple=True),
    "WEBP lossless": lambda: pf.encode(pf.picture(), "WEBP", lossless=True),
    "WEBP simple": lambda: pf.encode(pf.picture(), "WEBP"),
    "GIF": lambda: pf.encode(pf.picture(), "GIF"),
    "TIFF": lambda: pf.tiff_file(
        [pf.text(pf.MAKE, "ACME"), pf.Tag(0x02BC, pf.BYTE, XMP)], gps=pf.gps()
    ),
    "TIFF with IPTC": lambda: pf.tiff_file(
        [pf.text(pf.MAKE, "ACME"), pf.Tag(0x83BB, pf.UNDEFINED, IPTC)]
    ),
    "TIFF by Photoshop": lambda: pf.tiff_file(
        [
            pf.text(pf.MAKE, "ACME"),
            pf.Tag(0x8649, pf.BYTE, pf.photoshop(b"\x04\x25", b"x") + IPTC_RESOURCE),
        ]
    ),
    "TIFF with resources for IPTC": lambda: pf.tiff_file(
        [pf.text(pf.MAKE, "ACME"), pf.Tag(0x83BB, pf.BYTE, IPTC_RESOURCE)], order=">"
    ),
    "TIFF big-endian": lambda: pf.tiff_file([pf.text(pf.MAKE, "ACME")], order=">"),
    "HEIC": lambda: pf.heif(exif=EXIF, xmp=XMP, transforms=[pf.irot(1), pf.imir(0)]),
    "HEIC behind a large box": lambda: pf.heif(exif=EXIF, xmp=XMP, in_idat=True).replace(
        b"mif1heic", b"mif1heic" + struct.pack(">I4sQ", 1, b"free", 20) + b"meta"
    ),
    "HEIC in idat": lambda: pf.heif(exif=EXIF, xmp=XMP, in_idat=True),
    "HEIC without an offset": lambda: pf.heif(exif=EXIF, xmp=XMP, exif_head=b""),
    "HEIC without an offset, named": lambda: pf.heif(exif=EXIF, xmp=XMP, exif_head=b"Exif\0\0"),
    "HEIC with an offset of 0, named": lambda: pf.heif(
        exif=EXIF, xmp=XMP, exif_head=bytes(4) + b"Exif\0\0"
    ),
    "HEIC with an offset of 6, named": lambda: pf.heif(
        exif=EXIF, xmp=XMP, exif_head=b"\0\0\0\6Exif\0\0"
    ),
    "AVIF": lambda: pf.encode(pf.picture(), "AVIF", exif=b"Exif\0\0" + EXIF, xmp=XMP),
}
WITH_EXIF = [name for name in FILES if name.split()[-1] not in {"lossless", "simple", "GIF"}]
WITH_XMP = [
    "JPEG",
    "JPEG with an empty segment",
    "PNG",
    "PNG late",
    "PNG profiles by exiftool",
    "PNG profiles without containers",
    "WEBP",
    "WEBP without flags",
    "WEBP without a header",
    "TIFF",
    "HEIC",
    "HEIC in idat",
    "HEIC without an offset",
    "AVIF",
]
WITH_IPTC = [
    "JPEG",
    "PNG raw profiles",
    "PNG profiles by exiftool",
    "PNG profiles without containers",
    "TIFF with IPTC",
    "TIFF by Photoshop",
    "TIFF with resources for IPTC",
]


@cache
def file(name: str) -> bytes:
    return FILES[name]()


def structure_of(data: bytes) -> Structure:
    return survey(PartialFile(len(data), data), sniff(data))


@pytest.mark.parametrize("name", FILES)
def test_the_first_bytes_tell_the_format(name: str) -> None:
    assert sniff(file(name)[:64]) == name.split(maxsplit=1)[0]
    assert sniff(file(name)) in MIME_TYPES


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
        (b"\0MRM\0\0\0\0", "Minolta"),
        (b"FOVb\0\0\2\0", "Sigma"),
        (b"II\x1a\0\0\0HEAPCCDR", "CRW"),
        (pf.box(b"ftyp", b"mp42", bytes(4), b"isom"), "mp42"),
        (pf.box(b"ftyp", b"mif1", bytes(4), b"jpeg"), "mif1"),
        (b"push graphic-context", "no image"),
        (b"P6 1 1 255 ", "no image"),
        (b"\xff\xd8", "no image"),
        (b"RIFF\0\0\0\0AVI ", "no image"),
        (b"", "nothing"),
    ],
)
def test_every_other_format_is_refused_and_the_message_names_it(head: bytes, guess: str) -> None:
    with pytest.raises(UnsupportedTypeError, match=guess):
        sniff(head)


@pytest.mark.parametrize("name", FILES)
def test_finds_the_size(name: str) -> None:
    structure = structure_of(file(name))

    assert (structure.width_px, structure.height_px) == (40, 30)
    assert structure.missing is None


@pytest.mark.parametrize("name", WITH_EXIF)
def test_finds_exif(name: str) -> None:
    block = structure_of(file(name)).exif or b""

    assert [entry.value for entry in read_tiff(PartialFile(len(block), block)).ifd0] == [b"ACME\0"]


@pytest.mark.parametrize("name", WITH_XMP)
def test_finds_xmp(name: str) -> None:
    assert (structure_of(file(name)).xmp or b"").rstrip(b"\0") == XMP


def test_finds_xmp_in_gif() -> None:
    gif = pf.encode(pf.picture(), "GIF")
    block = b"\x21\xff\x0bXMP DataXMP" + XMP + b"\x01" + bytes(range(255, -1, -1)) + b"\0"

    assert structure_of(gif[:-1] + block + gif[-1:]).xmp == XMP


@pytest.mark.parametrize("name", WITH_IPTC)
def test_finds_iptc(name: str) -> None:
    assert structure_of(file(name)).iptc == IPTC


def test_an_animation_is_asked_for_its_flags_alone() -> None:
    """It has a chunk for each frame, so the search would read all of it."""
    assert structure_of(pf.webp(exif=EXIF, flags=0x02)).exif is None
    assert structure_of(pf.webp(exif=EXIF, flags=0x0A)).exif == EXIF


SLOW_FILES: dict[str, Callable[[], bytes]] = {
    "50,000 PNG texts": lambda: pf.png(*[pf.chunk(b"tEXt", b"Raw profile type exif\0x")] * 50_000),
    "250 PNG texts that inflate": lambda: pf.png(
        *[pf.chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"0 " * 500_000))] * 250
    ),
    "PNG profiles of blanks": lambda: pf.png(
        *[
            pf.chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(blank * 1_000_000))
            for blank in (b"\n", b" ", b"\n ", b"0", b"\n0")
            for _ in range(3)
        ]
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
def test_a_file_of_many_parts_is_surveyed_quickly(name: str) -> None:
    photo = SLOW_FILES[name]()

    with cpu_within(3):  # seconds: a tenth of one, on a machine at rest
        with suppress(TooComplexError):
            structure_of(photo)
        with suppress(TooComplexError):
            is_truncated(photo, sniff(photo))


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes, int]:
    """Return a file's format, its bytes after some mutations, and how many of them are known."""
    name = draw(st.sampled_from(sorted(FILES)))
    data = bytearray(file(name))
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


def test_the_size_is_the_one_that_the_decoder_sees() -> None:
    for name in FILES:
        if not name.startswith("HEIC"):
            image = pyvips.Image.new_from_buffer(file(name), "")
            assert (image.width, image.height) == (40, 30), name


PICTURES: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: with_preview(textured().jpegsave_buffer()),
    "PNG": lambda: quarters().pngsave_buffer(),
    "GIF": lambda: quarters().gifsave_buffer(),
    "WEBP": lambda: quarters().webpsave_buffer(),
    "TIFF": pf.tiff_file,
    "AVIF": lambda: quarters().heifsave_buffer(
        compression=pyvips.ForeignHeifCompression.AV1, effort=0
    ),
    "HEIC": heic,
}


def with_preview(photo: bytes) -> bytes:
    return photo[:2] + pf.exif_segment(pf.jpeg()) + photo[2:]


@pytest.mark.parametrize("image_format", PICTURES)
def test_a_whole_file_is_not_truncated(image_format: str) -> None:
    assert not is_truncated(PICTURES[image_format](), image_format)


@pytest.mark.parametrize("image_format", PICTURES)
@pytest.mark.parametrize("share", [0.6, 0.8, 0.95])
def test_a_cut_file_is_truncated(image_format: str, share: float) -> None:
    photo = PICTURES[image_format]()

    assert is_truncated(photo[: int(len(photo) * share)], image_format)


@pytest.mark.parametrize("image_format", ["JPEG", "GIF", "WEBP", "AVIF", "HEIC"])
def test_a_file_without_its_last_byte_is_truncated(image_format: str) -> None:
    assert is_truncated(PICTURES[image_format]()[:-1], image_format)


def test_a_gif_with_padding_is_not_truncated() -> None:
    assert not is_truncated(PICTURES["GIF"]() + bytes(7), "GIF")


@given(st.sampled_from(sorted(PICTURES)), st.binary(max_size=80))
def test_any_bytes_are_truncated_or_not_and_never_an_error(image_format: str, junk: bytes) -> None:
    assert is_truncated(junk, image_format) in {True, False}
    assert is_truncated(b"II*\0\x08\0\0\0" + junk, "TIFF") in {True, False}


def test_a_gif_without_a_screen_has_the_size_of_its_first_frame() -> None:
    late = pf.gif_without_screen(extensions=b"\x21\xfe" + (b"\xff" + bytes(255)) * 600 + b"\0")
    partial = PartialFile(len(late), late[:1_000])
    missing = survey(partial, "GIF").missing

    assert missing is not None
    partial.add(0, late)
    structure = survey(partial, "GIF")
    assert (structure.width_px, structure.height_px) == (40, 30)


def test_a_gif_without_a_frame_has_no_size() -> None:
    extension = b"\x21\xfe\1a\0"
    photo = pf.gif_without_screen(extensions=extension)
    frameless = photo[: photo.index(extension) + len(extension)]

    for file in (frameless, frameless + b";", frameless + b"\x2c\0\0"):
        structure = survey(PartialFile(len(file), file), "GIF")
        assert structure.width_px is None
        assert structure.height_px is None
