"""Run a step's handler in a process that can be ended at any time.

Decoders are C code: while one loads a file, no deadline and no signal handler of Python stops it.
So Lambda's runtime calls a `Supervised` handler. That hands each event to a second process, the
worker, and kills it at the deadline. If the worker has spent its CPU time on the photo, the photo
is at fault. If it only waited, for S3 or for the processor, it is not.

The worker is forked before anything of the step is imported. So no library exists in both
processes, no thread is forked, and a cold start takes no longer than without a worker.
docs/decisions/0019-bounds-and-a-process-that-can-be-ended.md has the alternatives.
"""

import logging
import math
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from logging.handlers import QueueHandler
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Final, NamedTuple, NoReturn

from shared import errors
from shared.deadline import MARGIN_SECONDS, deadline_of
from shared.errors import DeadlineExceededError, TooComplexError

GRACE_SECONDS: Final = 0.5  # for a worker that notices the deadline itself
LEAST_BLAMED_SECONDS: Final = 1.0  # less CPU time is no reason for a step to be late

_BLAMED_SHARE: Final = 0.5  # of the CPU time that the step could have had
_MEMORY_OF_ONE_CPU_MB: Final = 1_769  # a function with less memory has so much less of a processor

_LATE: Final = DeadlineExceededError.__name__

Handler = Callable[[Mapping[str, object], object], object]

log = logging.getLogger(__name__)


class _Outcome(NamedTuple):
    """What the import of the handler, or one event, has come to."""

    result: object = None
    error: str | None = None  # the name of its class
    message: str = ""
    cpu_seconds: float = 0.0


class _Context(NamedTuple):
    """The part of Lambda's context that the handlers use."""

    deadline: float  # in seconds of time.monotonic(), which is the same in all processes

    def get_remaining_time_in_millis(self) -> float:
        return (self.deadline + MARGIN_SECONDS - time.monotonic()) * 1000


class Supervised:
    """A handler for Lambda: `name` of `module`, in a process of its own, one event at a time."""

    def __init__(self, module: str, name: str = "handle") -> None:
        """Start the worker, and wait until it has imported the module.

        Raises:
            Exception: as the module.
        """
        self._target = (module, name)
        self._start()
        try:
            self._wait_for_import(math.inf)
        except EOFError:
            self._end_likewise()

    def __call__(self, event: Mapping[str, object], context: object) -> object:
        """Return what the handler returns. Its errors keep their names and messages.

        Raises:
            TooComplexError: the deadline has passed, and the time was spent on the photo.
            DeadlineExceededError: the deadline has passed for any other reason.
        """
        deadline = deadline_of(context)
        started = time.monotonic()
        try:
            self._wait_for_import(deadline)  # of a worker that replaces another
            self._connection.send((event, deadline))
            outcome = self._receive(deadline + GRACE_SECONDS)
        except TimeoutError:
            message = "no time left, and the step did not notice"
            outcome = _Outcome(None, _LATE, message, self._replace())
        except (BrokenPipeError, EOFError):
            self._end_likewise()
        if outcome.error == _LATE and is_blamed(outcome.cpu_seconds, time.monotonic() - started):
            raise TooComplexError(f"{outcome.cpu_seconds:.1f} s of CPU time did not suffice")
        if outcome.error is not None:
            # Step Functions knows errors by their names. Those of libraries are not imported here.
            kind = getattr(errors, outcome.error, None) or type(outcome.error, (Exception,), {})
            raise kind(outcome.message)
        return outcome.result

    def stop(self) -> None:
        """End the worker."""
        self._process.kill()
        self._process.join()
        self._connection.close()

    def _start(self) -> None:
        self._connection, theirs = get_context("fork").Pipe()
        self._process = get_context("fork").Process(
            target=_work, args=(self._connection, theirs, *self._target), daemon=True
        )
        self._process.start()
        theirs.close()
        self._is_ready = False
        self._cpu_seconds = 0.0  # of the worker, at the end of its last event

    def _wait_for_import(self, last: float) -> None:
        if not self._is_ready and self._receive(last).error is not None:
            import_module(self._target[0])  # raises the error itself, which Lambda's runtime names
        self._is_ready = True

    def _replace(self) -> float:
        """Start another worker, and return the CPU time that this one has spent on its event."""
        before = _cpu_seconds(resource.RUSAGE_CHILDREN)
        self.stop()
        spent = _cpu_seconds(resource.RUSAGE_CHILDREN) - before - self._cpu_seconds
        self._start()
        return spent

    def _receive(self, last: float) -> _Outcome:
        """Return the next outcome; log what the worker logs before it.

        Raises:
            TimeoutError: `last`, in seconds of `time.monotonic()`, has passed.
            EOFError: the worker has ended.
        """
        while True:
            left_seconds = None if last == math.inf else max(0.0, last - time.monotonic())
            if not self._connection.poll(left_seconds):
                raise TimeoutError
            message = self._connection.recv()
            if isinstance(message, _Outcome):
                before, self._cpu_seconds = self._cpu_seconds, message.cpu_seconds
                return message._replace(cpu_seconds=message.cpu_seconds - before)
            logging.getLogger(message.name).handle(message)

    def _end_likewise(self) -> NoReturn:
        """End this process as the worker has ended: Lambda starts another one."""
        self._process.join()
        status = self._process.exitcode or 0
        if status < 0:  # by a signal: of the kernel, if the memory did not suffice
            os.kill(os.getpid(), -status)
        sys.exit(status)


def is_blamed(cpu_seconds: float, seconds: float) -> bool:
    """Return whether a photo is at fault for a step that has no time left.

    Args:
        cpu_seconds: CPU time that was spent on it.
        seconds: how long the step has worked on it, with all waiting.
    """
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    memory_mb = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", _MEMORY_OF_ONE_CPU_MB))
    cpus = min(1.0, memory_mb / _MEMORY_OF_ONE_CPU_MB)  # the steps compute in one thread
    return cpu_seconds >= max(LEAST_BLAMED_SECONDS, seconds * _BLAMED_SHARE * cpus)


class _Sender(QueueHandler):
    """Sends each log record to the supervisor, which knows the request and Lambda's format."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)  # type: ignore[arg-type]  # `enqueue` is all that uses it
        self._connection = connection

    def enqueue(self, record: logging.LogRecord) -> None:
        self._connection.send(record)


def _work(supervisor: Connection, connection: Connection, module: str, name: str) -> None:
    """Handle events until no more come. This is all that a worker does."""
    supervisor.close()  # of the fork: only so does the end of the supervisor end the worker
    logging.getLogger().handlers = [_Sender(connection)]
    try:
        handler = getattr(import_module(module), name)
    except Exception as error:  # noqa: BLE001  # the supervisor raises it
        connection.send(_Outcome(error=type(error).__name__))
        return
    connection.send(_Outcome(cpu_seconds=time.process_time()))
    while True:
        try:
            event, deadline = connection.recv()
        except EOFError:
            return
        connection.send(_outcome(handler, event, _Context(deadline)))


def _outcome(handler: Handler, event: Mapping[str, object], context: _Context) -> _Outcome:
    result, error, message = None, None, ""
    try:
        result = handler(event, context)
    except Exception as raised:  # the supervisor raises it
        error, message = type(raised).__name__, str(raised)
        if not isinstance(raised, errors.PhotoError):
            log.exception("a fault of the code or of the deployment")
    return _Outcome(result, error, message, time.process_time())


def _cpu_seconds(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime
