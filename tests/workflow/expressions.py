"""Expressions of the workflow, evaluated one by one in two implementations of JSONata."""

import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias

from local import jsonata
from local.template import PLACEHOLDERS, Values, render_expression
from tools.npm import install

Variables: TypeAlias = Mapping[str, Any]
# Returns {"value": …}, or {"error": …}, for the text of an expression.
Engine: TypeAlias = Callable[[str, Variables], dict[str, Any]]

NAMES: Values = {**PLACEHOLDERS, "photos_bucket": "photos", "table": "gallery"}
_NOW = re.compile(r"20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")  # of $now, which has milliseconds


class Evaluate(Protocol):
    """Evaluates an expression for each of some cases. One that fails, or is undefined, fails."""

    def __call__(
        self, name: str, cases: Iterable[Variables], /, *, names: Values = NAMES
    ) -> list[Any]:
        """Return the JSON values of the expression `name`, "<now>" for the time of day.

        `names` are the deployment's, with which the expression is rendered.
        """
        ...


def by_python(name: str, cases: Iterable[Variables], /, *, names: Values = NAMES) -> list[Any]:
    """Evaluate in jsonata-python, as the embedded AWS does."""
    expression = render_expression(name, names)
    return [without_now(jsonata.evaluate(expression, variables)) for variables in cases]


@contextmanager
def reference() -> Iterator[Evaluate]:
    """Start the reference implementation, for all expressions of a test run.

    Raises:
        NpmError: as `install`.
    """
    with reference_engine() as answer_to:

        def evaluated(
            name: str, cases: Iterable[Variables], /, *, names: Values = NAMES
        ) -> list[Any]:
            expression = render_expression(name, names)
            found = []
            for variables in cases:
                answer = answer_to(expression, variables)
                assert "error" not in answer, answer
                found.append(without_now(answer["value"]))
            return found

        yield evaluated


@contextmanager
def reference_engine() -> Iterator[Engine]:
    """Start the reference implementation, for expressions by their text.

    Raises:
        NpmError: as `install`.
    """
    program = install("jsonata") / "evaluate.mjs"
    lock = threading.Lock()
    with subprocess.Popen(  # noqa: S603  # our own program
        ["node", program],  # noqa: S607  # whichever node there is
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as node:
        questions, answers = node.stdin, node.stdout
        assert questions is not None
        assert answers is not None

        def answer_to(expression: str, variables: Variables) -> dict[str, Any]:
            line = json.dumps({"expression": expression, "variables": variables})
            with lock:
                questions.write(f"{line}\n")
                questions.flush()
                answer: dict[str, Any] = json.loads(answers.readline())
            return answer

        yield answer_to
        questions.close()


def without_now(value: Any) -> Any:  # noqa: ANN401  # JSON
    """Return a value with the moments of its evaluation replaced."""
    return json.loads(_NOW.sub("<now>", json.dumps(value)))
