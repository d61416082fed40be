"""Each expression of an edit answers as it should, in both implementations of JSONata."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from extract.handler import read_edits
from shared.contracts import Edited, EditRequest, dump, parse
from shared.items import plain
from shared.keys import digest, term_of
from shared.limits import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_KEYWORD_CHARACTERS,
    MAX_KEYWORDS,
    MAX_LABEL_CHARACTERS,
    MAX_LABELS,
    MAX_OWNER_BYTES,
    MAX_TAG_CHARACTERS,
    MAX_TERM_ROWS,
)
from workflow.expressions import NAMES, Evaluate
from workflow.test_expressions import ROW, THUMB, by_reference, evaluate
from workflow.test_publish import MAX_STATE_BYTES, longest_edits, size

__all__ = ["by_reference", "evaluate"]  # fixtures

PATH = "2024/a.jpg"
PROBLEMS = ("request_problem", "text_problem", "fact_problem")
LONG_KEYWORDS = [f"{number}" for number in range(MAX_KEYWORDS)]
GOOD: list[dict[str, Any]] = [
    {"path": PATH},
    {"path": "ü/" + "x" * (1024 - len("uploads/alice/ü/") - 1)},  # 1,024 bytes of UTF-8
    {"path": PATH, "title": None, "description": None, "keywords": None, "taken": None},
    {"path": PATH, "title": "😀" * MAX_TAG_CHARACTERS},
    {"path": PATH, "description": "x" * MAX_DESCRIPTION_CHARACTERS},
    {"path": PATH, "keywords": ["x" * MAX_KEYWORD_CHARACTERS, *LONG_KEYWORDS[1:]]},
    {"path": PATH, "add_keywords": ["a"], "remove_keywords": []},
    {"path": PATH, "hide_labels": ["x" * MAX_LABEL_CHARACTERS] * MAX_LABELS, "show_labels": ["a"]},
    {"path": PATH, "taken": "removed", "location": "removed"},
    {"path": PATH, "taken": {"local": "2016-02-29T23:59:59"}},
    {"path": PATH, "taken": {"local": "2016-04-09T00:00:00", "precision": "day"}},
    {"path": PATH, "taken": {"local": "2016-04-01T00:00:00", "precision": "month"}},
    {"path": PATH, "taken": {"local": "1826-01-01T00:00:00", "precision": "year"}},
    {"path": PATH, "location": {"latitude": -90, "longitude": 180}},
    {"album": "2024", "cover": PATH},
    {"album": "", "cover": "a.jpg"},
    {"album": "a/b", "cover": None},
]


def taken(local: object, **more: object) -> dict[str, Any]:
    return {"path": PATH, "taken": {"local": local, **more}}


FUTURE = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT00:00:00")
BAD: list[tuple[Any, str]] = [
    ([], "the request is not an object"),
    ("text", "the request is not an object"),
    ({}, "path is not a text"),
    ({"path": 1}, "path is not a text"),
    ({"path": ""}, "path names no photo"),
    ({"path": "2024/"}, "path names no photo"),
    ({"path": "\ud83d"}, "path names no photo"),
    ({"path": "ü" * 506}, "path is longer than a key of S3 can be"),
    ({"path": PATH, "status": "READY"}, "there is no field status"),
    ({"path": PATH, "album": "2024"}, "there is no field path"),
    ({"album": "2024"}, "cover is missing"),
    ({"introduce": True}, "the caller is no user"),
    ({"introduce": 1}, "introduce is not true"),
    ({"introduce": True, "login": "x:CognitoSignIn:y"}, "there is no field login"),
    ({"introduce": True, "path": PATH}, "there is no field path"),
    ({"album": 1, "cover": PATH}, "album is not a text"),
    ({"album": "x" * 1024, "cover": None}, "album names no album"),
    ({"album": "2024", "cover": "2024"}, "cover 2024 is not in the album 2024"),
    ({"album": "2024", "cover": "2024/x/a.jpg"}, "cover 2024/x/a.jpg is not in the album 2024"),
    ({"album": "2024", "cover": {}}, "cover is not a text"),
    ({"path": PATH, "title": 1}, "title is not a text"),
    ({"path": PATH, "title": ["x"]}, "title is not a text"),
    ({"path": PATH, "title": "😀" * 257}, "title has 257 characters, over 256"),
    ({"path": PATH, "description": "x" * 2001}, "description has 2001 characters, over 2000"),
    ({"path": PATH, "keywords": "a"}, "keywords is not a list"),
    ({"path": PATH, "add_keywords": None}, "add_keywords is not a list"),
    ({"path": PATH, "keywords": ["a", None]}, "keywords has a member that is not a text"),
    ({"path": PATH, "keywords": [["a"]]}, "keywords has a member that is not a text"),
    ({"path": PATH, "keywords": ["x" * 65]}, "keyword has 65 characters, over 64"),
    ({"path": PATH, "keywords": ["x"] * 101}, "101 keywords are over 100"),
    ({"path": PATH, "hidden_labels": ["x"] * 51}, "51 hidden labels are over 50"),
    ({"path": PATH, "hide_labels": ["x" * 65]}, "label has 65 characters, over 64"),
    ({"path": PATH, "taken": "2016"}, "taken is not a time"),
    ({"path": PATH, "taken": {}}, "taken.local is not like 2016-04-09T14:08:13"),
    (taken(2016), "taken.local is not like 2016-04-09T14:08:13"),
    (taken("2016-04-09T14:08:13\n"), "taken.local is not like 2016-04-09T14:08:13"),
    (taken("2016-04-09 14:08:13"), "taken.local is not like 2016-04-09T14:08:13"),
    (taken("2016-13-09T14:08:13"), "taken.local is not like 2016-04-09T14:08:13"),
    (taken("٢٠١٦-04-09T14:08:13"), "taken.local is not like 2016-04-09T14:08:13"),
    (taken("2016-04-09T24:00:00"), "taken.local is not like 2016-04-09T14:08:13"),
    (taken("2015-02-29T00:00:00"), "taken.local 2015-02-29T00:00:00 is on a day that no calendar"),
    (taken("2016-04-31T00:00:00"), "taken.local 2016-04-31T00:00:00 is on a day that no calendar"),
    (taken("2016-04-00T00:00:00"), "taken.local 2016-04-00T00:00:00 is on a day that no calendar"),
    (taken("2016-04-09T14:08:13", precision="hour"), "taken.precision is not day, month or year"),
    (taken("2016-04-09T14:08:13", precision="day"), "taken.local 2016-04-09T14:08:13 is not the"),
    (taken("2016-04-02T00:00:00", precision="month"), "taken.local 2016-04-02T00:00:00 is not the"),
    (taken("2016-02-01T00:00:00", precision="year"), "taken.local 2016-02-01T00:00:00 is not the"),
    (taken("1825-12-31T23:59:59"), "taken.local 1825-12-31T23:59:59 is before 1826"),
    (taken(FUTURE), f"taken.local {FUTURE} is over a day in the future"),
    (taken("2016-04-09T14:08:13", zone="Z"), "taken has an unknown field"),
    ({"path": PATH, "location": "Berlin"}, "location is not a position"),
    ({"path": PATH, "location": {"latitude": 1}}, "location.longitude is not a number from"),
    (
        {"path": PATH, "location": {"latitude": "1", "longitude": 1}},
        "location.latitude is not a number from",
    ),
    (
        {"path": PATH, "location": {"latitude": 90.01, "longitude": 1}},
        "location.latitude is not a number from",
    ),
    (
        {"path": PATH, "location": {"latitude": 1, "longitude": -180.01}},
        "location.longitude is not a number from",
    ),
    (
        {"path": PATH, "location": {"latitude": 1, "longitude": 1, "altitude_m": 1}},
        "location has an unknown field",
    ),
]


def problems(evaluate: Evaluate, requests: list[Any], owner: object = "alice") -> list[str]:
    """Return the first problem of each request; '' if it has none."""
    cases = [{"states": {"input": {"owner": owner, "request": one}}} for one in requests]
    found = zip(*(evaluate(name, cases) for name in PROBLEMS), strict=True)
    return [next(filter(None, each), "") for each in found]


def test_a_request_at_each_limit_has_no_problem(evaluate: Evaluate) -> None:
    assert problems(evaluate, GOOD) == [""] * len(GOOD)


def test_a_request_that_breaks_a_rule_is_told_the_value_and_the_rule(evaluate: Evaluate) -> None:
    found = problems(evaluate, [request for request, _ in BAD])

    assert [
        (message, said)
        for message, (_, said) in zip(found, BAD, strict=True)
        if not message.startswith(said)
    ] == []


@pytest.mark.parametrize("owner", [None, "", 1, "alice/2024"])
def test_a_request_needs_an_owner(evaluate: Evaluate, owner: object) -> None:
    assert problems(evaluate, [{"path": PATH}], owner) == ["there is no owner"]


@pytest.mark.parametrize("asked", [{"path": PATH, "title": "x"}, {"album": "2024", "cover": None}])
def test_photos_of_one_owner_are_edited_by_nobody_else(
    evaluate: Evaluate, asked: dict[str, Any]
) -> None:
    names = {**NAMES, "key_layout": {"prefix": "photos/", "owner": "alice"}}
    cases = [{"states": {"input": {"owner": one, "request": asked}}} for one in ("alice", "bob")]

    assert evaluate("request_problem", cases, names=names) == [
        "",
        "the photos of this gallery belong to another owner",
    ]


def test_the_key_of_an_edited_photo_has_the_deployment_s_layout(evaluate: Evaluate) -> None:
    case = {"owner": "alice", "request": {"path": PATH}}
    adopted = {"prefix": "photos/", "owner": "alice"}

    assert evaluate("edited_key", [case]) == [f"uploads/alice/{PATH}"]
    assert evaluate("edited_key", [case], names={**NAMES, "key_layout": adopted}) == [
        f"photos/{PATH}"
    ]


def test_texts_are_cleaned_as_those_of_files_are(evaluate: Evaluate) -> None:
    case = {
        "title": " two\r\nlines\u2028and\x85more\x00 hidden",
        "description": "\u202eevil\ufeff \x1b[31m😀 \ud83d!",
        "keywords": [" a ", "\x07", "b\tc"],
        "add_keywords": [],
        "hide_labels": ["  DOG ", "Big  Cat", "\u200f"],
        "taken": None,
        "location": {"latitude": -0.0000001, "longitude": 13.37770449},
    }

    [found] = evaluate("edit_request", [{"request": {"path": PATH, **case}}])

    assert found == {
        "path": PATH,
        "title": "two lines and more",
        "description": "evil [31m😀 !",
        "keywords": ["a", "b c"],
        "add_keywords": [],
        "hide_labels": ["dog", "big cat"],
        "taken": None,
        "location": {"latitude": 0, "longitude": 13.377704},
    }


PLACE = {"country": "Germany", "country_code": "DE", "source": "s", "data_version": "1"}
BEFORE = {"title": "t", "keywords": ["a", "B"], "hidden_labels": ["dog"], "removed": ["location"]}
MERGED: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({}, {}, {}),
    ({}, {"title": "x"}, {"title": "x"}),
    ({}, {"title": "", "keywords": []}, {"title": "", "keywords": []}),
    (BEFORE, {}, BEFORE),
    (
        BEFORE,
        {"title": None, "keywords": None, "show_labels": ["dog"], "location": None},
        {},
    ),
    (BEFORE, {"keywords": ["c", "C", "2016"]}, {**BEFORE, "keywords": ["c", "2016"]}),
    (BEFORE, {"add_keywords": ["b", "c"]}, {**BEFORE, "keywords": ["a", "B", "c"]}),
    (BEFORE, {"remove_keywords": ["A", "b"]}, {**BEFORE, "keywords": []}),
    (BEFORE, {"remove_keywords": ["b"], "add_keywords": ["b"]}, {**BEFORE, "keywords": ["a", "b"]}),
    ({}, {"add_keywords": ["x"]}, {"keywords": ["file", "x"]}),
    ({}, {"remove_keywords": ["FILE"]}, {"keywords": []}),
    (BEFORE, {"hide_labels": ["cat", "dog"]}, {**BEFORE, "hidden_labels": ["cat", "dog"]}),
    (BEFORE, {"hidden_labels": ["cat"]}, {**BEFORE, "hidden_labels": ["cat"]}),
    ({}, {"taken": "removed"}, {"removed": ["taken"]}),
    (BEFORE, {"taken": "removed"}, {**BEFORE, "removed": ["location", "taken"]}),
    (
        {"removed": ["location", "taken"]},
        {"taken": {"local": "t"}, "location": {"latitude": 1, "longitude": 2}},
        {"taken": {"local": "t"}, "location": {"latitude": 1, "longitude": 2}},
    ),
    (
        {"location": {"latitude": 1, "longitude": 2}, "place": PLACE},
        {"location": {"latitude": 3, "longitude": 4}},
        {"location": {"latitude": 3, "longitude": 4}},
    ),
    (
        {"location": {"latitude": 1, "longitude": 2}, "place": PLACE},
        {"title": "x"},
        {"title": "x", "location": {"latitude": 1, "longitude": 2}, "place": PLACE},
    ),
    ({"location": {"latitude": 1, "longitude": 2}, "place": PLACE}, {"location": None}, {}),
    ({"taken": {"local": "t"}}, {"taken": None}, {}),
]


def test_a_request_is_merged_into_the_edits_and_a_second_time_changes_nothing(
    evaluate: Evaluate,
) -> None:
    def merged(edits: list[Any]) -> list[Any]:
        return evaluate(
            "merged_edits",
            [
                {
                    "photo": {
                        "keywords": ["file"],
                        **({"edits": json.dumps(each)} if each else {}),
                    },
                    "request": {"path": PATH, **request},
                }
                for each, (_, request, _) in zip(edits, MERGED, strict=True)
            ],
        )

    once = merged([before for before, _, _ in MERGED])

    assert once == [after for _, _, after in MERGED]
    assert merged(once) == once


AT = f"2016-04-09T12:08:13#{'d' * 24}"
LABELS = ("dog", "c#", "animal")
TERMS: dict[str, Any] = {
    "people": [{"key": "person#ada", "text": "Ada"}],
    "keywords": [{"key": "keyword#sea"}],
    "place": [{"key": "geo#u33db2spj"}, {"key": "city#berlin", "text": "Berlin"}],
    "labels": [{"key": f"label#{label}"} for label in LABELS],
    "title": [{"key": "word#our", "text": "Our"}, {"key": "word#dog"}],
    "description": [{"key": "word#dog"}, {"key": "word#sea", "text": "Sea"}],
}
FOUND_BY = [  # best first
    *("geo#u33db2spj", "person#ada", "keyword#sea", "city#berlin"),
    *(f"label#{label}" for label in LABELS),
    *("word#our", "word#dog", "word#sea"),
]
ITEM = {
    "status": "READY",
    "sequencer": "1",
    "execution_arn": "arn",
    "album_key": f"album#{AT}",
    "month_key": "month#2016-04#d",
    "sort_time": "2016-04-09T12:08:13",
    "terms": TERMS,
    "found_by": FOUND_BY,
    "uploaded_at": "2024-07-01T10:00:00Z",
    "taken_at": {"local": "2016-04-09T12:08:13.123"},
    "width_px": 4032,
    "height_px": 3024,
    "renditions": {"thumb": THUMB},
}
# Of an earlier release.
OLD_KEYS = [f"label#{label}#{AT}" for label in LABELS]
OLD: dict[str, Any] = {"terms": None, "found_by": None, "label_keys": OLD_KEYS}


def items(
    evaluate: Evaluate, new: dict[str, Any], own: dict[str, Any] | None = None, **photo: object
) -> list[dict[str, Any]]:
    """Return the items of an edit of a photo; `own` has the terms that Extract has found."""
    row = {name: value for name, value in {**ITEM, **photo}.items() if value is not None}
    found = {} if own is None else {"terms": own}
    case = {"row": ROW, "photo": row, "edits": new, "found": found}
    [terms] = evaluate("edit_terms", [case])
    [list_] = evaluate("edit_items", [{**case, "terms": terms}])
    answer: list[dict[str, Any]] = list_
    return answer


def written(found: list[dict[str, Any]]) -> tuple[set[str], set[str], dict[str, str]]:
    """Return the term rows that are put, those that are deleted, and what is added to months."""
    return (
        {one["Put"]["Item"]["sk"]["S"] for one in found if "Put" in one},
        {one["Delete"]["Key"]["sk"]["S"] for one in found if "Delete" in one},
        {
            one["Update"]["Key"]["sk"]["S"]: one["Update"]["ExpressionAttributeValues"][":more"][
                "N"
            ]
            for one in found[1:]
            if "Update" in one
        },
    )


def at(*keys: str, end: str = AT) -> set[str]:
    """Return the sort keys of term rows."""
    return {f"{key}#{end}" for key in keys}


def set_by(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the attributes of the photo's row that are set, as plain values."""
    values = plain(found[0]["Update"]["ExpressionAttributeValues"])
    return {name[1:]: value for name, value in values.items() if not name.startswith(":was_")}


