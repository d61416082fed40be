"""JSONata as Step Functions evaluates it: jsonata-python with Step Functions' own functions.

Values are bound, never pasted into the expression's text: quotes, newlines and backslashes in a
value have no effect. Each expression is parsed once.

AWS: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

import copy
import hashlib
import json
import math
import random
import uuid
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from jsonata.functions import Functions
from jsonata.jexception import JException
from jsonata.jsonata import Jsonata
from jsonata.parser import Parser
from jsonata.signature import Signature
from jsonata.utils import Utils

MAX_RANGE = 1000  # numbers in a $range; a limit of Step Functions

# How the library evaluates each type of a node.
_EVALUATORS: Final[Mapping[str, Callable[..., Any]]] = {
    "apply": Jsonata.evaluate_apply_expression,
    "binary": Jsonata.evaluate_binary,
    "bind": Jsonata.evaluate_bind_expression,
    "block": Jsonata.evaluate_block,
    "condition": Jsonata.evaluate_condition,
    "descendant": lambda self, node, context, _: self.evaluate_descendants(node, context),
    "function": lambda self, node, *where: self.evaluate_function(node, *where, Utils.NONE),
    "lambda": Jsonata.evaluate_lambda,
    "name": Jsonata.evaluate_name,
    "parent": lambda _, node, _context, frame: frame.lookup(node.slot.label),
    "partial": Jsonata.evaluate_partial_application,
    "path": Jsonata.evaluate_path,
    "regex": lambda self, node, *_: self.evaluate_regex(node),
    "transform": Jsonata.evaluate_transform_expression,
    "unary": Jsonata.evaluate_unary,
    "variable": Jsonata.evaluate_variable,
    "wildcard": lambda self, node, context, _: self.evaluate_wildcard(node, context),
    **dict.fromkeys(
        ("number", "string", "value"), lambda self, node, *_: self.evaluate_literal(node)
    ),
}


def _eval(self: Jsonata, node: Parser.Symbol, context: Any, frame: Jsonata.Frame) -> Any:  # noqa: ANN401  # JSON
    """Evaluate one node as the library does, without what Step Functions does not need.

    The library compares the node's type with up to 18 names, looks up two hooks of a debugger and
    the instance of its thread, and saves what $eval needs. That takes a third of its time.
    """
    self.environment = frame
    evaluate = _EVALUATORS.get(node.type)
    result = None if evaluate is None else evaluate(self, node, context, frame)
    for item in node.predicate or ():
        result = self.evaluate_filter(item.expr, result, frame)
    if node.group is not None and node.type not in (None, "path"):
        result = self.evaluate_group_expression(node.group, result, frame)
    if isinstance(result, Utils.JList) and result.sequence and not result.tuple_stream:
        if node.keep_array:
            result.keep_singleton = True
        if not result:
            return None
        if len(result) == 1 and not result.keep_singleton:
            return result[0]
    return result


Jsonata.eval = _eval


def _lookup(self: Jsonata.Frame, name: str) -> Any:  # noqa: ANN401  # JSON
    """Find a variable as the library does, but without a call for each enclosing frame.

    The library looks up two variables for every node, which takes half of its time.
    """
    frame = self
    while frame is not None:
        if name in frame.bindings:
            return frame.bindings[name]
        frame = frame.parent
    return None


Jsonata.Frame.lookup = _lookup

# The library finds the type of an argument by seven tests, of which one imports a module.
_TYPES: Final = {str: "s", bool: "b", int: "n", float: "n", list: "a", Utils.JList: "a", dict: "o"}
_type_of: Final = Signature.get_symbol
Signature.get_symbol = lambda self, value: _TYPES.get(type(value)) or _type_of(self, value)
Utils.is_function = staticmethod(lambda value: isinstance(value, Jsonata.JFunctionCallable))


class _Encoder(Functions.Encoder):  # type: ignore[misc]  # not typed
    """Writes characters as they are, as the reference does, and not as escapes."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # of json.dumps
        super().__init__(**{**options, "ensure_ascii": False})


Functions.Encoder = _Encoder

_HASHES: Final = {
    "MD5": hashlib.md5,
    "SHA-1": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}


class QueryEvaluationError(Exception):
    """The expression does not parse, fails, or returns nothing (undefined) or a function."""


