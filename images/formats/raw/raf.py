"""RAF: Fujifilm's raw photos. EXIF and XMP are in the preview.

Source: https://exiftool.org/TagNames/FujiFilm.html (RAF Tags) and its reader, ProcessRAF.
"""

from typing import Final

from formats.jpeg import survey_jpeg
from formats.partial import Part, PartialFile
from formats.raw.preview import take_preview
from formats.structure import Raw, Structure

_PREVIEW_AT: Final = 0x54  # offset and size of the preview, then offset and size of the directory
_POINTERS_BYTES: Final = 16
_CROPPED_SIZE: Final = 0x0111  # height and width of the picture, without the sensor's border
_MAX_ENTRIES: Final = 255
_MAX_DIRECTORY_BYTES: Final = 65_536


def survey_raf(file: PartialFile, found: Structure) -> None:
    """Find the preview, read the metadata in it, and read the size from the directory.

    Raises:
        NotReadError: one of them is not known.
    """
    found.is_scattered = True
    found.raw = raw = Raw("RAF")
    pointers = file.read(_PREVIEW_AT, _POINTERS_BYTES)
    preview_at, preview_bytes, directory_at, directory_bytes = (
        int.from_bytes(pointers[at : at + 4]) for at in range(0, _POINTERS_BYTES, 4)
    )
    take_preview(file, [(preview_at, preview_bytes)], raw)
    if raw.preview is None:
        return
    survey_jpeg(Part(file, preview_at, preview_bytes), found)
    found.width_px, found.height_px = _size(
        file.read(directory_at, min(directory_bytes, _MAX_DIRECTORY_BYTES))
    ) or (raw.width_px, raw.height_px)


def _size(directory: bytes) -> tuple[int, int] | None:
    """Return width and height of the cropped picture; None if the directory has none."""
    at = 4
    for _ in range(min(int.from_bytes(directory[:4]), _MAX_ENTRIES)):
        tag, size = int.from_bytes(directory[at : at + 2]), directory[at + 2 : at + 4]
        value = directory[at + 4 : at + 4 + int.from_bytes(size)]
        if tag == _CROPPED_SIZE:
            height_px, width_px = int.from_bytes(value[:2]), int.from_bytes(value[2:4])
            return (width_px, height_px) if width_px and height_px else None
        at += 4 + len(value)
    return None
