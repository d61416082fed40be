"""Threads of the embedded AWS do not break each other's syntax trees."""

import gc
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from jinja2 import lexer
from werkzeug.routing import Map, Rule

import local.embedded  # noqa: F401  # patches moto


class Garbage:
    """Whoever collects it lets other threads go on."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:  # noqa: D105  # see the class
        time.sleep(0)


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Let threads take turns as often as they can, in the midst of trees too."""
    seconds, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(5)
    yield
    sys.setswitchinterval(seconds)
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("hasty_threads")
def test_routes_are_made_while_templates_are_read() -> None:
    def work(number: int) -> None:
        for _ in range(5):
            Garbage()
        Map([Rule(f"/{number}/<first>/<second>/<path:rest>", endpoint="any")])
        lexer.literal_eval(  # type: ignore[attr-defined]  # what jinja2 itself calls
            "['taco', ['cat', ('gallery', 1)]]"
        )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(2000)))
