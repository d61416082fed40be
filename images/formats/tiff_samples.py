"""How a TIFF stores its pixels, and whether the decoder shows them right.

libtiff skips what it cannot decode, and libvips then returns black. So such a file is refused by
its directory, in Extract already. tests/picture/test_tiff.py asks libtiff for its codecs.

Source: TIFF 6.0, sections 3 to 8 and 16 to 23; libtiff's tiff.h; libvips' tiff2vips.c.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

BITS, COMPRESSION, PHOTOMETRIC, SAMPLES = 0x0102, 0x0103, 0x0106, 0x0115
PLANES, TILE_WIDTH, INK_SET, EXTRA_SAMPLES = 0x011C, 0x0142, 0x014C, 0x0152
SAMPLE_FORMAT, SUBSAMPLING = 0x0153, 0x0212
SAMPLE_TAGS: Final = frozenset(
    {
        BITS,
        COMPRESSION,
        PHOTOMETRIC,
        SAMPLES,
        PLANES,
        TILE_WIDTH,
        INK_SET,
        EXTRA_SAMPLES,
        SAMPLE_FORMAT,
        SUBSAMPLING,
    }
)

RGB, PALETTE, CMYK, YCBCR, LAB, ICC_LAB = 2, 3, 5, 6, 8, 9  # photometric interpretations
GRAY: Final = frozenset({0, 1})  # 0 is white, 0 is black
_UINT, _INT, _FLOAT, _VOID = 1, 2, 3, 4  # sample formats
_FORMAT_NAMES: Final = {_UINT: "unsigned", _INT: "signed", _FLOAT: "floating-point"}
_BYTES: Final = frozenset({(8, _UINT), (16, _UINT)})
_PACKED: Final = frozenset({(1, _UINT), (2, _UINT), (4, _UINT)})


class _Colors(NamedTuple):
    """A photometric interpretation that is shown."""

    name: str
    samples: int  # of one pixel
    kinds: frozenset[tuple[int, int]]  # bits and format of a sample


_COLORS: Final = {
    **dict.fromkeys(GRAY, _Colors("gray", 1, _BYTES | _PACKED)),  # which float is white?
    RGB: _Colors("RGB", 3, _BYTES | {(16, _FLOAT), (32, _FLOAT)}),
    PALETTE: _Colors("palette", 1, _BYTES | _PACKED),
    CMYK: _Colors("CMYK", 4, _BYTES),
    YCBCR: _Colors("YCbCr", 3, frozenset({(8, _UINT)})),
    LAB: _Colors("Lab", 3, _BYTES | {(8, _INT), (16, _INT), (32, _FLOAT)}),
    ICC_LAB: _Colors("ICC Lab", 3, _BYTES),
}
_OTHER_COLORS: Final = {
    -1: "absent",
    4: "a transparency mask",
    10: "ITU Lab",
    32_803: "a color filter array",
    32_844: "LogL",
    32_845: "LogLuv",
    34_892: "linear raw",
}

UNCOMPRESSED, LZW, JPEG = 1, 5, 7
CODECS: Final = frozenset(  # also CCITT, Deflate, NeXT, PackBits, ThunderScan, WebP
    {UNCOMPRESSED, 2, 3, 4, LZW, JPEG, 8, 32_766, 32_771, 32_773, 32_809, 32_946, 50_001}
)
OTHER_CODECS: Final = {
    6: "old-style JPEG",
    9: "JBIG",
    10: "JBIG",
    22_610: "JPEG XR",
    32_909: "PixarLog",
    33_003: "JPEG 2000",
    33_004: "JPEG 2000",
    33_005: "JPEG 2000",
    34_661: "JBIG",
    34_676: "SGI Log",
    34_677: "SGI Log",
    34_712: "JPEG 2000",
    34_887: "LERC",
    34_892: "lossy JPEG",
    34_925: "LZMA",
    34_926: "Zstandard",
    34_927: "WebP",
    34_933: "PNG",
    34_934: "JPEG XR",
    50_000: "Zstandard",
    50_002: "JPEG XL",
    52_546: "JPEG XL",
}
_ASSOCIATED, _UNASSOCIATED = 1, 2  # alpha, by which the colors are multiplied, or are not


class Samples(NamedTuple):
    """What the directory of a page says of its pixels; the defaults are TIFF's."""

    bits: tuple[int, ...] = (1,)  # of each sample of a pixel
    compression: int = UNCOMPRESSED
    photometric: int = -1  # absent
    samples: int = 1  # of one pixel
    is_planar: bool = False
    is_tiled: bool = False
    ink_set: int = 1
    extra_samples: tuple[int, ...] = ()
    sample_format: int = _UINT
    subsampling: tuple[int, ...] = (2, 2)  # of YCbCr

    @property
    def extra(self) -> int:
        """The number of samples of a pixel that are no color."""
        colors = _COLORS.get(self.photometric)
        return max(self.samples - colors.samples, 0) if colors else 0

    @property
    def is_lab(self) -> bool:
        """Whether the colors are Lab in integers."""
        return self.photometric in {LAB, ICC_LAB} and self.sample_format != _FLOAT

    @property
    def is_associated_alpha_ignored(self) -> bool:
        """Whether an extra sample is said to be associated alpha, and is not `alpha`."""
        is_used = self.extra == 1 and not self.is_lab
        return _ASSOCIATED in self.extra_samples and not is_used

    @property
    def alpha(self) -> int | None:
        """Which of the extra samples is alpha, from 0 on; None if none is.

        Of several, associated alpha is not used: its colors, as they are stored, are the picture on
        black. A fourth sample that nothing describes is alpha to other readers, too.
        """
        kinds = self.extra_samples[: self.extra]
        if not kinds and self.extra == 1 and self.photometric in GRAY | {RGB}:
            return 0
        if kinds == (_ASSOCIATED,):
            return None if self.is_lab else 0  # TIFF does not say what Lab would be multiplied by
        return kinds.index(_UNASSOCIATED) if kinds.count(_UNASSOCIATED) == 1 else None


