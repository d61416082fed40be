"""Photos in a bucket and what is derived from them: the port that the steps use.

shared/s3.py has its S3 adapter, tests/fakes.py one in memory; one suite of tests holds both to
the same promises.
"""

from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from shared.contracts import PhotoRef


class Chunk(NamedTuple):
    """Some bytes of an object."""

    body: bytes
    total_bytes: int  # of the whole object


class PhotoStream(Protocol):
    """The whole object, as it arrives."""

    @property
    def total_bytes(self) -> int:
        """The length of the whole object."""
        ...

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, at most `size`; empty at the end.

        Raises:
            StorageUnavailableError: the connection broke before the last byte.
        """
        ...


class PhotoStore(Protocol):
    """Reads name the object's version (or ETag): a photo replaced meanwhile is never mixed in.

    All methods raise:
        PhotoGoneError: there is no such object or version.
        SupersededError: the object is not the one of the ETag.
        StorageUnavailableError: throttled, 5xx, or the connection broke.
        AccessDeniedError: 403.
        BadKeyError: the key is not valid Unicode.
    """

    def read(self, photo: PhotoRef, first: int, last: int) -> Chunk:
        """Return bytes `first` to `last`, both included, or fewer where the object ends.

        An empty object, and a range past its end, give an empty body with the true total.
        """
        ...

    def stream(self, photo: PhotoRef) -> AbstractContextManager[PhotoStream]:
        """Open the whole object; leaving the context drops what was not read."""
        ...

    def write(self, key: str, body: bytes, mime_type: str) -> None:
        """Write a derived object, immutable under its key, replacing an equal earlier one."""
        ...
