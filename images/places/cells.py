"""The file places.bin: the world in cells of one degree, each compressed on its own.

A lookup decodes only the few cells around a position. tools/places/ writes the file.
"""

import math
import mmap
import zlib
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

FILE: Final = Path(__file__).with_name("places.bin")
MAGIC: Final = b"PLACES1\n"
LENGTH_BYTES: Final = 4  # of the header, after MAGIC
UNITS: Final = 10_000  # of a cell's side: 11 m of latitude
COLUMNS, ROWS = 360, 180
KM_PER_DEGREE: Final = math.pi * 6371.0088 / 180
_MOST_COLUMNS: Final = 5  # to each side: near a pole a cell is only some hundred meters wide
_CELLS_KEPT: Final = 64  # a trip's photos lie close together; at most some MB


class Area(msgspec.Struct, array_like=True, frozen=True):
    """The part of a country's territory, with its waters, that lies in a cell."""

    code: str  # ISO 3166-1 alpha-2
    rings: list[
        bytes
    ]  # even-odd; x and y in turn, each the step from the point before: int16, little-endian


class Towns(msgspec.Struct, array_like=True, frozen=True):
    """The populated places of a cell: columns of the same length compress best."""

    codes: list[str] = []  # of their countries
    regions: list[str] = []  # empty if unknown
    names: list[str] = []
    populations: list[int] = []  # 0 if unknown
    xs: bytes = b""  # uint16, little-endian
    ys: bytes = b""


class Cell(msgspec.Struct, array_like=True, frozen=True):
    """One degree by one degree."""

    areas: list[Area] = []
    land: list[bytes] = []  # rings, as in Area
    claims: list[Area] = []  # where another source names another country than `areas` does
    towns: Towns = Towns()


class Header(msgspec.Struct, array_like=True, frozen=True):
    """What the cells have in common."""

    source: str
    data_version: str
    countries: dict[str, str]  # name by code
    blocks: bytes  # for each cell, row by row from the southwest: its block's number, uint16
    offsets: bytes  # of each block, from the start of the file, and of the file's end, uint32


class Near(NamedTuple):
    """A cell, and the position of its southwest corner."""

    cell: Cell
    south: int
    west: int  # may be beyond 180 degrees: the neighbor across the antimeridian


@cache
def _file() -> memoryview:
    """Map the file; only the parts that are read come into memory."""
    with FILE.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


@cache
def header() -> Header:
    """Return the header.

    Raises:
        ValueError: the file is of another format.
    """
    start = len(MAGIC) + LENGTH_BYTES
    if bytes(_file()[: len(MAGIC)]) != MAGIC:
        raise ValueError(f"{FILE.name} does not begin with {MAGIC!r}")
    length = int.from_bytes(_file()[len(MAGIC) : start], "little")
    return msgspec.msgpack.decode(zlib.decompress(_file()[start : start + length]), type=Header)


@lru_cache(_CELLS_KEPT)
def _block(number: int) -> Cell:
    start, end = memoryview(header().offsets).cast("I")[number : number + 2]
    return msgspec.msgpack.decode(zlib.decompress(_file()[start:end]), type=Cell)


def cells_around(latitude: float, longitude: float, within_km: float) -> Iterator[Near]:
    """Yield each cell that has a point less than `within_km` from the position."""
    blocks = memoryview(header().blocks).cast("H")
    rows = within_km / KM_PER_DEGREE
    columns = rows / max(math.cos(math.radians(latitude)), 1e-6)
    columns = min(columns, _MOST_COLUMNS)
    for south in range(
        max(math.floor(latitude - rows), -90), min(math.floor(latitude + rows), 89) + 1
    ):
        for west in range(math.floor(longitude - columns), math.floor(longitude + columns) + 1):
            number = blocks[(south + 90) * COLUMNS + (west + 180) % COLUMNS]
            yield Near(_block(number), south, west)
