"""The JPEG preview of a raw photo: the largest one that is shown in place of the photo.

Cameras put several into a file, from a stamp of 160 pixels to the full size. They are tried by
their size in bytes. So few are tried that Extract needs few requests; cameras write up to four.
"""

from collections.abc import Iterable
from typing import Final

from formats.jpeg import jpeg_size
from formats.partial import Part, PartialFile, Range
from formats.structure import Raw
from shared.limits import MIN_PREVIEW_PX

_MAX_TRIED: Final = 4
_MIN_BYTES: Final = 125  # the least that a JPEG can be


def take_preview(file: PartialFile, candidates: Iterable[tuple[int, int]], raw: Raw) -> None:
    """Find the preview among `candidates` (offset and size in bytes of each).

    Raises:
        NotReadError: the beginning of a candidate is not known.
    """
    distinct = {(offset, size) for offset, size in candidates if offset and size >= _MIN_BYTES}
    whole = [(size, offset) for offset, size in distinct if offset + size <= file.total_bytes]
    raw.is_cut_off = raw.is_cut_off or len(whole) < len(distinct)
    for size, offset in sorted(whole, reverse=True)[:_MAX_TRIED]:
        size_px = jpeg_size(Part(file, offset, size))
        if size_px is not None and max(size_px) >= MIN_PREVIEW_PX:
            raw.preview = Range(offset, offset + size - 1)
            raw.width_px, raw.height_px = size_px
            return
