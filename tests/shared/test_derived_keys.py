"""The key of a rendition changes with the version of the photo that it is made of."""

from fakes import KEY
from shared.contracts import PhotoRef
from shared.keys import derived_key


def key_of(version_id: str | None, etag: str) -> str:
    photo = PhotoRef(bucket="b", key=KEY, version_id=version_id, etag=etag)
    return derived_key(photo, "thumb", "webp", recipe="")


def test_two_versions_with_the_same_bytes_have_different_keys() -> None:
    """So deleting the renditions of one version keeps those of the other."""
    assert key_of("1", "same") != key_of("2", "same")


def test_one_version_has_one_key_whatever_its_etag_is() -> None:
    assert key_of("1", "one") == key_of("1", "other")


def test_without_versioning_the_etag_tells_versions_apart() -> None:
    assert key_of(None, "one") != key_of(None, "other")
