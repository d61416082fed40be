"""Run a function over photos in a process of its own, which can be ended at any time.

Decoders are C code. While one loads a file, no deadline and no signal handler of Python stops it.
So it runs in a second process, the worker, and the step kills that at the deadline. The worker is
started once and handles one photo after the other, so that no photo pays for its start.

Bytes pass through two pipes. To the worker: a job, then the photo, in frames; an empty one is the
last. Back: one byte as soon as no more of the photo is wanted, and behind the last frame the
outcome. docs/decisions/0016-decoders-run-in-a-process-of-their-own.md has reasons and costs.
"""

import fcntl
import importlib
import math
import os
import pickle
import select
import signal
import sys
import time
import traceback
from contextlib import suppress
from typing import Any, BinaryIO, Final, Generic, NamedTuple, TypeVar

from shared import cold_start
from shared.deadline import blamed, is_over
from shared.errors import DeadlineExceededError, PhotoError
from shared.storage import PhotoStream

FRAME_BYTES: Final = 65_536  # of the photo, at a time
GRACE_SECONDS: Final = 0.5  # for a worker that sees the deadline itself
_PIPE_BYTES: Final = 1_048_576  # fewer switches between the processes than with Linux' 65,536
_SIZE_BYTES: Final = 4  # of a frame's length, before the frame
_ENOUGH: Final = b"."

Result = TypeVar("Result")


class _Outcome(NamedTuple):
    """What a job has come to."""

    value: Any  # the result, or the exception
    is_error: bool
    cpu_seconds: float  # of the worker, since it was started


class _EndedError(Exception):
    """The worker has ended by itself. Internal: no step ends with it."""


class Worker(Generic[Result]):
    """A function in a process of its own; one job at a time.

    Args:
        module: the worker imports it; this process does not.
        function: it takes a `PhotoStream`, other arguments, and `deadline` by name. pickle must
            know all that it takes and returns.
    """

    def __init__(self, module: str, function: str) -> None:
        self._target = (module, function)
        self._process = _Process(*self._target)

    def __call__(
        self,
        photo: PhotoStream,
        *arguments: object,
        deadline: float = math.inf,
        **options: object,
    ) -> Result:
        """Return what the function returns for `photo`, of which no more is read than it reads.

        Args:
            photo: the first argument of the function.
            arguments: the others.
            deadline: in seconds of `time.monotonic()`.
            options: further arguments by name.

        Raises:
            TooComplexError: the deadline has passed, and the time was spent on the photo.
            DeadlineExceededError: the deadline has passed, for any other reason.
            SystemExit: the worker has crashed, and takes this process along, as if it were one.
            Exception: as the function, or the stream, raises it.
        """
        started = time.monotonic()
        try:
            outcome = self._process.work(photo, (arguments, options), deadline)
        except TimeoutError:
            late = DeadlineExceededError("no time left while decoding")
            outcome = _Outcome(late, is_error=True, cpu_seconds=self._replace())
        except _EndedError:
            ended = self._process
            self._replace()
            sys.exit(f"the worker has ended with status {ended.status}")
        except BaseException:  # this process was interrupted, and the worker is in a job
            self._replace()
            raise
        if isinstance(outcome.value, DeadlineExceededError):
            raise blamed(outcome.value, outcome.cpu_seconds, time.monotonic() - started)
        if outcome.is_error:
            raise outcome.value
        result: Result = outcome.value
        return result

    def stop(self) -> None:
        """End the process."""
        self._process.end()

    def _replace(self) -> float:
        """Start another process, and return the CPU time of the one that is ended."""
        ended, self._process = self._process, _Process(*self._target)
        return ended.end()


