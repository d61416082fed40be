"""The pictures of a phone's HEIC: a grid of tiles, and a thumbnail beside it. Nothing is decoded.

libheif decodes all tiles of a grid or none, and its Python module decodes no thumbnail. So
`CodedPicture.alone` returns each of them as a HEIC.

Source: ISO/IEC 23008-12, 6.4.4 (thumbnails), 6.6.2.3 (grids); 14496-12, 8.11 (items).
"""

import math
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from formats.heif.boxes import (
    Box,
    Location,
    items,
    locations,
    orientation,
    primary_item,
    properties,
    read_meta,
    references,
)
from formats.partial import PartialFile

# 65 megapixels are 266 tiles of phones' 512 px. Each tile costs the start of a decoder.
MAX_TILES: Final = 512

_TURNS: Final = frozenset({b"irot", b"imir"})
_ESSENTIAL: Final = 0x80  # of an association; the other 7 bits are the index
_WIDE: Final = 1  # flag of a grid: its sides have 32 bits


class CodedPicture(NamedTuple):
    """A picture of a HEIC that is coded in one piece."""

    width_px: int  # by its header, before it is turned
    height_px: int
    properties: list[Box]
    body: memoryview  # of the file

    def alone(self) -> bytes:
        """Return a HEIC of this picture only, neither turned nor cropped."""
        kept = [box for box in self.properties if box.kind not in _TURNS | {b"clap"}]
        start = _box(b"ftyp", b"heic", bytes(4), b"mif1", b"heic")
        meta_bytes = len(_meta(kept, 0, 0))  # does not depend on the body
        body_at = len(start) + meta_bytes + 8
        return start + _meta(kept, body_at, len(self.body)) + _box(b"mdat", self.body)


class HeifGrid(NamedTuple):
    """A primary picture made of equal tiles, row by row; the last ones may reach over its edge."""

    width_px: int  # before it is turned
    height_px: int
    orientation: int  # of EXIF, equal to what the properties say
    columns: int
    tiles: list[CodedPicture]
    thumbnails: list[CodedPicture]  # turned as the picture is

    @property
    def tile_size(self) -> tuple[int, int]:
        """Width and height of each tile, in pixels."""
        return self.tiles[0].width_px, self.tiles[0].height_px


class _UnusualError(Exception):
    """The file is not as phones write it. Internal: no step ends with this error."""


def read_grid(photo: bytes) -> HeifGrid | None:
    """Return the grid that is the primary picture of a whole HEIC.

    None if it is something else, is cropped, or is unusual in any way: libheif then decodes it. All
    tiles together are no longer than the file, so that a small file cannot cost much time.
    """
    meta = read_meta(PartialFile(len(photo), photo))
    primary = primary_item(meta.get(b"pitm", b""))
    parts: list[int] = []
    thumbnails: list[int] = []
    for kind, source, to in references(meta.get(b"iref", b"")):
        if kind == b"dimg" and source == primary:
            parts += to
        elif kind == b"thmb" and primary in to:
            thumbnails.append(source)
    if not 0 < len(parts) <= MAX_TILES:
        return None
    wanted = {primary, *parts, *thumbnails}
    found = _Items(
        memoryview(photo),
        memoryview(meta.get(b"idat", b"")),
        {item: kind for item, kind, _ in items(meta.get(b"iinf", b""))},
        properties(meta.get(b"iprp", b""), wanted),
        locations(meta.get(b"iloc", b""), wanted),
    )
    try:
        grid = found.grid(primary, parts)
    except (_UnusualError, struct.error):
        return None
    return grid._replace(thumbnails=list(found.thumbnails(thumbnails, primary)))


