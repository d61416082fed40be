"""The port to labelers, and the rules for the labels that are kept of an answer.

No AWS, no clock, no environment.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from shared.boxes import clipped_box
from shared.contracts import (
    LABELS_READY,
    ImageFacts,
    Instance,
    Label,
    PhotoRef,
    Preview,
    TagResult,
    dump,
)
from shared.limits import (
    MAX_INSTANCES,
    MAX_LABEL_RELATIVES,
    MAX_LABELS,
    MAX_TAGS_BYTES,
    MAX_TERM_ROWS,
)
from shared.storage import PhotoStore
from shared.text import clean_label, fold_label

_CONFIDENCE_DIGITS: Final = 2


@dataclass(frozen=True, slots=True)
class Labels:
    """A labeler's raw answer. `tag_result` checks all its values."""

    found: Iterable[Label] = ()
    model: str | None = None  # name and version of the model
    status: str = LABELS_READY  # or SKIPPED:<reason>


class Labeler(Protocol):
    """Labels what a photo shows. Boxes are fractions of the upright picture."""

    def accepts(self, model: str) -> bool:
        """Return whether labels that `model` (a `Labels.model`) made can be reused."""
        ...

    def label(
        self,
        photo: PhotoRef,
        image: ImageFacts,
        store: PhotoStore,
        *,
        preview: Preview | None = None,
        deadline: float,
    ) -> Labels:
        """Return the labels of `photo`.

        Args:
            photo: the version of a photo to label.
            image: its facts from Extract.
            store: has the photo's bytes.
            preview: of a raw photo, from Extract: the only part of it to read.
            deadline: in seconds of `time.monotonic()`.

        Raises:
            DeadlineExceededError: the deadline has passed.
            LabelsThrottledError: the labeler is busy.
            LabelsUnavailableError: the labeler may answer later.
            LabelsRefusedError: the labeler can never label this photo.
            AccessDeniedError: the role may not call the labeler.
            RejectedError: the photo does not decode, or must not be decoded.
            PhotoError: as `PhotoStore` raises it.
        """
        ...


def tag_result(labels: Labels, *, version: int) -> TagResult:
    """Return the valid `labels` that are small enough to store, most confident first.

    Labels without a name or without a confidence in 0..100 are dropped, and of labels with the
    same name all but the most confident. Then the least confident labels are dropped until
    `MAX_LABELS` and `MAX_TAGS_BYTES` hold.
    """
    kept = tidy(labels.found)
    while True:
        result = TagResult(
            labels=kept,
            label_index=label_index(kept),
            labels_status=clean_label(labels.status),
            labels_model=clean_label(labels.model or "") or None,
            version=version,
        )
        if len(json.dumps(dump(result), ensure_ascii=False).encode()) <= MAX_TAGS_BYTES:
            return result
        kept = kept[:-1]


def tidy(found: Iterable[Label]) -> list[Label]:
    """Return the `MAX_LABELS` most confident valid labels, each name once, within all limits."""
    valid = (label for label in found if _is_percentage(label.confidence))
    kept: dict[str, Label] = {}
    for label in sorted(valid, key=lambda label: -label.confidence):
        name = clean_label(label.name)
        if not name or fold_label(name) in kept:
            continue
        kept[fold_label(name)] = Label(
            name=name,
            confidence=round(label.confidence, _CONFIDENCE_DIGITS),
            parents=_names(label.parents),
            categories=_names(label.categories),
            aliases=_names(label.aliases),
            instances=_instances(label.instances),
        )
        if len(kept) == MAX_LABELS:
            break
    return list(kept.values())


def label_index(labels: Iterable[Label]) -> list[str]:
    """Return the folded names of labels and ancestors: a photo of a dog is found by "animal" too.

    Args:
        labels: most confident first, as `tidy` returns them. An ancestor is ranked with its most
            confident descendant.

    Returns:
        At most `MAX_TERM_ROWS` distinct names, most confident first.
    """
    names = (fold_label(name) for label in labels for name in (label.name, *label.parents))
    return list(dict.fromkeys(name for name in names if name))[:MAX_TERM_ROWS]


def _is_percentage(confidence: float) -> bool:
    return 0 <= confidence <= 100  # noqa: PLR2004  # percent; false for NaN


def _names(names: Iterable[str]) -> list[str]:
    cleaned = dict.fromkeys(clean_label(name) for name in names)
    return [name for name in cleaned if name][:MAX_LABEL_RELATIVES]


def _instances(instances: Iterable[Instance]) -> list[Instance]:
    most_confident = sorted(_valid(instances), key=lambda instance: -instance.confidence)
    return most_confident[:MAX_INSTANCES]


def _valid(instances: Iterable[Instance]) -> Iterator[Instance]:
    for instance in instances:
        left, top = instance.box.left, instance.box.top
        right, bottom = left + instance.box.width, top + instance.box.height
        box = clipped_box(left, top, right, bottom)
        if box is not None and _is_percentage(instance.confidence):
            yield Instance(confidence=round(instance.confidence, _CONFIDENCE_DIGITS), box=box)
