"""Keys: from the photo's own to those of everything that is derived from it. Pure text.

Derived keys carry digests of the photo's key and version, never the key itself: they stay below
1,024 bytes, never meet a file system, and a replaced photo gets new ones.
"""

import hashlib
from typing import Final, NamedTuple

from shared.contracts import PhotoRef
from shared.errors import BadKeyError, ForeignBucketError
from shared.limits import MAX_OWNER_BYTES

UPLOADS_PREFIX: Final = "uploads/"
DIGEST_CHARACTERS: Final = 24  # hex: 96 bits, so that a billion photos of one owner do not collide
SIZE_DIGITS: Final = 9  # of a content key
SORT_TIME_CHARACTERS: Final = len("2016-04-09T14:08:13")
ALBUM_SHARDS: Final = 16  # rows that an album's count is spread over, against conflicts

_AFTER_HASH: Final = "$"  # the character that follows "#"


class UploadKey(NamedTuple):
    """uploads/<owner>/<album…>/<file>, taken apart."""

    owner: str
    album: str  # may have slashes; empty for a file directly below its owner
    file: str


def split_upload_key(key: str) -> UploadKey:
    """Take an upload's key apart.

    Raises:
        BadKeyError: not uploads/<owner>/<file>, a folder marker, an owner of over
            `MAX_OWNER_BYTES` bytes, or not valid Unicode.
    """
    try:
        key.encode()
    except UnicodeEncodeError as error:
        raise BadKeyError(f"key {key!r} is not valid Unicode") from error
    head, _, rest = key.removeprefix(UPLOADS_PREFIX).partition("/")
    album, _, file = rest.rpartition("/")
    if not key.startswith(UPLOADS_PREFIX) or not head or not file:
        raise BadKeyError(f"key {key!r} is not {UPLOADS_PREFIX}<owner>/<file>")
    if len(head.encode()) > MAX_OWNER_BYTES:
        raise BadKeyError(f"owner {head!r} has over {MAX_OWNER_BYTES} bytes")
    return UploadKey(head, album, file)


def refuse_reference(photo: PhotoRef, *, photos_bucket: str) -> None:
    """Refuse, before anything is read, what the event alone condemns.

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
        photo: the version of it that the rendition is made of.
        rendition: its name.
        extension: of its format.
        recipe: how it is made. Another one is another key, so that no key ever gets other bytes.

    Raises:
        BadKeyError: as `split_upload_key`.
    """
    owner = split_upload_key(photo.key).owner
    version = photo.version_id or photo.etag or ""
    made = digest(f"{version}\n{recipe}")
    return f"{owner}/{digest(photo.key)}/{made}/{rendition}.{extension}"


def photo_sort_key(owner: str, key: str) -> str:
    """Return the sort key of a photo's row.

    Raises:
        ValueError: `key` is not that of a photo of `owner`.
    """
    if split_upload_key(key).owner != owner:
        raise ValueError(f"{key!r} is no photo of {owner!r}")
    return "photo#" + key.removeprefix(f"{UPLOADS_PREFIX}{owner}/")


def photo_key(owner: str, sort_key: str) -> str:
    """Return the key of the object that a photo's row is about."""
    return f"{UPLOADS_PREFIX}{owner}/{sort_key.removeprefix('photo#')}"


def label_of(label_key: str) -> str:
    """Return the folded label of a label's sort key."""
    return label_key.removeprefix("label#").rsplit("#", 2)[0]


def album_sort_key(album: str, key: str) -> str:
    """Return the sort key of the row in which the photo `key` is counted for its album."""
    return f"album#{digest(album)}#{digest(key)[0]}"


def within(prefix: str) -> tuple[str, str]:
    """Return the least and the greatest of the range keys that begin with `prefix`#."""
    return f"{prefix}#", f"{prefix}{_AFTER_HASH}"


def album_prefix(album: str) -> str:
    """Return what the range keys of an album's photos begin with."""
    return digest(album)


def size_prefix(size: int) -> str:
    """Return what the content keys of all photos of `size` bytes begin with."""
    return f"{size:0{SIZE_DIGITS}}#"


def sha256_of(content_key: str) -> str:
    """Return the SHA-256 in a content key: <bytes>#<SHA-256>#<key digest>."""
    return content_key.split("#")[1]
