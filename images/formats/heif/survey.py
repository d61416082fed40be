"""HEIC and AVIF: size and orientation of the picture, its metadata, and where the file ends.

The orientation is what the properties `irot` and `imir` of the primary item say. Decoders (libheif,
and those of browsers) follow these and ignore the EXIF orientation, and so does this module.
"""

import math
from collections import Counter
from typing import Final

from formats.heif.boxes import (
    Box,
    file_boxes,
    items,
    locations,
    orientation,
    primary_item,
    properties,
    read_meta,
    references,
)
from formats.partial import PartialFile
from formats.structure import EXIF_NAME, MAX_METADATA_BYTES, Structure
from shared.errors import TooComplexError
from shared.limits import refuse_surplus

_MAX_LEVELS: Final = 8  # of pictures that are made of others; writers use two
# What an auxiliary picture is. Source: ISO/IEC 23008-12, 6.5.8 and B.2.3; MIAF, 7.3.5.2.
_ALPHA: Final = frozenset(
    {b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"}
)


def survey_heif(file: PartialFile, found: Structure) -> None:
    """Read the properties of the primary item, then the Exif and XMP items.

    Raises:
        NotReadError: the `meta` box, or one of these items, lies behind what is known.
        TooComplexError: there are more items, or more pixels to decode, than in any photo.
    """
    meta = read_meta(file)
    primary = primary_item(meta.get(b"pitm", b""))
    _take_properties(properties(meta.get(b"iprp", b""), {primary})[primary], found)
    _take_parts(meta, primary, found)
    of_kind = _metadata_items(meta.get(b"iinf", b""))
    where = locations(meta.get(b"iloc", b""), set(of_kind.values()))
    for kind in ("exif", "xmp"):
        location = where.get(of_kind.get(kind, -1))
        if location is None:
            continue
        idat = meta.get(b"idat", b"")
        source = PartialFile(len(idat), idat) if location.in_idat else file
        body = b""
        for offset, size in location.extents:
            body += source.read(offset, min(size, MAX_METADATA_BYTES - len(body)))
        if kind == "exif":
            found.exif = _exif_block(body)
        else:
            found.xmp = body


def _take_properties(of_item: list[Box], found: Structure) -> None:
    """Read the size, as coded or as cropped by `clap`, and the orientation."""
    for kind, body in of_item:
        if kind == b"ispe":
            found.width_px = int.from_bytes(body[4:8]) or None
            found.height_px = int.from_bytes(body[8:12]) or None
        elif kind == b"clap":
            found.width_px = _fraction(body[0:8]) or found.width_px
            found.height_px = _fraction(body[8:16]) or found.height_px
    found.orientation = orientation(of_item)


def _take_parts(meta: dict[bytes, bytes], primary: int, found: Structure) -> None:
    """Read the size of the largest picture that is decoded.

    That is not the one that is shown if that is cropped, or if a tile or the alpha is larger.

    Raises:
        TooComplexError: far more pixels are decoded than the picture has. libheif decodes a part as
            often as it is referred to: a layer may be there a thousand times.
    """
    parts = _parts(meta)
    of_pictures = properties(meta.get(b"iprp", b""), _items_of_picture(parts, primary))
    sizes = {
        item: (int.from_bytes(body[4:8]), int.from_bytes(body[8:12]))
        for item, of_item in of_pictures.items()
        for kind, body in of_item
        if kind == b"ispe"
    }
    found.decoded_size = max(sizes.values(), key=math.prod, default=None)
    pixels = 0  # of all parts
    level = Counter([primary])
    for _ in range(_MAX_LEVELS):
        below: Counter[int] = Counter()
        for item, uses in level.items():
            for part in parts.get(item, ()):
                below[part] += uses
        level = below
        pixels += sum(uses * math.prod(sizes.get(item, (0, 0))) for item, uses in level.items())
    if level:
        raise TooComplexError(f"pictures made of pictures, more than {_MAX_LEVELS} levels")
    refuse_surplus(pixels, math.prod(sizes.get(primary, (0, 0))))


def _metadata_items(iinf: bytes) -> dict[str, int]:
    """Return the ids of the first Exif and the first XMP item."""
    found: dict[str, int] = {}
    for item, kind, rest in items(iinf):
        if kind == b"Exif":
            found.setdefault("exif", item)
        elif kind == b"mime" and rest.split(b"\0")[1:2] == [b"application/rdf+xml"]:
            found.setdefault("xmp", item)
    return found


def _exif_block(item: bytes) -> bytes:
    """Return the TIFF structure in an Exif item.

    The item begins with 4 bytes that say how much stands before the structure. Some writers omit
    them, and some write 0 though the name of JPEG's segment follows.
    """
    has_offset = not item.startswith((b"II*\0", b"MM\0*", EXIF_NAME))
    return item[4 + int.from_bytes(item[:4]) if has_offset else 0 :].removeprefix(EXIF_NAME)


def _fraction(pair: bytes) -> int:
    numerator, denominator = int.from_bytes(pair[:4]), int.from_bytes(pair[4:8])
    return round(numerator / denominator) if denominator else 0


def is_heif_truncated(photo: bytes) -> bool:
    """Return whether the picture or its metadata needs bytes behind the end of `photo`.

    If nothing says where the picture is, the file's boxes decide. Otherwise they do not: phones
    append bytes that are no box, which then seem to be the header of a huge one.
    """
    file = PartialFile(len(photo), photo)
    cut = {box.kind for box in file_boxes(file) if box.end_at > len(photo)}
    meta = read_meta(file)
    primary = primary_item(meta.get(b"pitm", b""))
    pictures = _items_of_picture(_parts(meta), primary)
    metadata = set(_metadata_items(meta.get(b"iinf", b"")).values())
    where = locations(meta.get(b"iloc", b""), pictures | metadata)
    if b"meta" in cut or pictures.isdisjoint(where):
        return bool(cut)
    return any(
        offset + size > len(meta.get(b"idat", b"") if location.in_idat else photo)
        for location in where.values()
        for offset, size in location.extents
    )


def _parts(meta: dict[bytes, bytes]) -> dict[int, list[int]]:
    """Return the items that each item is made of: its tiles, as often as used, and its alpha.

    Thumbnails, depth maps and gain maps are not among them.
    """
    parts: dict[int, list[int]] = {}
    auxiliary: dict[int, list[int]] = {}
    for kind, source, to in references(meta.get(b"iref", b"")):
        if kind == b"dimg":
            parts.setdefault(source, []).extend(to)
        elif kind == b"auxl":
            auxiliary.setdefault(source, []).extend(to)
    for item, of_item in properties(meta.get(b"iprp", b""), set(auxiliary)).items():
        if any(map(_is_alpha, of_item)):
            for master in auxiliary[item]:
                parts.setdefault(master, []).append(item)
    return parts


def _items_of_picture(parts: dict[int, list[int]], primary: int) -> set[int]:
    """Return the items that are decoded to show the primary one, and this itself."""
    found: set[int] = set()
    waiting = {primary}
    while waiting:
        item = waiting.pop()
        found.add(item)
        waiting |= set(parts.get(item, ())) - found
    return found


def _is_alpha(of_auxiliary: Box) -> bool:
    return of_auxiliary.kind == b"auxC" and of_auxiliary.body[4:].split(b"\0")[0] in _ALPHA
