"""Every way in which a TIFF stores a picture: shown right, or refused by name in both steps.

The files are made here, byte by byte, so that no library that reads them has written them.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
import pyvips

from formats import PartialFile, survey
from formats.tiff_samples import CODECS, OTHER_CODECS
from photofiles import ASCII, BYTE, DOUBLE, LONG, RATIONAL, SHORT, Tag, text, tiff_picture
from picture.decode import Box, decode
from pictures import QUARTERS, difference, distance, plain, seen, textured
from shared.errors import (
    RejectedError,
    TruncatedPhotoError,
    UnreadablePhotoError,
    UnsupportedTypeError,
)

ALL = Box(10_000, 10_000)
BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, SAMPLES = 0x102, 0x103, 0x106, 0x10A, 0x115
ROWS, PLANES, PREDICTOR, COLOR_MAP, INK_SET = 0x116, 0x11C, 0x13D, 0x140, 0x14C
EXTRA, FORMAT, SUBSAMPLING = 0x152, 0x153, 0x212
UNSPECIFIED, ASSOCIATED, UNASSOCIATED = 0, 1, 2
SIDE = 32  # px; each quarter is a half of it

Levels = Sequence[Sequence[float]]  # of the four quarters: the samples of a pixel
GRAYS = ((0,), (85,), (170,), (255,))
GRAY_RGB = [gray * 3 for gray in GRAYS]
FAINT = (40, 90, 170, 255)  # a sample for each quarter, such as alpha


def rows(levels: Levels) -> list[list[float]]:
    """Return the samples of all pixels, row by row."""
    return [
        [sample for x in range(SIDE) for sample in levels[x * 2 // SIDE + y * 2 // SIDE * 2]]
        for y in range(SIDE)
    ]


def coded(levels: Levels, code: str = "B", order: str = "<") -> bytes:
    samples = [sample for row in rows(levels) for sample in row]
    whole = code in "efd"
    return struct.pack(f"{order}{len(samples)}{code}", *(s if whole else round(s) for s in samples))


def planes(levels: Levels, code: str = "B") -> list[bytes]:
    return [coded([(sample,) for sample in plane], code) for plane in zip(*levels, strict=True)]


def packed(levels: Levels, bits: int) -> bytes:
    """Return one sample a pixel, of fewer than 8 bits."""
    stream = "".join(f"{round(s):0{bits}b}" for row in rows(levels) for s in row)
    return bytes(int(stream[at : at + 8], 2) for at in range(0, len(stream), 8))


def times(levels: Levels, factor: float) -> Levels:
    return [[sample * factor for sample in quarter] for quarter in levels]


def inverted(levels: Levels, white: float = 255) -> Levels:
    return [[white - sample for sample in quarter] for quarter in levels]


def beside(levels: Levels, *more: Sequence[float]) -> Levels:
    """Return `levels` with further samples, of which `more` has one for each quarter."""
    return [
        [*quarter, *extra] for quarter, extra in zip(levels, zip(*more, strict=True), strict=True)
    ]


def linear(levels: Levels) -> Levels:
    """Return light, 1 being white, of 8-bit sRGB. Source: IEC 61966-2-1."""
    return [
        [s / 255 / 12.92 if s <= 10 else ((s / 255 + 0.055) / 1.055) ** 2.4 for s in quarter]
        for quarter in levels
    ]


def lab(levels: Levels) -> list[tuple[float, float, float]]:
    """Return CIE Lab, relative to D65 as libvips has it. Source: IEC 61966-2-1; CIE 15."""
    matrix = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    colors = []
    for rgb in linear(levels):
        xyz = (sum(m * s for m, s in zip(row, rgb, strict=True)) for row in matrix)
        x, y, z = (
            (level / white) ** (1 / 3) for level, white in zip(xyz, (0.9505, 1, 1.089), strict=True)
        )
        colors.append((116 * y - 16, 500 * (x - y), 200 * (y - z)))
    return colors


def ycbcr(levels: Levels) -> Levels:
    """Source: TIFF 6.0, section 21, with the default coefficients."""
    luma = [0.299 * red + 0.587 * green + 0.114 * blue for red, green, blue in levels]
    return [
        (y, (blue - y) / 1.772 + 128, (red - y) / 1.402 + 128)
        for y, (red, _, blue) in zip(luma, levels, strict=True)
    ]


def subsampled(levels: Levels, across: int, down: int) -> bytes:
    """Return the blocks of YCbCr; no block reaches into two quarters."""
    blocks = b""
    for y in range(0, SIDE, down):
        for x in range(0, SIDE, across):
            luma, *chroma = (round(s) for s in levels[x * 2 // SIDE + y * 2 // SIDE * 2])
            blocks += bytes([luma] * (across * down) + chroma)
    return blocks


def lab_8(lab: Levels) -> Levels:
    return [(round(L * 2.55), round(a) & 255, round(b) & 255) for L, a, b in lab]


def lab_16(lab: Levels) -> Levels:
    return [(L * 655.35, round(a * 256) & 65_535, round(b * 256) & 65_535) for L, a, b in lab]


LAB = lab(QUARTERS)


def differences(pixels: bytes, samples: int) -> bytes:
    """Return rows of 8-bit samples as predictor 2 stores them."""
    width = SIDE * samples
    lines = [pixels[at : at + width] for at in range(0, len(pixels), width)]
    return b"".join(
        line[:samples]
        + bytes((a - b) & 255 for a, b in zip(line[samples:], line[: width - samples], strict=True))
        for line in lines
    )


def lzw(pixels: bytes) -> bytes:
    """Return LZW of codes of 9 bits, cleared before they would grow."""
    codes = [256]
    for at in range(0, len(pixels), 200):
        codes += [*pixels[at : at + 200], 256]
    stream = "".join(f"{code:09b}" for code in [*codes, 257])
    stream += "0" * (-len(stream) % 8)
    return bytes(int(stream[at : at + 8], 2) for at in range(0, len(stream), 8))


def packbits(pixels: bytes) -> bytes:
    return b"".join(
        bytes([len(part) - 1]) + part
        for part in (pixels[at : at + 96] for at in range(0, len(pixels), 96))
    )


def palette(entries: Levels, factor: int = 257) -> list[int]:
    return [round(level) * factor for band in zip(*entries, strict=True) for level in band]


def of_palette(bits: int) -> bytes:
    entries = [*QUARTERS, *[(9, 9, 9)] * ((1 << bits) - 4)][: 1 << bits]
    numbers = [(index % len(entries),) for index in range(4)]
    pixels = packed(numbers, bits) if bits < 8 else coded(numbers, "B" if bits == 8 else "H")
    tags = {BITS: [bits], SAMPLES: [1], PHOTOMETRIC: [3], COLOR_MAP: palette(entries)}
    return tiff_picture([pixels], tags)


def of_gray(pixels: bytes, bits: int = 8, **tags: Sequence[int]) -> bytes:
    named = {"photometric": PHOTOMETRIC, "format": FORMAT, "fill": FILL_ORDER, "codec": COMPRESSION}
    stated = {BITS: [bits], SAMPLES: [1], PHOTOMETRIC: [1]}
    return tiff_picture([pixels], {**stated, **{named[name]: v for name, v in tags.items()}})


def of_kind(
    levels: Levels, photometric: int, bits: int = 8, code: str = "", **more: Sequence[int]
) -> bytes:
    """Return samples of one kind, with ExtraSamples and SampleFormat if they are given."""
    samples = len(levels[0])
    pixels = coded(levels, code or {8: "B", 16: "H", 32: "I"}[bits])
    tags = {BITS: [bits] * samples, SAMPLES: [samples], PHOTOMETRIC: [photometric]}
    named = {"extra": EXTRA, "sample_format": FORMAT, "ink_set": INK_SET}
    return tiff_picture([pixels], {**tags, **{named[name]: v for name, v in more.items()}})


def of_ycbcr(across: int, down: int, codec: int = 1, *, tile_px: int = 0) -> bytes:
    blocks = subsampled(ycbcr(QUARTERS), across, down)
    pixels = lzw(blocks) if codec == 5 else zlib.compress(blocks) if codec == 8 else blocks
    tags = {COMPRESSION: [codec], PHOTOMETRIC: [6], SUBSAMPLING: [across, down]}
    return tiff_picture([pixels], tags, tile_px=tile_px)


def of_codec(codec: int, pixels: bytes, predictor: int = 1) -> bytes:
    return tiff_picture([pixels], {COMPRESSION: [codec], PREDICTOR: [predictor]})


PIXELS = coded(QUARTERS)
FLOATS = {FORMAT: [3] * 3}
SHOWN: dict[str, tuple[Callable[[], bytes], Levels]] = {
    "RGB": (lambda: tiff_picture([PIXELS], {}), QUARTERS),
    "RGB in four strips": (
        lambda: tiff_picture([PIXELS[at : at + 768] for at in range(0, 3_072, 768)], {}),
        QUARTERS,
    ),
    "RGB in a tile": (lambda: tiff_picture([PIXELS], {}, tile_px=SIDE), QUARTERS),
    "RGB of 16 bits": (lambda: of_kind(times(QUARTERS, 257), 2, 16), QUARTERS),
    "RGB of 16 bits, big-endian": (
        lambda: tiff_picture([coded(times(QUARTERS, 257), "H", ">")], {BITS: [16] * 3}, order=">"),
        QUARTERS,
    ),
    "RGB of half floats": (
        lambda: of_kind(linear(QUARTERS), 2, 16, "e", sample_format=[3] * 3),
        QUARTERS,
    ),
    "RGB of floats": (
        lambda: of_kind(linear(QUARTERS), 2, 32, "f", sample_format=[3] * 3),
        QUARTERS,
    ),
    "RGB in planes": (lambda: tiff_picture(planes(QUARTERS), {ROWS: [32], PLANES: [2]}), QUARTERS),
    "RGB of 16 bits in planes": (
        lambda: tiff_picture(
            planes(times(QUARTERS, 257), "H"), {BITS: [16] * 3, ROWS: [32], PLANES: [2]}
        ),
        QUARTERS,
    ),
    "RGB of floats in planes": (
        lambda: tiff_picture(
            planes(linear(QUARTERS), "f"), {BITS: [32] * 3, ROWS: [32], PLANES: [2], **FLOATS}
        ),
        QUARTERS,
    ),
    "LZW": (lambda: of_codec(5, lzw(PIXELS)), QUARTERS),
    "Deflate": (lambda: of_codec(8, zlib.compress(PIXELS)), QUARTERS),
    "Deflate of an old number": (lambda: of_codec(32_946, zlib.compress(PIXELS)), QUARTERS),
    "PackBits": (lambda: of_codec(32_773, packbits(PIXELS)), QUARTERS),
    "LZW with a predictor": (
        lambda: of_codec(5, lzw(differences(PIXELS, 3)), predictor=2),
        QUARTERS,
    ),
    "Deflate with a predictor": (
        lambda: of_codec(8, zlib.compress(differences(PIXELS, 3)), predictor=2),
        QUARTERS,
    ),
    **{
        f"palette of {bits} bits": (
            lambda bits=bits: of_palette(bits),  # type: ignore[misc]
            QUARTERS if bits > 1 else [*QUARTERS[:2], *QUARTERS[:2]],
        )
        for bits in (1, 2, 4, 8, 16)
    },
    "palette of 8-bit colors": (
        lambda: tiff_picture(
            [coded([(0,), (1,), (2,), (3,)])],
            {
                BITS: [8],
                SAMPLES: [1],
                PHOTOMETRIC: [3],
                COLOR_MAP: palette([*QUARTERS, *[(9, 9, 9)] * 252], 1),
            },
        ),
        QUARTERS,
    ),
    **{
        f"gray of {bits} bits, {photometric} is black": (
            lambda bits=bits, photometric=photometric: of_gray(  # type: ignore[misc]
                packed(
                    times(GRAYS if photometric else inverted(GRAYS), ((1 << bits) - 1) / 255), bits
                ),
                bits,
                photometric=[photometric],
            ),
            GRAY_RGB if bits > 1 else [(0,) * 3, (0,) * 3, (255,) * 3, (255,) * 3],
        )
        for bits in (2, 4)
        for photometric in (0, 1)
    },
    "black and white": (lambda: of_gray(packed(((1,), (0,), (0,), (1,)), 1), 1), ()),
    "gray": (lambda: of_gray(coded(GRAYS)), GRAY_RGB),
    "gray of no stated format": (lambda: of_gray(coded(GRAYS), format=[4]), GRAY_RGB),
    "gray, 0 is white": (lambda: of_gray(coded(inverted(GRAYS)), photometric=[0]), GRAY_RGB),
    "gray of 16 bits": (lambda: of_gray(coded(times(GRAYS, 257), "H"), 16), GRAY_RGB),
    "gray with bits reversed": (
        lambda: of_gray(
            bytes(int(f"{byte:08b}"[::-1], 2) for byte in packed(times(GRAYS, 3 / 255), 2)),
            2,
            fill=[2],
        ),
        GRAY_RGB,
    ),
    "NeXT": (
        lambda: of_gray(
            b"".join(
                b"\0" + packed(times(GRAYS, 3 / 255), 2)[at : at + 8] for at in range(0, 256, 8)
            ),
            2,
            codec=[32_766],
        ),
        GRAY_RGB,
    ),
    "ThunderScan": (
        lambda: of_gray(
            bytes(0xC0 | round(s / 17) for row in rows(GRAYS) for s in row), 4, codec=[32_809]
        ),
        GRAY_RGB,
    ),
    **{
        f"YCbCr {across} × {down}, codec {codec}{' in a tile' if tile_px else ''}": (
            lambda a=across, d=down, c=codec, t=tile_px: of_ycbcr(a, d, c, tile_px=t),  # type: ignore[misc]
            QUARTERS,
        )
        for across, down in ((1, 1), (2, 1), (2, 2), (4, 2), (1, 2))
        for codec in (1, 5, 8)
        for tile_px in (0, SIDE)
        if not (codec == 1 and tile_px)  # libtiff refuses some of them
    },
    "Lab": (lambda: of_kind(lab_8(LAB), 8), QUARTERS),
    "Lab of signed samples": (lambda: of_kind(lab_8(LAB), 8, sample_format=[2] * 3), QUARTERS),
    "Lab of 16 bits": (lambda: of_kind(lab_16(LAB), 8, 16), QUARTERS),
    "Lab of floats": (lambda: of_kind(LAB, 8, 32, "f", sample_format=[3] * 3), QUARTERS),
    "Lab in planes": (
        lambda: tiff_picture(planes(lab_8(LAB)), {PHOTOMETRIC: [8], ROWS: [32], PLANES: [2]}),
        QUARTERS,
    ),
    "Lab with alpha": (
        lambda: of_kind(beside(lab_8(LAB), FAINT), 8, extra=[UNASSOCIATED]),
        beside(QUARTERS, FAINT),
    ),
    "Lab of 16 bits with alpha": (
        lambda: of_kind(beside(lab_16(LAB), [a * 257 for a in FAINT]), 8, 16, extra=[UNASSOCIATED]),
        beside(QUARTERS, FAINT),
    ),
    "Lab and another sample": (
        lambda: of_kind(beside(lab_8(LAB), FAINT), 8, extra=[UNSPECIFIED]),
        QUARTERS,
    ),
    "ICC Lab": (lambda: of_kind([(L * 2.55, a + 128, b + 128) for L, a, b in LAB], 9), QUARTERS),
    "ICC Lab of 16 bits": (
        lambda: of_kind([(L * 652.8, (a + 128) * 256, (b + 128) * 256) for L, a, b in LAB], 9, 16),
        QUARTERS,
    ),
    "RGB with alpha": (
        lambda: of_kind(beside(QUARTERS, FAINT), 2, extra=[UNASSOCIATED]),
        beside(QUARTERS, FAINT),
    ),
    "RGB with associated alpha": (
        lambda: of_kind(
            beside([times([q], a / 255)[0] for q, a in zip(QUARTERS, FAINT, strict=True)], FAINT),
            2,
            extra=[ASSOCIATED],
        ),
        beside(QUARTERS, FAINT),
    ),
    "RGB and a sample that nothing describes": (
        lambda: of_kind(beside(QUARTERS, FAINT), 2),
        beside(QUARTERS, FAINT),
    ),
    "RGB and two samples that nothing describes": (
        lambda: of_kind(beside(QUARTERS, FAINT, FAINT), 2),
        QUARTERS,
    ),
    "RGB and another sample": (
        lambda: of_kind(beside(QUARTERS, FAINT), 2, extra=[UNSPECIFIED]),
        QUARTERS,
    ),
    "RGB of 16 bits and another sample": (
        lambda: of_kind(times(beside(QUARTERS, FAINT), 257), 2, 16, extra=[UNSPECIFIED]),
        QUARTERS,
    ),
    "RGB with alpha and another sample": (
        lambda: of_kind(beside(QUARTERS, FAINT, FAINT[::-1]), 2, extra=[UNASSOCIATED, UNSPECIFIED]),
        beside(QUARTERS, FAINT),
    ),
    "RGB with another sample and alpha": (
        lambda: of_kind(beside(QUARTERS, FAINT[::-1], FAINT), 2, extra=[UNSPECIFIED, UNASSOCIATED]),
        beside(QUARTERS, FAINT),
    ),
    "RGB on black with associated alpha and another sample": (
        lambda: of_kind(beside(QUARTERS, FAINT, FAINT), 2, extra=[ASSOCIATED, UNSPECIFIED]),
        QUARTERS,
    ),
    "gray with alpha": (
        lambda: of_kind(beside(GRAYS, FAINT), 1, extra=[UNASSOCIATED]),
        beside(GRAY_RGB, FAINT),
    ),
    "gray, 0 is white, with alpha": (
        lambda: of_kind(beside(inverted(GRAYS), FAINT), 0, extra=[UNASSOCIATED]),
        beside(GRAY_RGB, FAINT),
    ),
    "gray and another sample": (
        lambda: of_kind(beside(GRAYS, FAINT), 1, extra=[UNSPECIFIED]),
        GRAY_RGB,
    ),
    "gray of 16 bits and two others": (
        lambda: of_kind(times(beside(GRAYS, FAINT, FAINT), 257), 1, 16, extra=[UNSPECIFIED] * 2),
        GRAY_RGB,
    ),
    "palette and another sample": (
        lambda: tiff_picture(
            [coded(beside([(0,), (1,), (2,), (3,)], FAINT))],
            {
                BITS: [8, 8],
                SAMPLES: [2],
                PHOTOMETRIC: [3],
                EXTRA: [UNSPECIFIED],
                COLOR_MAP: palette([*QUARTERS, *[(9, 9, 9)] * 252]),
            },
        ),
        QUARTERS,
    ),
}
SHOWN["black and white"] = (
    SHOWN["black and white"][0],
    [(255,) * 3, (0,) * 3, (0,) * 3, (255,) * 3],
)


@pytest.mark.parametrize("name", SHOWN)
def test_is_shown_as_it_is_stored(name: str) -> None:
    make, expected = SHOWN[name]
    photo = make()

    picture = decode(photo, ALL)

    assert distance(seen(picture.image), expected) <= 3
    assert not picture.truncated
    assert survey(PartialFile(len(photo), photo), "TIFF").unsupported is None


@pytest.mark.parametrize("extra", [[], [UNSPECIFIED], [UNSPECIFIED] * 2])
@pytest.mark.parametrize("bits", [8, 16])
def test_cmyk_is_shown_without_its_other_samples(extra: list[int], bits: int) -> None:
    inks = [(0, 180, 180, 40), (180, 0, 200, 40), (200, 160, 0, 20), (0, 0, 180, 0)]
    levels = beside(inks, *[FAINT] * len(extra)) if extra else inks
    photo = of_kind(times(levels, 257 if bits == 16 else 1), 5, bits, extra=extra)
    bare = pyvips.Image.arrayjoin(
        [plain(q, "cmyk", width_px=16, height_px=16) for q in inks], across=2
    )

    assert distance(seen(decode(photo, ALL).image), seen(bare.colourspace("srgb"))) <= 3


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "Zstandard": (lambda: of_codec(50_000, PIXELS), r"compression is Zstandard \(50000\)"),
    "LZMA": (lambda: of_codec(34_925, PIXELS), "LZMA"),
    "LERC": (lambda: of_codec(34_887, PIXELS), "LERC"),
    "JPEG 2000": (lambda: of_codec(34_712, PIXELS), "JPEG 2000"),
    "JPEG 2000 in tiles": (
        lambda: tiff_picture([PIXELS], {COMPRESSION: [33_005]}, tile_px=32),
        "0",
    ),
    "JPEG XR": (lambda: of_codec(34_934, PIXELS), "JPEG XR"),
    "JPEG XL": (lambda: of_codec(50_002, PIXELS), "JPEG XL"),
    "PNG": (lambda: of_codec(34_933, PIXELS), "PNG"),
    "old-style JPEG": (lambda: of_codec(6, PIXELS), "old-style JPEG"),
    "an unknown codec": (lambda: of_codec(65_001, PIXELS), r"not known \(65001\)"),
    "gray floats": (
        lambda: of_kind(times(GRAYS, 1 / 255), 1, 32, "f", sample_format=[3]),
        "32-bit floating-point gray",
    ),
    "doubles": (
        lambda: of_kind(linear(QUARTERS), 2, 64, "d", sample_format=[3] * 3),
        "64-bit floating-point RGB",
    ),
    "24-bit floats": (
        lambda: tiff_picture([bytes(32 * 32 * 9)], {BITS: [24] * 3, **FLOATS}),
        "24-bit floating-point RGB",
    ),
    "32-bit integers": (
        lambda: of_kind(times(QUARTERS, 16_843_009), 2, 32),
        "32-bit unsigned RGB",
    ),
    "signed integers": (
        lambda: of_kind(times(GRAYS, 0.4), 1, sample_format=[2]),
        "8-bit signed gray",
    ),
    "complex numbers": (
        lambda: tiff_picture([bytes(32 * 32 * 8)], {BITS: [64], SAMPLES: [1], FORMAT: [6]}),
        "64-bit complex",
    ),
    "12 bits": (lambda: tiff_picture([bytes(32 * 48)], {BITS: [12] * 3}), "12-bit unsigned RGB"),
    "4-bit RGB": (lambda: tiff_picture([bytes(32 * 48)], {BITS: [4] * 3}), "4-bit unsigned RGB"),
    "samples of different sizes": (
        lambda: tiff_picture([bytes(32 * 64)], {BITS: [5, 6, 5]}),
        "different sizes: 5, 6 bits",
    ),
    "too few samples": (lambda: of_kind(GRAYS, 2), "RGB of 1 8-bit samples"),
    "bits and another sample": (
        lambda: tiff_picture([bytes(256)], {BITS: [1, 1], SAMPLES: [2], PHOTOMETRIC: [1]}),
        "gray of 2 1-bit samples",
    ),
    "other inks": (
        lambda: of_kind(beside(QUARTERS, FAINT), 5, ink_set=[2]),
        "not CMYK, but ink set 2",
    ),
    "no photometric interpretation": (
        lambda: tiff_picture([PIXELS], {PHOTOMETRIC: []}),
        "interpretation is absent",
    ),
    "LogLuv": (lambda: tiff_picture([PIXELS], {PHOTOMETRIC: [32_845]}), "LogLuv"),
    "a mask": (
        lambda: tiff_picture([bytes(128)], {BITS: [1], SAMPLES: [1], PHOTOMETRIC: [4]}),
        "a transparency mask",
    ),
    "planes of half floats": (
        lambda: tiff_picture(
            planes(linear(QUARTERS), "e"), {BITS: [16] * 3, ROWS: [32], PLANES: [2], **FLOATS}
        ),
        "RGB planes",
    ),
    "planes of gray and alpha": (
        lambda: tiff_picture(
            planes(beside(GRAYS, FAINT)),
            {BITS: [8] * 2, SAMPLES: [2], PHOTOMETRIC: [1], ROWS: [32], PLANES: [2]},
        ),
        "gray planes",
    ),
    "planes of YCbCr": (
        lambda: tiff_picture(
            planes(ycbcr(QUARTERS)),
            {PHOTOMETRIC: [6], ROWS: [32], PLANES: [2], SUBSAMPLING: [1, 1]},
        ),
        "YCbCr planes",
    ),
    "planes in tiles": (
        lambda: tiff_picture(planes(QUARTERS), {PLANES: [2]}, tile_px=SIDE),
        "RGB planes",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_supported_is_named_in_both_steps(name: str) -> None:
    make, words = REFUSED[name]
    photo = make()

    with pytest.raises(UnsupportedTypeError, match=words) as refused:
        decode(photo, ALL)

    assert survey(PartialFile(len(photo), photo), "TIFF").unsupported == str(refused.value)


SGI_LOG = frozenset({34_676, 34_677})  # libtiff has these codecs, for colors that are not shown


@pytest.mark.parametrize("codec", sorted(CODECS | OTHER_CODECS.keys() | {0, 65_001}))
def test_the_codecs_are_those_of_libtiff(codec: int) -> None:
    photo = of_gray(bytes(1_024), codec=[codec])
    pyvips.Error("")  # takes what was said before
    try:
        image = pyvips.Image.tiffload_buffer(photo)
        image.copy_memory()
        said = pyvips.Error("").detail
    except pyvips.Error as error:
        said = error.detail

    missing = re.search("not configured|not implemented", said)

    assert (missing is None) == (codec in CODECS | SGI_LOG), said


ODD: dict[str, dict[str, object]] = {
    "private tags": {"more": [Tag(60_001, BYTE, [1, 2]), Tag(50_001, LONG, [1])]},
    "tags of a wrong type": {"more": [Tag(0x0131, SHORT, [7]), text(0x0128, "inch")]},
    "tags of no type": {"more": [Tag(0x0131, 99, b"abcd", 4)]},
    "tags behind the end": {"more": [Tag(0x0131, ASCII, b"", 900, 0xFFFFFF0)]},
    "GeoTIFF": {"more": [Tag(33_550, DOUBLE, [1.0] * 3), Tag(34_735, SHORT, [1, 1, 0, 0])]},
    "no resolution": {"more": [Tag(0x011A, RATIONAL, [1, 0]), Tag(0x0128, SHORT, [2])]},
    "pages of which the next is missing": {"next_ifd": 0xFFFFFF0},
    "pages of which the next is garbage": {"next_ifd": 9},
    "pages of which the next is the first": {"next_ifd": 8 + len(PIXELS)},
    "a size in bytes": {
        "tags": {0x0100: [], 0x0101: []},
        "more": [Tag(0x0100, BYTE, [SIDE]), Tag(0x0101, BYTE, [SIDE])],
    },
    "a compression in 4 bytes": {"tags": {COMPRESSION: []}, "more": [Tag(COMPRESSION, LONG, [1])]},
    "odd page numbers": {"more": [Tag(0x0129, SHORT, [7, 2])]},
}


@pytest.mark.parametrize("name", ODD)
def test_odd_tags_change_nothing(name: str) -> None:
    photo = tiff_picture([PIXELS], **{"tags": {}, **ODD[name]})  # type: ignore[arg-type]
    structure = survey(PartialFile(len(photo), photo), "TIFF")

    picture = decode(photo, ALL)

    assert (structure.width_px, structure.height_px, structure.unsupported) == (SIDE, SIDE, None)

    assert distance(seen(picture.image), QUARTERS) == 0
    assert not picture.truncated


def saved(image: pyvips.Image, compression: str, **options: Any) -> bytes:  # noqa: ANN401  # libvips' own
    photo: bytes = image.tiffsave_buffer(compression=compression, **options)
    return photo


def strips_of(photo: bytes) -> Iterable[tuple[int, int]]:
    """Return where each strip or tile is, and its size."""
    (directory,) = struct.unpack_from("<I", photo, 4)
    (entries,) = struct.unpack_from("<H", photo, directory)
    values = {}
    for at in range(directory + 2, directory + 2 + entries * 12, 12):
        tag, kind, count, value = struct.unpack_from("<HHII", photo, at)
        if tag in {0x111, 0x117, 0x144, 0x145}:
            code = "H" if kind == SHORT else "I"
            where = at + 8 if count * struct.calcsize(code) <= 4 else value
            values[tag] = struct.unpack_from(f"<{count}{code}", photo, where)
    offsets, sizes = values.get(0x111, values.get(0x144)), values.get(0x117, values.get(0x145))
    assert offsets
    assert sizes
    return zip(offsets, sizes, strict=True)


# What each decoder notices, from which share of its data on: it takes much else for a picture.
FILLINGS = {
    "jpeg": (b"\xff\xd9", 0.5),
    "lzw": (b"\xff", 0.5),
    "deflate": (b"\xff", 0.0),
    "packbits": (b"\x80", 0.5),
}


def damaged(photo: bytes, compression: str, *, which: int, share: float | None = None) -> bytes:
    """Return `photo` with one strip or tile overwritten from a share of it on."""
    offset, size = list(strips_of(photo))[which]
    filling, noticed = FILLINGS[compression]
    start, end = offset + int(size * (noticed if share is None else share)), offset + size
    return photo[:start] + (filling * size)[: end - start] + photo[end:]


LAYOUTS: dict[str, dict[str, object]] = {
    "strips": {},
    "tiles": {"tile": True, "tile_width": 128, "tile_height": 128},
}


class TestDamage:
    """libtiff goes on after an error. Then a picture is flagged, or refused: never as if whole."""

    @pytest.mark.parametrize("kind", LAYOUTS)
    @pytest.mark.parametrize("compression", FILLINGS)
    @pytest.mark.parametrize("which", [0, 1, -1])
    def test_of_a_strip_or_tile_is_flagged_or_refused(
        self, compression: str, kind: str, which: int
    ) -> None:
        photo = saved(textured(400, 300), compression, **LAYOUTS[kind])
        assert not decode(photo, ALL).truncated

        try:
            is_flagged = decode(damaged(photo, compression, which=which), ALL).truncated
        except RejectedError as refused:
            assert isinstance(refused, UnreadablePhotoError | TruncatedPhotoError)  # noqa: PT017
        else:
            assert is_flagged
            assert compression == "jpeg"

    @pytest.mark.parametrize("kind", LAYOUTS)
    def test_of_jpeg_is_shown_and_flagged_in_any_size(self, kind: str) -> None:
        whole = saved(textured(400, 300), "jpeg", Q=95, **LAYOUTS[kind])
        photo = damaged(whole, "jpeg", which=1)

        picture, intact = decode(photo, ALL), decode(whole, ALL)

        assert picture.truncated
        assert decode(photo, Box(50, 50)).truncated
        assert difference(picture.image, intact.image) > 0
        below = (0, 260, 400, 40)
        assert difference(picture.image.crop(*below), intact.image.crop(*below)) == 0

    def test_of_nearly_all_is_refused(self) -> None:
        photo = saved(textured(400, 300), "jpeg", tile=True, tile_width=512, tile_height=512)

        with pytest.raises(TruncatedPhotoError, match="% of the picture"):
            decode(damaged(photo, "jpeg", which=0, share=0.1), ALL)

    def test_of_a_fax_line_is_flagged(self) -> None:
        page = textured(400, 300).extract_band(0) > 120
        photo = saved(page, "ccittfax4", bitdepth=1)
        offset, size = next(iter(strips_of(photo)))
        bits = bytearray(photo)
        bits[offset + size // 2] ^= 0x10

        assert not decode(photo, ALL).truncated
        assert decode(bytes(bits), ALL).truncated

    def test_is_told_from_complaints_about_the_header(self) -> None:
        photo = tiff_picture(
            [zlib.compress(PIXELS)[:-20]],
            {COMPRESSION: [8]},
            next_ifd=0xFFFFFF0,
            more=[Tag(60_001, BYTE, [1, 2])],
        )

        with pytest.raises(UnreadablePhotoError, match="libtiff"):
            decode(photo, ALL)
