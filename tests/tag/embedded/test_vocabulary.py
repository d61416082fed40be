"""The table of labels: what must hold for every line of it."""

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


def test_names_all_ancestors_of_every_label() -> None:
    for label in LABELS:
        for parent in chain(label):
            assert set(chain(parent)) < set(chain(label)), label


def test_an_ancestor_covers_every_class_of_what_is_below_it() -> None:
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
def test_reads_like_a_persons_words(label: str, ancestors: list[str]) -> None:
    among_ancestors = [parent for parent in chain(label) if parent in ancestors]

    assert among_ancestors == ancestors


def test_shows_no_oddities_of_imagenet() -> None:
    odd = {"Pickelhaube", "Guillotine", "Fire Screen", "Threshing Machine", "Thimble", "Honeycomb"}

    assert not odd & LABELS.keys()
    assert all(label[0].isupper() and "_" not in label for label in LABELS)


def test_leaves_few_classes_without_any_label() -> None:
    known = {number for entry in LABELS.values() for number in entry.classes}

    assert len(known) > 0.9 * CLASSES  # the rest are oddities that belong to nothing


def test_sums_the_classes_of_each_label() -> None:
    probabilities = np.random.default_rng(1).dirichlet(np.ones(CLASSES))

    by_label = vocabulary().by_label(probabilities)

    for label, total in zip(vocabulary().classified, by_label, strict=True):
        assert total == pytest.approx(probabilities[LABELS[label].classes].sum())


def test_has_a_label_for_every_thing_of_the_detector() -> None:
    assert len(vocabulary().things) == 80
    assert set(vocabulary().things) <= LABELS.keys()


def test_stays_within_the_contract() -> None:
    for label, entry in LABELS.items():
        assert clean_label(label) == label
        assert len(label) <= MAX_LABEL_CHARACTERS
        assert len(entry.parents) <= MAX_LABEL_RELATIVES


@pytest.mark.skipif(not WORDNET.exists(), reason=f"wordnet-base is not installed: no {WORDNET}")
def test_is_what_the_tables_make() -> None:
    stored = msgspec.json.decode(OUTPUT.read_bytes())

    assert msgspec.to_builtins(build(WORDNET)) == stored
