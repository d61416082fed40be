"""Make HEIC files in code, around one picture that an HEVC encoder made once.

The picture is 64 × 64 px (if large, 128 × 128 px) of four plain quarters: QUARTERS, from left to
right, from top to bottom.
So no test needs an HEVC encoder, of which the common one (x265) is under the GPL.
"""

import base64
import struct
from typing import NamedTuple

from photofiles import box

SIDE_PX = 64
LARGE_SIDE_PX = 128
QUARTERS = ((200, 50, 50), (50, 180, 60), (60, 70, 210), (230, 220, 90))  # red, green, blue, yellow

_CONFIG = base64.b64decode(
    "AQQIAAAAnjgAAAAAHvAA/P/4+AAADwNgAAEAF0ABDAH//wQIAAADAJ44AAADAAAeugJAYQABACpCAQEECAAAAwCe"
    "OAAAAwAAHpAEECCy3UklNc3AQ0GBAAADABkAAAMAAQhiAAEACEQBwXKGDAIk"
)
_PICTURE = base64.b64decode(
    "AAAAPCgBrwY4Wvz9N/XZP//+fUfof5XfmwlfwBq//2Wp//8baqxmPj2oRv1p3b/+lHRDjQfxBh9/7ciXX4b9sA=="
)
_CONFIG_10_BIT = base64.b64decode(
    "AQQIAAAAnDgAAAAAHvAA/P/6+gAADwNgAAEAF0ABDAH//wQIAAADAJw4AAADAAAeugJAYQABACtCAQEECAAAAwCc"
    "OAAAAwAAHpAEECCbLdSSU1zcBDQYEAAAAwGQAAADABCAYgABAAhEAcFyhgwCJA=="
)
_PICTURE_10_BIT = base64.b64decode(
    "AAAAPCgBrwY4Wvz9N/XZP//+gt3of5cRGwlfwdZf/2Mz//8dhixmPjfSRv1sNv/+ltjy1B/EGH3/tpYdfhv2wA=="
)
_LARGE_CONFIG = base64.b64decode(
    "AQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAA"
    "AwAAAwAeoBAgIFlupJKa5uAhoMCAAAAMgAAAAwCEYgABAAdEAcFysCJA"
)
_LARGE_PICTURE = base64.b64decode(
    "AAAAYSgBrxOA5TPAn//nUo//Z0zw+1gqtUPRXMFW9543/mKL/9Bn72zcRO1T3q7PjP/4MYsffflv/GMksETFz71lhjws"
    "1pTxot/lT+tLXuuf3HbH+RXMPiHh7zPuJoDSnzizb0A="
)
HEIC_WITH_ALPHA = base64.b64decode(
    "AAAAHGZ0eXBoZWl4AAAAAG1pZjFoZWl4bWlhZgAAAkRtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAA"
    "AAAAAAAAAAAAADRpbG9jAAAAAERAAAIAAQAAAAACaAABAAAAAAAAAEAAAgAAAAACqAABAAAAAAAAABwAAAA4aWlu"
    "ZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAAACAABodmMxAAAAAA5waXRtAAAAAAABAAAB"
    "g2lwcnAAAAFdaXBjbwAAAHdodmNDAQQIAAAAnjgAAAAAHvAA/P/4+AAADwNgAAEAF0ABDAH//wQIAAADAJ44AAAD"
    "AAAeugJAYQABACpCAQEECAAAAwCeOAAAAwAAHpAEECCy3UklNc3AQ0GBAAADABkAAAMAAQhiAAEACEQBwXKGDAIk"
    "AAAAE2NvbHJuY2x4AAEADQAGgAAAABRpc3BlAAAAAAAAAEAAAABAAAAAEHBpeGkAAAAAAwgICAAAAHJodmNDAQQI"
    "AAAAn/gAAAAAHvAA/Pz4+AAADwNgAAEAF0ABDAH//wQIAAADAJ/4AAADAAAeugJAYQABACZCAQEECAAAAwCf+AAA"
    "AwAAHsCCBBZbqSSmubAgAAADAyAAAAMAIWIAAQAHRAHBcrAiQAAAAA5waXhpAAAAAAEIAAAAJ2F1eEMAAAAAdXJu"
    "Om1wZWc6aGV2YzoyMDE1OmF1eGlkOjEAAAAAHmlwbWEAAAAAAAAAAgABBIECAwQAAgSFAwaHAAAAGmlyZWYAAAAA"
    "AAAADmF1eGwAAgABAAEAAABkbWRhdAAAADwoAa8GOFr8/Tf12T///n1H6H+V35sJX8Aav/9lqf//G2qsZj49qEb9"
    "ad2//pR0Q40H8QYff+3Il1+G/bAAAAAYKAGuDHB1BfC/8JcRS6v+pfCPoxV/hyOs"
)
GRAY_HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWl4AAAAAG1pZjFoZWl4bWlhZgAAAU5tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAA"
    "AAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABcgABAAAAAAAAAB8AAAAjaWluZgAAAAAAAQAAABVpbmZlAgAA"
    "AAABAABodmMxAAAAAA5waXRtAAAAAAABAAAAzmlwcnAAAACvaXBjbwAAAHJodmNDAQQIAAAAn/gAAAAAHvAA/Pz4"
    "+AAADwNgAAEAF0ABDAH//wQIAAADAJ/4AAADAAAeugJAYQABACZCAQEECAAAAwCf+AAAAwAAHsCCBBZbqSSmubAg"
    "AAADAyAAAAMAIWIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAAA5w"
    "aXhpAAAAAAEIAAAAF2lwbWEAAAAAAAAAAQABBIECAwQAAAAnbWRhdAAAABsoAa4McHUF8L/EcRS6v1NCkdX2VW9t"
    "3/VPycA="
)


