"""Combine both networks' outputs into labels. Pure arithmetic.

A confidence estimates the share of such labels that are correct. The data that it was fitted to,
and its accuracy on other photos: docs/decisions/0004-label-model-runtime.md.
"""

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.contracts import BoundingBox, Instance, Label
from tag.embedded.networks import Box, Floats
from tag.embedded.vocabulary import Vocabulary

Evidence = tuple[float, float, float, float]  # 1, detector's log odds, common or not, classifier's

TEMPERATURE: Final = 0.7  # below 1: the classifier's own confidences are too low

# A logistic regression for the confidence of a box, fitted by models/calibrate.py.
WEIGHTS: Final[Evidence] = (-1.78, 1.94, 2.57, 1.11)
COMMON: Final = frozenset({"Car", "Person"})  # by far the most frequent in the training data
FLOOR: Final = 0.02  # lower confidences of the classifier count as this
CEILING: Final = 0.98  # higher confidences of either network count as this


@dataclass(frozen=True, slots=True)
class Sighting:
    """One object that the detector found."""

    label: str
    score: float  # 0 to 1
    box: Box  # fractions of the photo's sides, inside the photo


def combine(
    logits: Sequence[Floats],
    sightings: Iterable[Sighting],
    words: Vocabulary,
    *,
    max_labels: int,
    min_confidence: float,
) -> list[Label]:
    """Return the labels of one photo, in chains: a specific label, then its ancestors.

    The chain with the most confident specific label comes first. An ancestor's confidence is at
    least that of its descendants, so the ancestors of each returned label are returned too.

    Args:
        logits: (1000,) from the classifier, for each view of the photo.
        sightings: from the detector.
        words: all labels, and their ancestors.
        max_labels: the most confident labels are kept.
        min_confidence: percent.
    """
    confidences = classified(logits, words)
    instances: dict[str, list[Instance]] = {}
    for sighting in sightings:
        label = sighting.label
        confidence = sighting_confidence(label, sighting.score, confidences.get(label, 0.0))
        if confidence * 100 >= min_confidence:
            instances.setdefault(label, []).append(_instance(confidence, sighting.box))
    for label, seen in instances.items():
        best = max(instance.confidence for instance in seen) / 100
        confidences[label] = max(confidences.get(label, 0.0), best)
    shown = _with_ancestors(confidences, words, min_confidence / 100)
    surest = sorted(shown, key=lambda label: (-shown[label], len(words.entries[label].parents)))
    return [
        Label(
            name=label,
            confidence=_per_cent(shown[label]),
            parents=words.entries[label].parents,
            categories=[words.entries[label].category],
            instances=instances.get(label, []),
        )
        for label in _chains(surest[:max_labels], words)
    ]


def classified(logits: Sequence[Floats], words: Vocabulary) -> dict[str, float]:
    """Return the classifier's confidence, 0 to 1, in each of its labels.

    A label's probability is the sum over its classes, and then the geometric mean over the views,
    which lowers labels that only one view supports.
    """
    views = [_softmax(np.asarray(view, np.float64) / TEMPERATURE) for view in logits]
    means = np.prod([words.by_label(view) for view in views], axis=0) ** (1 / len(views))
    return dict(zip(words.classified, means.tolist(), strict=True))


def sighting_confidence(label: str, score: float, classifier: float) -> float:
    """Return the confidence, 0 to 1, in one label of the detector.

    Args:
        label: its name.
        score: from the detector, 0 to 1.
        classifier: the classifier's confidence in the same label, 0 to 1.
    """
    odds = sum(map(operator.mul, WEIGHTS, evidence(label, score, classifier)))
    return 1 / (1 + math.exp(-odds))


def evidence(label: str, score: float, classifier: float) -> Evidence:
    """Return the inputs of the regression, in the order of WEIGHTS."""
    # ImageNet has no class for people: only groom, scuba diver and ballplayer.
    opinion = FLOOR if label == "Person" else max(classifier, FLOOR)
    return 1.0, log_odds(score), float(label in COMMON), log_odds(opinion) - log_odds(FLOOR)


def log_odds(probability: float) -> float:
    """Return ln(p / (1 - p)), with p at most CEILING."""
    probability = min(probability, CEILING)
    return math.log(probability / (1 - probability))


def _with_ancestors(
    confidences: Mapping[str, float], words: Vocabulary, minimum: float
) -> dict[str, float]:
    """Return the labels with at least `minimum`, and their ancestors with at least as much."""
    shown: dict[str, float] = {}
    for label, confidence in confidences.items():
        if confidence >= minimum:
            for name in (label, *words.entries[label].parents):
                own = confidences.get(name, 0.0)
                shown[name] = max(shown.get(name, 0.0), own, confidence)
    return shown


def _chains(surest: Sequence[str], words: Vocabulary) -> list[str]:
    """Order labels from specific to general: Golden Retriever, Dog, Animal; then the next."""
    above = {parent for label in surest for parent in words.entries[label].parents}
    chains = (
        name
        for label in surest
        if label not in above
        for name in (label, *words.entries[label].parents)
    )
    return list(dict.fromkeys(chains))


def _instance(confidence: float, box: Box) -> Instance:
    return Instance(
        confidence=_per_cent(confidence),
        box=BoundingBox(
            left=box.left,
            top=box.top,
            width=box.right - box.left,
            height=box.bottom - box.top,
        ),
    )


def _per_cent(confidence: float) -> float:
    return min(round(confidence * 100, 2), 100.0)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())
