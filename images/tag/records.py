"""The port that Tag uses to read an owner's rows.

tag/aws.py has the DynamoDB adapter, tests/fakes.py one in memory.
"""

from typing import NamedTuple, Protocol

from shared.contracts import Label


class SameSize(NamedTuple):
    """A photo with the size that was asked for."""

    sort_key: str  # of the photo's row
    sha256: str


class KnownLabels(NamedTuple):
    """The labels in a photo's row."""

    labels: list[Label]
    model: str
    version: int  # of the code that made the labels
    orientation: int = 1  # of the photo, as in EXIF


class Records(Protocol):
    """Reads an owner's rows. A failed look-up finds nothing and raises nothing."""

    def same_size(self, owner: str, size: int) -> list[SameSize]:
        """Return at most ten photos of `owner` that had `size` bytes when they were last READY."""
        ...

    def labels(self, owner: str, sort_key: str) -> KnownLabels | None:
        """Return the labels of a photo; None if no labeler has labeled it."""
        ...
