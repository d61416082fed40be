"""What a file is and where its parts lie, read from its structure; no pixel is ever decoded."""

from collections.abc import Callable, Mapping
from typing import Final

from formats.gif import survey_gif
from formats.heif.boxes import survey_heif
from formats.jpeg import count_jpeg_scans, survey_jpeg
from formats.partial import NotReadError, PartialFile, Range
from formats.png import survey_png
from formats.sniffing import MIME_TYPES, SNIFF_BYTES, sniff
from formats.structure import MAX_METADATA_BYTES, Structure
from formats.tiff import Tiff, orientation_of, pack_tiff, read_tiff, survey_tiff
from formats.webp import survey_webp

__all__ = [
    "MAX_METADATA_BYTES",
    "MIME_TYPES",
    "SNIFF_BYTES",
    "PartialFile",
    "Range",
    "Structure",
    "Tiff",
    "count_jpeg_scans",
    "orientation_of",
    "pack_tiff",
    "read_tiff",
    "sniff",
    "survey",
]

_WALKS: Final[Mapping[str, Callable[[PartialFile, Structure], None]]] = {
    "JPEG": survey_jpeg,
    "PNG": survey_png,
    "WEBP": survey_webp,
    "GIF": survey_gif,
    "TIFF": survey_tiff,
    "AVIF": survey_heif,
    "HEIC": survey_heif,
}


def survey(file: PartialFile, image_format: str) -> Structure:
    """Find the size of the picture and the metadata of a file of `image_format`.

    Returns:
        What the known bytes tell. Where they end too early, `missing` names the bytes that the
        walk would have read next: `add` them, and survey again. Damaged bytes are never an
        error: what cannot be read is not found.
    """
    found = Structure()
    try:
        _WALKS[image_format](file, found)
    except NotReadError as error:
        found.missing = error.missing
    return found
