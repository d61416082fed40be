"""What a file is and where its parts are, read from its structure; nothing is decoded.

One module for each container has all that is known of it.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from formats.gif import is_gif_truncated, survey_gif
from formats.heif.boxes import without_exif
from formats.heif.survey import is_heif_truncated, survey_heif
from formats.jpeg import (
    DecodedSegments,
    count_jpeg_scans,
    is_jpeg_truncated,
    strip_to_dc_scans,
    survey_jpeg,
)
from formats.partial import NotReadError, PartialFile, Range
from formats.png import DecodedChunks, is_png_truncated, survey_png
from formats.sniffing import MIME_TYPES, SNIFF_BYTES, sniff
from formats.structure import MAX_METADATA_BYTES, Structure
from formats.tiff import (
    ByteOrder,
    Tiff,
    is_tiff_truncated,
    orientation_of,
    pack_tiff,
    read_tiff,
    survey_tiff,
)
from formats.webp import decoded_webp, is_webp_truncated, survey_webp

__all__ = [
    "MAX_METADATA_BYTES",
    "MIME_TYPES",
    "SNIFF_BYTES",
    "ByteOrder",
    "DecodedChunks",
    "DecodedSegments",
    "PartialFile",
    "Range",
    "Structure",
    "Tiff",
    "count_jpeg_scans",
    "decoded_webp",
    "exif_orientation",
    "is_truncated",
    "orientation_of",
    "pack_tiff",
    "read_tiff",
    "sniff",
    "strip_to_dc_scans",
    "survey",
    "without_exif",
]


class _Container(NamedTuple):
    """What can be asked of the files of one format."""

    survey: Callable[[PartialFile, Structure], None]
    is_truncated: Callable[[bytes], bool]


_CONTAINERS: Final[Mapping[str, _Container]] = {
    "JPEG": _Container(survey_jpeg, is_jpeg_truncated),
    "PNG": _Container(survey_png, is_png_truncated),
    "WEBP": _Container(survey_webp, is_webp_truncated),
    "GIF": _Container(survey_gif, is_gif_truncated),
    "TIFF": _Container(survey_tiff, is_tiff_truncated),
    "AVIF": _Container(survey_heif, is_heif_truncated),
    "HEIC": _Container(survey_heif, is_heif_truncated),
}


def survey(file: PartialFile, image_format: str) -> Structure:
    """Find the size of the picture and the metadata in a file of `image_format`.

    Returns:
        What the known bytes say. Where they end too early, `missing` names the bytes that the
        survey would have read next: `add` them, and survey again. Damaged bytes are never an
        error: the survey returns what it could read.

    Raises:
        TooComplexError: the file has more parts than a photo has.
    """
    found = Structure()
    try:
        _CONTAINERS[image_format].survey(file, found)
    except NotReadError as error:
        found.missing = error.missing
    return found


def exif_orientation(structure: Structure) -> int:
    """Return the orientation, 1 to 8, that the metadata of a surveyed file states."""
    block = structure.exif or b""
    return structure.orientation or orientation_of(read_tiff(PartialFile(len(block), block)))


def is_truncated(photo: bytes, image_format: str) -> bool:
    """Return whether `photo`, a whole file of `image_format`, has lost its end.

    No false positives in a file with nothing appended: True only if the structure proves that data
    is missing.
    """
    return _CONTAINERS[image_format].is_truncated(photo)
