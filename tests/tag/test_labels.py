"""From any answer of a labeler, the kept labels are valid, small and indexed."""

import json
import math
import unicodedata

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.contracts import BoundingBox, Instance, Label, TagResult, dump
from shared.limits import (
    MAX_INSTANCES,
    MAX_LABEL_CHARACTERS,
    MAX_LABEL_RELATIVES,
    MAX_LABELS,
    MAX_TAGS_BYTES,
    MAX_TERM_ROWS,
)
from shared.text import clean_label, fold_label
from tag.labels import Labels, label_index, tag_result, tidy

WHOLE = BoundingBox(left=0, top=0, width=1, height=1)
numbers = st.floats() | st.floats(-1, 101)
texts = st.text(st.characters(codec=None) | st.sampled_from(" \n\0\u202e"), max_size=80)
boxes = st.builds(BoundingBox, left=numbers, top=numbers, width=numbers, height=numbers)
labels = st.builds(
    Label,
    name=texts,
    confidence=numbers,
    parents=st.lists(texts, max_size=3),
    categories=st.lists(texts, max_size=3),
    aliases=st.lists(texts, max_size=3),
    instances=st.lists(st.builds(Instance, confidence=numbers, box=boxes), max_size=3),
)


def box_of(box: BoundingBox) -> BoundingBox | None:
    label = Label(name="Dog", confidence=90, instances=[Instance(confidence=80, box=box)])
    kept = tidy([label])[0].instances
    return kept[0].box if kept else None


@given(st.lists(labels, max_size=8))
def test_any_answer_gives_a_result_that_fulfills_the_contract(found: list[Label]) -> None:
    result = tag_result(Labels(found, "model"), version=1)

    line = json.dumps(dump(result), allow_nan=False).encode()
    assert msgspec.json.decode(line, type=TagResult) == result
    confidences = [label.confidence for label in result.labels]
    assert confidences == sorted(confidences, reverse=True)


def test_a_thousand_labels_of_10_kb_each_are_capped() -> None:
    long = "\U0001f32e" * 10_000
    found = [
        Label(
            name=f"{number} {long}",
            confidence=number / 10,
            parents=[f"{other} parent {long}" for other in range(20)],
            categories=[f"{other} category {long}" for other in range(20)],
            aliases=[f"{other} alias {long}" for other in range(20)],
            instances=[Instance(confidence=50, box=WHOLE)] * 20,
        )
        for number in range(20)
    ]
    found += [Label(name=f"{number} {long}", confidence=1) for number in range(20, 1000)]

    result = tag_result(Labels(found, "x" * 10_000, "FAILED:" + "y" * 10_000), version=1)

    assert len(json.dumps(dump(result), ensure_ascii=False).encode()) <= MAX_TAGS_BYTES
    assert result.labels[0].name.startswith("19 ")
    assert len(result.labels[0].name) == MAX_LABEL_CHARACTERS
    assert len(result.labels[0].parents) == MAX_LABEL_RELATIVES
    assert len(result.labels[0].categories) == MAX_LABEL_RELATIVES
    assert len(result.labels[0].aliases) == MAX_LABEL_RELATIVES
    assert len(result.labels[0].instances) == MAX_INSTANCES


def test_the_most_confident_fifty_are_kept() -> None:
    found = [Label(name=f"{number}", confidence=number) for number in range(100)]

    assert [label.confidence for label in tidy(found)] == list(range(99, 49, -1))


def test_the_least_confident_labels_are_dropped_from_a_large_result() -> None:
    found = [
        Label(
            name=f"Label {number}", confidence=number, aliases=["x" * 64] * 1 + [f"{number}" * 30]
        )
        for number in range(1, 51)
    ]
    crowded = [
        Label(
            name=label.name,
            confidence=label.confidence,
            parents=[f"{label.name} parent {n} {'x' * 40}" for n in range(5)],
        )
        for label in found
    ]

    assert len(tag_result(Labels(found), version=1).labels) == MAX_LABELS
    kept = tag_result(Labels(crowded), version=1).labels
    assert 0 < len(kept) < MAX_LABELS
    assert [label.confidence for label in kept] == list(range(50, 50 - len(kept), -1))


def test_fifty_ordinary_labels_with_boxes_are_all_kept() -> None:
    box = BoundingBox(left=0.123456, top=0.234567, width=0.345678, height=0.456789)
    found = [
        Label(
            name=f"Ordinary label {number}",
            confidence=99.123456 - number / 2,
            parents=["Animal", "Mammal", "Pet"],
            categories=["Animals and Pets"],
            aliases=["Another name"] if number % 5 == 0 else [],
            instances=[Instance(confidence=98.7654321, box=box)] * (2 if number % 4 == 0 else 0),
        )
        for number in range(MAX_LABELS)
    ]

    assert len(tag_result(Labels(found), version=1).labels) == MAX_LABELS


