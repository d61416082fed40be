"""A photo is found by what its file states and by what a person wrote, whatever the spelling."""

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from extract.place import place_at
from shared.contracts import (
    Camera,
    Edited,
    Location,
    Metadata,
    Person,
    Place,
    Position,
    Term,
    Terms,
)
from shared.limits import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_KEYWORD_CHARACTERS,
    MAX_KEYWORDS,
    MAX_PEOPLE,
    MAX_PERSON_CHARACTERS,
    MAX_TAG_CHARACTERS,
    MAX_TERM_ROWS,
    MAX_TERMS_BYTES,
)
from shared.terms import (
    KINDS,
    Kind,
    edited_terms,
    geohash,
    term,
    terms_of,
    words_of,
)

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors.json").read_text())
BERLIN = Location(latitude=52.518611, longitude=13.376111)
LISBON = Place(
    country="Portugal",
    country_code="PT",
    region="Lisbon District",
    city="Lisboa",
    source="test",
    data_version="1",
)


def keys(terms: Terms) -> dict[str, list[str]]:
    """Return the keys of each field's terms."""
    fields = (name for name in Terms.__struct_fields__ if name != "left_out")
    lists = {name: getattr(terms, name) for name in fields}
    return {name: [one.key for one in found] for name, found in lists.items() if found is not None}


@pytest.mark.parametrize("vector", VECTORS["terms"], ids=lambda one: str(one["what"]))
def test_a_text_in_any_spelling_is_one_term(vector: dict[str, Any]) -> None:
    found = term(vector["kind"], vector["text"])

    if vector["key"] is None:
        assert found is None
        return
    assert found is not None
    assert found.key == vector["key"]
    folded = vector["key"].removeprefix(f"{vector['kind']}#")
    assert found.text == (None if vector["written"] == folded else vector["written"])
    assert len(folded) <= 64
    assert term(vector["kind"], folded) == msgspec.structs.replace(found, text=None)


def test_half_of_a_surrogate_pair_is_removed() -> None:
    assert term("keyword", "a\ud83d") == Term(key="keyword#a")
    assert words_of("ab\ud83dcd") == ["ab", "cd"]


@pytest.mark.parametrize("vector", VECTORS["words"], ids=lambda one: repr(one["text"]))
def test_words_are_split_at_what_is_no_letter_mark_or_digit(vector: dict[str, Any]) -> None:
    assert words_of(vector["text"]) == vector["words"]


@pytest.mark.parametrize("vector", VECTORS["geohashes"], ids=lambda one: str(one["what"]))
def test_a_geohash_is_as_published(vector: dict[str, Any]) -> None:
    assert geohash(vector["latitude"], vector["longitude"]) == vector["geohash"]


def test_terms_are_by_the_field_that_states_them() -> None:
    metadata = Metadata(
        people=[Person(name="Ada"), Person(name="ADA")],
        keywords=["Beach", "Straße"],
        location=BERLIN,
        place=LISBON,
        camera=Camera(make="Canon", model="Canon EOS 5D"),
        title="Our dog",
        description="The dog, by the Sea",
    )

    assert keys(terms_of(metadata)) == {
        "people": ["person#ada"],
        "keywords": ["keyword#beach", "keyword#strasse"],
        "place": ["geo#u33db2spj", "city#lisboa", "region#lisbon district", "country#portugal"],
        "camera": ["camera#canon eos 5d"],
        "title": ["word#our", "word#dog"],
        "description": ["word#the", "word#dog", "word#by", "word#sea"],
    }


def test_every_kind_is_of_some_field_or_of_labels() -> None:
    assert get_args(Kind) == KINDS
    assert set(KINDS) == {
        *("geo", "person", "keyword", "city", "region", "country", "camera", "label", "word")
    }


def test_a_photo_without_facts_has_no_terms() -> None:
    assert terms_of(Metadata()) == Terms()
    nothing = Metadata(keywords=["\x00", " "], camera=Camera(iso=50), title="!")
    assert terms_of(nothing) == Terms()


def test_a_position_on_the_high_seas_has_a_geohash_only() -> None:
    atlantic = Location(latitude=0, longitude=-30)

    assert place_at(atlantic) is None
    assert keys(terms_of(Metadata(location=atlantic))) == {"place": ["geo#e248j248j"]}


def test_a_position_without_a_fix_has_no_geohash() -> None:
    none = Location(latitude=0, longitude=0, gps_valid=False)

    assert terms_of(Metadata(location=none)) == Terms()


def test_an_edited_field_has_a_list_even_if_it_is_empty() -> None:
    position = Position(latitude=BERLIN.latitude, longitude=BERLIN.longitude)

    assert edited_terms(Edited(), None) == Terms()
    assert keys(edited_terms(Edited(title="", keywords=[]), None)) == {"keywords": [], "title": []}
    assert keys(edited_terms(Edited(position=position, description="Ein Hund"), LISBON)) == {
        "place": ["geo#u33db2spj", "city#lisboa", "region#lisbon district", "country#portugal"],
        "description": ["word#ein", "word#hund"],
    }


def test_of_many_terms_of_a_field_the_first_are_kept_and_the_others_counted() -> None:
    keywords = [f"keyword {number}" for number in range(100)]

    terms = terms_of(Metadata(keywords=keywords, title="kept"))

    assert keys(terms)["keywords"] == [f"keyword#{one}" for one in keywords[:MAX_TERM_ROWS]]
    assert keys(terms)["title"] == ["word#kept"]
    assert terms.left_out == {"keywords": 100 - MAX_TERM_ROWS}


def test_the_longest_terms_are_few_enough_for_a_transaction() -> None:
    long = "\U00010400" * MAX_TAG_CHARACTERS  # capitals of four bytes, and so are the small ones
    metadata = Metadata(
        people=[
            Person(name=f"{number}{long}"[:MAX_PERSON_CHARACTERS]) for number in range(MAX_PEOPLE)
        ],
        keywords=[f"{number}{long}"[:MAX_KEYWORD_CHARACTERS] for number in range(MAX_KEYWORDS)],
        description=long[:4] + " ab" * MAX_DESCRIPTION_CHARACTERS,
    )

    terms = terms_of(metadata)

    sizes = [
        len(msgspec.json.encode(one)) for one in [*(terms.people or []), *(terms.keywords or [])]
    ]
    assert MAX_TERMS_BYTES - 600 < sum(sizes) <= MAX_TERMS_BYTES
    assert terms.left_out is not None
    assert terms.left_out["people"] + len(terms.people or []) == MAX_PEOPLE
    assert terms.left_out["keywords"] == MAX_KEYWORDS
    assert terms.left_out["description"] == 2
