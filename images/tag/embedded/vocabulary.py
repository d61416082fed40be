"""Read the labels of the model from labels.json, which models/taxonomy.py makes."""

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
    """One label."""

    category: str
    parents: list[str]  # all ancestors, nearest first
    classes: list[int]  # of the classifier; empty if only the detector has the label


class Labels(msgspec.Struct, frozen=True):
    """The content of labels.json."""

    labels: dict[str, Entry]
    things: list[str]  # the labels of the detector's 80 classes, in its order


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All labels, in arrays that are quick to compute with."""

    entries: dict[str, Entry]
    things: list[str]  # the labels of the detector's 80 classes, in its order
    classified: list[str]  # the labels of the classifier
    classes: NDArray[np.int64]  # the classes of the first label, of the second, ...
    starts: list[int]  # where the classes of each label begin in `classes`

    def by_label(self, by_class: Floats) -> Floats:
        """Sum probabilities of classes, (1000,), to probabilities of the labels in `classified`."""
        return np.add.reduceat(by_class[self.classes], self.starts)


@cache
def vocabulary() -> Vocabulary:
    """Read labels.json, once."""
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
