"""JPEG's segments. Source: ITU-T T.81, annex B; Exif 2.32, 4.5.4; XMP part 3, 1.1.3."""

import re
from typing import Final

from formats.partial import NotReadError, PartialFile, Range
from formats.photoshop import find_iptc
from formats.structure import MAX_METADATA_BYTES, MAX_PARTS, Structure

_SOI_BYTES: Final = 2
_SOF0, _SOF2, _DHT, _JPG, _DAC, _SOF15 = 0xC0, 0xC2, 0xC4, 0xC8, 0xCC, 0xCF
_EOI, _SOS, _APP1, _APP13 = 0xD9, 0xDA, 0xE1, 0xED
_FRAMES: Final = frozenset(range(_SOF0, _SOF15 + 1)) - {_DHT, _JPG, _DAC}
_PROGRESSIVE: Final = frozenset({_SOF2, 0xC6, 0xCA, 0xCE})
# Within a scan 0xFF00 is data, 0xFFD0 to 0xFFD7 restart it, and 0xFFFF is padding.
MARKER: Final = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")

_EXIF: Final = b"Exif\0\0"
_FULL_BYTES: Final = 65_533  # the longest body of a segment
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP: Final = b"Photoshop 3.0\0"


def survey_jpeg(file: PartialFile, found: Structure) -> None:
    """Walk the segments up to the first scan, into `found`.

    Raises:
        NotReadError: the size of the picture lies behind what is known.
    """
    resources = b""
    at = _SOI_BYTES
    try:
        for _ in range(MAX_PARTS):
            at, marker = _next_marker(file, at)
            if marker in {0, _EOI}:
                break
            size = int.from_bytes(file.read(at + 2, 2))
            if marker in _FRAMES:
                frame = file.read(at + 4, 5)
                found.height_px = int.from_bytes(frame[1:3]) or None  # 0: DNL, decoded by nobody
                found.width_px = int.from_bytes(frame[3:5]) or None
            elif marker == _APP1:
                _take_app1(file.read(at + 4, size - 2), found)
            elif marker == _APP13 and len(resources) < MAX_METADATA_BYTES:
                body = file.read(at + 4, size - 2)
                resources += body[len(_PHOTOSHOP) :] if body.startswith(_PHOTOSHOP) else b""
            elif marker == _SOS:
                found.scans = count_jpeg_scans(file.known_from(0))
                break
            at += 2 + size
    except NotReadError:
        if found.width_px is None:
            raise
    finally:
        found.iptc = find_iptc(resources)


def _next_marker(file: PartialFile, at: int) -> tuple[int, int]:
    """Return where the next marker is, and its second byte: 0 where the file ends before one."""
    if MARKER.fullmatch(here := file.read(at, 2)):
        return at, here[1]
    known = file.known_from(at)
    match = MARKER.search(known)
    if match is not None:
        return at + match.start(), known[match.start() + 1]
    first = max(at, at + len(known) - 1)
    if first < file.total_bytes - 1:
        raise NotReadError(Range(first, first + 1))
    return at, 0


def _take_app1(body: bytes, found: Structure) -> None:
    if body.startswith(_EXIF):
        block = body[len(_EXIF) :]
        if found.exif is None:
            found.exif = block
        elif len(found.exif) == _FULL_BYTES - len(_EXIF):
            found.exif += block  # what does not fit in one segment goes on in the next
    elif body.startswith(_XMP) and found.xmp is None:
        found.xmp = body[len(_XMP) :]


def count_jpeg_scans(data: bytes) -> int:
    """Count the scans that a decoder would run through in `data`, a JPEG or its beginning.

    A sequential JPEG whose first scan has all components is over with that scan: libjpeg reads
    no further. Never raises: what is not a JPEG has no scans.
    """
    scans = 0
    components = 0
    at = _SOI_BYTES
    while (match := MARKER.search(data, at)) is not None:
        marker = data[match.start() + 1]
        body = match.end() + 2
        if marker == _EOI:
            break
        if marker in _FRAMES:
            components = -1 if marker in _PROGRESSIVE else int.from_bytes(data[body + 5 : body + 6])
        if marker == _SOS:
            scans += 1
            if int.from_bytes(data[body : body + 1]) == components:
                break
        at = match.end() + int.from_bytes(data[match.end() : body])
    return scans
