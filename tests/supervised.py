"""Handlers that tests run below a supervisor, which imports this module in the other process."""

import logging
import os
import signal
import time
from typing import Any

from shared.deadline import deadline_of, refuse_late
from shared.errors import TooManyPixelsError

Event = dict[str, Any]

log = logging.getLogger(__name__)


def echo(event: Event, _context: object) -> Event:
    return {"pid": os.getpid(), **event}


def left_ms(_event: Event, context: Any) -> float:  # noqa: ANN401  # Lambda's
    return float(context.get_remaining_time_in_millis())


def refuse(event: Event, _context: object) -> None:
    raise TooManyPixelsError(f"{event['px']} px")


def fail(_event: Event, _context: object) -> None:
    raise KeyError("no such key")


def report(_event: Event, _context: object) -> None:
    log.info("%d photos", 7, extra={"photo_key": "uploads/a"})


def compute(event: Event, _context: object) -> str:
    """Stay in C code, with the interpreter locked: no signal handler and no thread ends this."""
    return hex(3 ** event.get("power", 1))


def compute_then_sleep(event: Event, _context: object) -> None:
    started = time.process_time()
    while time.process_time() - started < event["cpu_seconds"]:
        pass
    time.sleep(event["seconds"])


def sleep(event: Event, _context: object) -> None:
    time.sleep(event["seconds"])


def notice(_event: Event, context: object) -> None:
    while True:
        refuse_late(deadline_of(context), "counting")


def crash(_event: Event, _context: object) -> None:
    os.abort()


def run_out_of_memory(_event: Event, _context: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does