class _Process:
    """The process of a worker, as seen by the one that gives it jobs."""

    def __init__(self, module: str, function: str) -> None:
        self.status = 0  # once it has ended: the signal, or the exit code in the high byte
        self._cpu_seconds = 0.0  # at the end of its last job
        self._is_enough = False  # no more of this photo is wanted
        jobs, self._to = os.pipe()
        self._from, outcomes = os.pipe()
        os.set_blocking(self._to, False)  # takes no keyword
        with suppress(AttributeError, OSError):  # Linux only, and limited for each user
            fcntl.fcntl(self._to, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        start = (
            f"import sys; sys.path[:] = {sys.path!r}; from shared.worker import serve; "
            f"serve({module!r}, {function!r}, {jobs}, {outcomes})"
        )
        os.set_inheritable(jobs, True)  # noqa: FBT003  # takes no keyword
        os.set_inheritable(outcomes, True)  # noqa: FBT003  # takes no keyword
        try:
            self._pid = os.posix_spawn(
                sys.executable, [sys.executable, "-S", "-c", start], os.environ
            )
        finally:
            os.close(jobs)
            os.close(outcomes)

    def work(self, photo: PhotoStream, job: object, deadline: float) -> _Outcome:
        """Hand `job` and `photo` over, and return the outcome, with the CPU time of this job.

        Raises:
            TimeoutError: the deadline has passed, and the worker has not noticed.
            _EndedError: the worker has ended.
        """
        last = deadline + GRACE_SECONDS
        self._is_enough = False
        failure: PhotoError | None = None
        try:
            self._send(pickle.dumps((photo.total_bytes, deadline, job)), last)
            while not self._is_enough:
                if is_over(deadline):
                    failure = DeadlineExceededError("no time left while the photo arrives")
                    break
                try:
                    frame = photo.read(FRAME_BYTES)
                except PhotoError as error:
                    failure = error
                    break
                if not frame:
                    break
                self._send(frame, last)
            self._send(b"", last)
        except BrokenPipeError:
            raise _EndedError from None
        if not self._is_enough:
            self._receive(len(_ENOUGH), last)
        size = int.from_bytes(self._receive(_SIZE_BYTES, last))
        value, is_error, cpu_seconds = pickle.loads(self._receive(size, last))  # noqa: S301  # by our own code
        spent, self._cpu_seconds = cpu_seconds - self._cpu_seconds, cpu_seconds
        return _Outcome(failure or value, is_error or failure is not None, spent)

    def end(self) -> float:
        """Kill the process, and return the CPU time that it has spent since its last job."""
        os.close(self._to)
        os.close(self._from)
        os.kill(self._pid, signal.SIGKILL)
        _, self.status, usage = os.wait4(self._pid, 0)
        return usage.ru_utime + usage.ru_stime - self._cpu_seconds

    def _send(self, body: bytes, last: float) -> None:
        """Send a frame, and notice whether the worker still wants more of the photo.

        Raises:
            BrokenPipeError, TimeoutError, _EndedError: as `work`.
        """
        frame = memoryview(len(body).to_bytes(_SIZE_BYTES, "big") + body)
        while frame:
            ready = self._wait(last, to=True)
            if self._from in ready:
                self._receive(len(_ENOUGH), last)
                self._is_enough = True
            if self._to in ready:
                with suppress(BlockingIOError):
                    frame = frame[os.write(self._to, frame) :]

    def _receive(self, size: int, last: float) -> bytes:
        """Return the next bytes of the worker.

        Raises:
            TimeoutError, _EndedError: as `work`.
        """
        parts = []
        while size:
            self._wait(last, to=False)
            parts.append(os.read(self._from, size))
            size -= len(parts[-1])
            if not parts[-1]:
                raise _EndedError
        return b"".join(parts)

    def _wait(self, last: float, *, to: bool) -> set[int]:
        """Return which ends are ready: the one that is written to, the one that is read from."""
        poll = select.poll()
        if to:
            poll.register(self._to, select.POLLOUT)
        if not (to and self._is_enough):  # behind that byte nothing comes before the last frame
            poll.register(self._from, select.POLLIN)
        left_ms = None if last == math.inf else max(0.0, (last - time.monotonic()) * 1_000)
        ready = {end for end, _ in poll.poll(left_ms)}
        if not ready:
            raise TimeoutError
        return ready


class _Frames:
    """The frames that a worker gets."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._left = 0  # of this frame
        self._is_last = False

    def begin(self) -> bytes:
        """Return the first frame of a job; empty if none comes any more."""
        self._is_last = False
        return self._source.read(int.from_bytes(self._source.read(_SIZE_BYTES), "big"))

    def read(self, size: int) -> bytes:
        """Return the next bytes of the photo, at most `size`; empty at its end."""
        if not self._left and not self._is_last:
            self._left = int.from_bytes(self._source.read(_SIZE_BYTES), "big")
            self._is_last = not self._left
        part = self._source.read(min(size, self._left) if size >= 0 else self._left)
        self._left -= len(part)
        return part

    def drain(self) -> None:
        """Read what is left of the photo."""
        while self.read(FRAME_BYTES):
            pass


def serve(module: str, function: str, jobs: int, outcomes: int) -> None:
    """Do jobs until none comes any more. This is all that the process of a worker runs.

    Args:
        module: has the function.
        function: does a job; see `Worker`.
        jobs: the descriptor to read from.
        outcomes: the descriptor to write to.
    """
    work = getattr(importlib.import_module(module), function)
    cold_start.over()
    with open(jobs, "rb", FRAME_BYTES) as source, open(outcomes, "wb", 0) as answers:  # descriptors
        frames = _Frames(source)
        while job := frames.begin():
            total_bytes, deadline, (arguments, options) = pickle.loads(job)  # noqa: S301  # by our own code
            photo = PhotoStream(frames.read, total_bytes)
            is_error = False
            try:
                value = work(photo, *arguments, deadline=deadline, **options)
            except Exception as error:  # noqa: BLE001  # the other process raises it
                value, is_error = _portable(error), True
            answers.write(_ENOUGH)
            frames.drain()
            answer = pickle.dumps((value, is_error, time.process_time()))
            value = None  # nothing of a photo stays in memory
            answers.write(len(answer).to_bytes(_SIZE_BYTES, "big") + answer)


def _portable(error: Exception) -> Exception:
    """Return `error` as pickle can hand it over, with its traceback as a note if it is a bug."""
    if isinstance(error, PhotoError):
        return type(error)(*error.args)
    noted = RuntimeError(f"{type(error).__name__}: {error}")
    noted.add_note("".join(traceback.format_exception(error)))
    return noted
