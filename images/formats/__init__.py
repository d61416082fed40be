"""What a file is and where its parts are, read from its structure; nothing is decoded.

One module for each container has all that is known of it.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from formats.gif import Canvas, is_gif_truncated, read_canvas, survey_gif
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
from formats.raw.cr3 import survey_cr3
from formats.raw.directories import survey_tiff_or_raw
from formats.raw.raf import survey_raf
from formats.sniffing import MIME_TYPES, SNIFF_BYTES, sniff
from formats.structure import MAX_METADATA_BYTES, SIDEWAYS, Raw, Structure, refuse_costly
from formats.tiff import (
    ByteOrder,
    Tiff,
    is_tiff_truncated,
    orientation_of,
    pack_tiff,
    read_samples,
    read_tiff,
    with_short,
)
from formats.tiff_samples import Samples, unsupported
from formats.webp import decoded_webp, is_webp_truncated, survey_webp

__all__ = [
    "MAX_METADATA_BYTES",
    "MIME_TYPES",
    "SIDEWAYS",
    "SNIFF_BYTES",
    "ByteOrder",
    "Canvas",
    "DecodedChunks",
    "DecodedSegments",
    "PartialFile",
    "Range",
    "Raw",
    "Samples",
    "Structure",
    "Tiff",
    "count_jpeg_scans",
    "decoded_webp",
    "exif_orientation",
    "is_truncated",
    "orientation_of",
    "pack_tiff",
    "read_canvas",
    "read_samples",
    "read_tiff",
    "refuse_costly",
    "sniff",
    "strip_to_dc_scans",
    "survey",
    "unsupported",
    "with_short",
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
    "TIFF": _Container(survey_tiff_or_raw, is_tiff_truncated),
    "AVIF": _Container(survey_heif, is_heif_truncated),
    "HEIC": _Container(survey_heif, is_heif_truncated),
}
_RAWS: Final[Mapping[str, Callable[[PartialFile, Structure], None]]] = {
    "CR3": survey_cr3,
    "ORF": survey_tiff_or_raw,
    "RAF": survey_raf,
    "RW2": survey_tiff_or_raw,
}
"""Raw photos that do not begin as a TIFF does. What is decoded is their preview, a JPEG."""


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
        read = _RAWS.get(image_format) or _CONTAINERS[image_format].survey
        read(file, found)
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
