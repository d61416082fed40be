"""Raw photos: their names, sizes and previews, from layouts that cameras write and from none."""

import struct
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import photofiles as pf
import rawfiles
from cputime import cpu_within
from formats import MIME_TYPES, PartialFile, Raw, Structure, sniff, survey
from rawfiles import KINDS, Data, Kind, directory, small_jpeg, tiff
from shared.errors import TooComplexError

PREVIEW = pf.encode(pf.picture(1600, 1200), "JPEG", quality=95)
SMALL = small_jpeg()
BY_ORDER: dict[str, Callable[[bytes, int, str], bytes]] = {
    "3FR": rawfiles.three_fr,
    "ARW": rawfiles.arw,
    "CR2": rawfiles.cr2,
    "DNG": rawfiles.dng,
    "NEF": rawfiles.nef,
    "ORF": rawfiles.orf,
    "PEF": rawfiles.pef,
    "SRW": rawfiles.srw,
}


def surveyed(photo: bytes) -> Structure:
    return survey(PartialFile(len(photo), photo), sniff(photo[:64]))


def raw_of(photo: bytes) -> Raw:
    raw = surveyed(photo).raw
    assert raw is not None
    return raw


def preview_of(photo: bytes) -> bytes | None:
    raw = raw_of(photo)
    return None if raw.preview is None else photo[raw.preview.first : raw.preview.last + 1]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_the_largest_preview_is_found_and_the_size_is_the_raw_photos_own(kind: Kind) -> None:
    photo = kind.make(PREVIEW, 1)
    found = surveyed(photo)

    shown = rawfiles.with_exif(PREVIEW, 1) if kind.format == "RAF" else PREVIEW
    assert preview_of(photo) == shown
    assert raw_of(photo).format == kind.format
    assert (raw_of(photo).width_px, raw_of(photo).height_px) == (1600, 1200)
    assert (found.width_px, found.height_px) == (kind.width_px, kind.height_px)
    assert found.missing is None
    assert kind.format in MIME_TYPES


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
@pytest.mark.parametrize("make", BY_ORDER.values(), ids=BY_ORDER.keys())
def test_both_byte_orders_are_read(make: Callable[[bytes, int, str], bytes], order: str) -> None:
    photo = make(PREVIEW, 6, order)

    assert preview_of(photo) == PREVIEW
    assert surveyed(photo).orientation == 6


@pytest.mark.parametrize(
    "kind",
    [b"OLYMP\0\1\0", b"OLYMPUS\0II\3\0", b"OM SYSTEM\0\0\0II\4\0"],
    ids=lambda kind: kind[:6],
)
def test_every_maker_note_of_olympus_names_its_preview(kind: bytes) -> None:
    assert preview_of(rawfiles.orf(PREVIEW, kind=kind)) == PREVIEW


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_a_preview_below_the_minimum_is_none(kind: Kind) -> None:
    largest = 1_100 if kind.format == "ARW" else None  # it has a middle preview, too
    raw = raw_of(kind.make(small_jpeg(1_023, 700), 1))

    assert (raw.preview and raw.width_px) == largest
    assert not raw.is_cut_off
    assert raw_of(kind.make(small_jpeg(1_024, 700), 1)).preview is not None


def test_a_raw_photo_whose_preview_is_no_jpeg_has_none() -> None:
    assert preview_of(rawfiles.iiq()) is None
    assert raw_of(rawfiles.iiq()).format == "IIQ"
    assert preview_of(rawfiles.nef(b"\xff\xd8" + bytes(90_000))) is None
    assert preview_of(rawfiles.nef(bytes(90_000))) is None


def test_the_data_of_a_sensor_is_no_preview_though_it_is_a_jpeg() -> None:
    lossless = rawfiles.lossless_jpeg(bits=8)
    twelve_bits = PREVIEW.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c")

    assert len(lossless) > len(PREVIEW)
    assert preview_of(rawfiles.cr2(PREVIEW, slices=())) == PREVIEW
    assert preview_of(rawfiles.nef(lossless)) is None
    assert twelve_bits != PREVIEW
    assert preview_of(rawfiles.nef(twelve_bits)) is None


