"""JSONata: expressions have the results that they have in Step Functions."""

import json
import math
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.jsonata import QueryEvaluationError, check, evaluate

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
).filter(lambda value: "Infinity" not in json.dumps(value))


@given(JSON)
def test_any_value_passes_unchanged(value: object) -> None:
    assert evaluate("$value", {"value": value}) == value
    assert evaluate("$states.input.value", {"states": {"input": {"value": value}}}) == value
    assert evaluate("{'kept': $value}", {"value": value}) == {"kept": value}


@given(st.text())
def test_text_is_bound_and_never_pasted_into_the_expression(text: str) -> None:
    assert evaluate("$a & '|' & $a", {"a": text}) == f"{text}|{text}"


def test_a_result_shares_nothing_with_the_variables() -> None:
    variable = {"list": [1]}

    evaluate("$v", {"v": variable})["list"].append(2)

    assert variable == {"list": [1]}


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        (
            "$hash('a b', 'SHA-256')",
            "c8687a08aa5d6ed2044328fa6a697ab8e96dc34291e8c2034ae8c38e6fcc6d65",
        ),
        ("$hash('é', 'MD5')", "66ddcd97cfdeabb2f6fb8a999b4bc76f"),
        ("$partition([1..5], 2)", [[1, 2], [3, 4], [5]]),
        ("$range(0, 6, 2)", [0, 2, 4, 6]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$parse('{\"a\": [null, 1.5]}')", {"a": [None, 1.5]}),
        ("$parse('null')", None),
        ("$random(7) = $random(7)", True),
        ("$random() < 1", True),
        ("$length($uuid())", 36),
        ("$uuid() != $uuid()", True),
        ("[1..3]", [1, 2, 3]),
        ("$map([1..3], function($n) {$n * 2})", [2, 4, 6]),
        ("null", None),
        ("{'absent': nothing, 'null': null}", {"null": None}),
        ("[]", []),
        ("$exists($states.input.absent)", False),
        ("$type($none)", "null"),
    ],
)
def test_functions_and_values(expression: str, result: object) -> None:
    variables: dict[str, object] = {"states": {"input": {}}, "none": None}

    assert evaluate(expression, variables) == result


@pytest.mark.parametrize(
    "expression",
    [
        "$states.input.absent",
        "nothing",
        "$unknown",
        "function($x) {$x}",
        "$sum",
        "$eval('1')",
        "1 / 0",
        "1e308 * 10",
        "$hash('a', 'CRC')",
        "$hash(1, 'SHA-256')",
        "$parse('{')",
        "$partition([1], 0)",
        "$range(0, 1000, 1)",
        "$range(0, 1, 0)",
        "$number('x')",
        "$undefined()",
        "[1] + 1",
        "$sqrt(-1)",
    ],
)
def test_an_expression_that_fails_or_returns_no_json_raises(expression: str) -> None:
    with pytest.raises(QueryEvaluationError):
        evaluate(expression, {"states": {"input": {}}})


@pytest.mark.parametrize("expression", ["1 +", "{", "$a b", "'", ""])
def test_an_expression_that_does_not_parse_is_refused_by_check(expression: str) -> None:
    with pytest.raises(QueryEvaluationError):
        check(expression)


def test_a_nan_is_never_a_result() -> None:
    with pytest.raises(QueryEvaluationError):
        evaluate("$nan", {"nan": math.nan})


def test_threads_evaluate_one_expression_side_by_side() -> None:
    def evaluated(number: int) -> object:
        return evaluate(
            "$map($items, function($item) {$item & $suffix})",
            {"items": ["a", "b"], "suffix": str(number)},
        )

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(evaluated, range(200)))

    assert results == [[f"a{number}", f"b{number}"] for number in range(200)]