def test_an_edit_that_changes_no_term_writes_the_photo_s_row_only(evaluate: Evaluate) -> None:
    edits = {"title": "Our dog"}

    found = items(evaluate, edits, {"title": TERMS["title"]})

    assert len(found) == 1
    values = set_by(found)
    assert json.loads(values["edits"]) == edits
    assert json.loads(values["edited_terms"]) == {"title": TERMS["title"]}
    assert values["found_by"] == FOUND_BY
    assert values["album_key"] == f"{digest('2024')}#{AT}"
    update = found[0]["Update"]
    assert "attribute_not_exists(#edits)" in update["ConditionExpression"]
    assert "#found_by = :was_found_by" in update["ConditionExpression"]


def test_an_edited_title_is_found_by_its_own_words(evaluate: Evaluate) -> None:
    own = {"title": [{"key": "word#sea", "text": "SEA"}, {"key": "word#side"}]}

    found = items(evaluate, {"title": "SEA side"}, own)

    # The description has the word, too: its row gets the text of the title.
    assert written(found) == (at("word#sea", "word#side"), at("word#our"), {})
    assert [plain(one["Put"]["Item"]).get("text") for one in found if "Put" in one] == ["SEA", None]
    assert set_by(found)["found_by"] == [*FOUND_BY[:-3], "word#sea", "word#side", "word#dog"]


