"""From numbers to labels: what must hold whatever the networks say."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibrate import fit
from shared.contracts import Label
from tag.embedded.combine import WEIGHTS, Sighting, classified, judge, sighting_confidence
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
    """Logits of a classifier that has no opinion but for `peaks`."""
    values = np.zeros(CLASSES, np.float32)
    values[list(peaks)] = list(peaks.values())
    return values


def judged(
    *peaks: dict[int, float],
    seen: Sequence[Sighting] = (),
    max_labels: int = 50,
    min_confidence: float = 55,
) -> list[Label]:
    return judge(
        [logits(view) for view in peaks],
        seen,
        WORDS,
        max_labels=max_labels,
        min_confidence=min_confidence,
    )


def names(labels: Sequence[Label]) -> list[str]:
    return [label.name for label in labels]


@given(views, st.lists(sightings, max_size=8), st.integers(1, 60), st.floats(0, 100))
def test_shows_every_ancestor_of_what_it_shows_and_none_less_sure(
    peaks: list[dict[int, float]], seen: list[Sighting], max_labels: int, min_confidence: float
) -> None:
    labels = judged(*peaks, seen=seen, max_labels=max_labels, min_confidence=min_confidence)

    shown = {label.name: label.confidence for label in labels}
    assert len(shown) == len(labels) <= max_labels
    for label in labels:
        assert label.confidence >= min_confidence - 0.005  # rounded to two digits
        assert all(shown[parent] >= label.confidence for parent in label.parents)


@given(views, st.lists(sightings, max_size=8))
def test_keeps_to_the_contract(peaks: list[dict[int, float]], seen: list[Sighting]) -> None:
    labels = judged(*peaks, seen=seen, min_confidence=1)

    assert msgspec.convert(msgspec.to_builtins(labels), list[Label]) == labels
    assert b"NaN" not in msgspec.json.encode(labels)


def test_says_the_most_specific_label_first() -> None:
    labels = judged({RETRIEVER: 12.0}, {RETRIEVER: 12.0})

    assert names(labels) == [
        "Golden Retriever", "Retriever", "Dog", "Canine", "Pet", "Mammal", "Animal",
    ]  # fmt: skip


def test_says_only_what_all_likely_classes_have_in_common() -> None:
    labels = judged({RETRIEVER: 10.0, TABBY: 10.0}, {RETRIEVER: 10.0, TABBY: 10.0})

    assert set(names(labels)) == {"Pet", "Mammal", "Animal"}


def test_is_less_sure_of_what_only_one_view_shows() -> None:
    both = classified([logits({TABBY: 10.0}), logits({TABBY: 10.0})], WORDS)
    one = classified([logits({TABBY: 10.0}), logits({SPORTS_CAR: 10.0})], WORDS)

    alone = classified([logits({TABBY: 10.0})], WORDS)
    assert both["Cat"] == pytest.approx(alone["Cat"])
    assert both["Cat"] > 0.95
    assert one["Cat"] < 0.2


def test_gives_every_sighting_its_box() -> None:
    seen = [
        Sighting("Person", 0.9, Box(0.1, 0.2, 0.3, 0.6)),
        Sighting("Person", 0.8, Box(0.5, 0.5, 0.75, 1.0)),
    ]

    (person,) = judged({}, {}, seen=seen)

    first, second = person.instances
    assert person.name == "Person"
    assert person.confidence == first.confidence > second.confidence > 55
    assert (first.box.left, first.box.top) == (0.1, 0.2)
    assert (first.box.width, first.box.height) == pytest.approx((0.2, 0.4))


def test_a_sighting_raises_its_ancestors_too() -> None:
    labels = judged({}, {}, seen=[Sighting("Car", 0.8, Box(0, 0, 1, 1))])

    assert names(labels) == ["Car", "Motor Vehicle", "Vehicle"]
    assert len({label.confidence for label in labels}) == 1


def test_believes_a_rare_thing_only_where_both_networks_see_it() -> None:
    assert sighting_confidence("Cat", 0.5, classifier=0.0) < 0.3
    assert sighting_confidence("Cat", 0.5, classifier=0.8) > 0.9


def test_leaves_out_boxes_below_the_minimum() -> None:
    assert judged({}, {}, seen=[Sighting("Cat", 0.5, Box(0, 0, 1, 1))]) == []


def test_weighs_sightings_as_was_fitted() -> None:
    assert fit() == pytest.approx(WEIGHTS, abs=0.006)
