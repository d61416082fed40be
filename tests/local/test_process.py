"""Which files are taken, what they are called, and how their records look."""

import json
import os
from pathlib import Path

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from local.process import Photo, find_photos, from_item, to_json


def make_files(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(folder: Path, *paths: str) -> list[str]:
    photos = find_photos([folder / path for path in paths], output=folder / "demo")
    return [photo.name.as_posix() for photo in photos]


class TestFindPhotos:
    def test_a_folder_is_searched_to_the_bottom_in_order(self, tmp_path: Path) -> None:
        make_files(tmp_path, "in/b.jpg", "in/2016/may/a.heic", "in/no-suffix", "other/c.jpg")

        assert found(tmp_path, "in") == ["2016/may/a.heic", "b.jpg", "no-suffix"]

    def test_what_is_plainly_no_photo_is_left_out_of_a_folder(self, tmp_path: Path) -> None:
        make_files(
            tmp_path, "a.jpg", "README.md", "t.json", "film.mp4", ".hidden.jpg", ".git/b.jpg"
        )

        assert found(tmp_path, ".") == ["a.jpg"]

    def test_a_named_file_is_always_taken(self, tmp_path: Path) -> None:
        make_files(tmp_path, "README.md", ".hidden.jpg")

        assert found(tmp_path, "README.md", ".hidden.jpg") == [".hidden.jpg", "README.md"]

    def test_a_file_alone_is_called_by_its_own_name(self, tmp_path: Path) -> None:
        make_files(tmp_path, "in/a.jpg")

        assert found(tmp_path, "in/a.jpg") == ["a.jpg"]

    def test_its_own_output_is_left_out(self, tmp_path: Path) -> None:
        make_files(tmp_path, "a.jpg", "demo/photos/a.jpg/thumb.webp")

        assert found(tmp_path, ".") == ["a.jpg"]

    def test_two_files_of_one_name_do_not_collide(self, tmp_path: Path) -> None:
        make_files(tmp_path, "x/in/a.jpg", "y/in/a.jpg")

        assert found(tmp_path, "x/in/a.jpg", "y/in/a.jpg") == ["x/in/a.jpg", "y/in/a.jpg"]

    def test_a_file_named_twice_is_taken_once(self, tmp_path: Path) -> None:
        make_files(tmp_path, "in/a.jpg")

        assert found(tmp_path, "in", "in/a.jpg", "in/../in/a.jpg") == ["a.jpg"]

    @pytest.mark.parametrize("path", ["nowhere", "empty"])
    def test_nothing_to_process_is_an_error_that_names_the_path(
        self, path: str, tmp_path: Path
    ) -> None:
        (tmp_path / "empty").mkdir()

        with pytest.raises(FileNotFoundError, match=path):
            found(tmp_path, path)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("a+b ü.jpg", "uploads/demo/a+b ü.jpg"),
        ("2016/may/a%20b.jpg", "uploads/demo/2016/may/a%20b.jpg"),
        (os.fsdecode(b"caf\xe9.jpg"), r"uploads/demo/caf\xe9.jpg"),
    ],
)
def test_the_key_is_the_name_as_it_is(name: str, key: str) -> None:
    assert Photo(Path(name), Path(name)).key == key


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=10,
)


@given(record=st.dictionaries(st.text(min_size=1), JSON))
def test_a_record_is_what_was_stored(record: dict[str, object]) -> None:
    serialize = TypeSerializer().serialize

    assert from_item({name: serialize(value) for name, value in record.items()}) == record


def test_numbers_are_numbers_and_sets_are_sorted() -> None:
    item = {"f": {"N": "0.00625"}, "i": {"N": "4032"}, "s": {"SS": ["b", "a"]}}

    assert json.loads(to_json(from_item(item))) == {"f": 0.00625, "i": 4032, "s": ["a", "b"]}


def test_any_file_name_can_be_printed_as_json() -> None:
    name = os.fsdecode(b"\xff\x1b[31m\n.jpg")

    text = to_json({"file": name})

    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text) == {"file": name}