def test_an_empty_title_is_found_by_no_word(evaluate: Evaluate) -> None:
    found = items(evaluate, {"title": "", "description": ""}, {"title": [], "description": []})

    assert written(found) == (set(), at("word#our", "word#dog", "word#sea"), {})


def test_the_file_s_terms_come_back(evaluate: Evaluate) -> None:
    own = {"title": [{"key": "word#mine"}], "keywords": []}
    edited: dict[str, Any] = {
        "edits": '{"title":"mine","keywords":[]}',
        "edited_terms": json.dumps(own),
    }
    now = [one for one in FOUND_BY if one not in ("keyword#sea", "word#our")]
    before = [*now[:-2], "word#mine", *now[-2:]]

    one = items(evaluate, {"keywords": []}, **edited, found_by=before)
    all_ = items(evaluate, {}, **edited, found_by=before)

    assert written(one) == (at("word#our"), at("word#mine"), {})
    assert json.loads(set_by(one)["edited_terms"]) == {"keywords": []}
    assert written(all_) == (at("word#our", "keyword#sea"), at("word#mine"), {})
    removed = all_[0]["Update"]["UpdateExpression"].partition("REMOVE ")[2].split(", ")
    assert set(removed) == {"#edits", "#edited_terms", "#label_keys", "#terms_left_out"}
    assert set_by(all_)["found_by"] == FOUND_BY