def test_the_next_preview_is_shown_if_the_largest_lies_behind_the_end() -> None:
    cut = rawfiles.arw(PREVIEW)[:-10]

    assert raw_of(cut).is_cut_off
    assert (raw_of(cut).width_px, raw_of(cut).height_px) == (1_100, 733)


@pytest.mark.parametrize("name", ["PEF", "DNG", "CR2", "NEF"])
def test_a_file_that_ends_before_its_only_preview_is_cut_off(name: str) -> None:
    whole = KINDS[name].make(PREVIEW, 1)
    raw = raw_of(whole[: whole.index(PREVIEW) + 100])

    assert raw.format == name
    assert raw.preview is None
    assert raw.is_cut_off


def test_a_stamp_whose_other_directories_are_missing_is_no_tiff() -> None:
    stamp = directory(
        *rawfiles.nef_stamp(), (0x010F, rawfiles.ASCII, "NIKON"), (0x014A, rawfiles.LONG, [10**8])
    )

    assert raw_of(tiff(stamp)) == Raw("NEF", is_cut_off=True)


def test_a_stamp_of_a_larger_picture_is_not_taken_for_the_picture() -> None:
    """Nikon's scanners write NEFs without a sensor's data."""
    larger = directory(*((tag, kind, 400 if tag == 0x0100 else value) for tag, kind, value in PAGE))
    stamp = (*PAGE, REDUCED, (0x014A, rawfiles.LONG, [larger]))
    scan = tiff(directory(*stamp, (0x010F, rawfiles.ASCII, "Nikon")))

    assert raw_of(scan) == Raw("NEF")
    assert (surveyed(scan).width_px, surveyed(scan).height_px) == (400, 30)
    assert raw_of(tiff(directory(*stamp))) == Raw("RAW")


NUMBERS = (0x0103, rawfiles.SHORT, 1), (0x0106, rawfiles.SHORT, 2)
PAGE = (
    (0x0100, rawfiles.LONG, 40),
    (0x0101, rawfiles.LONG, 30),
    (0x0102, rawfiles.SHORT, [8, 8, 8]),
    *NUMBERS,
    (0x0111, rawfiles.LONG, Data(bytes(3_600))),
    (0x0115, rawfiles.SHORT, 3),
    (0x0117, rawfiles.LONG, 3_600),
)
REDUCED = (0x00FE, rawfiles.LONG, 1)
FULL = (0x00FE, rawfiles.LONG, 0)
TIFFS = {
    "one page": tiff(directory(*PAGE)),
    "of a camera": tiff(directory(*PAGE, FULL, (0x010F, rawfiles.ASCII, "NIKON CORPORATION"))),
    "with a color filter's tag": tiff(directory(*PAGE, (0x828D, rawfiles.SHORT, [2, 2]))),
    "made of a DNG": tiff(directory(*PAGE, FULL, (0xC612, rawfiles.BYTE, [1, 4, 0, 0]))),
    "marked as reduced": tiff(directory(*PAGE, REDUCED)),
    "marked as reduced, with a copy": tiff(
        directory(*PAGE, REDUCED, (0x014A, rawfiles.LONG, [directory(*PAGE, FULL)]))
    ),
    "with a smaller copy": tiff(
        directory(*PAGE, (0x014A, rawfiles.LONG, [directory(*PAGE, REDUCED)]))
    ),
    "pixels like a magic": tiff(directory(*PAGE), head=b"II*\0" + bytes(4) + b"IIII"),
    "a picture of the letters CR": tiff(directory(*PAGE), head=b"II*\0" + bytes(4) + b"CRCR"),
}


