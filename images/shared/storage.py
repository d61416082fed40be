"""The port that the steps use to read photos and write renditions.

shared/s3.py has the S3 adapter, tests/fakes.py one in memory. tests/shared/test_storage.py runs
the same tests with both.
"""

from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from shared.contracts import PhotoRef


class Chunk(NamedTuple):
    """A range of an object's bytes."""

    body: bytes
    total_bytes: int  # of the whole object


class PhotoStream(Protocol):
    """A whole object, read while it arrives."""

    @property
    def total_bytes(self) -> int:
        """The length of the whole object."""
        ...

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, at most `size` unless it is negative; empty at the end.

        Raises:
            StorageUnavailableError: the connection broke before the last byte.
        """
        ...


class PhotoStore(Protocol):
    """Reads photos and writes renditions.

    Each read names the object's version, or else its ETag, so it never mixes two versions.

    All methods raise:
        PhotoGoneError: the object or the version does not exist.
        SupersededError: the object has another ETag.
        StorageUnavailableError: throttled, 5xx, or the connection broke.
        AccessDeniedError: 403.
        BadKeyError: the key is not valid Unicode.
    """

    def read(self, photo: PhotoRef, first: int, last: int) -> Chunk:
        """Return bytes `first` to `last`, both included, or fewer if the object ends before.

        For an empty object, or a range after its end, the body is empty and the total correct.
        """
        ...

    def stream(self, photo: PhotoRef) -> AbstractContextManager[PhotoStream]:
        """Open the whole object. Leaving the context stops the download."""
        ...

    def write(self, key: str, body: bytes, mime_type: str) -> None:
        """Write a rendition. A retry writes the same bytes under the same key again."""
        ...
