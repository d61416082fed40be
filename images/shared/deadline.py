"""When to give up: a step that stops itself says why; one that Lambda kills says nothing."""

import math
import time
from typing import Final

from shared.errors import DeadlineExceededError

MARGIN_SECONDS: Final = 3  # for the error to be raised, logged and reported


def deadline_of(context: object) -> float:
    """Return when an invocation must be over, in seconds of `time.monotonic()`.

    That is `MARGIN_SECONDS` before Lambda ends it, and never where `context` knows no end.
    """
    remaining_ms = getattr(context, "get_remaining_time_in_millis", None)
    if remaining_ms is None:
        return math.inf
    return time.monotonic() + float(remaining_ms()) / 1000 - MARGIN_SECONDS


def is_over(deadline: float) -> bool:
    """Tell whether `deadline`, in seconds of `time.monotonic()`, has come."""
    return time.monotonic() >= deadline


def refuse_late(deadline: float, doing: str) -> None:
    """Go on only before `deadline`.

    Raises:
        DeadlineExceededError: it has come; the message says while `doing` what.
    """
    if is_over(deadline):
        raise DeadlineExceededError(f"no time left while {doing}")
