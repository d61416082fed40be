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
        if offset == 0:
            self._parts = [(0, part)]
            return
        for number, (start, known) in enumerate(self._parts):
            if start <= offset <= start + len(known) <= offset + len(part):
                self._parts[number] = start, known[: offset - start] + part
                return
        self._parts.append((offset, part))

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
        start, part = max(
            (part for part in self._parts if part[0] <= offset),
            key=lambda part: part[0] + len(part[1]),
        )
        return memoryview(part)[offset - start :]

    def not_read(self, offset: int, size: int) -> NotReadError:
        """Return the error for `size` bytes from `offset`, which are in the file."""
        return NotReadError(Range(offset, offset + size - 1))


class Part(PartialFile):
    """`size` bytes from `offset` of a file, such as a preview, read as a file of their own."""

    def __init__(self, file: PartialFile, offset: int, size: int) -> None:
        super().__init__(size)
        self._file = file
        self._offset = offset

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset`, or fewer where the part ends; see `PartialFile`."""
        within = min(size, self.total_bytes - offset)
        return self._file.read(self._offset + offset, within) if within > 0 else b""

    def known_from(self, offset: int) -> memoryview:
        """Return all bytes of the part that are known from `offset` without a gap."""
        within = max(self.total_bytes - offset, 0)
        return self._file.known_from(self._offset + offset)[:within]

    def not_read(self, offset: int, size: int) -> NotReadError:
        """Return the error for `size` bytes from `offset`, where they are in the whole file."""
        return self._file.not_read(self._offset + offset, size)
