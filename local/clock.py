"""The time and the turns of an embedded AWS's executions."""

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final


class Clock:
    """The real time. A limited number of executions runs, and the others wait for their turn.

    A turn lasts as long as the execution. Its branches have none of their own.
    """

    def __init__(self, *, executions_at_once: int, wait_scale: float) -> None:
        """Let `executions_at_once` run, and multiply their waits."""
        self._turns = threading.Semaphore(executions_at_once)
        self._wait_scale = wait_scale

    def now(self) -> float:
        """Return the time in seconds."""
        return time.monotonic()

    def scaled(self, seconds: float) -> float:
        """Return by how much `now` differs once AWS would have waited `seconds`."""
        return seconds * self._wait_scale

    def sleep(self, seconds: float) -> None:
        """Wait, in an execution or in a function that it invokes."""
        time.sleep(self.scaled(seconds))

    def wait(self, seconds: float, ended: threading.Event) -> None:
        """Do as `sleep`, but only until an execution has `ended`."""
        ended.wait(self.scaled(seconds))

    def line_up(self) -> AbstractContextManager[object]:
        """Return the turn of an execution that is about to start: enter it in its thread."""
        return self._turns

    def line_up_branch(self) -> AbstractContextManager[object]:
        """Return the turn of a branch that is about to start: enter it in its thread."""
        return nullcontext()

    def waiting_for_branches(self) -> AbstractContextManager[object]:
        """Return a context in which an execution waits for its branches."""
        return nullcontext()


class VirtualClock(Clock):
    """A time that passes only while every execution sleeps: then it is the next one's to wake.

    So a burst of an hour takes as long as this machine needs to compute it, and its course does
    not depend on how fast the machine is. One execution or branch runs at a time. Whatever else
    has to happen at one moment (a thousand uploads) takes a turn of its own.
    """

    def __init__(self) -> None:
        """Begin at 0."""
        self._lock = threading.Lock()
        self._now = 0.0
        self._taken = False
        self._line: Final[deque[threading.Event]] = deque()
        self._asleep: Final[list[tuple[float, int, threading.Event]]] = []
        self._numbers = itertools.count()

    def now(self) -> float:
        """Return the time in seconds since the beginning."""
        return self._now

    def scaled(self, seconds: float) -> float:
        """Return `seconds`: only the machine's time is saved."""
        return seconds

    def sleep(self, seconds: float) -> None:
        """Give up the turn, and take the next one after `seconds`."""
        woken = threading.Event()
        with self._lock:
            heapq.heappush(self._asleep, (self._now + seconds, next(self._numbers), woken))
        self._pass_on()
        woken.wait()

    def wait(self, seconds: float, ended: threading.Event) -> None:  # noqa: ARG002  # no time is lost
        """Do as `sleep`."""
        self.sleep(seconds)

    def line_up(self) -> AbstractContextManager[object]:
        """Return a turn. Later ones wait for it, even before it is entered."""
        return self._turn(self._place())

    def line_up_branch(self) -> AbstractContextManager[object]:
        """Return a turn; see `line_up`."""
        return self.line_up()

    @contextmanager
    def waiting_for_branches(self) -> Iterator[None]:
        """Give up the turn, and take another one at the end."""
        self._pass_on()
        try:
            yield
        finally:
            self._place().wait()

    @contextmanager
    def _turn(self, called: threading.Event) -> Iterator[None]:
        called.wait()
        try:
            yield
        finally:
            self._pass_on()

    def _place(self) -> threading.Event:
        """Return what is set when it is the caller's turn."""
        called = threading.Event()
        with self._lock:
            if self._taken:
                self._line.append(called)
            else:
                self._taken = True
                called.set()
        return called

    def _pass_on(self) -> None:
        """Give the turn to the next in line, else to the next that wakes up."""
        with self._lock:
            if self._line:
                self._line.popleft().set()
            elif self._asleep:
                self._now, _, woken = heapq.heappop(self._asleep)
                woken.set()
            else:
                self._taken = False
