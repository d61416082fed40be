"""JPEG: its segments and scans. Bytes in, facts or bytes out; nothing is decoded.

Source: ITU-T T.81, annex B (markers, frames, scans, tables) and G.1.1 (progressive); Exif 2.32,
4.5.4; XMP part 3, 1.1.3.
"""

import re
from typing import Final

from formats.partial import PartialFile
from formats.photoshop import find_iptc
from formats.structure import EXIF_NAME, MAX_METADATA_BYTES, Structure
from formats.tiff import has_entries
from shared.limits import parts

_SEGMENTS: Final = "JPEG segments"
_SOI_BYTES: Final = 2
_HEAD_BYTES: Final = 4  # of a segment: its marker and its length
_SOF0, _SOF2, _DHT, _JPG, _DAC, _SOF15 = 0xC0, 0xC2, 0xC4, 0xC8, 0xCC, 0xCF
_EOI, _SOS, _DQT, _APP1, _APP13 = 0xD9, 0xDA, 0xDB, 0xE1, 0xED
_FRAMES: Final = frozenset(range(_SOF0, _SOF15 + 1)) - {_DHT, _JPG, _DAC}
_PROGRESSIVE: Final = frozenset({_SOF2, 0xC6, 0xCA, 0xCE})
_COMMON: Final = frozenset({_SOF0, 0xC1, _SOF2})  # Huffman, baseline to progressive
_COMMON_BITS: Final = 8  # of a sample
_MAX_SEGMENTS_BEFORE_FRAME: Final = 100  # of a preview
_NEVER_STRIPPED: Final = (_FRAMES | {_JPG, _DAC}) - {_SOF2}  # anything but Huffman progressive
# Within a scan 0xFF00 is data, 0xFFD0 to 0xFFD7 restart it, and 0xFFFF is padding.
_MARKER: Final = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")

# Metadata; of the application segments a decoder needs JFIF's, the ICC profile's and Adobe's.
_NOT_DECODED: Final = frozenset({*range(0xE1, 0xF0), 0xFE}) - {0xE2, 0xEE}
_FULL_BYTES: Final = 65_533  # the longest body of a segment
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP: Final = b"Photoshop 3.0\0"

_TABLE_VALUES: Final = 64
# Row 2, column 0, in zigzag order: no pixel of a decode at 1/8 is made of that coefficient.
_UNUSED_VALUE: Final = 3


def survey_jpeg(file: PartialFile, found: Structure) -> None:
    """Read the segments up to the first scan, into `found`.

    Raises:
        NotReadError: the size of the picture, or its first scan, lies behind what is known.
        TooComplexError: there are more segments than a photo has.
    """
    found.way = "PROGRESSIVE_JPEG"  # unless the first scan shows that no coefficients are held
    components = 0
    resources = b""
    at = _SOI_BYTES
    try:
        for _ in parts(_SEGMENTS):
            at, marker = _next_marker(file, at)
            if marker in {0, _EOI}:
                break
            size = int.from_bytes(file.read(at + 2, 2))
            if marker in _FRAMES:
                frame = file.read(at + 4, 6)
                found.height_px = int.from_bytes(frame[1:3]) or None  # 0: DNL, no decoder reads it
                found.width_px = int.from_bytes(frame[3:5]) or None
                components = -1 if marker in _PROGRESSIVE else int.from_bytes(frame[5:])
            elif marker == _APP1:
                _take_app1(file.read(at + 4, size - 2), found)
            elif marker == _APP13 and len(resources) < MAX_METADATA_BYTES:
                body = file.read(at + 4, size - 2)
                resources += body[len(_PHOTOSHOP) :] if body.startswith(_PHOTOSHOP) else b""
            elif marker == _SOS:
                if int.from_bytes(file.read(at + 4, 1)) == components:
                    found.way = None
                found.scans = max(1, count_jpeg_scans(file.known_from(0)))
                break
            at += 2 + size
    finally:
        found.iptc = find_iptc(resources)


