"""The order in which labels are read."""

from collections.abc import Sequence

from shared.contracts import Label


def reading_order(labels: Sequence[Label]) -> list[Label]:
    """Sort labels from specific to general: Cat, Feline, Animal. As `readingOrder` of web/."""
    ancestors = {name for label in labels for name in label.parents}
    return sorted(
        labels,
        key=lambda label: (
            (True, -len(label.parents), -label.confidence)
            if label.name in ancestors
            else (False, 0, -label.confidence)
        ),
    )
