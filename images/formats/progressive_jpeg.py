"""The part of a progressive JPEG that an eighth of its size needs. Pure bytes.

A JPEG decoder that shrinks by 8 uses only the mean (DC coefficient) of each block of 8 x 8
pixels; of color that is stored at half the size, the first few others (AC) too. In a progressive
file these stand in scans of their own, a seventh to a quarter of the bytes; with nothing else the
decoder takes a quarter of the time, and nobody sees a difference.

Source: ITU-T T.81, B.2.2 (frame), B.2.3 (scan), B.2.4.1 (quantization) and G.1.1 (progressive).
"""

from typing import Final

from formats.jpeg import MARKER

_SOI_BYTES: Final = 2
_SOF2, _DHT, _SOF15, _EOI, _SOS, _DQT = 0xC2, 0xC4, 0xCF, 0xD9, 0xDA, 0xDB
_OTHER_FRAMES: Final = frozenset(range(0xC0, _SOF15 + 1)) - {_SOF2, _DHT}
_HEAD_BYTES: Final = 4  # of a segment: its marker and its length
_TABLE_VALUES: Final = 64
# Of row 2, column 0, in zigzag order: of a block's four pixels none is made of that coefficient.
_UNUSED_VALUE: Final = 3


def strip_to_dc_scans(photo: bytes) -> bytes:
    """Return the progressive JPEG `photo` without what its decode at an eighth does not use.

    Returns `photo` itself where it is not progressive, is cut, or has anything unusual in it.
    """
    view = memoryview(photo)
    kept = [view[:_SOI_BYTES]]
    at = _SOI_BYTES
    frames = scans = 0
    halved: frozenset[int] = frozenset()
    while (here := MARKER.match(photo, at)) is not None:
        marker = photo[at + 1]
        if marker == _EOI:
            return b"".join([*kept, here[0]]) if frames == 1 and scans > 0 else photo
        if marker in _OTHER_FRAMES:
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
            is_used = _is_used(body, halved)
            scans += _has_means(body)
            following = MARKER.search(photo, end)
            if following is None:
                return photo
            end = following.start()
        if marker == _DQT:
            kept.append(memoryview(photo[at : at + _HEAD_BYTES] + _unsmoothed(body)))
        elif is_used:
            kept.append(view[at:end])
        at = end
    return photo


def _halved_components(frame: bytes) -> frozenset[int]:
    """Return which components have half the size, in both directions, of the largest."""
    sampling = {frame[at]: divmod(frame[at + 1], 16) for at in range(6, len(frame) - 2, 3)}
    widest = max((across for across, _ in sampling.values()), default=0)
    highest = max((down for _, down in sampling.values()), default=0)
    return frozenset(
        component
        for component, (across, down) in sampling.items()
        if across < widest and down < highest
    )


def _is_used(scan: bytes, halved: frozenset[int]) -> bool:
    """Tell whether a scan has means, or a first approximation of what halved color needs too."""
    components = scan[1 : 1 + 2 * scan[0] : 2]
    refines = scan[-1] >> 4
    return _has_means(scan) or (not refines and halved.issuperset(components))


def _has_means(scan: bytes) -> bool:
    return scan[-3] == 0  # its first coefficient


def _unsmoothed(tables: bytes) -> bytes:
    """Return quantization tables by which libjpeg shows the means as they are.

    It guesses the coefficients that have not come from the means around ("block smoothing"), which
    takes as long as all the rest, and blurs. It does not where one of the values that it would
    divide by is 0. No file may say so; but this one is for the decoder alone, which needs the value
    for nothing else.
    """
    changed = bytearray(tables)
    at = 0
    while at < len(tables):
        value_bytes = 2 if tables[at] >> 4 else 1
        value = at + 1 + _UNUSED_VALUE * value_bytes
        changed[value : value + value_bytes] = bytes(value_bytes)
        at += 1 + _TABLE_VALUES * value_bytes
    return bytes(changed) if len(changed) == len(tables) else tables