def test_another_position_has_its_own_place_and_a_removed_one_none(evaluate: Evaluate) -> None:
    own = {"place": [{"key": "geo#eycs0n6hw"}, {"key": "city#lisboa", "text": "Lisboa"}]}
    location = {"latitude": 38.7, "longitude": -9.1}

    moved = items(evaluate, {"location": location}, own)
    removed = items(evaluate, {"removed": ["location"]})

    gone = at("geo#u33db2spj", "city#berlin")
    assert written(moved) == (at("geo#eycs0n6hw", "city#lisboa"), gone, {})
    assert set_by(moved)["found_by"][0] == "geo#eycs0n6hw"
    assert written(removed) == (set(), gone, {})


def test_terms_that_do_not_fit_are_counted_and_come_back(evaluate: Evaluate) -> None:
    many = {"keywords": [{"key": f"keyword#{number}"} for number in range(48)]}
    edits = {"keywords": [str(number) for number in range(60)]}

    full = items(evaluate, edits, {**many, "left_out": {"keywords": 12, "title": 99}})
    row: dict[str, Any] = {
        "edits": json.dumps(edits),
        "edited_terms": json.dumps(many),
        "terms_left_out": 21,
    }
    empty = items(evaluate, {}, **row, found_by=set_by(full)["found_by"])

    assert len(set_by(full)["found_by"]) == MAX_TERM_ROWS
    assert set_by(full)["found_by"][:3] == ["geo#u33db2spj", "person#ada", "keyword#0"]
    assert set_by(full)["terms_left_out"] == 9 + 12  # of 57 terms, and what Extract left out
    assert set_by(empty)["found_by"] == FOUND_BY
    assert "terms_left_out" in empty[0]["Update"]["UpdateExpression"]
    assert "terms_left_out" not in set_by(empty)


