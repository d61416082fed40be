"""What a photo's bytes are, whatever it is called: their SHA-256. No AWS."""

import hashlib
from typing import Final

from shared.errors import StorageUnavailableError
from shared.storage import PhotoStream

READ_BYTES: Final = 1_048_576


class HashedStream:
    """A `storage.PhotoStream` that hashes what passes through it."""

    def __init__(self, stream: PhotoStream) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self._seen_bytes = 0
        self.total_bytes = stream.total_bytes

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes; see `PhotoStream.read`."""
        chunk = self._stream.read(size)
        self._hash.update(chunk)
        self._seen_bytes += len(chunk)
        return chunk

    def sha256(self) -> str:
        """Read what is left, and return the SHA-256 of all of it, in hex.

        Raises:
            StorageUnavailableError: the connection broke before the last byte.
        """
        while self.read(READ_BYTES):
            pass
        if self._seen_bytes != self.total_bytes:
            raise StorageUnavailableError(
                f"the photo ended after {self._seen_bytes} of {self.total_bytes} bytes"
            )
        return self._hash.hexdigest()
