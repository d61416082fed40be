"""Promises that hold for each label in labels.json."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from models.taxonomy import OUTPUT, build
from shared.limits import MAX_LABEL_CHARACTERS, MAX_LABEL_RELATIVES
from shared.text import clean_label
from tag.embedded.vocabulary import CLASSES, vocabulary

WORDNET = Path("/usr/share/wordnet/data.noun")

LABELS = vocabulary().entries


def chain(label: str) -> list[str]:
    return LABELS[label].parents


def test_every_label_has_the_ancestors_of_its_ancestors() -> None:
    for label in LABELS:
        for parent in chain(label):
            assert set(chain(parent)) < set(chain(label)), label


def test_an_ancestor_has_all_classes_of_its_descendants() -> None:
    for label, entry in LABELS.items():
        for parent in entry.parents:
            assert set(entry.classes) <= set(LABELS[parent].classes), f"{label} below {parent}"


@pytest.mark.parametrize(
    ("label", "ancestors"),
    [
        ("Golden Retriever", ["Retriever", "Dog", "Canine", "Pet", "Mammal", "Animal"]),
        ("Tabby Cat", ["Cat", "Feline", "Pet", "Mammal", "Animal"]),
        ("Taxi", ["Car", "Motor Vehicle", "Vehicle"]),
        ("Espresso", ["Coffee", "Beverage", "Food"]),
        ("Lighthouse", ["Tower", "Architecture", "Outdoors"]),
        ("Fork", ["Tableware", "Dining"]),
        ("Person", []),
    ],
)
def test_common_labels_have_the_expected_ancestors(label: str, ancestors: list[str]) -> None:
    among_ancestors = [parent for parent in chain(label) if parent in ancestors]

    assert among_ancestors == ancestors


def test_odd_classes_of_imagenet_have_no_label() -> None:
    odd = {"Pickelhaube", "Guillotine", "Fire Screen", "Threshing Machine", "Thimble", "Honeycomb"}

    assert not odd & LABELS.keys()
    assert all(label[0].isupper() and "_" not in label for label in LABELS)


def test_over_nine_in_ten_classes_have_a_label() -> None:
    known = {number for entry in LABELS.values() for number in entry.classes}

    assert len(known) > 0.9 * CLASSES  # the others are too odd for any label


def test_the_probability_of_a_label_is_the_sum_over_its_classes() -> None:
    probabilities = np.random.default_rng(1).dirichlet(np.ones(CLASSES))

    by_label = vocabulary().by_label(probabilities)

    for label, total in zip(vocabulary().classified, by_label, strict=True):
        assert total == pytest.approx(probabilities[LABELS[label].classes].sum())


def test_every_class_of_the_detector_has_a_label() -> None:
    assert len(vocabulary().things) == 80
    assert set(vocabulary().things) <= LABELS.keys()


def test_labels_fulfill_the_contract() -> None:
    for label, entry in LABELS.items():
        assert clean_label(label) == label
        assert len(label) <= MAX_LABEL_CHARACTERS
        assert len(entry.parents) <= MAX_LABEL_RELATIVES


@pytest.mark.skipif(not WORDNET.exists(), reason=f"wordnet-base is not installed: no {WORDNET}")
def test_labels_json_is_made_from_the_tables() -> None:
    stored = msgspec.json.decode(OUTPUT.read_bytes())

    assert msgspec.to_builtins(build(WORDNET)) == stored