def test_omitted_terms_are_counted_for_the_fields_that_are_edited_now(evaluate: Evaluate) -> None:
    left_out = {"keywords": 52, "description": 12, "title": 1}
    row: dict[str, Any] = {
        "edits": '{"title":"x","keywords":["a"],"description":"b"}',
        "edited_terms": json.dumps(
            {"title": [], "keywords": [], "description": [], "left_out": left_out}
        ),
    }
    few = {"keywords": [{"key": "keyword#a"}]}
    edits = {"title": "x", "keywords": ["a"], "description": "b"}
    of_title = {"title": [], "left_out": {"title": 7}}

    fewer = set_by(items(evaluate, edits, few, **row))
    other = set_by(items(evaluate, edits, of_title, **row))
    one = set_by(items(evaluate, {"title": "x"}, **row))
    none = items(evaluate, {}, **row)

    assert fewer["terms_left_out"] == 12 + 1
    assert json.loads(fewer["edited_terms"])["left_out"] == {"description": 12, "title": 1}
    assert other["terms_left_out"] == 52 + 12 + 7
    assert json.loads(one["edited_terms"]) == {"title": [], "left_out": {"title": 1}}
    assert one["terms_left_out"] == 1
    removed = none[0]["Update"]["UpdateExpression"].partition("REMOVE ")[2].split(", ")
    assert {"#edits", "#edited_terms", "#terms_left_out"} <= set(removed)
    left = items(evaluate, {"title": "x"}, {"title": []}, **{**row, "edits": '{"title":"y"}'})
    assert "left_out" not in json.loads(set_by(left)["edited_terms"])