class _Items(NamedTuple):
    """The grid, its tiles and its thumbnails, as the boxes describe them."""

    photo: memoryview
    idat: memoryview
    kinds: dict[int, bytes]
    properties: dict[int, list[Box]]
    locations: dict[int, Location]

    def grid(self, primary: int, parts: list[int]) -> HeifGrid:
        """Return the grid, without thumbnails.

        Raises:
            _UnusualError, struct.error: it is not one.
        """
        if self.kinds.get(primary) != b"grid":
            raise _UnusualError
        columns, rows, *size = _shape(self._body(primary))
        width_px, height_px = size
        tiles = [self._coded(part) for part in parts]
        turn = orientation(self.properties[primary])
        grid = HeifGrid(width_px, height_px, turn, columns, tiles, [])
        is_whole = (
            len(tiles) == columns * rows
            and all((tile.width_px, tile.height_px) == grid.tile_size for tile in tiles)
            and sum(len(tile.body) for tile in tiles) <= len(self.photo)
            and math.prod(grid.tile_size) <= width_px * height_px
        )
        covers = all(
            (count - 1) * tile_px < side_px <= count * tile_px
            for count, tile_px, side_px in zip((columns, rows), grid.tile_size, size, strict=True)
        )
        is_cropped = any(box.kind == b"clap" for box in self.properties[primary])
        if not is_whole or not covers or is_cropped or tuple(size) != self._size(primary):
            raise _UnusualError
        return grid

    def thumbnails(self, candidates: list[int], primary: int) -> Iterator[CodedPicture]:
        """Yield the candidates that can be decoded alone and have the primary picture's turns."""
        turns = self._turns(primary)
        for item in candidates:
            try:
                small = self._coded(item)
            except (_UnusualError, struct.error):
                continue
            if self._turns(item) == turns:
                yield small

    def _coded(self, item: int) -> CodedPicture:
        if self.kinds.get(item) != b"hvc1" or len(self.properties[item]) >= _ESSENTIAL:
            raise _UnusualError
        return CodedPicture(*self._size(item), self.properties[item], self._body(item))

    def _size(self, item: int) -> tuple[int, int]:
        sizes = [box.body[4:12] for box in self.properties[item] if box.kind == b"ispe"]
        if len(sizes) != 1:
            raise _UnusualError
        width_px, height_px = struct.unpack(">II", sizes[0])
        return width_px, height_px

    def _turns(self, item: int) -> list[Box]:
        return [box for box in self.properties[item] if box.kind in _TURNS | {b"clap"}]

    def _body(self, item: int) -> memoryview:
        location = self.locations.get(item)
        if location is None or len(location.extents) != 1:  # writers use one
            raise _UnusualError
        [(offset, size)] = location.extents
        source = self.idat if location.in_idat else self.photo
        if offset + size > len(source):
            raise _UnusualError
        return source[offset : offset + size]


def _shape(body: memoryview) -> tuple[int, int, int, int]:
    """Return columns, rows, width and height in pixels, as a grid's own bytes state them."""
    _, flags, rows, columns = struct.unpack_from(">BBBB", body)
    width_px, height_px = struct.unpack_from(">II" if flags & _WIDE else ">HH", body, 4)
    return columns + 1, rows + 1, width_px, height_px


def _box(kind: bytes, *parts: bytes | memoryview) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def _meta(of_item: list[Box], body_at: int, body_bytes: int) -> bytes:
    """Return the box that describes item 1, a coded picture, as the primary one."""
    associations = bytes(_ESSENTIAL | index for index in range(1, len(of_item) + 1))
    version = bytes(4)
    return _box(
        b"meta",
        version,
        _box(b"hdlr", version, bytes(4), b"pict", bytes(13)),
        _box(b"pitm", version, struct.pack(">H", 1)),
        _box(
            b"iinf",
            version,
            struct.pack(">H", 1),
            _box(b"infe", b"\2\0\0\0", struct.pack(">HH", 1, 0), b"hvc1", b"\0"),
        ),
        _box(
            b"iprp",
            _box(b"ipco", *(_box(*box) for box in of_item)),
            _box(b"ipma", version, struct.pack(">IHB", 1, 1, len(of_item)), associations),
        ),
        _box(b"iloc", version, b"\x44\0", struct.pack(">HHHHII", 1, 1, 0, 1, body_at, body_bytes)),
    )
