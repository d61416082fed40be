"""Color: from the file's color space to sRGB. Only pixels and profiles; no file formats.

Source: ICC.1:2022, 7.2 and 10; ITU-T H.273, tables 2 and 3.
"""

import math
import struct
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

import pyvips

from shared.errors import UnsupportedTypeError

_ICC: Final = "icc-profile-data"
_SRGB_NAMES: Final = frozenset({"sRGB", "sRGB IEC61966-2.1", "sRGB built-in"})
_INTEGER_SAMPLES: Final = frozenset({"uchar", "ushort"})
_DEFINED_SCALES: Final = frozenset({"lab", "labs", "scrgb"})  # where floats have a known scale
# Classes of profiles that describe no device: effects, chains of profiles, lists of named colors.
_NO_DEVICE: Final = frozenset({b"abst", b"link", b"nmcl"})
_SPACES: Final = {  # the profile's, of libvips' interpretations
    "srgb": b"RGB ",
    "rgb16": b"RGB ",
    "b-w": b"GRAY",
    "grey16": b"GRAY",
    "cmyk": b"CMYK",
}
_RGBA_BANDS: Final = 4
_P3_PRIMARIES: Final = frozenset({11, 12})  # with the white point of cinemas, and of displays
_PQ, _HLG = 16, 18  # transfer characteristics
_WHITE_NITS: Final = 203  # of reference white. Source: ITU-R BT.2408, table 1
_HLG_PEAK_NITS, _HLG_GAMMA = 1000, 1.2  # of the nominal display. Source: BT.2100, note 5f
_KNEE: Final = 0.6  # of reference white: most of a picture is darker

