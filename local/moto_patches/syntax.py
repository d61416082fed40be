"""A defect of Python 3.11: all threads share the counter of a syntax tree's depth.

If two threads work on trees at the same time, one of them ends in `SystemError: AST constructor
recursion depth mismatch`. In this process, one thread may compile the routes of a service
(werkzeug) while another reads a template (jinja2).
Python: https://github.com/python/cpython/issues/106905
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
    """Compile a route while no other thread works on a syntax tree."""
    with _lock:
        _compile(self)


@replaces(lexer, name="literal_eval")
def _evaluate_alone(text: str) -> Moto:
    """Read a literal while no other thread works on a syntax tree."""
    with _lock:
        return _literal_eval(text)