def check(expression: str) -> None:
    """Parse `expression` without evaluating it.

    Raises:
        QueryEvaluationError: it does not parse.
    """
    _parsed(expression)


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:  # noqa: ANN401  # JSON
    """Return the JSON value of `expression`, sharing nothing with `variables`.

    Args:
        expression: JSONata, without the `{% %}` around it.
        variables: JSON values by name, without the leading `$`, such as `states`.

    Raises:
        QueryEvaluationError: see the class.
    """
    parsed = copy.copy(_parsed(expression))  # the evaluator keeps its state in the instance
    bindings = {
        # as a variable, None would mean "undefined"; inside a value it means null
        name: Utils.NULL_VALUE if value is None else value
        for name, value in variables.items()
    }
    Jsonata.CURRENT.jsonata = parsed  # $map and $now read it here; there is one for each thread
    try:
        result = parsed.evaluate(None, _FUNCTIONS | bindings)
    except (JException, RecursionError, ArithmeticError, ValueError, TypeError) as error:
        raise QueryEvaluationError(
            f"The JSONata expression '{expression}' failed: {error}"
        ) from error
    if result is None:
        raise QueryEvaluationError(
            f"The JSONata expression '{expression}' returned nothing (undefined)."
        )
    return _plain(result, expression)


@cache
def _parsed(expression: str) -> Jsonata:
    try:
        parsed = Jsonata(expression)
    except JException as error:
        raise QueryEvaluationError(
            f"The JSONata expression '{expression}' does not parse: {error}"
        ) from error
    parsed.set_output_convert_nulls(output_convert_nulls=False)  # tells null from undefined
    return parsed


def _plain(value: Any, expression: str) -> Any:  # noqa: ANN401  # JSON
    """Copy `value` with JSON's types only, without the undefined members of objects."""
    match value:
        case None | Utils.NULL_VALUE:
            return None
        case bool() | int() | str():
            return value
        case float() if math.isfinite(value):
            return value
        case dict():
            return {key: _plain(item, expression) for key, item in value.items()}
        case list():  # by position: the library's ranges iterate wrongly
            return [_plain(value[position], expression) for position in range(len(value))]
    raise QueryEvaluationError(
        f"The JSONata expression '{expression}' returned an unsupported result type."
    )


def _hash(content: str | None, algorithm: str) -> str | None:
    if content is None:
        return None
    if not isinstance(content, str) or algorithm not in _HASHES:
        raise ValueError(f"$hash needs text and one of {', '.join(_HASHES)}, not {algorithm!r}")
    # Java replaces half of a surrogate pair by "?" too.
    return _HASHES[algorithm](content.encode(errors="replace")).hexdigest()


def _parse(text: str | None) -> Any:  # noqa: ANN401  # JSON
    if text is None:
        return None
    value = json.loads(text)
    return Utils.NULL_VALUE if value is None else value


def _partition(items: list[Any] | None, size: float) -> list[list[Any]] | None:
    if items is None:
        return None
    if size < 1 or size != int(size):
        raise ValueError(f"$partition needs a positive integer, not {size}")
    step = int(size)
    return [items[start : start + step] for start in range(0, len(items), step)]


def _range(first: float, last: float, step: float) -> list[float]:
    if not step or any(number != int(number) for number in (first, last, step)):
        raise ValueError(f"$range needs integers and a step, not {first}, {last}, {step}")
    numbers = range(int(first), int(last) + (1 if step > 0 else -1), int(step))
    if len(numbers) > MAX_RANGE:
        raise ValueError(f"$range returns at most {MAX_RANGE} numbers, not {len(numbers)}")
    return list(numbers)


def _random(seed: float | None = None) -> float:
    return random.Random(seed).random()  # noqa: S311  # as documented: not for secrets


def _uuid() -> str:
    return str(uuid.uuid4())


def _no_eval(*_: object) -> None:
    raise ValueError("$eval is not supported by Step Functions: use $parse")


def _bound(functions: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    return {name: Jsonata.JLambda(function) for name, function in functions.items()}


_FUNCTIONS: Final = _bound(
    {
        "eval": _no_eval,
        "hash": _hash,
        "parse": _parse,
        "partition": _partition,
        "random": _random,
        "range": _range,
        "uuid": _uuid,
    }
)
