"""A file of which only some ranges are known. Every survey reads through it."""

from typing import NamedTuple


class Range(NamedTuple):
    """Bytes of a file: `first` to `last`, both included."""

    first: int
    last: int


class NotReadError(Exception):
    """The file has bytes here that were not fetched yet. Internal: no step ends with it."""

    def __init__(self, missing: Range) -> None:
        super().__init__(missing)
        self.missing = missing


class PartialFile:
    """`total_bytes` of a file, of which `add` has supplied some ranges."""

    def __init__(self, total_bytes: int, head: bytes = b"") -> None:
        self.total_bytes = total_bytes
        self._parts = [(0, head)]

    def add(self, offset: int, part: bytes) -> None:
        """Supply the bytes from `offset` on. From 0 on, they replace all that was known before."""
        self._parts = [(0, part)] if offset == 0 else [*self._parts, (offset, part)]

    @property
    def known_bytes(self) -> int:
        """The number of bytes that are known."""
        return sum(len(part) for _, part in self._parts)

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset`, or fewer where the file ends.

        Raises:
            NotReadError: some of them are in the file and not known yet.
        """
        end = min(offset + size, self.total_bytes)
        if offset >= end:
            return b""
        for start, part in self._parts:
            if start <= offset and end <= start + len(part):
                return part[offset - start : end - start]
        raise NotReadError(Range(offset, end - 1))

    def known_from(self, offset: int) -> memoryview:
        """Return all bytes that are known from `offset` without a gap; empty where none are.

        They are not copied, so that a walk may ask again and again.
        """
        for start, part in self._parts:
            if start <= offset < start + len(part):
                return memoryview(part)[offset - start :]
        return memoryview(b"")
