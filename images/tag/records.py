"""What is known of an owner's photos: the port that Tag uses.

tag/aws.py has its DynamoDB adapter, tests/fakes.py one in memory.
"""

from typing import NamedTuple, Protocol

from shared.contracts import Label


class SameSize(NamedTuple):
    """A photo of as many bytes."""

    sort_key: str  # of its row
    sha256: str


class KnownLabels(NamedTuple):
    """What a photo's row says of its labels."""

    labels: list[Label]
    model: str
    version: int  # of the code that made them


class Records(Protocol):
    """An owner's rows. Where they cannot be had nothing is known, and nothing raised."""

    def same_size(self, owner: str, size: int) -> list[SameSize]:
        """Return photos of `owner` that have, or last had, `size` bytes; ten at most."""
        ...

    def labels(self, owner: str, sort_key: str) -> KnownLabels | None:
        """Return the labels of a photo; None where no labeler has answered for it."""
        ...
