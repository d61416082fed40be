"""The executions of an embedded AWS: which run, which have ended, and how they ended."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.moto_patches.wiring import Moto


@dataclass(frozen=True)
class StateVisit:
    """One stay in one state, retries included."""

    state: str  # its name in the state machine
    duration_ms: float


@dataclass(frozen=True)
class EndedExecution:
    """An execution that has ended."""

    arn: str
    name: str
    status: str  # SUCCEEDED, FAILED, TIMED_OUT or ABORTED
    input: Any  # JSON
    output: Any  # JSON; None unless SUCCEEDED
    error: str | None
    cause: str | None
    duration_ms: float
    payload_bytes: int  # of the largest JSON that went into or out of a state or a task
    visits: tuple[StateVisit, ...]  # in the order in which the states were entered


class Executions:
    """The executions that run and those that have ended; a `local.moto_patches.wiring.Watcher`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: dict[int, Moto] = {}  # by identity
        self._ended: list[EndedExecution] = []
        self._unseen: deque[EndedExecution] = deque()  # ended, and not yet returned by `next`
        self._aborted = False

    def may_run(self) -> bool:
        """Return False after `abort`."""
        return not self._aborted

    def started(self, execution: "Moto") -> None:
        """Record that `execution` runs, or waits for a slot."""
        with self._changed:
            self._running[id(execution)] = execution

    def ended(self, execution: "Moto") -> None:
        """Record that `execution` has ended, or will never begin."""
        reports = [_report(execution)] if execution.exec_worker.env is not None else []
        with self._changed:
            del self._running[id(execution)]
            self._ended += reports
            self._unseen += reports
            self._changed.notify_all()

    def next(self, *, timeout_seconds: float) -> EndedExecution | None:
        """Return the next execution that ends, or None if none is left.

        Raises:
            TimeoutError: no execution ended within `timeout_seconds`, though one is running.
        """
        with self._changed:
            if not self._changed.wait_for(
                lambda: self._unseen or not self._running, timeout_seconds
            ):
                raise TimeoutError(f"no execution ended for {timeout_seconds} s")
            return self._unseen.popleft() if self._unseen else None

    def find(
        self, matches: Callable[[EndedExecution], bool], *, timeout_seconds: float
    ) -> EndedExecution:
        """Return the first execution that ended and matches; wait for it if there is none yet.

        Raises:
            TimeoutError: no such execution ended within `timeout_seconds`.
        """
        with self._changed:
            found = self._changed.wait_for(
                lambda: next(filter(matches, self._ended), None), timeout_seconds
            )
        if found is None:
            raise TimeoutError(f"no such execution ended within {timeout_seconds} s")
        return found

    def wait(self, *, timeout_seconds: float) -> bool:
        """Wait until no execution runs; return False if some still do after that time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, timeout_seconds)

    def abort(self) -> None:
        """Stop running executions before their next state, and start no other."""
        with self._changed:
            self._aborted = True
            running = list(self._running.values())
        for execution in running:
            if execution.exec_worker.env is not None:
                execution.stop(datetime.now(UTC), error=None, cause="the stack was stopped")


def _report(execution: "Moto") -> EndedExecution:
    """Read how `execution` ended from moto's objects."""
    history = execution.exec_worker.env.event_manager.get_event_history()
    return EndedExecution(
        arn=execution.exec_arn,
        name=execution.name,
        status=execution.exec_status.value,
        input=execution.input_data,
        output=execution.output,
        error=execution.error,
        cause=execution.cause,
        duration_ms=_milliseconds(execution.stop_date - execution.start_date),
        payload_bytes=max(map(_payload_bytes, history)),
        visits=tuple(_visits(history, execution.stop_date)),
    )


def _payload_bytes(event: Mapping[str, Any]) -> int:
    """Return the length of an event's largest JSON, compact and in UTF-8, as AWS counts it."""
    details = [value for value in event.values() if isinstance(value, dict)]
    texts = [
        one[name] for one in details for name in ("input", "output", "parameters") if name in one
    ]
    compact = [
        json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")) for text in texts
    ]
    return max((len(text.encode(errors="replace")) for text in compact), default=0)


def _visits(history: Iterable[Mapping[str, Any]], end: datetime) -> Iterator[StateVisit]:
    """Pair each state's entry with its exit; a state without an exit lasts until `end`."""
    exits: dict[str, deque[datetime]] = {}
    for event in history:
        if "stateExitedEventDetails" in event:
            name = event["stateExitedEventDetails"]["name"]
            exits.setdefault(name, deque()).append(_moment(event["timestamp"]))
    for event in history:
        if "stateEnteredEventDetails" in event:
            name = event["stateEnteredEventDetails"]["name"]
            left = exits[name].popleft() if exits.get(name) else end
            yield StateVisit(name, _milliseconds(left - _moment(event["timestamp"])))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _milliseconds(duration: timedelta) -> float:
    return max(0.0, duration.total_seconds() * 1000)
