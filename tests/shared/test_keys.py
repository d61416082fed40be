"""Keys are taken apart once, and never trusted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import KEY
from shared.contracts import PhotoRef
from shared.errors import BadKeyError
from shared.keys import derived_key, sha256_of, size_prefix, split_upload_key


def test_an_upload_key_is_owner_album_and_file() -> None:
    assert split_upload_key("uploads/alice/2024/07/a+b.jpg") == ("alice", "2024/07", "a+b.jpg")


def test_a_file_directly_below_its_owner_has_no_album() -> None:
    assert split_upload_key("uploads/alice/a.jpg") == ("alice", "", "a.jpg")


@pytest.mark.parametrize(
    "key",
    [
        "a.jpg",
        "uploads/a.jpg",
        "uploads//a.jpg",
        "uploads/alice/",
        "/uploads/alice/a.jpg",
        f"uploads/{'é' * 65}/a.jpg",
        "uploads/alice/\ud800.jpg",
    ],
    ids=[
        "no prefix",
        "no owner",
        "empty owner",
        "folder",
        "slash first",
        "long owner",
        "surrogate",
    ],
)
def test_a_key_that_names_no_photo_is_bad(key: str) -> None:
    with pytest.raises(BadKeyError):
        split_upload_key(key)


def test_a_new_version_has_new_derived_keys_under_the_same_prefix() -> None:
    one = derived_key(PhotoRef(bucket="b", key=KEY, version_id="1"), "thumb", "webp", recipe="")
    two = derived_key(PhotoRef(bucket="b", key=KEY, version_id="2"), "thumb", "webp", recipe="")

    assert one != two
    assert one.split("/")[:2] == two.split("/")[:2]


def test_no_derived_key_gets_the_bytes_of_another_recipe() -> None:
    photo = PhotoRef(bucket="b", key=KEY, version_id="1")

    one, two = (derived_key(photo, "thumb", "webp", recipe=recipe) for recipe in ("q80", "q81"))

    assert one != two
    assert one.split("/")[:2] == two.split("/")[:2]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=900))
def test_a_derived_key_is_short_and_plain_whatever_the_photos_key_is(rest: str) -> None:
    photo = PhotoRef(bucket="b", key=f"uploads/alice/{rest}x", version_id="1")

    key = derived_key(photo, "thumb", "webp", recipe="")

    assert len(key.encode()) <= 1024
    assert key.isascii()
    assert ".." not in key


def test_a_content_key_begins_with_the_size_in_nine_digits() -> None:
    assert size_prefix(1000) == "000001000#"
    assert sha256_of("000001000#abc#def") == "abc"
