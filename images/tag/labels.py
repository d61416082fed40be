"""Labels: the port to whatever labels photos, and what we keep of its answer.

No AWS, no clock, no environment.
"""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from shared.contracts import (
    LABELS_READY,
    BoundingBox,
    ImageFacts,
    Instance,
    Label,
    PhotoRef,
    TagResult,
    dump,
)
from shared.limits import (
    MAX_INSTANCES,
    MAX_LABEL_RELATIVES,
    MAX_LABEL_ROWS,
    MAX_LABELS,
    MAX_TAGS_BYTES,
)
from shared.storage import PhotoStore
from shared.text import clean_label, fold_label

_BOX_DIGITS: Final = 4  # a ten-thousandth of a side is below a pixel of what a labeler sees
_CONFIDENCE_DIGITS: Final = 2


@dataclass(frozen=True, slots=True)
class Labels:
    """What a labeler answers, as it says it: `tag_result` trusts none of its values."""

    found: Iterable[Label] = ()
    model: str | None = None  # its name and version
    status: str = LABELS_READY  # or SKIPPED:<why>


class Labeler(Protocol):
    """Says what is on a photo. Boxes are those of the displayed, upright picture."""

    def accepts(self, model: str) -> bool:
        """Say whether it would label as `model` has: a `Labels.model`."""
        ...

    def label(
        self, photo: PhotoRef, image: ImageFacts, store: PhotoStore, *, deadline: float
    ) -> Labels:
        """Return what is on `photo`.

        Args:
            photo: which one.
            image: what Extract found it to be.
            store: where its bytes are.
            deadline: seconds of `time.monotonic()` at which to give up.

        Raises:
            DeadlineExceededError: the deadline has come.
            LabelsUnavailableError: the labeler may answer later.
            LabelsRefusedError: it never will, for this photo.
            AccessDeniedError: it is not ours to ask.
            RejectedError: the photo does not decode, or must not be decoded.
            PhotoError: as `PhotoStore` raises it.
        """
        ...


def tag_result(labels: Labels, *, version: int) -> TagResult:
    """Keep of `labels` what is sound and small enough to store, best first.

    Labels without a name or a confidence in 0..100 go, so do those of a name that has come
    before; then the least confident, until `MAX_LABELS` and `MAX_TAGS_BYTES` hold.
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
    """Return the `MAX_LABELS` most confident sound labels, each name once, each within its caps."""
    sound = (label for label in found if _is_percentage(label.confidence))
    kept: dict[str, Label] = {}
    for label in sorted(sound, key=lambda label: -label.confidence):
        name = clean_label(label.name)
        if not name or fold_label(name) in kept:
            continue
        kept[fold_label(name)] = Label(
            name=name,
            confidence=round(label.confidence, _CONFIDENCE_DIGITS),
            parents=_names(label.parents),
            categories=_names(label.categories),
            aliases=_names(label.aliases),
            instances=_boxed(label.instances),
        )
        if len(kept) == MAX_LABELS:
            break
    return list(kept.values())


def label_index(labels: Iterable[Label]) -> list[str]:
    """Return the names to find the photo by, folded: labels and all ancestors, "animal" for a dog.

    Args:
        labels: most confident first, as `tidy` leaves them. An ancestor is as sure as the surest
            of its descendants.

    Returns:
        At most `MAX_LABEL_ROWS` distinct names, most confident first.
    """
    names = (fold_label(name) for label in labels for name in (label.name, *label.parents))
    return list(dict.fromkeys(name for name in names if name))[:MAX_LABEL_ROWS]


def _is_percentage(confidence: float) -> bool:
    return 0 <= confidence <= 100  # noqa: PLR2004  # per cent; NaN is not


def _names(names: Iterable[str]) -> list[str]:
    cleaned = dict.fromkeys(clean_label(name) for name in names)
    return [name for name in cleaned if name][:MAX_LABEL_RELATIVES]


def _boxed(instances: Iterable[Instance]) -> list[Instance]:
    return sorted(_sound(instances), key=lambda instance: -instance.confidence)[:MAX_INSTANCES]


def _sound(instances: Iterable[Instance]) -> Iterator[Instance]:
    for instance in instances:
        box = _clipped(instance.box)
        if box is not None and _is_percentage(instance.confidence):
            yield Instance(confidence=round(instance.confidence, _CONFIDENCE_DIGITS), box=box)


def _clipped(box: BoundingBox) -> BoundingBox | None:
    """Return the part of `box` that lies in the picture; None where there is none."""
    if not all(map(math.isfinite, (box.left, box.top, box.width, box.height))):
        return None
    left, right = _side(box.left, box.width)
    top, bottom = _side(box.top, box.height)
    if left >= right or top >= bottom:
        return None
    return BoundingBox(
        left=left,
        top=top,
        width=round(right - left, _BOX_DIGITS),
        height=round(bottom - top, _BOX_DIGITS),
    )


def _side(start: float, length: float) -> tuple[float, float]:
    return (
        round(min(max(start, 0.0), 1.0), _BOX_DIGITS),
        round(min(max(start + length, 0.0), 1.0), _BOX_DIGITS),
    )