@pytest.mark.parametrize("edits", [{}, {"title": "x"}])
@pytest.mark.parametrize("before", [None, '{"title":"y"}'])
@pytest.mark.parametrize("album_key", [None, "a"])
def test_an_edit_names_every_value_that_it_uses_and_no_other(
    evaluate: Evaluate, edits: dict[str, Any], before: str | None, album_key: str | None
) -> None:
    found = items(evaluate, edits, edits=before, album_key=album_key)

    update = found[0]["Update"]
    text = f"{update['UpdateExpression']} {update['ConditionExpression']} "
    for name in update["ExpressionAttributeValues"]:
        assert f"{name} " in text.replace(",", " ")
    words = text.replace(",", " ").replace("(", " ").replace(")", " ").split()
    assert {word for word in words if word[0] == ":"} == set(update["ExpressionAttributeValues"])
    assert {word for word in words if word[0] == "#"} == set(update["ExpressionAttributeNames"])
    assert ("album_key" in text) == (album_key is not None)


def test_an_edit_of_a_photo_that_is_not_listed_changes_its_edits_only(evaluate: Evaluate) -> None:
    own = {"title": [{"key": "word#mine"}]}

    found = items(evaluate, {"title": "mine"}, own, album_key=None, terms=None, found_by=None)

    assert len(found) == 1
    assert set(set_by(found)) == {"edits", "edited_terms"}
    assert "REMOVE" not in found[0]["Update"]["UpdateExpression"]


def test_a_label_is_hidden_and_shown_by_its_row(evaluate: Evaluate) -> None:
    without = {label: [key for key in FOUND_BY if key != f"label#{label}"] for label in LABELS}
    both = [key for key in without["c#"] if key != "label#dog"]

    hidden = items(evaluate, {"hidden_labels": ["c#", "unheard of"]})
    before = '{"hidden_labels":["c#","dog"]}'
    shown = items(evaluate, {"hidden_labels": ["dog"]}, edits=before, found_by=both)

    assert written(hidden) == (set(), at("label#c#"), {})
    assert set_by(hidden)["found_by"] == without["c#"]
    assert written(shown) == (at("label#c#"), set(), {})
    label = plain(shown[1]["Put"]["Item"])
    assert (label["photo"], label["thumb"]) == (ROW["sk"], THUMB)
    assert set_by(shown)["found_by"] == without["dog"]


