"""Each JSONata expression is evaluated by the reference implementation too.

AWS names version 2.0.6 of the reference implementation.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from local import jsonata
from workflow.expressions import without_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workflow.expressions import Engine

_evaluate: Final = jsonata.evaluate


class ReferenceJsonata:
    """What jsonata-python has evaluated, and what the reference implementation says to it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._evaluated: list[tuple[str, Mapping[str, Any], object]] = []

    @classmethod
    @contextmanager
    def asked(cls, engine: Engine) -> Iterator[ReferenceJsonata]:
        """Record every expression that the embedded AWS evaluates meanwhile."""
        opinion = cls(engine)
        jsonata.evaluate = opinion._record
        try:
            yield opinion
        finally:
            jsonata.evaluate = _evaluate

    def differences(self) -> list[str]:
        """Return what differed since the last call."""
        found = []
        evaluated, self._evaluated = self._evaluated, []
        for expression, variables, value in evaluated:
            answer = self._engine(expression, variables)
            second = None if "error" in answer else without_now(answer)
            if value != second:
                found.append(f"{expression}\njsonata-python {value}\nreference      {answer}")
        return found

    def _record(self, expression: str, variables: Mapping[str, Any]) -> Any:  # noqa: ANN401  # JSON
        if "$random()" in expression:  # a jitter: no two evaluations have one value
            return _evaluate(expression, variables)
        asked = json.loads(json.dumps(variables))  # as it is now
        try:
            value = _evaluate(expression, variables)
        except jsonata.QueryEvaluationError:
            self._evaluated.append((expression, asked, None))
            raise
        self._evaluated.append((expression, asked, without_now({"value": value})))
        return value