class Thumbnail(NamedTuple):
    """A thumbnail of QUARTERS; it may stand beside another picture."""

    properties: tuple[bytes, ...] = ()
    width_px: int = SIDE_PX  # as stated; it is coded with SIDE_PX
    height_px: int = SIDE_PX
    body: bytes = _PICTURE


def heic(
    *properties: bytes,
    ten_bit: bool = False,
    large: bool = False,
    tiles: int | None = None,
    thumbnail: Thumbnail | None = None,
) -> bytes:
    """Return a HEIC that decodes.

    Args:
        properties: of the picture: irot, imir, clap, colr, in the order in which they apply.
        ten_bit: code it with 10 bits for each sample.
        large: make the picture 128 × 128 px; not for `tiles`.
        tiles: pictures for each side of a grid, as phones write it; None for one picture.
        thumbnail: a second, smaller picture in the file.
    """
    config = box(b"hvcC", _CONFIG_10_BIT if ten_bit else _CONFIG)
    picture = _PICTURE_10_BIT if ten_bit else _PICTURE
    side_px = SIDE_PX * (tiles or 1)
    if large:
        config, picture, side_px = box(b"hvcC", _LARGE_CONFIG), _LARGE_PICTURE, LARGE_SIDE_PX
    # Properties: 1 the decoder's configuration, 2 a tile's size, 3 the picture's, 4... the rest.
    known = [config, _ispe(SIDE_PX, SIDE_PX), _ispe(side_px, side_px), *properties]
    of_picture = [3, *range(4, len(known) + 1)]
    items: list[tuple[bytes, bytes, list[int]]] = []
    if tiles is not None:
        items += [(b"hvc1", picture, [1, 2])] * tiles**2
    if thumbnail is not None:
        known += [_ispe(thumbnail.width_px, thumbnail.height_px), *thumbnail.properties]
        of_thumbnail = [1, *range(4 + len(properties), len(known) + 1)]
        items.append((b"hvc1", thumbnail.body, of_thumbnail))
    if tiles is None:
        items.append((b"hvc1", picture, [1, *of_picture]))
    else:
        grid = struct.pack(">BBBBHH", 0, 0, tiles - 1, tiles - 1, side_px, side_px)
        items.append((b"grid", grid, of_picture))
    last = len(items)
    references = b""
    if tiles is not None:
        references += box(
            b"dimg", struct.pack(f">HH{tiles**2}H", last, tiles**2, *range(1, tiles**2 + 1))
        )
    if thumbnail is not None:
        references += box(b"thmb", struct.pack(">HHH", last - 1, 1, last))
    start = box(b"ftyp", b"heic", bytes(4), b"mif1", b"heic")
    meta = _meta(known, items, references, items_at=0)
    meta = _meta(known, items, references, items_at=len(start) + len(meta) + 8)
    return start + meta + box(b"mdat", *(body for _, body, _ in items))


def sized(photo: bytes, was_px: int, side_px: int, *, in_header: bool = True) -> bytes:
    """Return `photo`, a grid, with another size in its grid item and in its header."""
    photo = photo.replace(struct.pack(">HH", was_px, was_px), struct.pack(">HH", side_px, side_px))
    header = struct.pack(">II", was_px, was_px)
    return photo.replace(header, struct.pack(">II", side_px, side_px)) if in_header else photo


def nclx(primaries: int, transfer: int) -> bytes:
    """Return the property that states a HEIF picture's color in numbers."""
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, 6, 0x80))


def icc(profile: bytes) -> bytes:
    """Return the property that holds a HEIF picture's ICC profile."""
    return box(b"colr", b"prof", profile)


def _ispe(width_px: int, height_px: int) -> bytes:
    return box(b"ispe", bytes(4), struct.pack(">II", width_px, height_px))


def _meta(
    known: list[bytes],
    items: list[tuple[bytes, bytes, list[int]]],
    references: bytes,
    items_at: int,
) -> bytes:
    """Return the box that describes `items`, the last of which is the primary one."""
    entries, places, associations = [], b"", b""
    for number, (kind, body, indices) in enumerate(items, 1):
        entries.append(box(b"infe", b"\2\0\0\0", struct.pack(">HH", number, 0), kind, b"\0"))
        places += struct.pack(">HHHII", number, 0, 1, items_at, len(body))
        associations += struct.pack(">HB", number, len(indices)) + bytes(0x80 | i for i in indices)
        items_at += len(body)
    last = len(items)
    return box(
        b"meta",
        bytes(4),
        box(b"hdlr", bytes(8), b"pict", bytes(13)),
        box(b"pitm", bytes(4), struct.pack(">H", last)),
        box(b"iinf", bytes(4), struct.pack(">H", last), *entries),
        box(b"iref", bytes(4), references) if references else b"",
        box(
            b"iprp",
            box(b"ipco", *known),
            box(b"ipma", bytes(4), struct.pack(">I", last), associations),
        ),
        box(b"iloc", bytes(4), b"\x44\0", struct.pack(">H", last), places),
    )
