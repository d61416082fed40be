"""Places of points that the data's makers did not choose: points.tsv and airports.tsv."""

import csv
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from places import cells
from places.lookup import place_of
from shared.contracts import Place

HERE = Path(__file__).parent
IMAGES = HERE.parents[1] / "images"
MEGABYTE = 1_000_000
# The package airportsdata writes the country that a territory with a code of its own belongs to.
TERRITORIES = {"AX": "FI", "PR": "US", "SJ": "NO", "VI": "US"}
# Known to be wrong: a strip of China, 2 km wide, is in none of the sources.
MISSED = {"Tumen triple border, Fangchuan"}
# A part of the city has the name of a place of its own, and no size that would tell them apart.
PART_OF_THE_CITY = {"Las Palmas", "Curaçao, Willemstad"}


def rows(name: str, columns: int) -> list[list[str]]:
    with (HERE / name).open(encoding="utf-8") as file:
        lines = csv.reader(
            (line for line in file if not line.startswith("#")),
            csv.excel_tab,
            quoting=csv.QUOTE_NONE,
        )
        return [(line + [""] * columns)[:columns] for line in lines]


POINTS = rows("points.tsv", 6)
AIRPORTS = rows("airports.tsv", 6)


def named(place: Place | None) -> set[str]:
    """Return each country that the place names."""
    return set() if place is None else {place.country_code, *(place.other_countries or ())}


@pytest.mark.parametrize(
    ("name", "latitude", "longitude", "country", "others", "city"),
    POINTS,
    ids=[row[0] for row in POINTS],
)
def test_a_known_point_has_its_place(  # noqa: PLR0913, PLR0917  # the columns of the table
    name: str, latitude: str, longitude: str, country: str, others: str, city: str
) -> None:
    place = place_of(float(latitude), float(longitude))

    if country == "-":
        assert place is None
        return
    expected = {country.removeprefix("~"), *filter(None, others.split(","))}
    assert place is not None
    assert expected <= named(place) or name in MISSED
    if not others:
        assert place.country_code in expected
    assert place.offshore == country.startswith("~")
    if city and not others and name not in PART_OF_THE_CITY:
        assert place.city == city


def test_no_airport_is_in_a_wrong_country_only() -> None:
    wrong = []
    for code, name, latitude, longitude, country, _ in AIRPORTS:
        place = place_of(float(latitude), float(longitude))
        if place is not None and country not in {
            TERRITORIES.get(each, each) for each in named(place)
        } | named(place):
            wrong.append((code, name, place.country_code, country))

    assert len(AIRPORTS) > 600
    assert wrong == []


def test_of_a_hundred_airports_at_most_two_have_no_place() -> None:
    without = [row[0] for row in AIRPORTS if place_of(float(row[2]), float(row[3])) is None]

    assert len(without) <= len(AIRPORTS) / 50, without


def test_only_a_point_near_a_border_or_in_dispute_names_more_countries() -> None:
    several = [row[0] for row in AIRPORTS if len(named(place_of(float(row[2]), float(row[3])))) > 1]

    assert len(several) <= len(AIRPORTS) / 8, several


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_every_position_has_a_valid_place_or_none(latitude: float, longitude: float) -> None:
    place = place_of(latitude, longitude)

    assert place is None or msgspec.convert(msgspec.to_builtins(place), Place) == place


@given(st.floats(-90, 90))
def test_both_sides_of_the_antimeridian_are_one_place(latitude: float) -> None:
    assert place_of(latitude, 180) == place_of(latitude, -180)


def test_a_village_beside_a_city_keeps_its_name() -> None:
    lisbon, amadora = place_of(38.7107, -9.1366), place_of(38.7538, -9.2308)

    assert (lisbon and lisbon.city, amadora and amadora.city) == ("Lisbon", "Amadora")


def test_a_larger_city_beyond_the_border_does_not_count() -> None:
    place = place_of(31.849529, -106.380053)  # Ciudad Juárez would be the place

    assert place is not None
    assert (place.city, place.country_code, place.other_countries) == ("Fort Bliss", "US", None)


def test_far_from_every_town_the_country_is_the_place() -> None:
    place = place_of(72, -40)

    assert place is not None
    assert (place.country, place.city, place.distance_km) == ("Greenland", None, None)


def test_at_sea_the_distance_is_to_land() -> None:
    place = place_of(38.78, -9.595)

    assert place is not None
    assert (place.offshore, place.city, place.region) == (True, None, None)
    assert place.distance_km == pytest.approx(8.3, abs=1)


def test_a_lookup_decodes_few_cells() -> None:
    cells._block.cache_clear()  # noqa: SLF001  # as in a new process

    place_of(48.8584, 2.2945)

    assert cells._block.cache_info().misses <= 6  # noqa: SLF001


def test_the_file_has_at_most_six_megabytes() -> None:
    assert cells.FILE.stat().st_size <= 6 * MEGABYTE


def test_a_file_of_another_format_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.bin"
    other.write_bytes(b"PLACES9\n")
    monkeypatch.setattr(cells, "FILE", other)
    cells.header.cache_clear()
    cells._file.cache_clear()  # noqa: SLF001

    try:
        with pytest.raises(ValueError, match=r"other\.bin"):
            cells.header()
    finally:
        monkeypatch.undo()
        cells._file.cache_clear()  # noqa: SLF001


PROBE = """
import sys
import extract.handler
from extract.place import place_at
from shared.contracts import Location

opened = []
sys.addaudithook(lambda event, values: event == "open" and opened.append(str(values[0])))
assert place_at(None) is None
assert place_at(Location(latitude=0, longitude=0, gps_valid=False)) is None
assert "places.lookup" not in sys.modules and not opened, opened
assert place_at(Location(latitude=48.8584, longitude=2.2945)).city == "Paris"
assert sum(name.endswith("places.bin") for name in opened) == 1, opened
"""


def test_a_photo_without_a_valid_location_loads_nothing() -> None:
    done = subprocess.run(  # noqa: S603  # our own code
        [sys.executable, "-c", PROBE],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(IMAGES)},
    )

    assert done.returncode == 0, done.stderr
