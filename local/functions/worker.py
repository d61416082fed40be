"""One Lambda execution environment, as a process: `python -m local.functions.worker <fd>`.

The process serves the inherited socket `fd`. It receives (function, request id, event as JSON)
and sends (failed, result as JSON), as Lambda's runtime would. It ends when the other side closes
the socket.
"""

import importlib
import json
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from typing import Any

from local.functions.interface import STEPS, Function


@dataclass(frozen=True)
class Context:
    """The part of Lambda's context object that handlers use."""

    function_name: str
    aws_request_id: str
    deadline: float  # of time.monotonic()

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda would end this invocation."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


@cache
def handler(step: str) -> Callable[[Any, Context], Any]:
    """Import the handler of images/<step>."""
    handle: Callable[[Any, Context], Any] = importlib.import_module(f"{step}.handler").handle
    return handle


def answer(function: Function, request_id: str, event: str) -> tuple[bool, str]:
    """Invoke a handler, and return its result or error as Lambda's runtime does."""
    context = Context(function.name, request_id, time.monotonic() + function.timeout_seconds)
    try:
        handle = handler(function.step)
    except Exception as error:  # noqa: BLE001  # an import may raise anything
        return True, report(error, "Runtime.ImportModuleError", request_id)
    try:
        return False, json.dumps(handle(json.loads(event), context), allow_nan=False)
    except Exception as error:  # noqa: BLE001  # a handler may raise anything
        return True, report(error, type(error).__name__, request_id)


def report(error: Exception, name: str, request_id: str) -> str:
    """Describe `error` as Lambda's runtime does."""
    facts = {
        "errorType": name,
        "errorMessage": str(error),
        "requestId": request_id,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }
    return json.dumps(facts)


def main(descriptor: int) -> None:
    """Serve until the other side closes the socket."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C, the parent process ends this one
    with Connection(descriptor) as connection:
        for step in STEPS:
            preload(step)
        connection.send("ready")
        while True:
            try:
                function, request_id, event = connection.recv()
            except EOFError:
                return
            connection.send(answer(function, request_id, event))


def preload(step: str) -> None:
    """Import a handler before its first event. If the import fails, the invocation reports it."""
    try:
        handler(step)
    except Exception:  # noqa: BLE001  # an import may raise anything
        return


if __name__ == "__main__":
    main(int(sys.argv[1]))
