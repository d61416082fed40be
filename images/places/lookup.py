"""Find the place of a position: country by borders, then the town by distance and size.

The rules, and how often they are right, are in docs/places.md.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final, NamedTuple

from places.cells import KM_PER_DEGREE, UNITS, Near, cells_around, header
from shared.contracts import Place

BORDER_KM: Final = 5.0  # 1 km, and 4 km by which the simplified borders may be wrong
COAST_KM: Final = 3.0  # the coast's own inaccuracy: a pier or a beach is not at sea
TOWN_ASHORE_KM: Final = 3.0  # a town is land, even if its island is too small for the land shapes
OFFSHORE_KM: Final = 50.0  # from land; farther out a position has no place
TOWN_KM: Final = 50.0  # a town farther away is not the name of a place
PEOPLE_PER_KM2: Final = 3_000  # in a city; gives a town's radius
LEAST_RADIUS_KM: Final = 0.7
SMALL: Final = int(PEOPLE_PER_KM2 * math.pi * LEAST_RADIUS_KM**2)  # people: has the least radius
CORE: Final = 0.4  # of the radius: here a much smaller town is a part of the city
CORE_RATIO: Final = 4


class _Town(NamedTuple):
    code: str
    region: str
    name: str
    population: int
    distance_km: float
    radius_km: float

    @property
    def is_inside(self) -> bool:
        return self.distance_km < self.radius_km


def place_of(latitude: float, longitude: float) -> Place | None:
    """Return the place of a position in WGS 84; None on the high seas, and in no country."""
    territories = _territories(latitude, longitude)
    if not territories:
        return None
    country_code = min(territories, key=territories.__getitem__)
    towns = list(_towns(latitude, longitude))
    coast_km = _coast_km(latitude, longitude, towns)
    if coast_km > OFFSHORE_KM:
        return None
    offshore = coast_km > 0
    chosen = None if offshore else _choose([one for one in towns if one.code == country_code])
    distance_km = coast_km if offshore else chosen and chosen.distance_km
    others = {*territories, *_claims(latitude, longitude)} - {country_code}
    return Place(
        country_code=country_code,
        country=header().countries[country_code],
        region=(chosen and chosen.region) or None,
        city=chosen and chosen.name,
        distance_km=None if distance_km is None else round(distance_km, 1),
        offshore=offshore,
        other_countries=sorted(others) or None,
        source=header().source,
        data_version=header().data_version,
    )


def _territories(latitude: float, longitude: float) -> dict[str, float]:
    """Return the distance in km to each country's territory near the position: 0 inside."""
    found: dict[str, float] = {}
    for near in cells_around(latitude, longitude, BORDER_KM):
        for area in near.cell.areas:
            if found.get(area.code) != 0:
                km = _distance_km(near, area.rings, latitude, longitude)
                if km <= BORDER_KM:
                    found[area.code] = min(km, found.get(area.code, math.inf))
    return found


def _claims(latitude: float, longitude: float) -> Iterator[str]:
    for near in cells_around(latitude, longitude, BORDER_KM):
        for area in near.cell.claims:
            if _distance_km(near, area.rings, latitude, longitude) <= BORDER_KM:
                yield area.code


def _coast_km(latitude: float, longitude: float, towns: Iterable[_Town]) -> float:
    """Return the distance to land in km; 0 on land, and so close to it that nobody can tell."""
    if any(one.distance_km < TOWN_ASHORE_KM for one in towns):
        return 0
    least = math.inf
    for near in cells_around(latitude, longitude, OFFSHORE_KM):
        least = min(least, _distance_km(near, near.cell.land, latitude, longitude))
        if least <= COAST_KM:
            return 0
    return least


def _distance_km(near: Near, rings: Iterable[bytes], latitude: float, longitude: float) -> float:
    """Return the distance from a position to the area inside `rings`; 0 inside.

    Within the cell the Earth is taken as flat. The sides that cutting the area into cells has
    added do no harm: beyond them lies the same area, in the next cell.
    """
    x, y = (longitude - near.west) * UNITS, (latitude - near.south) * UNITS
    shrink = math.cos(math.radians(latitude))  # a unit of x, in units of y
    inside, least = False, math.inf
    for ring in rings:
        steps = memoryview(ring).cast("h").tolist()
        xs, ys = accumulate(steps[::2], initial=-x), accumulate(steps[1::2], initial=-y)
        points = list(zip(xs, ys, strict=True))
        x1, y1 = points[-1]
        for x2, y2 in points[1:]:
            if (y1 > 0) != (y2 > 0) and x1 + (x2 - x1) * y1 / (y1 - y2) > 0:
                inside = not inside
            dx, dy = (x2 - x1) * shrink, y2 - y1
            length = dx * dx + dy * dy
            along = -(x1 * shrink * dx + y1 * dy) / length if length else 0.0
            along = 0.0 if along < 0 else min(along, 1.0)
            ex, ey = x1 * shrink + along * dx, y1 + along * dy
            square = ex * ex + ey * ey
            least = min(least, square)
            x1, y1 = x2, y2
    return 0.0 if inside else math.sqrt(least) / UNITS * KM_PER_DEGREE


