"""Files that are included, their names in the pipeline, and their records."""

import errno
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from local.process import (
    MAX_UPLOAD_BYTES,
    OutputError,
    Photo,
    check_output,
    find_photos,
    process,
    read,
    to_json,
    write,
)
from local.stack import EndedExecution, Stack
from shared.items import plain

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))
IN_FOLDERS = VECTORS["files_in_folders"]


def make_files(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(folder: Path, *paths: str) -> list[str]:
    photos = find_photos([folder / path for path in paths], on_error=unexpected)
    return [photo.name.as_posix() for photo in photos]


def unexpected(error: OSError) -> None:
    raise error


class TestFindPhotos:
    def test_a_folder_is_searched_to_the_bottom_in_order(self, tmp_path: Path) -> None:
        make_files(tmp_path, "in/b.jpg", "in/2016/may/a.heic", "in/no-suffix", "other/c.jpg")

        assert found(tmp_path, "in") == ["2016/may/a.heic", "b.jpg", "no-suffix"]

    def test_files_that_are_not_photos_are_skipped_in_a_folder(self, tmp_path: Path) -> None:
        make_files(
            tmp_path, "a.jpg", "README.md", "t.json", "film.mp4", ".hidden.jpg", ".git/b.jpg"
        )

        assert found(tmp_path, ".") == ["a.jpg"]

    @pytest.mark.parametrize(
        "vector", VECTORS["files_in_folders"], ids=lambda vector: vector["path"]
    )
    def test_the_files_that_the_page_leaves_out_of_a_folder_are_skipped(
        self, vector: dict[str, str], tmp_path: Path
    ) -> None:
        make_files(tmp_path, "in/always.jpg", f"in/{vector['path']}")

        expected = ["always.jpg"] + [vector["path"]] * (vector["left_out"] is None)
        assert sorted(found(tmp_path, "in")) == sorted(expected)

    def test_a_named_file_is_always_included(self, tmp_path: Path) -> None:
        make_files(tmp_path, "README.md", ".hidden.jpg")

        assert found(tmp_path, "README.md", ".hidden.jpg") == [".hidden.jpg", "README.md"]

    def test_a_single_file_keeps_its_own_name(self, tmp_path: Path) -> None:
        make_files(tmp_path, "in/a.jpg")

        assert found(tmp_path, "in/a.jpg") == ["a.jpg"]

    def test_a_pipe_is_skipped_and_a_broken_link_is_not(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.jpg")
        (tmp_path / "dangling.jpg").symlink_to(tmp_path / "nowhere.jpg")

        assert found(tmp_path, ".") == ["dangling.jpg"]

    @pytest.mark.parametrize("kind", ["pipe", "socket", "device", "link to a device"])
    def test_a_named_file_that_is_no_file_is_refused_by_its_name(
        self, kind: str, tmp_path: Path
    ) -> None:
        path = special(kind, tmp_path)

        with pytest.raises(OSError, match=rf"{path} is no file"):
            found(tmp_path, str(path))

    def test_a_loop_of_links_does_not_exist(self, tmp_path: Path) -> None:
        (tmp_path / "a").symlink_to(tmp_path / "b")
        (tmp_path / "b").symlink_to(tmp_path / "a")

        with pytest.raises(FileNotFoundError, match="a does not exist"):
            found(tmp_path, "a")

    def test_links_to_folders_are_not_followed_round_and_round(self, tmp_path: Path) -> None:
        make_files(tmp_path, "in/a.jpg")
        (tmp_path / "in" / "again").symlink_to(tmp_path / "in")

        assert found(tmp_path, "in") == ["a.jpg"]

    def test_a_folder_that_cannot_be_read_is_reported(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_files(tmp_path, "a.jpg", "locked/b.jpg")
        lock(tmp_path / "locked", monkeypatch)
        errors: list[OSError] = []

        photos = find_photos([tmp_path], on_error=errors.append)

        assert [photo.name for photo in photos] == [Path("a.jpg")]
        assert [error.filename for error in errors] == [str(tmp_path / "locked")]

    def test_two_files_of_one_name_do_not_collide(self, tmp_path: Path) -> None:
        make_files(tmp_path, "x/in/a.jpg", "y/in/a.jpg")

        assert found(tmp_path, "x/in/a.jpg", "y/in/a.jpg") == ["x/in/a.jpg", "y/in/a.jpg"]

    def test_a_file_named_twice_is_included_once(self, tmp_path: Path) -> None:
        make_files(tmp_path, "in/a.jpg")

        assert found(tmp_path, "in", "in/a.jpg", "in/../in/a.jpg") == ["a.jpg"]

    @pytest.mark.parametrize("path", ["nowhere", "empty"])
    def test_nothing_to_process_is_an_error_that_names_the_path(
        self, path: str, tmp_path: Path
    ) -> None:
        (tmp_path / "empty").mkdir()

        with pytest.raises(FileNotFoundError, match=path):
            found(tmp_path, path)


def special(kind: str, folder: Path) -> Path:
    """Make something whose reading may never end."""
    if kind == "device":
        return Path("/dev/zero")
    path = folder / "special.jpg"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(os.path.relpath(path))  # a short name: the limit is 107 bytes
        case _:
            path.symlink_to("/dev/zero")
    return path


class TestRead:
    def test_a_file_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"taco")

        assert read(tmp_path / "a") == b"taco"

    @pytest.mark.parametrize("kind", ["pipe", "socket", "device", "link to a device"])
    def test_what_replaced_a_file_meanwhile_is_refused(self, kind: str, tmp_path: Path) -> None:
        with pytest.raises(OSError, match=r"no file|No such device"):
            read(special(kind, tmp_path))

    def test_a_file_without_a_size_is_read_to_the_limit(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refused: list[int] = []
        monkeypatch.setattr("local.process.MAX_UPLOAD_BYTES", 3)
        monkeypatch.setattr("local.process.refuse_bytes", refused.append)

        assert len(read(Path("/proc/self/maps"))) == 4
        assert refused == [4]


class TestOutput:
    @pytest.mark.parametrize("output", ["in", "in/demo", "in/x/../demo", "link"])
    def test_the_folder_of_the_photos_and_those_in_it_are_refused(
        self, output: str, tmp_path: Path
    ) -> None:
        make_files(tmp_path, "in/a.jpg")
        (tmp_path / "link").symlink_to(tmp_path / "in")

        with pytest.raises(OutputError, match="the folder of the photos"):
            check_output(tmp_path / output, [tmp_path / "in"])

    @pytest.mark.parametrize("photo", ["demo/photos", "demo/photos/a.jpg/large.webp"])
    def test_results_are_no_photos(self, photo: str, tmp_path: Path) -> None:
        make_files(tmp_path, "demo/photos/a.jpg/large.webp")

        with pytest.raises(OutputError, match="is a result"):
            check_output(tmp_path / "demo", [tmp_path / photo])

    @pytest.mark.parametrize("file", ["letter.txt", "2016/a.jpg", "photos/a.jpg"])
    def test_a_folder_with_other_files_is_refused(self, file: str, tmp_path: Path) -> None:
        make_files(tmp_path, f"mine/{file}", "in/a.jpg")

        with pytest.raises(OutputError, match="which no run has written"):
            check_output(tmp_path / "mine", [tmp_path / "in"])

    @pytest.mark.parametrize(
        "files", [[], [".DS_Store"], ["index.html", "photos/2016/a.jpg/record.json"]]
    )
    def test_a_new_folder_and_that_of_an_earlier_run_are_taken(
        self, files: list[str], tmp_path: Path
    ) -> None:
        make_files(tmp_path, *(f"demo/{file}" for file in files), "in/a.jpg")

        check_output(tmp_path / "demo", [tmp_path / "in", tmp_path / "in/a.jpg"])
        check_output(tmp_path / "new", [tmp_path / "in"])


class TestWrite:
    def test_a_full_disk_leaves_what_was_there_and_is_named_with_its_free_space(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path / "a", b"before")

        def fill(_: Path, __: bytes) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(Path, "write_bytes", fill)
        with pytest.raises(OutputError, match=rf"{tmp_path}: No space left on device.* free"):
            write(tmp_path / "a", b"after")

        assert (tmp_path / "a").read_bytes() == b"before"
        assert [path.name for path in tmp_path.iterdir()] == ["a"]


def lock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `folder` unreadable, for root too."""
    scandir = os.scandir

    def refuse(path: str) -> object:
        if Path(path) == folder:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)


class Nothing(Stack):
    """A stack that starts no execution for an upload."""

    def __init__(self) -> None:
        self.uploaded: list[str] = []

    def upload(self, key: str, body: bytes) -> str:  # noqa: ARG002
        self.uploaded.append(key)
        return "1"

    def executions(self, *, timeout_seconds: float = 600) -> Iterator[EndedExecution]:  # noqa: ARG002
        return iter(())


class TestProcess:
    def test_a_far_too_large_file_is_rejected_unread(self, tmp_path: Path) -> None:
        file = tmp_path / "film.jpg"
        with file.open("wb") as stream:
            stream.truncate(MAX_UPLOAD_BYTES + 1)
        stack = Nothing()

        [document] = process(stack, [Photo(file, Path("film.jpg"))], output=tmp_path / "demo")

        assert not stack.uploaded
        assert document["file"] == str(file)
        assert (document["status"], document["reason"]) == ("REJECTED", "TOO_LARGE")
        assert f"{MAX_UPLOAD_BYTES + 1:,} bytes" in document["error"]
        record = tmp_path / "demo/photos/film.jpg/record.json"
        assert json.loads(record.read_text()) == document

    def test_only_the_renditions_of_an_earlier_run_are_removed(self, tmp_path: Path) -> None:
        make_files(tmp_path, "demo/photos/a.jpg/thumb.webp", "demo/photos/a.jpg/mine.webp")
        photo = Photo(tmp_path / "nowhere.jpg", Path("a.jpg"))

        [document] = process(Nothing(), [photo], output=tmp_path / "demo")

        assert document["status"] == "FAILED"
        left = {path.name for path in (tmp_path / "demo/photos/a.jpg").iterdir()}
        assert left == {"mine.webp", "record.json"}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("a+b ü.jpg", "uploads/demo/a+b ü.jpg"),
        ("2016/may/a%20b.jpg", "uploads/demo/2016/may/a%20b.jpg"),
        (os.fsdecode(b"caf\xe9.jpg"), r"uploads/demo/caf\xe9.jpg"),
    ],
)
def test_the_key_contains_the_name_unchanged(name: str, key: str) -> None:
    assert Photo(Path(name), Path(name)).key == key


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=10,
)


@given(record=st.dictionaries(st.text(min_size=1), JSON))
def test_a_record_equals_the_stored_item(record: dict[str, object]) -> None:
    serialize = TypeSerializer().serialize

    assert plain({name: serialize(value) for name, value in record.items()}) == record


def test_numbers_become_json_numbers() -> None:
    item = {"f": {"N": "0.00625"}, "i": {"N": "4032"}}

    assert json.loads(to_json(plain(item))) == {"f": 0.00625, "i": 4032}


def test_any_file_name_can_be_printed_as_json() -> None:
    name = os.fsdecode(b"\xff\x1b[31m\n.jpg")

    text = to_json({"file": name})

    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text) == {"file": name}
