"""Find: processed photos are printed page by page, and an empty result says why."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from gallery import deployment, find
from gallery.__main__ import main
from gallery.deployment import Deployment
from gallery.find import OPTIONS
from gallery.search import ROWS_OF
from gallery.shell import session_for
from gallery.table import Query, Table
from local.clients import environment
from outputs import as_outputs_file
from shared.keys import digest
from shared.terms import words_of
from shared.text import fold_label
from verifying import World, deployed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Find = Callable[..., tuple[list[str], list[str]]]

from local.template import REPOSITORY

PHOTOS = {
    "uploads/ada/2021/chelsea.jpg": "chelsea.jpg",
    "uploads/ada/2021/astronaut.jpg": "astronaut.jpg",
    "uploads/ada/space/rocket \x1b[2J\x7f.jpg": "rocket.jpg",
}
CAT, ASTRONAUT, ROCKET = PHOTOS


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("find")
    with pytest.MonkeyPatch.context() as patched, deployed(folder) as world:
        for name, value in environment(world.stack.endpoint_url).items():
            patched.setenv(name, value)
        for key, name in PHOTOS.items():
            world.stack.upload(key, (REPOSITORY / "local" / "photos" / name).read_bytes())
        world.stack.wait_until_idle()
        for key in PHOTOS:
            add_terms(world, key)
        # A session keeps the descriptions of the services, which take a while to read.
        patched.setattr(deployment, "session_for", cache(session_for))
        yield world


def add_terms(world: World, key: str) -> None:
    """Write the rows of the terms of a processed photo."""
    row = record(world, key)
    place, camera = row.get("place", {}), row.get("camera", {})
    terms = [
        *(("person", person["name"]) for person in row.get("people", [])),
        *(("keyword", keyword) for keyword in row.get("keywords", [])),
        *((kind, place[kind]) for kind in ("city", "region", "country") if kind in place),
        ("camera", f"{camera.get('make', '')} {camera.get('model', '')}".strip()),
        *(("word", word) for word in words_of(row.get("title", ""))),
    ]
    photo = {"photo": row["sk"], "width_px": row["width_px"], "height_px": row["height_px"]}
    for kind, text in terms:
        end = f"{row['sort_time']}#{digest(key)}"
        one = {"pk": "ada", "sk": f"{kind}#{fold_label(text)}#{end}", "text": text, **photo}
        one["thumb"] = row["renditions"]["thumb"]
        item = TypeSerializer().serialize(one)["M"]
        world.stack.dynamodb.put_item(TableName=world.stack.table, Item=item)


def record(world: World, key: str) -> dict[str, Any]:
    """Return the row of a photo."""
    sk = key.replace("uploads/ada/", "photo#")
    found = Table(world.stack.dynamodb, world.stack.table).get("ada", sk)
    assert found is not None
    return found


@pytest.fixture
def run(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Find:
    outputs = as_outputs_file(world.outputs, tmp_path / "outputs.json")

    def lines(*arguments: str) -> tuple[list[str], list[str]]:
        """Run the command; return what it prints to stdout and to stderr."""
        capsys.readouterr()
        assert main(["find", f"--deployment={outputs}", *arguments]) == 0
        printed = capsys.readouterr()
        return printed.out.splitlines(), printed.err.splitlines()

    return lines


def test_photos_are_printed_with_time_size_and_key(world: World, run: Find) -> None:
    row = record(world, CAT)

    printed, noted = run("--place", "south africa")

    assert printed == [f"{row['sort_time'].replace('T', ' ')}        451 × 300  {CAT}"]
    assert len(noted) == 1
    assert noted[0].startswith("1 photo, ")
    assert noted[0].endswith(" read units")


def test_json_has_what_the_rows_have(world: World, run: Find) -> None:
    for arguments in (["--label", "dog"], ["--album", "space"], ["--after", "1900"]):
        printed, _ = run("--json", *arguments)

        found = {one["key"]: one for one in map(json.loads, printed)}
        row = record(world, ROCKET)
        assert found[ROCKET] == {
            "key": ROCKET,
            "sort_time": row["sort_time"],
            "width_px": row["width_px"],
            "height_px": row["height_px"],
            "thumb": row["renditions"]["thumb"],
        }
        assert all(line.isascii() and line.isprintable() for line in printed)


def test_a_key_cannot_control_the_terminal(run: Find) -> None:
    [line], _ = run("--album", "space")

    assert line.endswith(r"uploads/ada/space/rocket \x1b[2J\x7f.jpg")


def test_each_kind_finds_its_photos(world: World, run: Find) -> None:
    cat, rocket = record(world, CAT), record(world, ROCKET)
    asked = {
        "label": "DOG",
        "keyword": rocket["keywords"][0],
        "place": cat["place"]["city"],
        "city": cat["place"]["city"],
        "region": cat["place"]["region"],
        "country": cat["place"]["country"],
        "camera": f"{cat['camera']['make']} {cat['camera']['model']}",
        "album": "2021",
        "any": cat["place"]["country"],
    }
    keys = {kind: keys_of(run("--json", f"--{kind}", text)) for kind, text in asked.items()}

    assert keys.pop("keyword") == [ROCKET]
    assert keys.pop("label") == in_order(world, *PHOTOS)
    assert keys.pop("album") == in_order(world, CAT, ASTRONAUT)
    assert set(map(tuple, keys.values())) == {(CAT,)}
    assert keys_of(run("--json", asked["any"])) == [CAT]
    assert OPTIONS.keys() == ROWS_OF.keys()


def test_a_title_as_it_stands_finds_its_photo(world: World, run: Find) -> None:
    title = "Mom's New-York trip, day 1 (IMG_0001)"
    words = ["mom", "new", "york", "trip", "day", "img", "0001"]
    assert [fold_label(word) for word in words_of(title)] == words
    row = record(world, CAT)
    items = [
        {
            "pk": "ada",
            "sk": f"word#{word}#{row['sort_time']}#{digest(CAT)}",
            "photo": row["sk"],
            "width_px": 4,
            "height_px": 3,
        }
        for word in words
    ]
    for item in items:
        serialized = TypeSerializer().serialize(item)["M"]
        world.stack.dynamodb.put_item(TableName=world.stack.table, Item=serialized)
    try:
        asked = [[title], ["--any", title], ["--word", title], ["Mom's", "york."], ["South Africa"]]
        found = [keys_of(run("--json", *arguments)) for arguments in asked]
        _, noted = run("--word", "mom's zebra")
        _, of_text = run("mom's zebra")
    finally:
        for item in items:
            key = TypeSerializer().serialize({"pk": item["pk"], "sk": item["sk"]})["M"]
            world.stack.dynamodb.delete_item(TableName=world.stack.table, Key=key)

    assert found == [[CAT]] * 5
    assert noted[0] == "no photo has all of these: the word 'mom', the word 'zebra'"
    assert of_text[0] == "no photo has all of these: the text 'mom', the text 'zebra'"


def test_all_terms_and_the_period_are_combined(world: World, run: Find) -> None:
    times = {key: record(world, key)["sort_time"] for key in PHOTOS}
    newest, *_, oldest = in_order(world, *PHOTOS)

    def keys(*arguments: str) -> list[str]:
        return keys_of(run("--json", *arguments))

    assert keys("--label", "dog", "--oldest-first") == in_order(world, *PHOTOS)[::-1]
    assert keys("dog", "--place", "South Africa", "--album", "2021") == [CAT]
    assert keys("dog", "animal", "--place", "South Africa", "--album", "space") == []
    assert newest not in keys("--label", "dog", "--before", times[newest])
    assert newest not in keys("--label", "dog", "--before", times[newest][:4])
    assert keys("--after", times[oldest]) == in_order(world, *PHOTOS)[:-1]
    assert oldest in keys("--before", str(int(times[oldest][:4]) + 1))
    assert keys("--owner", "ada", "--label", "dog", "--limit", "2") == in_order(world, *PHOTOS)[:2]
    assert keys("--owner", "bob", "--label", "dog") == []


def test_pages_are_printed_as_they_come_up_to_the_limit(
    run: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[int] = []  # photos before each page
    query = Table.query

    def counted(table: Table, asked: Query, **more: Any) -> Any:  # noqa: ANN401  # Rows
        printed.append(len(lines))
        return query(table, asked, **more)

    lines: list[str] = []
    monkeypatch.setattr(Table, "query", counted)
    monkeypatch.setattr(find, "print_stdout", lines.append)
    monkeypatch.setattr(find, "MAX_LIMIT", 1)

    _, noted = run("--label", "dog", "--limit", "2")

    assert printed == [0, 1]
    assert noted == ["2 photos, 2 read units; there may be more: --limit"]


def test_an_empty_result_says_which_terms_have_photos(run: Find) -> None:
    printed, noted = run(
        "--label", "dog", "--label", "cat", "--country", "South Africa", "--before", "2030"
    )

    assert printed == []
    assert noted == [
        (
            "no photo in this period has all of these: the label 'dog', the label 'cat',"
            " the country 'south africa'"
        ),
        "3 photos in this period with the label 'dog'",
        noted[2],
        "1 photo in this period with the country 'south africa'",
    ]
    assert noted[2].startswith("no photo in this period with the label 'cat'; there ")
    assert "the keyword 'cat'" in noted[2]


SOUTH_AFRICA = "; there is the country 'South Africa'"


@pytest.mark.parametrize(
    ("arguments", "noted"),
    [
        (["--label", "dug"], "no photo with the label 'dug'"),
        (["--country", "south"], f"no photo with the country 'south'{SOUTH_AFRICA}"),
        (["--label", "south africa"], f"no photo with the label 'south africa'{SOUTH_AFRICA}"),
        (["--place", "soufriere"], f"no photo with the place 'soufriere'{SOUTH_AFRICA}"),
        (["--label", "dog", "--before", "1900"], "no photo in this period with the label 'dog'"),
        (["--before", "1900"], "there is no photo in this period"),
        (["--album", "none"], "no photo with the album 'none'"),
        (["waterfall"], "no photo with the text 'waterfall'"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_an_empty_result_names_terms_that_begin_alike(
    run: Find, arguments: list[str], noted: str
) -> None:
    assert run(*arguments) == ([], [noted])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say what to find: a TEXT, one of the options, --after or --before"),
        (["--label", " "], "argument --label: the label ' ' is empty"),
        (["--before", "2019-13"], "argument --before: must be a year, month, day or time, such as"),
        (["--before", "2019-1-1"], "got 2019-1-1"),
        (["--before", "19"], "got 19"),
        (["--after", "9999"], "argument --after: must end before the year 10000, got 9999"),
        (["--after", "2019", "--before", "2020"], "2020-01-01T00:00:00 is not before 2020-01-01"),
        (["--limit", "0", "dog"], "argument --limit: must be 1 or more, got 0"),
        (["--owner", "a/b", "dog"], "--owner must be a folder below uploads/, got 'a/b'"),
        ([str(number) for number in range(11)], "a search has at most 10 terms, got 11"),
        (["--word", "aa bb cc dd ee ff gg hh ii jj kk"], "a search has at most 10 terms, got 11"),
        (["aa bb cc dd ee ff gg hh ii jj kk"], "a search has at most 10 terms, got 11"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_a_search_without_a_meaning_is_refused(
    world: World,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    outputs = as_outputs_file(world.outputs, tmp_path / "outputs.json")

    with pytest.raises(SystemExit) as ended:
        main(["find", f"--deployment={outputs}", *arguments])

    assert ended.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2019", "2019-01-01T00:00:00", "2020-01-01T00:00:00"),
        ("2019-12", "2019-12-01T00:00:00", "2020-01-01T00:00:00"),
        ("2019-01", "2019-01-01T00:00:00", "2019-02-01T00:00:00"),
        ("2020-02-29", "2020-02-29T00:00:00", "2020-03-01T00:00:00"),
        ("2019-06-30T23:59", "2019-06-30T23:59:00", "2019-07-01T00:00:00"),
        ("2019-06-30 14:30:59", "2019-06-30T14:30:59", "2019-06-30T14:31:00"),
    ],
)
def test_before_is_before_the_start_and_after_is_after_the_end(
    text: str, start: str, end: str
) -> None:
    assert find.start_of(text) == datetime.fromisoformat(start)
    assert find._end(text) == datetime.fromisoformat(end)  # noqa: SLF001


def test_all_owners_are_searched_unless_one_is_named(
    run: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deployment, "owners", lambda *_: ["ada", "bob"])

    printed, noted = run("--json", "--keyword", "cat")
    assert printed
    assert noted[0].endswith(" read units")
    _, [noted_only] = run("--json", "--label", "dog", "--limit", "3")
    assert noted_only.endswith("; there may be more: --limit")
    assert run("waterfall") == ([], ["2 owners were searched. To see why, name one with --owner"])
    monkeypatch.setattr(Deployment, "owners", lambda *_: [])
    assert run("waterfall") == ([], ["the gallery has no photos"])


def keys_of(printed: tuple[list[str], list[str]]) -> list[str]:
    return [json.loads(line)["key"] for line in printed[0]]


def in_order(world: World, *keys: str) -> list[str]:
    """Return keys in the order of their photos, newest first."""
    return sorted(keys, key=lambda key: record(world, key)["sort_time"], reverse=True)
