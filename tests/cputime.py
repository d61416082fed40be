"""A bound of the CPU time that hostile input may cost."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cpu_within(seconds: float) -> Iterator[None]:
    """Assert that a block takes less CPU time than that, without Python's garbage collector.

    It goes through all that earlier tests of the process have left, which is not what is measured.
    """
    gc.disable()
    started = time.process_time()
    try:
        yield
    finally:
        spent = time.process_time() - started
        gc.enable()
    assert spent < seconds
