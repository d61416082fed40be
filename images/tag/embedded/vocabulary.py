"""The labels that there are, read from labels.json (made by models/taxonomy.py)."""

from dataclasses import dataclass
from functools import cache
from itertools import accumulate, chain
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

CLASSES = 1000

Floats = NDArray[np.float64]

_FILE = Path(__file__).parent / "labels.json"


class Entry(msgspec.Struct, frozen=True):
    """What is known of one label."""

    category: str
    parents: list[str]  # all ancestors, nearest first
    classes: list[int]  # of the classifier; empty where only the detector knows the label


class Labels(msgspec.Struct, frozen=True):
    """The whole file."""

    labels: dict[str, Entry]
    things: list[str]  # the label of each of the detector's 80 things


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All labels."""

    entries: dict[str, Entry]
    things: list[str]  # the label of each of the detector's 80 things
    classified: list[str]  # the labels that the classifier knows
    classes: NDArray[np.int64]  # of all of them, one after the other
    starts: list[int]  # of each one's first in `classes`

    def by_label(self, by_class: Floats) -> Floats:
        """Return for each of `classified` the sum over its classes, of (1000,) for each class."""
        return np.add.reduceat(by_class[self.classes], self.starts)


@cache
def vocabulary() -> Vocabulary:
    """Return the labels, read once."""
    file = msgspec.json.decode(_FILE.read_bytes(), type=Labels)
    classified = [label for label, entry in file.labels.items() if entry.classes]
    classes = [file.labels[label].classes for label in classified]
    return Vocabulary(
        entries=file.labels,
        things=file.things,
        classified=classified,
        classes=np.array(list(chain.from_iterable(classes))),
        starts=list(accumulate(map(len, classes[:-1]), initial=0)),
    )
