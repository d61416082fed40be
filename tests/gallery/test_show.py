"""show, albums, copies and edit: what an owner asks and changes from a shell."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gallery import deployment
from gallery.__main__ import main
from gallery.edit import FIELDS
from gallery.shell import session_for
from local.clients import environment
from local.template import REPOSITORY
from outputs import as_outputs_file
from verifying import World, deployed

CAT = "uploads/ada/Südafrika/2019/cat.jpg"
COPY = "uploads/ada/again.jpg"

Run = Callable[..., list[str]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    photo = (REPOSITORY / "local" / "photos" / "chelsea.jpg").read_bytes()
    with (
        pytest.MonkeyPatch.context() as patched,
        deployed(tmp_path_factory.mktemp("show")) as world,
    ):
        for name, value in environment(world.stack.endpoint_url).items():
            patched.setenv(name, value)
        for key in (CAT, COPY):
            world.stack.upload(key, photo)
        world.stack.wait_until_idle()
        patched.setattr(deployment, "session_for", cache(session_for))
        yield world


@pytest.fixture
def run(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    outputs = as_outputs_file(world.outputs, tmp_path / "outputs.json")

    def lines(*arguments: str, status: int = 0) -> list[str]:
        """Run a command; return what it prints, to stderr if it fails."""
        capsys.readouterr()
        try:
            ended = main([*arguments, f"--deployment={outputs}"])
        except SystemExit as error:
            ended = int(error.code or 0)
        printed = capsys.readouterr()
        assert ended == status, printed.err
        return (printed.err if status else printed.out).splitlines()

    return lines


def test_a_photo_is_shown_with_all_that_is_known_of_it(run: Run) -> None:
    [record] = map(json.loads, run("show", CAT, "--json"))
    lines = run("show", CAT)

    assert (record["key"], record["status"], record["format"]) == (CAT, "READY", "JPEG")
    assert lines[0] == CAT
    facts = {line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1] for line in lines[1:]}
    assert facts["status"] == "READY"
    assert facts["width_px"] == str(record["width_px"])
    assert facts.keys() == {name for name, value in record.items() if value} - {"key"}


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("uploads/ada/none.jpg", "show: uploads/ada/none.jpg has no record"),
        ("photos/ada/cat.jpg", "show: 'photos/ada/cat.jpg' is not the key of a photo: "),
        ("\x1b[2J", r"show: '\x1b[2J' is not the key of a photo: "),
    ],
)
def test_what_is_no_photo_is_named(run: Run, key: str, message: str) -> None:
    [line] = run("show", key, status=1)

    assert line.startswith(message)


def test_albums_are_listed_with_their_numbers_of_photos(run: Run) -> None:
    assert run("albums") == ["        1  ada/", "        1  ada/Südafrika/2019"]
    assert [
        (album["owner"], album["path"], album["cover"]["key"])
        for album in map(json.loads, run("albums", "--owner=ada", "--json"))
    ] == [("ada", "", COPY), ("ada", "Südafrika/2019", CAT)]


def test_copies_are_listed_by_their_bytes(run: Run) -> None:
    [found] = map(json.loads, run("copies", "--json"))

    assert (found["owner"], found["keys"]) == ("ada", [CAT, COPY])
    assert run("copies")[1:] == [f"  {CAT}", f"  {COPY}"]


def test_an_edit_changes_what_it_names_and_as_in_file_undoes_it(run: Run) -> None:
    def edited(*options: str) -> dict[str, Any]:
        [photo] = map(json.loads, run("edit", CAT, *options, "--json"))
        return {name: photo.get(name) for name in ("title", "keywords", "taken_at", "location")}

    [record] = map(json.loads, run("show", CAT, "--json"))
    in_file = record["keywords"]
    first = edited(
        *("--title", "Ko\u0308nigin", "--add-keyword", in_file[0], "--add-keyword", "home"),
        *("--taken", "1965-08", "--location=-33.92, 18.42"),
    )
    assert first["title"] == "K\u00f6nigin"
    assert first["keywords"] == [*in_file, "home"]
    assert first["taken_at"] == {
        "local": "1965-08-01T00:00:00",
        "precision": "month",
        "source": "EDITED",
    }
    assert first["location"] == {"latitude": -33.92, "longitude": 18.42}
    assert edited("--remove-keyword", "home") == {**first, "keywords": in_file}
    undone = edited(*(f"--as-in-file={field}" for field in FIELDS))
    assert undone == {name: record.get(name) for name in undone}


def test_a_hidden_label_is_shown_no_more_until_it_is_shown_again(run: Run) -> None:
    def names(*options: str) -> list[str]:
        [photo] = map(json.loads, run("edit", CAT, *options, "--json"))
        return [label["name"] for label in photo.get("labels", [])]

    [record] = map(json.loads, run("show", CAT, "--json"))
    all_names = [label["name"] for label in record["labels"]]

    assert names("--hide-label", all_names[0]) == all_names[1:]
    assert names("--show-label", all_names[0]) == all_names


def test_a_dry_run_edits_nothing(run: Run) -> None:
    before = run("show", CAT, "--json")

    [request] = map(json.loads, run("edit", CAT, "--title", "Tiger", "--dry-run"))

    assert request == {"path": "Südafrika/2019/cat.jpg", "title": "Tiger"}
    assert run("show", CAT, "--json") == before


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        ([], 2, "nothing to edit"),
        (["--title=x", "--as-in-file=title"], 2, "--title and --as-in-file title contradict"),
        (["--taken=yesterday"], 2, "must be a year, month, day or time"),
        (["--location=Cape Town"], 2, "must be LATITUDE,LONGITUDE"),
        (["--taken=1700"], 1, "is before 1826, when no photo existed"),
        (["--location=91,0"], 1, "latitude"),
    ],
)
def test_an_edit_that_breaks_a_rule_is_refused_and_changes_nothing(
    run: Run, options: list[str], status: int, message: str
) -> None:
    before = run("show", CAT, "--json")

    lines = run("edit", CAT, *options, status=status)

    assert message in lines[-1]
    assert run("show", CAT, "--json") == before
