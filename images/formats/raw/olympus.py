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
# Tags of offset and size of a preview.
_IN_NOTE: Final = ((0x0088, 0x0089), (0x1036, 0x1037))
_IN_SETTINGS: Final = ((0x0101, 0x0102),)


def previews(file: PartialFile, order: ByteOrder, note: Value) -> Iterator[tuple[int, int]]:
    """Yield offset and size of each preview that a maker note names.

    Raises:
        NotReadError: one of the note's directories is not known.
    """
    name = file.read(note.at, _NAME_BYTES)
    for beginning, layout in _LAYOUTS.items():
        if name.startswith(beginning):
            base = note.at if layout.is_base else 0
            at = note.at + layout.directory_at
            break
    else:
        return
    entries = _entries(file, order, at, base)
    yield from _named(file, order, entries, _IN_NOTE, base)
    settings = entries.get(_CAMERA_SETTINGS)
    if settings is not None:
        # A pointer to a directory, or in older cameras the directory itself.
        pointers = read_numbers(file, order, settings)
        at = settings.at if settings.field_type == _UNDEFINED else base + sum(pointers[:1])
        yield from _named(file, order, _entries(file, order, at, base), _IN_SETTINGS, base)


def _entries(file: PartialFile, order: ByteOrder, at: int, base: int) -> dict[int, Value]:
    """Return the entries of a directory whose offsets count from `base`."""
    entries, _ = read_entries(file, order, at)
    return {
        tag: value._replace(at=value.at + base) if value.size > 4 else value  # noqa: PLR2004  # a slot
        for tag, value in entries.items()
    }


def _named(
    file: PartialFile,
    order: ByteOrder,
    entries: dict[int, Value],
    tags: tuple[tuple[int, int], ...],
    base: int,
) -> Iterator[tuple[int, int]]:
    for offset_tag, size_tag in tags:
        offset = read_numbers(file, order, entries.get(offset_tag))
        size = read_numbers(file, order, entries.get(size_tag))
        if offset and size:
            yield base + offset[0], size[0]