@pytest.mark.parametrize("confidence", [math.nan, math.inf, -math.inf, -0.1, 100.1, 1e300])
def test_a_label_without_a_valid_confidence_is_dropped(confidence: float) -> None:
    found = [Label(name="Dog", confidence=confidence), Label(name="Cat", confidence=55)]

    assert [label.name for label in tidy(found)] == ["Cat"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Dog\0\x1b[31m", "Dog[31m"),
        ("\u202eDog\u2066", "Dog"),
        ("  Hot \r\n Dog\t", "Hot Dog"),
        ("Do\ud800g", "Dog"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("D" * 100, "D" * 64),
        ("D" * 63 + " og", "D" * 63),
        ("\0\u200b ", ""),
        ("\0" * 2_000 + "Dog", ""),
    ],
    ids=[
        "control", "bidi", "spaces", "surrogate", "NFC", "long", "cut at a space", "nothing",
        "nothing at its start",
    ],
)  # fmt: skip
def test_a_name_is_cleaned_to_one_line(name: str, kept: str) -> None:
    assert clean_label(name) == kept
    assert [label.name for label in tidy([Label(name=name, confidence=1)])] == [kept] * bool(kept)


@given(texts)
def test_cleaning_and_folding_are_idempotent(text: str) -> None:
    assert clean_label(clean_label(text)) == clean_label(text)
    assert fold_label(fold_label(text)) == fold_label(text)
    assert unicodedata.is_normalized("NFC", fold_label(text))


@given(texts)
@example(
    "\u03b1\u0345\u0301"
)  # case folding turns an iota subscript into a letter: marks must be sorted before
def test_names_in_all_normalizations_fold_to_the_same(text: str) -> None:
    assert fold_label(unicodedata.normalize("NFD", text)) == fold_label(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Dog", "DOG"), ("Stra\u00dfe", "STRASSE"), ("\u00c9t\u00e9", "e\u0301TE\u0301")],
)
def test_names_in_all_cases_fold_to_the_same(one: str, other: str) -> None:
    assert fold_label(one) == fold_label(other)


def test_of_labels_with_the_same_name_the_most_confident_is_kept() -> None:
    found = [
        Label(name="dog", confidence=60),
        Label(name="Dog", confidence=90),
        Label(name="DOG ", confidence=70),
    ]

    assert tidy(found) == [Label(name="Dog", confidence=90)]


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        ((0.1, 0.2, 0.3, 0.4), (0.1, 0.2, 0.3, 0.4)),
        ((0.123456, 0, 1 / 3, 1), (0.1235, 0, 0.3333, 1)),
        ((-0.1, -0.2, 0.5, 0.5), (0, 0, 0.4, 0.3)),
        ((0.9, 0.8, 0.5, 0.5), (0.9, 0.8, 0.1, 0.2)),
        ((1.2, 0.2, 0.3, 0.4), None),
        ((-0.5, 0.2, 0.3, 0.4), None),
        ((0.5, 0.2, -0.3, 0.4), None),
        ((0.5, 0.2, 0, 0.4), None),
        ((math.nan, 0.2, 0.3, 0.4), None),
        ((0.1, 0.2, math.inf, 0.4), None),
    ],
    ids=[
        "inside", "rounded", "over left top", "over right bottom", "right of it", "left of it",
        "negative", "empty", "NaN", "infinite",
    ],
)  # fmt: skip
def test_a_box_is_clipped_to_the_picture_or_dropped(
    box: tuple[float, float, float, float], kept: tuple[float, float, float, float] | None
) -> None:
    left, top, width, height = box

    seen = box_of(BoundingBox(left=left, top=top, width=width, height=height))

    assert kept == (seen and (seen.left, seen.top, seen.width, seen.height))


def test_the_most_confident_boxes_are_kept() -> None:
    instances = [Instance(confidence=number, box=WHOLE) for number in range(20)]
    instances.append(Instance(confidence=math.nan, box=WHOLE))

    kept = tidy([Label(name="Person", confidence=99, instances=instances)])[0].instances

    assert [instance.confidence for instance in kept] == list(range(19, 9, -1))


def test_the_index_has_labels_and_ancestors_by_confidence() -> None:
    found = [
        Label(name="Grass", confidence=70, parents=["Plant"]),
        Label(name="Dog", confidence=95, parents=["Animal", "Pet"]),
        Label(name="Animal", confidence=90),
    ]

    assert label_index(tidy(found)) == ["dog", "animal", "pet", "grass", "plant"]


def test_the_index_has_at_most_the_rows_of_a_transaction() -> None:
    found = [Label(name=f"L{n}", confidence=99 - n, parents=[f"P{n}"]) for n in range(40)]

    index = label_index(found)

    assert len(index) == MAX_TERM_ROWS
    assert index[:4] == ["l0", "p0", "l1", "p1"]


def test_a_status_without_labels_is_a_result() -> None:
    assert tag_result(Labels(status="SKIPPED:TOO_SMALL"), version=1) == TagResult(
        labels=[], label_index=[], labels_status="SKIPPED:TOO_SMALL", version=1
    )
