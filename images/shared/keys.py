"""Keys of objects and rows, made from a photo's key and version. No AWS, no file system.

Derived keys have digests of the photo's key and version, not the key itself. So they stay below
1,024 bytes, and a replaced photo gets new ones. tests/vectors.json has an example of each key.

Keys of photos have the layout of `layout()`. workflow/parts/keys.jsonata and web/src/layouts.ts
have the same rules.
"""

import hashlib
import os
from functools import cache
from typing import Final, NamedTuple

import msgspec

from shared.contracts import PhotoRef
from shared.errors import BadKeyError, ForeignBucketError
from shared.limits import MAX_OWNER_BYTES, MAX_PATH_BYTES
from shared.settings import KEY_LAYOUT, key_layout

DIGEST_CHARACTERS: Final = 24  # hex: 96 bits, so that a billion photos of one owner do not collide
SIZE_DIGITS: Final = 9  # of a content key
SORT_TIME_CHARACTERS: Final = len("2016-04-09T14:08:13")
ALBUM_SHARDS: Final = 16  # rows that share the count of an album: fewer transactions conflict

ANNOUNCED_CONTENT: Final = "#announced"  # ends the content key of a photo that `give` will copy

_AFTER_HASH: Final = "$"  # the character that follows "#"


UPLOADS_PREFIX: Final = "uploads/"


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which part of a photo's key is its owner, and which its album.

    A key is <prefix><owner>/<album…>/<file>, or <prefix><album…>/<file> if all photos have the
    same `owner`. Terraform's variable adopted_bucket says which characters both may have.
    """

    prefix: str = UPLOADS_PREFIX  # empty, or folders that end in a slash
    owner: str | None = None

    def folder_of(self, owner: str) -> str:
        """Return what the keys of all photos of `owner` begin with.

        Raises:
            ValueError: no photo can be of `owner`.
        """
        if self.owner is None:
            return f"{self.prefix}{owner}/"
        if owner != self.owner:
            raise ValueError(f"all photos belong to {self.owner!r}, none to {owner!r}")
        return self.prefix

    def __str__(self) -> str:
        """Return what every key has to be."""
        return f"{self.prefix}{'<owner>/' if self.owner is None else ''}<file>"


UPLOADS: Final = Layout()  # of the gallery's own bucket


def layout() -> Layout:
    """Return the layout of the keys in this deployment's bucket of photos."""
    return _parsed(key_layout())


def use_layout(keys: Layout) -> None:
    """Use another layout from now on. Commands learn it from Terraform's outputs."""
    os.environ[KEY_LAYOUT] = msgspec.json.encode(keys).decode()


@cache
def _parsed(text: str | None) -> Layout:
    return UPLOADS if text is None else msgspec.json.decode(text, type=Layout)


class UploadKey(NamedTuple):
    """The parts of a photo's key."""

    owner: str
    album: str  # may have slashes; empty for a file directly below its owner
    file: str


def split_upload_key(key: str, keys: Layout | None = None) -> UploadKey:
    """Split the key of an upload into its parts.

    Args:
        key: of an object.
        keys: the layout of its bucket; None: that of the deployment.

    Raises:
        BadKeyError: not uploads/<owner>/<file>, or what the layout has instead; a folder marker, an
            owner of over `MAX_OWNER_BYTES` bytes, a path of over `MAX_PATH_BYTES` bytes below the
            owner's folder, or not valid Unicode.
    """
    try:
        key.encode()
    except UnicodeEncodeError as error:
        raise BadKeyError(f"key {key!r} is not valid Unicode") from error
    keys = keys or layout()
    path = key.removeprefix(keys.prefix)
    owner, _, rest = path.partition("/") if keys.owner is None else (keys.owner, "", path)
    album, _, file = rest.rpartition("/")
    if not key.startswith(keys.prefix) or not owner or not file:
        raise BadKeyError(f"key {key!r} is not {keys}")
    if len(owner.encode()) > MAX_OWNER_BYTES:
        raise BadKeyError(f"owner {owner!r} has over {MAX_OWNER_BYTES} bytes")
    if len(rest.encode()) > MAX_PATH_BYTES:
        raise BadKeyError(f"path {rest!r} has over {MAX_PATH_BYTES:,} bytes")
    return UploadKey(owner, album, file)


