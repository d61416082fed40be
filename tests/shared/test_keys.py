"""Keys are made as tests/vectors.json says. It holds the page and the state machine to the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import PhotoRef
from shared.errors import BadKeyError, ForeignBucketError
from shared.keys import (
    album_prefix,
    album_sort_key,
    derived_key,
    digest,
    layout,
    photo_key,
    photo_sort_key,
    refuse_reference,
    sha256_of,
    size_prefix,
    split_upload_key,
    term_of,
    term_sort_key,
    within,
)
from shared.settings import KEY_LAYOUT
from shared.text import fold_label

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))
UPLOADS = VECTORS["upload_keys"]
OWNED = [one for one in UPLOADS if one["owned"]]
NOT_OWNED = [one for one in UPLOADS if not one["owned"]]

ADOPTED = VECTORS["adopted_keys"]

Vector = dict[str, Any]
Use = Callable[[Vector], None]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    """Use the layout of a vector, as a function of that deployment does."""

    def set_layout(vector: Vector) -> None:
        keys = {"prefix": vector["prefix"], "owner": vector["owner"]}
        monkeypatch.setenv(KEY_LAYOUT, json.dumps(keys))

    return set_layout


def short(vector: Vector) -> str:
    """Return a name for a vector."""
    text: str = vector.get("key") or vector["name"]
    return ascii(text)[1:-1][:40]


@pytest.mark.parametrize("vector", OWNED, ids=short)
def test_an_upload_key_has_an_owner_an_album_and_a_file(vector: Vector) -> None:
    key, owner = vector["key"], vector["owner"]

    assert split_upload_key(key) == (owner, vector["album"], vector["file"])
    assert photo_sort_key(owner, key) == vector["photo_sort_key"]
    assert photo_key(owner, vector["photo_sort_key"]) == key
    assert album_prefix(vector["album"]) == vector["album_digest"]
    assert (
        album_sort_key(vector["album"], key) == f"album#{vector['album_digest']}#{vector['shard']}"
    )


@pytest.mark.parametrize("vector", NOT_OWNED, ids=short)
def test_a_key_without_an_owner_or_a_file_is_bad(vector: Vector) -> None:
    with pytest.raises(BadKeyError):
        split_upload_key(vector["key"])


@pytest.mark.parametrize("vector", ADOPTED, ids=short)
def test_the_layout_of_an_adopted_bucket_says_owner_and_album(vector: Vector, use: Use) -> None:
    use(vector)
    key = vector["key"]

    if not vector["owned"]:
        with pytest.raises(BadKeyError):
            split_upload_key(key)
        return
    owner = vector["owner_of"]
    assert split_upload_key(key) == (owner, vector["album"], vector["file"])
    assert photo_sort_key(owner, key) == vector["photo_sort_key"]
    assert photo_key(owner, vector["photo_sort_key"]) == key
    photo = PhotoRef(bucket="photos", key=key, version_id="1")
    assert derived_key(photo, "thumb", "webp", recipe="").startswith(f"{owner}/{digest(key)}/")


def test_if_all_photos_have_one_owner_nobody_else_has_any(use: Use) -> None:
    use(ADOPTED[0])

    with pytest.raises(ValueError, match="none to 'alice'"):
        photo_key("alice", "photo#a.jpg")
    with pytest.raises(ValueError, match="none to 'alice'"):
        layout().folder_of("alice")


@pytest.mark.parametrize("vector", UPLOADS, ids=short)
def test_a_digest_is_of_the_key_in_utf_8(vector: Vector) -> None:
    assert digest(vector["key"]) == vector["digest"]


@pytest.mark.parametrize("vector", VECTORS["derived_keys"], ids=short)
def test_a_derived_key_has_the_digests_of_key_and_version(vector: Vector) -> None:
    photo = PhotoRef(
        bucket="photos",
        key=vector["key"],
        version_id=vector.get("version_id"),
        etag=vector.get("etag"),
    )

    key = derived_key(photo, "thumb", "webp", recipe=vector["recipe"])

    owner = vector["key"].split("/")[1]
    assert key == vector["thumb_webp"]
    assert key == f"{owner}/{vector['key_digest']}/{vector['version_digest']}/thumb.webp"


@pytest.mark.parametrize("vector", VECTORS["content_keys"], ids=lambda one: str(one["bytes"]))
def test_a_content_key_begins_with_the_size_and_holds_the_sha256(vector: Vector) -> None:
    size, sha256, key = vector["bytes"], vector["sha256"], vector["key"]

    assert vector["content_key"] == f"{size_prefix(size)}{sha256}#{digest(key)}"
    assert sha256_of(vector["content_key"]) == sha256


@pytest.mark.parametrize("vector", VECTORS["labels"], ids=short)
def test_a_label_is_folded(vector: Vector) -> None:
    folded = fold_label(vector["name"])

    assert folded == vector["folded"]
    assert fold_label(folded) == folded
    row = term_sort_key(f"label#{folded}", "2016-04-09T12:08:13", "uploads/alice/a.jpg")
    assert term_of(row) == f"label#{folded}"


def test_a_key_with_half_a_surrogate_pair_is_bad() -> None:
    with pytest.raises(BadKeyError, match="not valid Unicode"):
        split_upload_key("uploads/alice/\ud800.jpg")


def test_a_sort_key_is_made_for_the_owner_of_the_photo_only() -> None:
    with pytest.raises(ValueError, match="is no photo of 'bob'"):
        photo_sort_key("bob", "uploads/alice/a.jpg")


def test_a_reference_to_another_bucket_is_refused() -> None:
    photo = PhotoRef(bucket="elsewhere", key="uploads/alice/a.jpg")

    with pytest.raises(ForeignBucketError):
        refuse_reference(photo, photos_bucket="photos")
    refuse_reference(photo, photos_bucket="elsewhere")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text())
def test_a_range_has_exactly_the_keys_that_go_on_after_a_hash(prefix: str, rest: str) -> None:
    low, high = within(prefix)

    assert low <= f"{prefix}#{rest}" <= high
    assert not low <= f"{prefix}${rest}x" <= high
    assert not low <= prefix <= high


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
