"""The port that the steps use to read photos and write renditions.

shared/s3.py has the S3 adapter, tests/fakes.py one in memory. tests/shared/test_storage.py runs
the same tests with both.
"""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final, NamedTuple, Protocol, Self

from shared.contracts import PhotoRef, Preview
from shared.errors import StorageUnavailableError

READ_BYTES: Final = 1_048_576  # at a time, where nobody else says how many


class Chunk(NamedTuple):
    """A range of an object's bytes."""

    body: bytes
    total_bytes: int  # of the whole object
    modified: str  # S3's LastModified, as contracts.UtcTime; empty if the body is
    sidecar: str | None = None  # the object's metadata of that name; see sidecars.py


class PhotoStream:
    """A whole object, or the preview in it, read while it arrives.

    Args:
        read: returns the next bytes, at most so many, or all if that is negative; empty at the
            end. It raises the errors of `PhotoStore`.
        total_bytes: the length of what is read.
    """

    def __init__(self, read: Callable[[int], bytes], total_bytes: int) -> None:
        self.total_bytes = total_bytes
        self._read = read
        self._seen_bytes = 0
        self._hash = hashlib.sha256()
        self._is_hashed = False

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, at most `size` unless it is negative; empty at the end.

        Raises:
            StorageUnavailableError: the connection broke before the last byte.
        """
        chunk = self._read(size)
        self._seen_bytes += len(chunk)
        if not chunk and size != 0 and self._seen_bytes < self.total_bytes:
            raise StorageUnavailableError(
                f"the photo ended after {self._seen_bytes:,} of {self.total_bytes:,} bytes"
            )
        if self._is_hashed:
            self._hash.update(chunk)
        return chunk

    def hashed(self) -> Self:
        """Hash all bytes from now on, so that `sha256` can be asked for. Call before `read`."""
        self._is_hashed = True
        return self

    def sha256(self) -> str:
        """Read what is left, and return the SHA-256 of the bytes read since `hashed`, in hex.

        Raises:
            StorageUnavailableError: as `read`.
        """
        while self.read(READ_BYTES):
            pass
        return self._hash.hexdigest()


class PhotoStore(Protocol):
    """Reads photos and writes renditions.

    Each read names the object's version, or else its ETag, so it never mixes two versions.

    All methods raise:
        PhotoGoneError: the object or the version does not exist.
        SupersededError: the object has another ETag.
        StorageUnavailableError: throttled, 5xx, or the connection broke.
        AccessDeniedError: 403.
        ArchivedPhotoError: the object cannot be read before it is restored.
        CustomerKeyError: the object can be read only with the key of its uploader.
        BadKeyError: the key is not valid Unicode.
    """

    def read(self, photo: PhotoRef, first: int, last: int) -> Chunk:
        """Return bytes `first` to `last`, both included, or fewer if the object ends before.

        For an empty object, or a range after its end, the body is empty and the total correct.
        """
        ...

    def stream(
        self, photo: PhotoRef, preview: Preview | None = None
    ) -> AbstractContextManager[PhotoStream]:
        """Open the whole object, or only its `preview`. Leaving the context stops the download."""
        ...

    def write(self, key: str, body: bytes, mime_type: str) -> None:
        """Write a rendition. A retry writes the same bytes under the same key again."""
        ...