def _towns(latitude: float, longitude: float) -> Iterator[_Town]:
    """Yield the towns around that can be the place, or can be so near that this is land.

    Of the small towns of a country, which have one radius, that is the nearest. Of the larger ones
    it is not one that ends before the position and farther away than another. Up to 4,000 towns are
    compared, as if the Earth were flat there.
    """
    shrink = math.cos(math.radians(latitude))
    farthest = (TOWN_KM / KM_PER_DEGREE * UNITS) ** 2
    # A distance on the flat Earth is too long by this share at most, since degrees of longitude
    # become shorter toward the pole.
    tangent = abs(math.tan(math.radians(latitude)))
    error = 0.002 + math.radians(TOWN_KM / KM_PER_DEGREE) * tangent
    least_km = max(1 - error, 0) * KM_PER_DEGREE / UNITS
    nearest: dict[str, tuple[float, Near, int, int, int]] = {}
    nearest_edge_km: dict[str, float] = {}  # of the larger towns
    for near in cells_around(latitude, longitude, TOWN_KM):
        towns = near.cell.towns
        x, y = (longitude - near.west) * UNITS, (latitude - near.south) * UNITS
        places = zip(
            memoryview(towns.xs).cast("H"),
            memoryview(towns.ys).cast("H"),
            towns.populations,
            strict=True,
        )
        for index, (east, north, population) in enumerate(places):
            square = ((east - x) * shrink) ** 2 + (north - y) ** 2
            if square > farthest:
                continue
            code = towns.codes[index]
            if population <= SMALL:
                if square < nearest.get(code, (farthest,))[0]:
                    nearest[code] = square, near, index, east, north
                continue
            km = math.sqrt(square) * least_km
            edge_km = nearest_edge_km.get(code, math.inf)
            if km > TOWN_ASHORE_KM and km - _radius_km(population) > max(edge_km, 0):
                continue
            town = _town(near, index, east, north, latitude, longitude)
            nearest_edge_km[code] = min(edge_km, town.distance_km - town.radius_km)
            yield town
    for _, near, index, east, north in nearest.values():
        yield _town(near, index, east, north, latitude, longitude)


def _town(  # noqa: PLR0913, PLR0917  # called for each of a hundred towns, by position
    near: Near, index: int, east: int, north: int, latitude: float, longitude: float
) -> _Town:
    towns = near.cell.towns
    population = towns.populations[index]
    return _Town(
        towns.codes[index],
        towns.regions[index],
        towns.names[index],
        population,
        _great_circle_km(latitude, longitude, near.south + north / UNITS, near.west + east / UNITS),
        _radius_km(population),
    )


def _radius_km(population: int) -> float:
    return max(math.sqrt(population / PEOPLE_PER_KM2 / math.pi), LEAST_RADIUS_KM)


def _great_circle_km(latitude: float, longitude: float, north: float, east: float) -> float:
    """Return the distance of two positions, by the haversine formula."""
    a, b = math.radians(latitude), math.radians(north)
    half = math.sin((b - a) / 2) ** 2
    half += math.cos(a) * math.cos(b) * math.sin(math.radians(east - longitude) / 2) ** 2
    return 2 * math.degrees(math.asin(math.sqrt(half))) * KM_PER_DEGREE


def _choose(towns: list[_Town]) -> _Town | None:
    """Return the town that a person would name.

    Inside towns, the one in which the position is most central; else the one with the nearest
    edge. But a town in the core of a much larger city is a part of that city.
    """
    if not towns:
        return None
    inside = [one for one in towns if one.is_inside]
    if inside:
        best = min(inside, key=lambda one: one.distance_km / one.radius_km)
    else:
        best = min(towns, key=lambda one: one.distance_km - one.radius_km)
    cities = [
        one
        for one in inside
        if one.distance_km < CORE * one.radius_km
        and one.population >= CORE_RATIO * max(best.population, 1)
    ]
    return max(cities, key=lambda one: one.population, default=best)
