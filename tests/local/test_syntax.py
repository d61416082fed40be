"""Threads of the embedded AWS can build syntax trees at the same time."""

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
    """Lets other threads run while it is collected."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:  # noqa: D105  # see the class
        time.sleep(0)


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Let threads take turns as often as possible, while they build trees too."""
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
        lexer.literal_eval(  # type: ignore[attr-defined]  # jinja2 calls this
            "['taco', ['cat', ('gallery', 1)]]"
        )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(2000)))
