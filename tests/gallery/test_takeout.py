"""Each photo of a Takeout finds its JSON, however both are named, and what Google says of it."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cputime import cpu_within
from gallery.archives.base import Entry
from gallery.archives.takeout import TRASHED, UNMATCHED, UNREAD, Matcher, Takeout, sidecar_of
from shared import sidecars
from shared.contracts import Sidecar
from takeouts import NAMED, ROOT, YEAR, Named, facts, write_json, write_photo


def entries(root: Path) -> list[Entry]:
    return list(Takeout(root).entries())


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    known = {one.facts: facts(one.title or one.photo) for one in NAMED if one.facts is not None}
    return Matcher(known, {one.photo for one in NAMED})


@pytest.mark.parametrize("named", NAMED, ids=lambda named: named.photo)
def test_a_photo_finds_its_json(named: Named, matcher: Matcher) -> None:
    assert matcher.find(named.photo) == named.facts


@pytest.mark.parametrize(
    ("photo", "other"),
    [
        ("IMG_1.jpg", "IMG_10.jpg"),
        ("IMG_1.jpg", "IMG_1(1).jpg"),
        ("IMG_1.jpg", "IMG_1.jpg(1)"),
        ("IMG_1(2).jpg", "IMG_1.jpg.supplemental-metadata(1)"),
        ("IMG_1-beach.jpg", "IMG_1.jpg"),  # no word of an edit, and no IMG_1.jpg beside it
        ("IMG-2.jpg", "IMG.jpg"),
        ("IMG_1.jpg", "IMG_1.jpg.notes"),
        ("IMG_1.jpg", ""),
    ],
)
def test_a_photo_does_not_take_the_json_of_another(photo: str, other: str) -> None:
    assert Matcher({other: facts(f"{other}.jpg")}, {photo}).find(photo) is None


def test_two_names_that_are_cut_to_one_are_told_apart_by_their_titles() -> None:
    stem = "a" * 46
    known = {stem: facts(f"{stem}b.jpg"), f"{stem}(1)": facts(f"{stem}c.jpg")}
    matcher = Matcher(known, {f"{stem}b.jpg", f"{stem}c.jpg"})

    assert [matcher.find(f"{stem}{end}.jpg") for end in "bc"] == [stem, f"{stem}(1)"]


@given(st.text("ab1()-._é", max_size=60), st.lists(st.text("ab1()-._é", max_size=60), max_size=4))
def test_no_name_breaks_the_search(photo: str, others: list[str]) -> None:
    known = {unicodedata.normalize("NFC", other): facts(other) for other in others}

    assert Matcher(known, {photo, *others}).find(photo) in {None, *known}


def test_an_album_has_its_title_and_comes_before_the_folders_of_years(tmp_path: Path) -> None:
    for folder in (YEAR, "Gary_s birthday"):
        write_photo(tmp_path / ROOT / folder / "a.jpg", b"a")
    write_json(tmp_path / ROOT / "Gary_s birthday/метаданни.json", {"title": "Gary's birthday"})
    write_json(tmp_path / ROOT / YEAR / "metadata.json", {"title": YEAR})  # as until 2020

    assert [entry.folder for entry in entries(tmp_path)] == ["Gary's birthday", YEAR]


def test_the_title_of_an_album_is_one_folder(tmp_path: Path) -> None:
    write_photo(tmp_path / "Trip/a.jpg", b"a")
    write_json(tmp_path / "Trip/metadata.json", {"title": " 12/2019: A/B "})

    assert [entry.folder for entry in entries(tmp_path)] == ["12_2019: A_B"]


def test_an_album_without_a_title_keeps_its_folders_name(tmp_path: Path) -> None:
    write_photo(tmp_path / ROOT / "Untitled(15)/a.jpg", b"a")
    write_json(tmp_path / ROOT / "Untitled(15)/metadata.json", {"title": ""})

    assert [entry.folder for entry in entries(tmp_path)] == ["Untitled(15)"]


def test_a_photo_and_its_json_may_be_in_different_parts_of_a_takeout(tmp_path: Path) -> None:
    write_photo(tmp_path / "takeout-001" / ROOT / YEAR / "a.jpg", b"a")
    write_json(tmp_path / "takeout-002" / ROOT / YEAR / "a.jpg.json", facts("a.jpg"))

    [entry] = entries(tmp_path)

    assert entry.sidecar == sidecar_of(facts("a.jpg"), "a.jpg")


def test_a_name_that_was_cut_is_whole_in_the_gallery(tmp_path: Path) -> None:
    for number, named in enumerate(NAMED):
        write_photo(tmp_path / YEAR / named.photo, b"%d" % number)
        if named.facts is not None:
            write_json(tmp_path / YEAR / f"{named.facts}.json", facts(named.title or named.photo))

    names = {entry.path.partition("/")[2]: entry.name for entry in entries(tmp_path)}

    expected = {one.photo: unicodedata.normalize("NFC", one.name or one.photo) for one in NAMED}
    assert names == expected


def test_what_is_left_out_is_counted_by_its_reason(tmp_path: Path) -> None:
    folder = tmp_path / ROOT / YEAR
    for name in ("kept.jpg", "trashed.jpg", "live.mp4"):
        write_photo(folder / name, b"a")
    write_json(folder / "trashed.jpg.json", facts("trashed.jpg", trashed=True))
    write_json(folder / "live.mp4.json", facts("live.mp4"))
    write_json(folder / "elsewhere.jpg.json", facts("elsewhere.jpg"))
    (folder / "cut.jpg.json").write_text('{"title": ')
    write_json(tmp_path / ROOT / "print-subscriptions.json", [1])
    write_photo(folder / "archive_browser.html", b"a")
    takeout = Takeout(tmp_path)

    assert [entry.name for entry in takeout.entries()] == ["kept.jpg"]
    assert {why: count for why, count in takeout.left_out().items() if count} == {
        TRASHED: 1,
        UNMATCHED: 1,
        UNREAD: 1,
        "videos": 1,
        "files of other kinds": 1,
        "files with metadata beside photos": 1,
    }


def test_everything_that_google_says_is_read() -> None:
    assert sidecar_of(facts("a.jpg", 7), "a.jpg") == Sidecar(
        source="TAKEOUT",
        taken="2019-07-14T20:30:07Z",
        latitude=48.07,
        longitude=2.3,
        altitude_m=33.5,
        description="Description 7",
        people=["Person 7"],
    )


NOWHERE = {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0}
THERE = {"latitude": 1.5, "longitude": -2.5, "altitude": 0.0}


@pytest.mark.parametrize(
    ("stated", "position"),
    [
        ({"geoData": NOWHERE, "geoDataExif": NOWHERE}, (None, None, None)),
        ({"geoData": NOWHERE, "geoDataExif": THERE}, (1.5, -2.5, None)),
        ({"geoData": {"latitude": 91, "longitude": 1}, "geoDataExif": THERE}, (1.5, -2.5, None)),
        ({"geoData": {"latitude": "1", "longitude": True}, "geoDataExif": []}, (None, None, None)),
        ({"geoData": {**THERE, "altitude": -5000}}, (1.5, -2.5, None)),
        ({"geoData": {**THERE, "altitude": -3}}, (1.5, -2.5, -3)),
    ],
)
def test_zero_zero_is_no_position(stated: dict[str, Any], position: tuple[Any, ...]) -> None:
    told = sidecar_of({"description": "x", **stated}, "a.jpg")

    assert told is not None
    assert (told.latitude, told.longitude, told.altitude_m) == position


@pytest.mark.parametrize(
    ("timestamp", "taken"),
    [
        ("0", None),
        ("-86400", "1969-12-31T00:00:00Z"),
        (1_563_136_200, "2019-07-14T20:30:00Z"),
        ("99999999999999", None),
        ("soon", None),
        (None, None),
        ("-60000000000", "0068-09-03T13:20:00Z"),
    ],
)
def test_the_time_is_in_utc_and_zero_is_none(timestamp: object, taken: str | None) -> None:
    told = sidecar_of({"description": "x", "photoTakenTime": {"timestamp": timestamp}}, "a.jpg")

    assert told is not None
    assert told.taken == taken


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("a.jpg", None),
        ("a.HEIC", None),
        ("a", None),
        ("IMG_9.JPG", None),
        ("The tower", "The tower"),
    ],
)
def test_a_title_that_is_a_files_name_says_nothing(title: str, expected: str | None) -> None:
    told = sidecar_of({"title": title, "description": "x"}, "a.jpg")

    assert told is not None
    assert told.title == expected


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values),
    max_leaves=5,
)
FIELDS = ("title", "description", "photoTakenTime", "geoData", "geoDataExif", "people")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON_VALUES)))
def test_nothing_in_a_json_file_breaks_it_and_extract_reads_the_rest(said: dict[str, Any]) -> None:
    told = sidecar_of(said, "a.jpg")

    assert told is None or sidecars.read(sidecars.write(told)[0]) is not None


def test_json_that_is_nested_too_deep_does_not_end_the_import(tmp_path: Path) -> None:
    write_photo(tmp_path / ROOT / YEAR / "a.jpg", b"a")
    (tmp_path / ROOT / YEAR / "a.jpg.json").write_text("[" * 100_000)
    takeout = Takeout(tmp_path)

    assert [one.name for one in takeout.entries()] == ["a.jpg"]
    assert takeout.left_out()[UNREAD] == 1


def test_a_title_of_any_length_costs_no_time(tmp_path: Path) -> None:
    write_photo(tmp_path / ROOT / YEAR / "a.jpg", b"a")
    title = "a" + "\u0301" * 100_000 + "\u0323" * 100_000
    write_json(tmp_path / ROOT / YEAR / "a.jpg.json", facts(title))

    with cpu_within(1):
        assert len(entries(tmp_path)) == 1


def test_a_folder_with_thousands_of_photos_is_matched_in_seconds() -> None:
    known = {f"IMG_{number:05}.jpg": facts(f"IMG_{number:05}.jpg") for number in range(5_000)}
    matcher = Matcher(known, {*known})

    with cpu_within(5):
        assert all(matcher.find(name) == name for name in known)


def test_half_a_surrogate_pair_in_a_text_is_removed() -> None:
    told = sidecar_of(json.loads('{"description": "a\\ud83d b"}'), "a.jpg")

    assert told is not None
    assert told.description == "a b"
