"""Labels from the networks' outputs: promises that hold for all outputs."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibrate import fit
from shared.contracts import Label
from tag.embedded.combine import WEIGHTS, Sighting, classified, combine, sighting_confidence
from tag.embedded.networks import Box, Floats
from tag.embedded.vocabulary import CLASSES, vocabulary

WORDS = vocabulary()
RETRIEVER = 207
TABBY = 281
SPORTS_CAR = 817

fractions = st.floats(0, 1)
boxes = st.builds(
    lambda x, y: Box(min(x), min(y), max(x), max(y)),
    st.tuples(fractions, fractions),
    st.tuples(fractions, fractions),
)
sightings = st.builds(
    Sighting,
    label=st.sampled_from(WORDS.things),
    score=st.floats(0.3, 1),
    box=boxes,
)
views = st.lists(
    st.dictionaries(st.integers(0, CLASSES - 1), st.floats(0, 20), max_size=6),
    min_size=2,
    max_size=2,
)


def logits(peaks: dict[int, float]) -> Floats:
    """Return logits of 0, except for `peaks`, by class."""
    values = np.zeros(CLASSES, np.float32)
    values[list(peaks)] = list(peaks.values())
    return values


def combined(
    *peaks: dict[int, float],
    seen: Sequence[Sighting] = (),
    max_labels: int = 50,
    min_confidence: float = 55,
) -> list[Label]:
    return combine(
        [logits(view) for view in peaks],
        seen,
        WORDS,
        max_labels=max_labels,
        min_confidence=min_confidence,
    )


def names(labels: Sequence[Label]) -> list[str]:
    return [label.name for label in labels]


@given(views, st.lists(sightings, max_size=8), st.integers(1, 60), st.floats(0, 100))
def test_every_ancestor_of_a_label_is_returned_with_at_least_its_confidence(
    peaks: list[dict[int, float]], seen: list[Sighting], max_labels: int, min_confidence: float
) -> None:
    labels = combined(*peaks, seen=seen, max_labels=max_labels, min_confidence=min_confidence)

    shown = {label.name: label.confidence for label in labels}
    assert len(shown) == len(labels) <= max_labels
    for label in labels:
        assert label.confidence >= min_confidence - 0.005  # rounded to two digits
        assert all(shown[parent] >= label.confidence for parent in label.parents)


@given(views, st.lists(sightings, max_size=8))
def test_labels_fulfill_the_contract(peaks: list[dict[int, float]], seen: list[Sighting]) -> None:
    labels = combined(*peaks, seen=seen, min_confidence=1)

    assert msgspec.convert(msgspec.to_builtins(labels), list[Label]) == labels
    assert b"NaN" not in msgspec.json.encode(labels)


def test_the_most_specific_label_comes_first() -> None:
    labels = combined({RETRIEVER: 12.0}, {RETRIEVER: 12.0})

    assert names(labels) == [
        "Golden Retriever", "Retriever", "Dog", "Canine", "Pet", "Mammal", "Animal",
    ]  # fmt: skip


def test_two_likely_classes_give_only_their_common_ancestors() -> None:
    labels = combined({RETRIEVER: 10.0, TABBY: 10.0}, {RETRIEVER: 10.0, TABBY: 10.0})

    assert set(names(labels)) == {"Pet", "Mammal", "Animal"}


def test_a_label_that_one_view_supports_has_a_low_confidence() -> None:
    both = classified([logits({TABBY: 10.0}), logits({TABBY: 10.0})], WORDS)
    one = classified([logits({TABBY: 10.0}), logits({SPORTS_CAR: 10.0})], WORDS)

    alone = classified([logits({TABBY: 10.0})], WORDS)
    assert both["Cat"] == pytest.approx(alone["Cat"])
    assert both["Cat"] > 0.95
    assert one["Cat"] < 0.2


def test_every_sighting_has_its_box() -> None:
    seen = [
        Sighting("Person", 0.9, Box(0.1, 0.2, 0.3, 0.6)),
        Sighting("Person", 0.8, Box(0.5, 0.5, 0.75, 1.0)),
    ]

    (person,) = combined({}, {}, seen=seen)

    first, second = person.instances
    assert person.name == "Person"
    assert person.confidence == first.confidence > second.confidence > 55
    assert (first.box.left, first.box.top) == (0.1, 0.2)
    assert (first.box.width, first.box.height) == pytest.approx((0.2, 0.4))


def test_a_sighting_raises_its_ancestors_too() -> None:
    labels = combined({}, {}, seen=[Sighting("Car", 0.8, Box(0, 0, 1, 1))])

    assert names(labels) == ["Car", "Motor Vehicle", "Vehicle"]
    assert len({label.confidence for label in labels}) == 1


def test_a_rare_label_needs_the_support_of_both_networks() -> None:
    assert sighting_confidence("Cat", 0.5, classifier=0.0) < 0.3
    assert sighting_confidence("Cat", 0.5, classifier=0.8) > 0.9


def test_boxes_below_the_minimum_are_left_out() -> None:
    seen = [Sighting("Person", score, Box(0, 0, 1, 1)) for score in (0.9, 0.3)]

    (person,) = combined({}, {}, seen=seen)

    assert len(person.instances) == 1
    assert combined({}, {}, seen=[Sighting("Cat", 0.5, Box(0, 0, 1, 1))]) == []


def test_the_weights_are_those_that_calibrate_fits() -> None:
    assert fit() == pytest.approx(WEIGHTS, abs=0.006)
