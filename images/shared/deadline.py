"""Stop a step before Lambda does: the step then reports its own error, not a timeout."""

import math
import time
from typing import Final

from shared.errors import DeadlineExceededError

MARGIN_SECONDS: Final = 3  # for the error to be raised, logged and reported


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
