"""Where Olympus and OM System put the preview of an ORF: into the camera's maker note.

Source: https://exiftool.org/TagNames/Olympus.html (CameraSettings) and its MakerNotes.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from formats.partial import PartialFile
from formats.tiff import ByteOrder, Value, read_entries, read_numbers

_CAMERA_SETTINGS: Final = 0x2020
_UNDEFINED: Final = 7
_NAME_BYTES: Final = 16


class _Layout(NamedTuple):
    """How a maker note begins."""

    directory_at: int
    is_base: bool  # its offsets count from its own beginning, not from the file's


_LAYOUTS: Final = {
    b"OM SYSTEM\0": _Layout(16, is_base=True),
    b"OLYMPUS\0": _Layout(12, is_base=True),
    b"OLYMP\0": _Layout(8, is_base=False),
}
_START, _LENGTH = 0x0101, 0x0102  # of the preview, in the camera settings


def previews(file: PartialFile, order: ByteOrder, note: Value) -> Iterator[tuple[int, int]]:
    """Yield offset and size of the preview that a maker note names, if it does.

    Raises:
        NotReadError: one of the note's directories is not known.
    """
    name = file.read(note.at, _NAME_BYTES)
    layout = next((one for start, one in _LAYOUTS.items() if name.startswith(start)), None)
    if layout is None:
        return
    base = note.at if layout.is_base else 0
    entries, _ = read_entries(file, order, note.at + layout.directory_at)
    pointer = entries.get(_CAMERA_SETTINGS)
    if pointer is None:
        return
    # A pointer to a directory, or in older cameras the directory itself.
    at = [pointer.at] if pointer.field_type == _UNDEFINED else read_numbers(file, order, pointer)
    settings, _ = read_entries(file, order, base + sum(at[:1]))
    start, length = (read_numbers(file, order, settings.get(tag)) for tag in (_START, _LENGTH))
    if start and length:
        yield base + start[0], length[0]
