"""From the networks' numbers to labels with honest confidences. Pure arithmetic.

A confidence is meant to be the share of such labels that are right. What it was fitted on, and
how well it holds on other photos, stands in docs/decisions/0004-label-model-runtime.md.
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

TEMPERATURE: Final = 0.7  # the classifier is less sure of itself than it has reason to be

# How sure a box is: a logistic regression, fitted by models/calibrate.py.
WEIGHTS: Final[Evidence] = (-1.78, 1.94, 2.57, 1.11)
COMMON: Final = frozenset({"Car", "Person"})  # what the detector has seen most, by far
FLOOR: Final = 0.02  # below it, the classifier has no opinion
CEILING: Final = 0.98  # above it, neither network gets any surer


@dataclass(frozen=True, slots=True)
class Sighting:
    """A thing that the detector sees, in the photo's own fractions, inside of it."""

    label: str
    score: float  # 0 to 1
    box: Box


def judge(
    logits: Sequence[Floats],
    sightings: Iterable[Sighting],
    words: Vocabulary,
    *,
    max_labels: int,
    min_confidence: float,
) -> list[Label]:
    """Return the labels of one photo: each chain from its most specific label, surest chain first.

    An ancestor is at least as sure as what is below it, so whatever is shown is shown with all
    its ancestors.

    Args:
        logits: (1000,) of the classifier, for each view of the photo.
        sightings: of the detector.
        words: the labels that there are.
        max_labels: at most so many, the surest.
        min_confidence: per cent.
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
    """Return the classifier's confidence, 0 to 1, in every label that it knows.

    A label's probability is the sum over its classes; the geometric mean over the views keeps
    down what only one of them shows.
    """
    views = [_softmax(np.asarray(view, np.float64) / TEMPERATURE) for view in logits]
    means = np.prod([words.by_label(view) for view in views], axis=0) ** (1 / len(views))
    return dict(zip(words.classified, means.tolist(), strict=True))


def sighting_confidence(label: str, score: float, classifier: float) -> float:
    """Return how sure, 0 to 1, the detector's `label` is.

    Args:
        label: what it is said to be.
        score: the detector's, 0 to 1.
        classifier: the classifier's confidence in the same label, 0 to 1.
    """
    odds = sum(map(operator.mul, WEIGHTS, evidence(label, score, classifier)))
    return 1 / (1 + math.exp(-odds))


def evidence(label: str, score: float, classifier: float) -> Evidence:
    """Return what WEIGHTS weigh."""
    # The classifier knows people only as grooms, divers and players.
    opinion = FLOOR if label == "Person" else max(classifier, FLOOR)
    return 1.0, log_odds(score), float(label in COMMON), log_odds(opinion) - log_odds(FLOOR)


def log_odds(probability: float) -> float:
    """Return ln(p / (1 - p)), p not above CEILING."""
    probability = min(probability, CEILING)
    return math.log(probability / (1 - probability))


def _with_ancestors(
    confidences: Mapping[str, float], words: Vocabulary, minimum: float
) -> dict[str, float]:
    """Return what is at least `minimum`, with its ancestors, raised to what is below them."""
    shown: dict[str, float] = {}
    for label, confidence in confidences.items():
        if confidence >= minimum:
            for name in (label, *words.entries[label].parents):
                own = confidences.get(name, 0.0)
                shown[name] = max(shown.get(name, 0.0), own, confidence)
    return shown


def _chains(surest: Sequence[str], words: Vocabulary) -> list[str]:
    """Order labels as one would say them: Golden Retriever, Dog, Animal; then the next chain."""
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
