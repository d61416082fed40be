"""Read the values of an EXIF block with exifread, and with Pillow those that exifread loses."""

import io
import logging
import math
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import exifread

from formats import Tiff, pack_tiff
from shared.text import decode

Directory = Literal["IFD0", "EXIF", "GPS"]
Key = tuple[Directory, int]  # directory and tag
Value = str | bytes | tuple[float, ...]  # ASCII; BYTE and UNDEFINED; numbers, n/0 being NaN

_EXIFREAD_NAMES: Final[Mapping[str, Directory]] = {"Image": "IFD0", "EXIF": "EXIF", "GPS": "GPS"}

_BYTE_TYPES: Final = frozenset({1, 7})  # BYTE, UNDEFINED
_COMMENT: Final = 0x9286  # UserComment
_COPYRIGHT: Final = 0x8298
_TEXT_TYPES: Final = frozenset({1, 2, 7})  # BYTE, ASCII, UNDEFINED

# Both libraries log parts of the file; the step's log must not have any.
for _library in ("exifread", "PIL"):
    logging.getLogger(_library).setLevel(logging.CRITICAL)


class Exif:
    """The values of one photo's EXIF, by directory and tag."""

    def __init__(self, values: Mapping[Key, Value]) -> None:
        self._values = values

    def text(self, directory: Directory, tag: int) -> str | bytes | None:
        """Return the text or the raw bytes of a tag; None if it has neither."""
        value = self._values.get((directory, tag))
        return None if isinstance(value, tuple) else value

    def raw(self, directory: Directory, tag: int) -> bytes:
        """Return the raw bytes of a tag; empty if it has none."""
        value = self._values.get((directory, tag))
        return value if isinstance(value, bytes) else b""

    def numbers(self, directory: Directory, tag: int) -> tuple[float, ...]:
        """Return the numbers of a tag; empty if it has none."""
        value = self._values.get((directory, tag), ())
        return () if isinstance(value, str) else tuple(map(float, value))

    def number(self, directory: Directory, tag: int) -> float | None:
        """Return the first number of a tag; None if it has none."""
        return next(iter(self.numbers(directory, tag)), None)


def read_exif(tiff: Tiff) -> Exif:
    """Read the values of `tiff`. It limits the sizes and counts that the libraries have to parse.

    Each library alone fails on some real photos. Pillow is imported only if exifread misses a tag:
    its import would add a tenth to every cold start.
    """
    stated: set[Key] = {("IFD0", entry.tag) for entry in tiff.ifd0}
    stated |= {("EXIF", entry.tag) for entry in tiff.exif}
    stated |= {("GPS", entry.tag) for entry in tiff.gps}
    if not stated:
        return Exif({})
    block = pack_tiff(tiff)
    values = _by_exifread(block)
    # exifread omits this tag unless it also decodes MakerNotes, which is slow.
    values |= {("EXIF", tag): entry.value for entry in tiff.exif if (tag := entry.tag) == _COMMENT}
    # Both end it at the first NUL, where the editor's copyright follows the photographer's.
    values |= {
        ("IFD0", tag): entry.value
        for entry in tiff.ifd0
        if (tag := entry.tag) == _COPYRIGHT and entry.field_type in _TEXT_TYPES
    }
    if stated - values.keys():
        values = _by_pillow(block) | values
    return Exif(values)


def _by_exifread(block: bytes) -> dict[Key, Value]:
    try:
        tags = exifread.process_file(io.BytesIO(block), details=False, extract_thumbnail=False)
    except Exception:  # noqa: BLE001  # hostile values make its formatters raise anything
        return {}
    values: dict[Key, Value] = {}
    for name, tag in tags.items():
        directory = _EXIFREAD_NAMES.get(name.partition(" ")[0])
        value = _exifread_value(tag.field_type, tag.values)
        if directory is not None and value is not None:
            values[directory, tag.tag] = value
    return values


def _exifread_value(field_type: int, values: str | bytes | list[Any]) -> Value | None:
    """Convert exifread's values; None for an empty list: exifread could not parse the value."""
    if isinstance(values, str):
        return values
    if isinstance(values, bytes):  # ASCII that is not UTF-8
        return decode(values)
    if not values:
        return None
    return bytes(values) if field_type in _BYTE_TYPES else _numbers(values)


def _by_pillow(block: bytes) -> dict[Key, Value]:
    # Pillow's EXIF parser alone runs, on a block that pack_tiff wrote. Pillow opens no file of a
    # user, so its decoders and its check for decompression bombs do not matter.
    from PIL import ExifTags, Image  # noqa: PLC0415  # see read_exif

    values: dict[Key, Value] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about each broken value
        try:
            exif = Image.Exif()
            exif.load(block)
            directories: list[tuple[Directory, Mapping[int, Any]]] = [
                ("IFD0", dict(exif)),
                ("EXIF", exif.get_ifd(ExifTags.IFD.Exif)),
                ("GPS", exif.get_ifd(ExifTags.IFD.GPSInfo)),
            ]
        except Exception:  # noqa: BLE001  # hostile values make its readers raise anything
            return {}
    for directory, tags in directories:
        for tag, value in tags.items():
            values[directory, tag] = _pillow_value(value)
    return values


def _pillow_value(value: Any) -> Value:  # noqa: ANN401  # Pillow's values have many types
    if isinstance(value, str):
        return decode(value.encode("latin-1", "replace"))  # Pillow reads UTF-8 as Latin-1
    if isinstance(value, bytes):
        return value
    return _numbers(value if isinstance(value, tuple) else (value,))


def _numbers(values: Iterable[Any]) -> tuple[float, ...]:
    return tuple(map(_float, values))


def _float(value: Any) -> float:  # noqa: ANN401  # int, float, a library's ratio, or a tuple of one
    try:
        return float(value[0] if isinstance(value, tuple) else value)
    except (ArithmeticError, TypeError, ValueError):
        return math.nan
