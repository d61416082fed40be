"""TIFF's samples, as libvips reads them, to colors that libvips converts; and what libtiff says.

libvips takes any further sample for alpha and YCbCr for RGB, and does not open Lab of 8 bits.

Source: TIFF 6.0, sections 18, 20, 21 and 23; TIFF Technical Note 4, for ICC Lab.
"""

import re
from typing import Final

import pyvips

from formats import Samples, with_short
from formats.tiff_samples import (
    EXTRA_SAMPLES,
    ICC_LAB,
    JPEG,
    PHOTOMETRIC,
    RGB,
    SAMPLE_FORMAT,
    YCBCR,
)
from picture.vips import Complaints
from shared.errors import UnreadablePhotoError

_YCBCR_TO_RGB: Final = [[1.0, 0.0, 1.402], [1.0, -0.344136, -0.714136], [1.0, 1.772, 0.0]]
_UNSIGNED: Final = 1

# Of what libtiff says while it reads pixels: libjpeg fills up with gray and a fax with white; a gap
# is left without an error; and this is no damage.
_FILLED: Final = re.compile(
    "Bad code word at|Corrupt JPEG data|[Pp]remature end of JPEG|Inconsistent progression"
)
_GAP: Final = re.compile("Premature EOF at|error in tile")
_HARMLESS: Final = re.compile(
    "Old-style LZW codes|Discarding .* bytes to avoid|Try to decode|Improper JPEG (strip|tile)"
)


def readable(photo: bytes, samples: Samples) -> bytes:
    """Return `photo`, or a copy of it of which libvips reads the samples as they are stored."""
    changes = {}
    if samples.is_lab:
        changes = {PHOTOMETRIC: RGB, SAMPLE_FORMAT: _UNSIGNED}
    if samples.is_associated_alpha_ignored:
        changes[EXTRA_SAMPLES] = 0  # or libvips divides the colors by it
    return with_short(photo, changes) if changes else photo


def with_colors(image: pyvips.Image, samples: Samples) -> pyvips.Image:
    """Return `image`, loaded from a `readable` TIFF, with its colors and, if it has one, alpha."""
    if samples.photometric == YCBCR and samples.compression != JPEG:
        if samples.subsampling != (1, 1):
            return image.extract_band(0, n=3)  # libtiff has converted it, and added alpha
        return _ycbcr_to_rgb(image)
    alpha = samples.alpha
    is_as_stored = not samples.extra or (samples.extra == 1 and alpha == 0)
    if is_as_stored and not samples.is_lab:
        return image
    bands = image.bands - samples.extra  # a palette has become RGB
    colors = image.extract_band(0, n=bands)
    if samples.is_lab:
        colors = _lab(colors, is_icc=samples.photometric == ICC_LAB)
    if alpha is None:
        return colors
    extra = image[bands + alpha]
    return colors.bandjoin(extra / 257 if samples.is_lab and extra.format == "ushort" else extra)


def _ycbcr_to_rgb(image: pyvips.Image) -> pyvips.Image:
    matrix = pyvips.Image.new_from_array(_YCBCR_TO_RGB)
    rgb = (image - [0.0, 128.0, 128.0]).recomb(matrix).rint().cast("uchar")
    return rgb.copy(interpretation="srgb")


def _lab(image: pyvips.Image, *, is_icc: bool) -> pyvips.Image:
    """Return Lab in floats, of unsigned integers as they are stored."""
    is_short = image.format == "ushort"
    white = (65_280 if is_icc else 65_535) if is_short else 255
    lightness = image[0] * (100 / white)
    a_b = image.extract_band(1, n=2)
    if not is_icc:  # two's complement
        a_b = a_b ^ (32_768 if is_short else 128)
    a_b = a_b / (256 if is_short else 1) - 128
    return lightness.bandjoin(a_b).copy(interpretation="lab")


def is_damaged(of_header: Complaints, complaints: Complaints) -> bool:
    """Return whether libtiff went on without a part of the picture, and filled the gap.

    Args:
        of_header: what it said when the file was opened; it says so again when pixels are read.
        complaints: what it said while the pixels were read.

    Raises:
        UnreadablePhotoError: libtiff left a gap, in which is whatever was in memory before.
    """
    errors = [text for text in complaints.errors if text not in of_header.errors]
    warnings = [text for text in complaints.warnings if text not in of_header.warnings]
    gaps = [text for text in errors if not _FILLED.match(text)]
    gaps += [text for text in warnings if _GAP.match(text)]
    if gaps:
        raise UnreadablePhotoError(f"libtiff: {gaps[0]}")
    return bool(errors) or not all(_HARMLESS.match(text) for text in warnings)
