"""Files that are included, their names in the pipeline, and their records."""

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from local.process import MAX_UPLOAD_BYTES, Photo, find_photos, process, to_json
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
    photos = find_photos(
        [folder / path for path in paths], output=folder / "demo", on_error=unexpected
    )
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

    def test_the_records_of_an_earlier_run_are_skipped(self, tmp_path: Path) -> None:
        make_files(tmp_path, "a.jpg", "demo/photos/a.jpg/thumb.webp")

        assert found(tmp_path, ".") == ["a.jpg"]

    @pytest.mark.parametrize("folder", ["demo", "demo/in"])
    def test_other_photos_in_the_output_are_included(self, folder: str, tmp_path: Path) -> None:
        make_files(tmp_path, f"{folder}/a.jpg", "demo/photos/a.jpg/thumb.webp")

        assert found(tmp_path, folder) == ["a.jpg"]

    @pytest.mark.parametrize("path", ["demo/photos", "demo/photos/a.jpg"])
    def test_paths_in_the_folder_of_the_records_are_refused(
        self, path: str, tmp_path: Path
    ) -> None:
        make_files(tmp_path, "demo/photos/a.jpg")

        with pytest.raises(FileExistsError, match=path):
            found(tmp_path, path)

    def test_a_pipe_is_skipped_and_a_broken_link_is_not(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.jpg")
        (tmp_path / "dangling.jpg").symlink_to(tmp_path / "nowhere.jpg")

        assert found(tmp_path, ".") == ["dangling.jpg"]

    def test_a_folder_that_cannot_be_read_is_reported(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_files(tmp_path, "a.jpg", "locked/b.jpg")
        lock(tmp_path / "locked", monkeypatch)
        errors: list[OSError] = []

        photos = find_photos([tmp_path], output=tmp_path / "demo", on_error=errors.append)

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
        assert "104,857,601 bytes" in document["error"]
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