def test_a_date_moves_the_photo_its_terms_and_its_month(evaluate: Evaluate) -> None:
    moved = f"2021-01-01T00:00:00#{'d' * 24}"
    edits = {"taken": {"local": "2021-01-01T00:00:00", "precision": "year"}}

    found = items(evaluate, {**edits, "hidden_labels": ["dog"]})

    put, deleted, months = written(found)
    assert put == at(*FOUND_BY, end=moved) - at("label#dog", end=moved)
    assert deleted == at(*FOUND_BY)
    assert months == {"month#2016-04#d": "-1", "month#2021-01#d": "1"}
    assert set_by(found)["time_key"] == f"time#{moved}"
    assert {plain(one["Put"]["Item"])["precision"] for one in found if "Put" in one} == {"year"}


def test_any_edit_of_an_earlier_release_s_photo_makes_term_rows_of_its_labels(
    evaluate: Evaluate,
) -> None:
    same = items(evaluate, {"hidden_labels": ["c#"]}, edits='{"hidden_labels":["c#"]}', **OLD)
    own = {"title": [{"key": "word#mine", "text": "Mine"}]}
    titled = items(evaluate, {"title": "Mine"}, own, **OLD)

    # The row of the hidden label is not there: to delete it changes nothing.
    assert written(same) == (at("label#dog", "label#animal"), at("label#c#"), {})
    assert set_by(same)["found_by"] == ["label#dog", "label#animal"]
    assert set_by(same)["terms"] == {"labels": TERMS["labels"]}
    assert "attribute_not_exists(#found_by)" in same[0]["Update"]["ConditionExpression"]
    assert "#label_keys" in same[0]["Update"]["UpdateExpression"].partition("REMOVE")[2]
    for one in same[1:3]:
        assert "label" not in one["Put"]["Item"]
    assert written(titled) == (at(*(f"label#{it}" for it in LABELS), "word#mine"), set(), {})


def test_the_largest_edit_fits_into_one_transaction(evaluate: Evaluate) -> None:
    old = [f"label#{number}#{AT}" for number in range(49)]  # of an earlier release
    terms = {"labels": [{"key": f"label#{number}"} for number in range(48)]}
    edits = {"taken": {"local": "2021-01-01T00:00:00"}}

    found = items(evaluate, edits, **{**OLD, "label_keys": old})
    again = items(evaluate, edits, terms=terms, found_by=[one["key"] for one in terms["labels"]])

    assert len(found) == 100  # as many as TransactWriteItems takes
    assert [len(each) for each in written(found)] == [MAX_TERM_ROWS, 49, 2]
    assert set_by(found)["terms_left_out"] == 1
    assert [len(each) for each in written(again)] == [MAX_TERM_ROWS, 48, 2]


def test_the_largest_edit_is_small_enough_for_a_state(evaluate: Evaluate) -> None:
    letter = "\U00010400"  # four bytes, and so has the small letter
    texts = json.loads(longest_edits(letter)["edits"]["S"])
    edited = {name: texts[name] for name in ("title", "description", "keywords")}
    own = dump(read_edits(parse(Edited, edited)).terms)
    photo = {
        "sk": f"photo#{'x' * 890}",
        "edits": json.dumps({**texts, "title": "before"}, ensure_ascii=False),
        "found_by": [f"person#{number:{letter}>64}" for number in range(MAX_TERM_ROWS)],
    }
    people = [
        {"key": f"person#{number:{letter.lower()}>64}", "text": f"{number:{letter}>64}"}
        for number in range(MAX_TERM_ROWS)
    ]
    row = {**ITEM, **photo, "terms": {"people": people}}
    case = {
        "row": {**ROW, "pk": "o" * MAX_OWNER_BYTES, "sk": photo["sk"]},
        "photo": row,
        "edits": {**texts, "taken": {"local": "2021-01-01T00:00:00"}},
        "found": {"terms": json.loads(json.dumps(own))},
    }
    [terms] = evaluate("edit_terms", [case])

    [found] = evaluate("edit_items", [{**case, "terms": terms}])

    put, deleted, _ = written(found)
    assert size(found) < MAX_STATE_BYTES * 19 / 20
    assert set_by(found)["found_by"] == [term_of(one) for one in ordered(found)]
    assert 0 < len(put) < MAX_TERM_ROWS == len(deleted)
    stated = len(terms["new"]) + terms["left_out"]
    assert set_by(found)["terms_left_out"] == stated - len(put)