def jpeg_size(file: PartialFile) -> tuple[int, int] | None:
    """Return width and height of a JPEG that every decoder reads; None if it is none.

    The data of many raw photos is a JPEG, too, but a lossless one.

    Raises:
        NotReadError: the frame lies behind what is known.
    """
    if file.read(0, _SOI_BYTES) != b"\xff\xd8":
        return None
    at = _SOI_BYTES
    for _ in range(_MAX_SEGMENTS_BEFORE_FRAME):
        at, marker = _next_marker(file, at)
        if marker in {0, _EOI, _SOS}:
            break
        if marker in _FRAMES:
            frame = file.read(at + 4, 5)
            height_px, width_px = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
            is_common = marker in _COMMON and frame[:1] == bytes([_COMMON_BITS])
            return (width_px, height_px) if is_common and width_px and height_px else None
        at += 2 + int.from_bytes(file.read(at + 2, 2))
    return None


def _next_marker(file: PartialFile, at: int) -> tuple[int, int]:
    """Return where the next marker is, and its second byte: 0 where the file ends before one."""
    if _MARKER.fullmatch(here := file.read(at, 2)):
        return at, here[1]
    known = file.known_from(at)
    match = _MARKER.search(known)
    if match is not None:
        return at + match.start(), known[match.start() + 1]
    first = max(at, at + len(known) - 1)
    if first < file.total_bytes - 1:
        raise file.not_read(first, 2)
    return at, 0


def _take_app1(body: bytes, found: Structure) -> None:
    if body.startswith(EXIF_NAME):
        block = body[len(EXIF_NAME) :]
        if found.exif is not None and len(found.exif) == _FULL_BYTES - len(EXIF_NAME):
            found.exif += block  # EXIF that is too long for one segment goes on in the next
        elif found.exif is None or not has_entries(found.exif):
            found.exif = block  # some writers put an empty one before it
    elif body.startswith(_XMP) and found.xmp is None:
        found.xmp = body[len(_XMP) :]


class DecodedSegments:
    """Passes on those segments of a JPEG, while it arrives, that its picture is decoded from.

    EXIF is not among them: libexif takes 13 s for 50 KB of 4,000 entries. From the first scan on,
    everything is passed on.
    """

    def __init__(self) -> None:
        self._waiting = b""  # the beginning of a head of a segment
        self._dropped_bytes = 0  # of the segment, still to come
        self._passed_bytes = _SOI_BYTES
        self._is_scan = False

    def feed(self, data: bytes) -> bytes:
        """Return what is passed on of the next bytes of the file: `data` itself if that is all."""
        if self._is_scan:
            return data
        data = self._waiting + data
        self._waiting = b""
        view = memoryview(data)  # copied once, since a whole photo takes milliseconds to copy
        passed = []
        at = 0
        while at < len(data):
            if self._dropped_bytes:
                size = min(self._dropped_bytes, len(data) - at)
                self._dropped_bytes -= size
            elif self._passed_bytes:
                size = min(self._passed_bytes, len(data) - at)
                self._passed_bytes -= size
                passed.append(view[at : at + size])
            else:
                match = _MARKER.search(data, at)
                if match is None or match.start() + _HEAD_BYTES > len(data):
                    stop = match.start() if match else len(data) - data.endswith(b"\xff")
                    passed.append(view[at:stop])
                    self._waiting = data[stop:]
                    break
                marker = data[match.start() + 1]
                size = match.start() - at  # what stands before it belongs nowhere
                passed.append(view[at : at + size])
                if marker in {_SOS, _EOI}:
                    self._is_scan = True
                    passed.append(view[at + size :])
                    break
                bytes_of_segment = 2 + int.from_bytes(data[match.end() : match.end() + 2])
                if marker in _NOT_DECODED:
                    self._dropped_bytes = bytes_of_segment
                else:
                    self._passed_bytes = bytes_of_segment
            at += size
        return data if sum(map(len, passed)) == len(data) else b"".join(passed)


def is_jpeg_truncated(photo: bytes) -> bool:
    """Return whether the last scan has no end marker behind it.

    A preview in the EXIF block has both markers too, but stands before the picture.
    """
    return photo.rfind(bytes([0xFF, _EOI])) < photo.rfind(bytes([0xFF, _SOS]))


