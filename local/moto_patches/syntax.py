"""Python's own: until 3.12 all threads share the count of how deep a syntax tree is.

Two threads that work on trees at one time make it wrong, and one of them ends in `SystemError: AST
constructor recursion depth mismatch`. Here a thread may make the routes of a service (werkzeug)
while another fills in a template (jinja2).
Source: https://github.com/python/cpython/issues/106905
"""

import threading
from typing import Final

from jinja2 import lexer
from werkzeug.routing.rules import Rule

from local.moto_patches.wiring import Moto, replaces

_lock: Final = threading.Lock()
_compile: Final = Rule.compile
_literal_eval: Final = lexer.literal_eval  # type: ignore[attr-defined]  # what jinja2 calls


@replaces(Rule, name="compile")
def _compile_alone(self: Rule) -> None:
    """Compile a route while no other thread works on a tree."""
    with _lock:
        _compile(self)


@replaces(lexer, name="literal_eval")
def _evaluate_alone(text: str) -> Moto:
    """Read a literal while no other thread works on a tree."""
    with _lock:
        return _literal_eval(text)
