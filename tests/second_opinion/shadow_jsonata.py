"""A pytest plugin that evaluates each JSONata expression by the reference implementation too.

    pytest -p second_opinion.shadow_jsonata tests/workflow

A test fails if an expression of one of its executions has another value there, or fails in one
implementation only. AWS names version 2.0.6 of the reference implementation.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from local import jsonata
from workflow.expressions import Engine, reference_engine, without_now

_evaluate: Final = jsonata.evaluate
_evaluated: Final[list[tuple[str, Mapping[str, Any], object]]] = []


def _record(expression: str, variables: Mapping[str, Any]) -> Any:  # noqa: ANN401  # JSON
    asked = json.loads(json.dumps(variables))  # as it is now
    try:
        value = _evaluate(expression, variables)
    except jsonata.QueryEvaluationError:
        _evaluated.append((expression, asked, None))
        raise
    _evaluated.append((expression, asked, without_now({"value": value})))
    return value


jsonata.evaluate = _record


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Start the reference implementation."""
    with reference_engine() as engine:
        yield engine


@pytest.fixture(autouse=True)
def same_values(engine: Engine) -> Iterator[None]:
    """Fail a test after which values differ."""
    yield
    found = []
    for expression, variables, value in _evaluated:
        answer = engine(expression, variables)
        second = None if "error" in answer else without_now(answer)
        if value != second:
            found.append(f"{expression}\njsonata-python {value}\nreference      {answer}")
    _evaluated.clear()
    assert not found, "\n\n".join(found[:5])