def ordered(found: list[dict[str, Any]]) -> list[str]:
    return [one["Put"]["Item"]["sk"]["S"] for one in found if "Put" in one]


def test_terms_follow_a_precision_that_changes_at_the_same_time(evaluate: Evaluate) -> None:
    start = "2016-01-01T00:00:00"
    row: dict[str, Any] = {
        "taken_at": {"local": start},
        "sort_time": start,
        "found_by": ["label#dog"],
    }
    edits = {"taken": {"local": start, "precision": "year"}}

    found = items(evaluate, edits, **row, terms={"labels": [{"key": "label#dog"}]})

    assert written(found)[:2] == (at("label#dog", end=f"{start}#{'d' * 24}"), set())


def test_extract_is_asked_for_what_changes_and_for_what_an_earlier_release_wrote(
    evaluate: Evaluate,
) -> None:
    position = {"latitude": 1, "longitude": 2}
    own: dict[str, Any] = {"title": [], "keywords": []}
    cases: list[tuple[dict[str, Any], dict[str, Any] | None, dict[str, Any], dict[str, Any]]] = [
        ({}, None, {"title": None}, {}),
        ({"taken": {"local": "t"}, "removed": ["location"]}, None, {"location": "removed"}, {}),
        ({"title": "x"}, None, {"title": "x"}, {"title": "x"}),
        ({"title": ""}, None, {"title": ""}, {"title": ""}),
        ({"title": "x", "keywords": ["a"]}, own, {"title": "x"}, {"title": "x"}),
        ({"title": "x", "keywords": ["a"]}, own, {"hide_labels": ["dog"]}, {}),
        ({"title": "x", "keywords": ["a"]}, own, {"add_keywords": ["a"]}, {"keywords": ["a"]}),
        ({"keywords": []}, own, {"remove_keywords": ["a"]}, {"keywords": []}),
        ({"title": "x", "description": "y"}, own, {"taken": None}, {"description": "y"}),
        ({"location": position}, None, {"location": position}, {"position": position}),
        ({"location": position, "title": "x"}, None, {}, {"position": position, "title": "x"}),
    ]

    found = evaluate(
        "edited_fields",
        [
            {
                "edits": edits,
                "photo": {} if terms is None else {"edited_terms": json.dumps(terms)},
                "request": {"path": PATH, **request},
            }
            for edits, terms, request, _ in cases
        ],
    )

    assert found == [asked for *_, asked in cases]
    for asked in filter(None, found):
        parse(EditRequest, {"edited": asked})


def test_a_photo_of_an_earlier_release_is_counted_by_its_first_edit(evaluate: Evaluate) -> None:
    found = items(evaluate, {"hidden_labels": ["x"]}, month_key=None)

    assert written(found) == (set(), set(), {"month#2016-04#d": "1"})
    assert "attribute_not_exists(#month_key)" in found[0]["Update"]["ConditionExpression"]


def test_the_row_is_read_with_its_flags(evaluate: Evaluate) -> None:
    taken_at = {"M": {"local": {"S": "t"}, "plausible": {"N": "0"}}}
    lists = {"keywords": {"L": [{"S": "a"}]}, "found_by": {"L": []}}
    item = {"taken_at": taken_at, "width_px": {"N": "7"}, **lists}

    found = evaluate("edited_photo", [{"states": {"result": it}} for it in ({"Item": item}, {})])

    assert found == [
        {
            "taken_at": {"local": "t", "plausible": False},
            "width_px": 7,
            "keywords": ["a"],
            "found_by": [],
        },
        {},
    ]


def test_the_answer_has_the_edits_and_the_time(evaluate: Evaluate) -> None:
    edits = {"taken": {"local": "2021-01-01T00:00:00"}}
    rows = [ITEM, {**ITEM, "edits": "{}"}, {"status": "FAILED", "sort_time": "s"}]
    cases = zip(rows, (edits, {}, edits), strict=True)

    found = evaluate(
        "edit_answer", [{"row": ROW, "photo": row, "edits": each} for row, each in cases]
    )

    assert found == [
        {"status": 200, "body": {"edits": edits, "sort_time": "2021-01-01T00:00:00"}},
        {"status": 200, "body": {"sort_time": "2016-04-09T12:08:13"}},
        {"status": 200, "body": {"edits": edits, "sort_time": "s"}},
    ]