@pytest.mark.parametrize("photo", TIFFS.values(), ids=TIFFS.keys())
def test_a_tiff_with_an_odd_tag_is_still_a_tiff(photo: bytes) -> None:
    found = surveyed(photo)

    assert (found.raw, found.width_px, found.height_px) == (None, 40, 30)
    assert not found.is_scattered


def loops() -> dict[str, bytes]:
    """Return raw photos that a reader without bounds would read for ever."""
    nef = bytearray(rawfiles.nef(PREVIEW))
    [entries] = struct.unpack_from("<H", nef, 16)
    following = 18 + 12 * entries
    struct.pack_into("<I", nef, following, 16)  # IFD0 follows itself
    sub_ifds = rawfiles.dng(PREVIEW)
    many = directory(
        *rawfiles.nef_stamp(),
        (0x010F, rawfiles.ASCII, "NIKON"),
        (0xC612, rawfiles.BYTE, [1, 4, 0, 0]),
        (0x014A, rawfiles.LONG, [16] * 250_000),
    )
    wide = tiff(directory((0xC612, rawfiles.BYTE, [1, 4, 0, 0]))) + bytes(10**6)
    sensor = struct.pack("<HHHII", 1, 0x0106, rawfiles.SHORT, 1, 32803)
    links = b"".join(struct.pack("<HI", 0, 26 + 6 * number) for number in range(1, 200_000))
    record = (65_535).to_bytes(2, "little")
    return {
        "IFD0 follows itself": bytes(nef),
        "a SubIFD is its own parent": sub_ifds.replace(
            struct.pack("<HHI", 0x014A, 4, 3), struct.pack("<HHI", 0x014A, 4, 1)
        ),
        "250,000 SubIFDs": tiff(many),
        "200,000 directories": b"II*\0"
        + struct.pack("<I", 8)
        + sensor
        + struct.pack("<I", 26)
        + links,
        "65,535 entries": wide[:16] + record + wide[18:],
        "boxes": pf.box(b"ftyp", b"crx ", bytes(4)) + pf.box(b"uuid", bytes(16)) * 100_000,
        "boxes in a box": pf.box(b"ftyp", b"crx ", bytes(4))
        + pf.box(b"moov", pf.box(b"trak", pf.box(b"mdia")) * 60_000),
    }


LOOPS = loops()


@pytest.mark.parametrize("photo", LOOPS.values(), ids=LOOPS.keys())
def test_the_walk_over_directories_and_boxes_is_bounded(photo: bytes) -> None:
    with cpu_within(0.5), suppress(TooComplexError):
        surveyed(photo)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_parts_that_are_fetched_as_asked_for_tell_the_same_as_the_whole_file(kind: Kind) -> None:
    photo = kind.make(PREVIEW, 6)
    image_format = sniff(photo[:64])
    file = PartialFile(len(photo), photo[:64])
    for _ in range(200):
        found = survey(file, image_format)
        if found.missing is None:
            break
        first, last = found.missing
        assert 0 <= first <= last < len(photo)
        file.add(first, photo[first : last + 1])

    assert found == surveyed(photo)
    assert file.known_bytes < len(photo)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 255)), min_size=1, max_size=12),
    st.integers(0, 100),
)
def test_damage_never_raises_and_never_yields_a_preview_outside_the_file(
    name: str, damage: list[tuple[int, int]], lost: int
) -> None:
    photo = bytearray(KINDS[name].make(PREVIEW, 1))
    for at, byte in damage:
        photo[8 + at % (len(photo) - 8)] = byte
    del photo[len(photo) - lost * len(photo) // 150 :]
    image_format = sniff(KINDS[name].make(PREVIEW, 1)[:64])

    found = survey(PartialFile(len(photo), bytes(photo)), image_format)

    assert found.missing is None
    if found.raw is not None and found.raw.preview is not None:
        first, last = found.raw.preview
        assert 0 < first < last < len(photo)
        assert photo[first : first + 2] == b"\xff\xd8"
        assert max(found.raw.width_px, found.raw.height_px) >= 1_024
