"""PNG: chunks behind the pixels, texts that are bombs."""

from hypothesis import given
from hypothesis import strategies as st

import photofiles as pf
from formats import DecodedChunks, PartialFile, survey

EXIF = pf.tiff_block([pf.text(pf.MAKE, "ACME")])


def test_a_chunk_in_the_tail_is_found_by_its_checksum() -> None:
    """Of a large PNG only the tail is read, which begins inside a chunk."""
    pixels = bytes(70_000) + pf.chunk(b"eXIf", b"not a chunk")[:-4]
    late = [pf.chunk(b"IDAT", pixels), pf.chunk(b"eXIf", EXIF)]
    photo = pf.png(filling_bytes=400_000, late=late)
    file = PartialFile(len(photo), photo[:1_000])
    file.add(len(photo) - 65_536, photo[-65_536:])

    assert survey(file, "PNG").exif == EXIF


def test_the_next_chunk_is_missing_until_the_pixels_are_reached() -> None:
    """The tail may be known already, but decoders ignore an eXIf behind the pixels."""
    text = pf.chunk(b"tEXt", bytes(200_000))
    photo = pf.png(text, late=[pf.chunk(b"eXIf", EXIF)], filling_bytes=400_000)
    file = PartialFile(len(photo), photo[:1_000])
    file.add(len(photo) - 65_536, photo[-65_536:])

    found = survey(file, "PNG")

    assert found.missing == (33 + 8, 33 + 8 + 200_000 - 1)
    assert found.exif is None


def test_a_text_is_inflated_only_to_the_limit_of_metadata() -> None:
    photo = pf.png(pf.xmp_chunk(bytes(50_000_000), compressed=True))

    assert len(survey(PartialFile(len(photo), photo), "PNG").xmp or b"") == 1_048_576


@given(st.lists(st.integers(1, 3_000), max_size=8))
def test_a_decoder_gets_the_same_however_the_file_arrives(cuts: list[int]) -> None:
    exif = pf.tiff_block([pf.text(pf.MAKE, "ACME")])
    photo = pf.png(pf.chunk(b"eXIf", exif), pf.xmp_chunk(pf.xmp()), pf.chunk(b"abCd", bytes(500)))
    chunks = DecodedChunks()
    at, passed = 0, b""

    for size in [*cuts, len(photo)]:
        passed += chunks.feed(photo[at : at + size])
        at += size

    assert passed == pf.png()
    assert chunks.exif.startswith(exif)