# Linear RGB with the primaries of BT.2020 and P3 to linear sRGB. Source: BT.2087, and the same
# computation for P3's primaries.
_SAME: Final = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
_P3_TO_SRGB: Final = [
    [1.2249, -0.2249, 0.0],
    [-0.0421, 1.0421, 0.0],
    [-0.0196, -0.0786, 1.0983],
]
_TO_SRGB: Final = {
    9: [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    11: _P3_TO_SRGB,
    12: _P3_TO_SRGB,
}


class Nclx(NamedTuple):
    """Color as the numbers of H.273, as HEIC and AVIF state it."""

    primaries: int
    transfer: int


def with_profile(image: pyvips.Image, profile: bytes) -> pyvips.Image:
    """Return `image` with `profile` embedded."""
    image = image.copy()
    image.set_type(pyvips.GValue.blob_type, _ICC, profile)  # type: ignore[arg-type]  # its stubs lack blobs
    return image


def profile_of(image: pyvips.Image) -> bytes:
    """Return the ICC profile of `image`, empty if it has none."""
    profile: Any = image.get(_ICC) if image.get_typeof(_ICC) else b""
    return bytes(profile)


def is_hdr(nclx: Nclx) -> bool:
    """Return whether the picture's white is far below the brightest level that it can hold."""
    return nclx.transfer in {_PQ, _HLG}


def with_nclx_profile(image: pyvips.Image, nclx: Nclx) -> pyvips.Image:
    """Return `image` with the ICC profile that says the same as `nclx`, if that is not sRGB."""
    if nclx.primaries not in _P3_PRIMARIES:
        return image
    return with_profile(image, pyvips.Image.profile_load("p3"))


def hdr_to_srgb(image: pyvips.Image, nclx: Nclx) -> pyvips.Image:
    """Return an HDR picture as a screen without HDR would show it.

    Up to `_KNEE` of reference white every tone is kept. Brighter tones, up to the brightest of the
    format, are compressed into the rest, so that lamps stay bright and no sky turns gray.

    Args:
        image: uchar, 3 bands, or 4 with alpha, as coded.
        nclx: how it is coded; `is_hdr` is true of it.
    """
    linear = _pq_to_linear if nclx.transfer == _PQ else _hlg_to_linear
    table = pyvips.Image.new_from_array([[linear(code / 255) for code in range(256)]])
    matrix = pyvips.Image.new_from_array(_TO_SRGB.get(nclx.primaries, _SAME))
    light = image.extract_band(0, n=3).maplut(table).recomb(matrix)
    over = (light - _KNEE) / (1 - _KNEE)
    compressed = over / (over + 1) * (1 - _KNEE) + _KNEE
    shown = (light > _KNEE).ifthenelse(compressed, light)
    srgb = shown.cast("float").copy(interpretation="scrgb").colourspace("srgb")
    return srgb.bandjoin(image[3]) if image.hasalpha() else srgb


def _pq_to_linear(code: float) -> float:
    """Return light, 1 being reference white, of a PQ code from 0 to 1. Source: BT.2100, table 4."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    root = code ** (1 / m2)
    return float((max(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1) * 10_000 / _WHITE_NITS)


def _hlg_to_linear(code: float) -> float:
    """Return light, 1 being reference white, of an HLG code. Source: BT.2100, table 5."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = code * code / 3 if code <= 0.5 else (math.exp((code - c) / a) + b) / 12  # noqa: PLR2004
    return float((scene**_HLG_GAMMA) * _HLG_PEAK_NITS / _WHITE_NITS)


def refuse_unscaled(image: pyvips.Image) -> None:
    """Raise if nothing says which samples are black and which are white.

    Raises:
        UnsupportedTypeError: floating point or 32 bit samples that are no known color space.
    """
    if image.format not in _INTEGER_SAMPLES and image.interpretation not in _DEFINED_SCALES:
        raise UnsupportedTypeError(f"its samples are {image.format} {image.interpretation}")


def has_foreign_profile(image: pyvips.Image) -> bool:
    """Return whether `image` has a profile that is not sRGB's.

    Converting costs 3 ms and up to a fifth of the time of a thumbnail, and most photos are sRGB.
    """
    profile = profile_of(image)
    return bool(profile) and _description(profile) not in _SRGB_NAMES


def without_unusable_profile(image: pyvips.Image) -> pyvips.Image:
    """Return `image` without its ICC profile, if that does not convert its colors to sRGB."""
    profile, interpretation = profile_of(image), str(image.interpretation)
    is_usable = not profile or (
        interpretation not in _DEFINED_SCALES
        and profile[12:16] not in _NO_DEVICE
        and profile[16:20] == _SPACES.get(interpretation, profile[16:20])
        and (
            not has_foreign_profile(image)
            or _converts(profile, image.bands, str(image.format), interpretation)
        )
    )
    if is_usable:
        return image
    bare = image.copy()
    bare.remove(_ICC)
    return bare


@lru_cache(maxsize=8)  # a test costs 5 ms, of CMYK 36 ms, and one phone writes one profile
def _converts(profile: bytes, bands: int, sample: str, interpretation: str) -> bool:
    """Return whether libvips converts a pixel of such a picture by `profile`."""
    pixel = pyvips.Image.black(1, 1, bands=bands).cast(sample).copy(interpretation=interpretation)
    try:
        to_srgb(with_profile(pixel, profile), 1, 1).copy_memory()
    except pyvips.Error:
        return False
    return True


def to_srgb(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """Return `image` in sRGB, with that size. libvips does both in one operation."""
    resize = partial(image.thumbnail_image, width, height=height, size="force", no_rotate=True)
    is_foreign = has_foreign_profile(image)
    return as_srgb(resize(output_profile="srgb") if is_foreign else resize())


def as_srgb(image: pyvips.Image) -> pyvips.Image:
    """Return `image` as uchar sRGB of 3 bands, or 4 with alpha, without its profile."""
    if image.interpretation != "srgb" or image.format != "uchar":  # or libvips copies all pixels
        image = image.colourspace("srgb").cast("uchar")
    if image.get_typeof(_ICC):
        image = image.copy()  # or the field would go from the shared image, too
        image.remove(_ICC)
    return image if image.bands <= _RGBA_BANDS else image.extract_band(0, n=3)


def _description(profile: bytes) -> str:
    """Return the name of an ICC profile, empty where it is not well formed."""
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
        for at in range(132, 132 + 12 * min(count, 100), 12):
            signature, offset, size = struct.unpack_from(">4sII", profile, at)
            if signature == b"desc":
                return _text(profile[offset : offset + size])
    except (struct.error, UnicodeDecodeError):
        pass
    return ""


def _text(tag: bytes) -> str:
    """Return the first text of a `desc` (version 2) or `mluc` (version 4) element."""
    if tag.startswith(b"mluc"):
        size, offset = struct.unpack_from(">II", tag, 20)
        return tag[offset : offset + size].decode("utf-16-be").rstrip("\0")
    (size,) = struct.unpack_from(">I", tag, 8)
    return tag[12 : 12 + size].decode("ascii").rstrip("\0")
