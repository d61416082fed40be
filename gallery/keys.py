"""The table's keys, as statemachine.json.tftpl writes them. Pure text.

A photo is photo#<album>/<file>, a label's row label#<label, folded>#<time>#<key digest>, an
album's count album#<album digest>#<shard>; by_album has <album digest>#<time>#<key digest>, and
by_time time#<time>#<key digest> or problem#<time>#<key digest>.
"""

from typing import Final

from shared.keys import UPLOADS_PREFIX, digest, split_upload_key

SORT_TIME_CHARACTERS: Final = len("2016-04-09T14:08:13")
ALBUM_SHARDS: Final = 16  # rows that an album's count is spread over, against conflicts

_AFTER_HASH: Final = "$"  # the character that follows "#"


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