def count_jpeg_scans(data: bytes | memoryview) -> int:
    """Count the scans in `data`, a JPEG or its beginning, that a decoder would read.

    A sequential JPEG whose first scan has all components ends with that scan: libjpeg reads no
    further. Data that is no JPEG has no scans.

    Raises:
        TooComplexError: there are more segments than a photo has.
    """
    scans = 0
    components = 0
    at = _SOI_BYTES
    for _ in parts(_SEGMENTS):
        match = _MARKER.search(data, at)
        if match is None:
            break
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


def strip_to_dc_scans(photo: bytes) -> bytes:
    """Return the progressive JPEG `photo` without the scans that a decode at 1/8 does not use.

    A decoder that divides each side by 8 uses only the DC coefficient (the mean) of each block of
    8 × 8 pixels, and the first few AC coefficients of color that is stored at half the size. In a
    progressive file these have scans of their own: a seventh to a quarter of the bytes. Without the
    others the decode takes a quarter of the time, and nobody sees a difference.

    Returns:
        A JPEG for the decoder alone; `photo` itself if it is not progressive, is truncated, or has
        anything unusual in it.
    """
    view = memoryview(photo)
    kept = [view[:_SOI_BYTES]]
    at = _SOI_BYTES
    frames = dc_scans = 0
    halved: frozenset[int] = frozenset()
    while (here := _MARKER.match(photo, at)) is not None:
        marker = photo[at + 1]
        if marker == _EOI:
            return b"".join([*kept, here[0]]) if frames == 1 and dc_scans > 0 else photo
        if marker in _NEVER_STRIPPED:
            return photo
        end = at + 2 + int.from_bytes(photo[at + 2 : at + _HEAD_BYTES])
        body = photo[at + _HEAD_BYTES : end]
        is_used = True
        if marker == _SOF2:
            frames += 1
            halved = _halved_components(body)
        elif marker == _SOS:
            if len(body) < 1 or len(body) != 4 + 2 * body[0]:
                return photo
            is_used = _is_used_by_dc_decode(body, halved)
            dc_scans += _has_dc(body)
            following = _MARKER.search(photo, end)
            if following is None:
                return photo
            end = following.start()
        if marker == _DQT:
            kept.append(memoryview(photo[at : at + _HEAD_BYTES] + _without_smoothing(body)))
        elif is_used:
            kept.append(view[at:end])
        at = end
    return photo


def _halved_components(frame: bytes) -> frozenset[int]:
    """Return which components have half the size, in both directions, of the largest."""
    sampling = {frame[at]: divmod(frame[at + 1], 16) for at in range(6, len(frame) - 2, 3)}
    max_across = max((across for across, _ in sampling.values()), default=0)
    max_down = max((down for _, down in sampling.values()), default=0)
    return frozenset(
        component
        for component, (across, down) in sampling.items()
        if across < max_across and down < max_down
    )


def _is_used_by_dc_decode(scan: bytes, halved: frozenset[int]) -> bool:
    """Return whether a scan has DC coefficients, or the first bits of AC of halved components."""
    components = scan[1 : 1 + 2 * scan[0] : 2]
    is_refinement = scan[-1] >> 4 != 0
    return _has_dc(scan) or (not is_refinement and halved.issuperset(components))


def _has_dc(scan: bytes) -> bool:
    return scan[-3] == 0  # its first coefficient


def _without_smoothing(tables: bytes) -> bytes:
    """Return quantization tables with which libjpeg does no block smoothing.

    libjpeg estimates missing AC coefficients from the DC coefficients around. That takes as long
    as the rest of the decode, and blurs. It does not where one of the values that it would divide
    by is 0. The standard forbids 0, but the decoder needs this value for nothing else.
    """
    changed = bytearray(tables)
    at = 0
    while at < len(tables):
        value_bytes = 2 if tables[at] >> 4 else 1
        value = at + 1 + _UNUSED_VALUE * value_bytes
        changed[value : value + value_bytes] = bytes(value_bytes)
        at += 1 + _TABLE_VALUES * value_bytes
    return bytes(changed) if len(changed) == len(tables) else tables
