"""A photo's bytes, kept as they arrive, so that libvips decodes meanwhile. No AWS."""

from typing import Final

import pyvips

from formats import DecodedChunks, DecodedSegments
from shared.deadline import refuse_late
from shared.errors import PhotoError
from shared.storage import PhotoStream

READ_BYTES: Final = 65_536  # libvips asks for 4 KiB at a time; fewer reads from the network


class PhotoBuffer:
    """The bytes read so far, all kept: a second look at the photo needs no second GET.

    libvips swallows what a callback raises, and takes a broken connection for the end of the
    file. So the buffer keeps the failure, and `check` raises it before the photo is judged.

    Args:
        photo: the whole file, or a stream of it.
        deadline: seconds of `time.monotonic()` after which no more is read.
    """

    def __init__(self, photo: bytes | PhotoStream, *, deadline: float) -> None:
        self._stream = None if isinstance(photo, bytes) else photo
        self._known: bytes | bytearray = photo if isinstance(photo, bytes) else bytearray()
        self._at = 0  # where libvips reads next
        self._parts: DecodedChunks | DecodedSegments  # that libvips gets
        self._passed = memoryview(b"")  # of them, and not read yet
        self._deadline = deadline
        self._failure: Exception | None = None
        self.total_bytes = self._stream.total_bytes if self._stream else len(self._known)

    def head(self, size: int) -> bytes:
        """Return the first `size` bytes, or fewer where the photo has fewer.

        Raises:
            StorageUnavailableError, DeadlineExceededError: see `check`.
        """
        self._fetch(size)
        self.check()
        return bytes(self._known[:size])

    def whole(self) -> bytes:
        """Return all bytes.

        Raises:
            StorageUnavailableError, DeadlineExceededError: see `check`.
        """
        self._fetch(self.total_bytes)
        self.check()
        self._known = bytes(self._known)  # from now on, all callers share one copy
        return self._known

    def source(self, parts: DecodedChunks | DecodedSegments) -> pyvips.Source:
        """Return a source from which libvips reads the photo while it arrives.

        Ask for one only, and keep it as long as any image that reads from it.

        Args:
            parts: libvips gets only what they pass on.

        Raises:
            TooComplexError: as `parts`, if all of the photo is here; if not, see `check`.
        """
        if len(self._known) == self.total_bytes:  # a fifth less work without our callback
            return pyvips.Source.new_from_memory(parts.feed(self.whole()))
        source = pyvips.SourceCustom()
        self._parts = parts
        source.on_read(self._read)  # type: ignore[arg-type]  # any bytes-like object will do
        return source

    def check(self) -> None:
        """Raise if reading failed.

        Raises:
            StorageUnavailableError: the stream ended before the photo did, or broke.
            DeadlineExceededError: the photo arrived too slowly.
            TooComplexError: a PNG has more chunks than a photo has.
        """
        if self._failure is not None:
            raise self._failure

    def _read(self, size: int) -> memoryview:
        while not self._passed and self._at < self.total_bytes and not self._failure:
            self._fetch(self._at + READ_BYTES)
            arrived = bytes(memoryview(self._known)[self._at : self._at + READ_BYTES])
            self._at += len(arrived)
            try:
                self._passed = memoryview(self._parts.feed(arrived))
            except PhotoError as failure:
                self._failure = failure  # kept for `check`, see the class
        chunk, self._passed = self._passed[:size], self._passed[size:]
        return chunk

    def _fetch(self, up_to: int) -> None:
        wanted = min(up_to, self.total_bytes)
        while self._stream and not self._failure and len(self._known) < wanted:
            try:
                refuse_late(self._deadline, "the photo arrives")
                self._known += self._stream.read(READ_BYTES)
            except Exception as failure:  # noqa: BLE001  # kept for `check`, see the class
                self._failure = failure
