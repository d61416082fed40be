"""Signals in the programs that tests start.

A program inherits the signals that its parent ignores: SIGHUP under `nohup`, SIGINT in the
background of a shell script. Call these functions in the main thread.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

IGNORABLE: Final = (signal.SIGINT, signal.SIGHUP)  # by the caller of pytest


@contextmanager
def default_signals() -> Iterator[None]:
    """Start programs that do not ignore SIGINT and SIGHUP, even if pytest does."""
    # exec resets a handler to the default action. Until then, pytest still ignores the signal.
    with _handlers(lambda *_: None):
        yield


@contextmanager
def ignored_signals() -> Iterator[None]:
    """Start programs that ignore SIGINT and SIGHUP."""
    with _handlers(signal.SIG_IGN):
        yield


@contextmanager
def _handlers(handler: Callable[..., object] | signal.Handlers) -> Iterator[None]:
    previous = {number: signal.signal(number, handler) for number in IGNORABLE}
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)
