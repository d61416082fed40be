"""Stop a step before Lambda does: the step then reports its own error, not a timeout.

A step that has spent its time on the photo blames the photo. One that only waited, for S3 or for
the processor, does not.
"""

import math
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Never

from shared.errors import DeadlineExceededError, PhotoError, TooComplexError

MARGIN_SECONDS: Final = 3  # for the error to be raised, logged and reported
_BLAMED_SHARE: Final = 0.5  # of the CPU time that the step could have had
_LEAST_BLAMED_SECONDS: Final = 1.0  # less CPU time is no reason for a step to be late
_MEMORY_OF_ONE_CPU_MB: Final = 1_769  # a function with less memory has so much less of a processor
_REPEAT_SECONDS: Final = 0.1  # of CPU time: a library may swallow the first error


def deadline_of(context: object) -> float:
    """Return when an invocation must end, in seconds of `time.monotonic()`.

    This is `MARGIN_SECONDS` before Lambda's timeout, or infinity if `context` has no timeout.
    """
    remaining_ms = getattr(context, "get_remaining_time_in_millis", None)
    if remaining_ms is None:
        return math.inf
    return time.monotonic() + float(remaining_ms()) / 1000 - MARGIN_SECONDS


def is_over(deadline: float) -> bool:
    """Return whether `deadline`, in seconds of `time.monotonic()`, has passed."""
    return time.monotonic() >= deadline


def refuse_late(deadline: float, doing: str) -> None:
    """Raise if `deadline` has passed.

    Raises:
        DeadlineExceededError: the deadline has passed; the message ends with `doing`.
    """
    if is_over(deadline):
        raise DeadlineExceededError(f"no time left while {doing}")


def blamed(late: DeadlineExceededError, cpu_seconds: float, seconds: float) -> PhotoError:
    """Return the error that a step ends with at its deadline.

    Args:
        late: the error as it came.
        cpu_seconds: CPU time that was spent on the photo.
        seconds: how long the step has worked on it, with all waiting.

    Returns:
        TooComplexError if the photo is at fault; otherwise `late`.
    """
    if cpu_seconds >= max(_LEAST_BLAMED_SECONDS, seconds * _BLAMED_SHARE * _cpus()):
        return _too_complex(cpu_seconds)
    return late


@contextmanager
def cpu_limit(deadline: float) -> Iterator[None]:
    """End Python code that spends its CPU time on a photo, wherever it is. Of the main thread only.

    The limit is half of the CPU time that the step could have until `deadline`.

    Raises:
        TooComplexError: the limit is reached.
    """
    if deadline == math.inf:
        yield
        return
    possible_seconds = (deadline - time.monotonic()) * _cpus()
    seconds = max(_LEAST_BLAMED_SECONDS, possible_seconds * _BLAMED_SHARE)

    def end(*_signal: object) -> Never:
        raise _too_complex(seconds)

    before = signal.signal(signal.SIGPROF, end)
    try:
        signal.setitimer(signal.ITIMER_PROF, seconds, _REPEAT_SECONDS)
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _too_complex(cpu_seconds: float) -> TooComplexError:
    return TooComplexError(f"{cpu_seconds:.1f} s of CPU time did not suffice")


def _cpus() -> float:
    """Return how much of a processor the function has; at most one, as its code has one thread.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    """
    memory_mb = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", _MEMORY_OF_ONE_CPU_MB))
    return min(1.0, memory_mb / _MEMORY_OF_ONE_CPU_MB)