def unsupported(samples: Samples) -> str | None:
    """Return why the decoder does not show such pixels; None if it does."""
    return next(_reasons(samples), None)


def _reasons(samples: Samples) -> Iterator[str]:
    if samples.compression not in CODECS:
        codec = OTHER_CODECS.get(samples.compression, "not known")
        yield f"the TIFF's compression is {codec} ({samples.compression})"
    colors = _COLORS.get(samples.photometric)
    if colors is None:
        name = _OTHER_COLORS.get(samples.photometric, "not known")
        yield f"the TIFF's photometric interpretation is {name} ({samples.photometric})"
        return
    bits, sample_format = samples.bits[0], samples.sample_format
    if len(set(samples.bits)) > 1:
        sizes = ", ".join(str(size) for size in sorted(set(samples.bits))[:4])
        yield f"the TIFF's samples have different sizes: {sizes} bits"
    if (bits, _UINT if sample_format == _VOID else sample_format) not in colors.kinds:
        name = _FORMAT_NAMES.get(sample_format, "complex")
        yield f"the TIFF's samples are {bits}-bit {name} {colors.name}"
    if samples.samples < colors.samples or (samples.extra and not _has_room(samples)):
        yield f"the TIFF is {colors.name} of {samples.samples} {bits}-bit samples a pixel"
    if samples.photometric == CMYK and samples.ink_set != 1:
        yield f"the TIFF's inks are not CMYK, but ink set {samples.ink_set}"
    if samples.is_planar and samples.samples > 1 and not _reads_planes(samples):
        yield f"the TIFF's {colors.name} planes are stored separately"


def _has_room(samples: Samples) -> bool:
    """Return whether libvips reads samples beside the colors."""
    is_packed_gray = samples.photometric in GRAY and (samples.bits[0], _UINT) in _PACKED
    return samples.photometric != YCBCR and not is_packed_gray


def _reads_planes(samples: Samples) -> bool:
    """Return whether libvips combines separate planes rightly: only where it copies samples."""
    is_half = samples.bits[0] == 16 and samples.sample_format == _FLOAT  # noqa: PLR2004  # bits
    is_copied = samples.photometric in {RGB, CMYK, LAB, ICC_LAB} and not is_half
    return is_copied and not samples.is_tiled