def refuse_reference(photo: PhotoRef, *, photos_bucket: str) -> None:
    """Refuse a photo that can be rejected by its reference, before any byte of it is read.

    Raises:
        ForeignBucketError: the photo is not in `photos_bucket`.
        BadKeyError: as `split_upload_key`.
    """
    if photo.bucket != photos_bucket:
        raise ForeignBucketError(f"{photo.bucket!r} is not {photos_bucket!r}")
    split_upload_key(photo.key)


def digest(text: str) -> str:
    """Return the first `DIGEST_CHARACTERS` hex digits of the SHA-256 of `text` in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARACTERS]


def derived_key(photo: PhotoRef, rendition: str, extension: str, *, recipe: str) -> str:
    """Return <owner>/<key digest>/<version digest>/<rendition>.<extension>.

    Args:
        photo: the version of the photo that the rendition is made of.
        rendition: the name of the rendition.
        extension: the file extension of its format.
        recipe: the settings and the credit that it is made with. Others make another key, so
            that the bytes of a key never change.

    Raises:
        BadKeyError: as `split_upload_key`.
    """
    owner = split_upload_key(photo.key).owner
    version = photo.version_id or photo.etag or ""
    version_digest = digest(f"{version}\n{recipe}")
    return f"{owner}/{digest(photo.key)}/{version_digest}/{rendition}.{extension}"


def photo_sort_key(owner: str, key: str) -> str:
    """Return the sort key of a photo's row.

    Raises:
        ValueError: `key` is not that of a photo of `owner`.
    """
    if split_upload_key(key).owner != owner:
        raise ValueError(f"{key!r} is no photo of {owner!r}")
    return "photo#" + key.removeprefix(layout().folder_of(owner))


def photo_key(owner: str, sort_key: str) -> str:
    """Return the key of the object of a photo's row.

    Raises:
        ValueError: as `Layout.folder_of`.
    """
    return layout().folder_of(owner) + sort_key.removeprefix("photo#")


def term_of(sort_key: str) -> str:
    """Return <kind>#<text> of the sort key of a term's row."""
    return sort_key.rsplit("#", 2)[0]


def term_sort_key(term: str, sort_time: str, key: str) -> str:
    """Return the sort key of the row by which the photo `key` is found by <kind>#<text>."""
    return f"{term}#{sort_time}#{digest(key)}"


def album_sort_key(album: str, key: str) -> str:
    """Return the sort key of the row that counts the photo `key` for its album."""
    return f"album#{digest(album)}#{digest(key)[0]}"


def month_sort_key(sort_time: str, key: str) -> str:
    """Return the sort key of the row that counts the photo `key` for its month."""
    return f"month#{sort_time[:7]}#{digest(key)[0]}"


def month_of(sort_key: str) -> str:
    """Return the month of a month's row, such as 2016-04."""
    return sort_key.split("#")[1]


def within(prefix: str) -> tuple[str, str]:
    """Return the bounds of the range keys that begin with `prefix`#."""
    return f"{prefix}#", f"{prefix}{_AFTER_HASH}"


def album_prefix(album: str) -> str:
    """Return the prefix of the range keys of an album's photos in by_album."""
    return digest(album)


def size_prefix(size: int) -> str:
    """Return the prefix of the content keys of all photos of `size` bytes."""
    return f"{size:0{SIZE_DIGITS}}#"


def sha256_of(content_key: str) -> str:
    """Return the SHA-256 in a content key: <bytes>#<SHA-256>#<key digest>."""
    return content_key.split("#")[1]
