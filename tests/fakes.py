"""In-memory stores for tests; tests/shared/test_storage.py runs the adapters' tests with them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO

from shared.contracts import PhotoRef, Preview
from shared.errors import BadKeyError, PhotoGoneError, SupersededError
from shared.storage import Chunk, PhotoStream
from tag.records import KnownLabels, SameSize

PHOTOS_BUCKET = "photos"
KEY = "uploads/alice/2024/space plus+ü.jpg"
UPLOADED_AT = "2026-03-01T12:00:00Z"  # of every photo


@dataclass
class MemoryPhotoStore:
    """A bucket of photos without versions, and one of derived objects, in two dicts."""

    photos: dict[str, bytes] = field(default_factory=dict)
    derived: dict[str, tuple[bytes, str]] = field(default_factory=dict)  # key -> body, MIME type
    reads: list[tuple[int, int]] = field(default_factory=list)  # requested ranges, in order
    sidecars: dict[str, str] = field(default_factory=dict)  # by key
    streamed: list[tuple[int, int]] = field(default_factory=list)  # ranges of the streams opened

    def read(self, photo: PhotoRef, first: int, last: int) -> Chunk:
        body = self._body(photo)
        self.reads.append((first, last))
        part = body[first : last + 1]
        sidecar = self.sidecars.get(photo.key) if part else None
        return Chunk(part, len(body), UPLOADED_AT if part else "", sidecar)

    @contextmanager
    def stream(
        self, photo: PhotoRef, preview: Preview | None = None
    ) -> Iterator["MemoryPhotoStream"]:
        body = self._body(photo)
        part = preview or Preview(first=0, last=max(len(body) - 1, 0))
        self.streamed.append((part.first, part.last))
        yield MemoryPhotoStream(body[part.first : part.last + 1])

    def write(self, key: str, body: bytes, mime_type: str) -> None:
        _check_unicode(key)
        self.derived[key] = (body, mime_type)

    def _body(self, photo: PhotoRef) -> bytes:
        _check_unicode(photo.key)
        if photo.bucket != PHOTOS_BUCKET or photo.key not in self.photos:
            raise PhotoGoneError(f"{photo.bucket}/{photo.key}")
        body = self.photos[photo.key]
        if photo.etag is not None and photo.etag != etag(body):
            raise SupersededError(f"{photo.bucket}/{photo.key} is no longer {photo.etag}")
        return body


class MemoryPhotoStream(PhotoStream):
    """A stream of bytes in memory."""

    def __init__(self, body: bytes) -> None:
        super().__init__(BytesIO(body).read, len(body))


@dataclass
class MemoryRecords:
    """`tag.records.Records` of the owner alice."""

    sizes: dict[str, tuple[int, str]] = field(default_factory=dict)  # sort key -> bytes, SHA-256
    known: dict[str, KnownLabels] = field(default_factory=dict)  # by sort key

    def same_size(self, owner: str, size: int) -> list[SameSize]:
        assert owner == "alice"
        return [SameSize(sk, sha256) for sk, (one, sha256) in self.sizes.items() if one == size]

    def labels(self, owner: str, sort_key: str) -> KnownLabels | None:
        assert owner == "alice"
        return self.known.get(sort_key)


def _check_unicode(key: str) -> None:
    try:
        key.encode()
    except UnicodeEncodeError as error:
        raise BadKeyError(repr(key)) from error


def etag(body: bytes) -> str:
    """Return the ETag that S3 gives to an object put in one part, without quotes."""
    return hashlib.md5(body).hexdigest()  # noqa: S324  # S3 uses MD5


def stored(body: bytes, key: str = KEY) -> tuple[MemoryPhotoStore, PhotoRef]:
    """Return a store with one photo, and the reference to the photo."""
    photo = PhotoRef(bucket=PHOTOS_BUCKET, key=key, etag=etag(body), bytes=len(body))
    return MemoryPhotoStore({key: body}), photo
