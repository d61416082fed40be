"""Simulate bursts of uploads against quotas, with the retriers of the state machine itself.

    python -m tools.bursts                       prints the table of docs/operations.md
    python -m tools.bursts 5000,100,10,5 …       prints other bursts: photos, photos a second, and
                                                 the quotas of invocations and DetectLabels

A photo passes Claim, Extract, Thumbnail beside Tag, and Publish. Only the quotas of Lambda and
Rekognition make it wait. The retriers and the time limit are read from the rendered definition,
durations from gallery/costs.py. Not simulated: cold starts (a burst has at most one for each
concurrent invocation), Lambda's scaling rate, S3 and DynamoDB.
"""

import heapq
import json
import random
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from gallery.costs import TRANSITIONS, billed_seconds, memory_mb
from local.template import PLACEHOLDERS, render_file

LAMBDA_THROTTLED: Final = "Lambda.TooManyRequestsException"
LABELS_THROTTLED: Final = "LabelsThrottledError"

START_SECONDS: Final = 0.015  # of Tag, before it calls Rekognition
SDK_ATTEMPTS: Final = 2  # shared/aws.py
STATES_SECONDS: Final = 0.25  # before Extract, and again before the end: gallery/costs.py, halved

READY: Final = "READY with labels"
UNLABELED: Final = "READY without labels"
FAILED: Final = "FAILED"
TIMED_OUT: Final = "timed out"

# States that a photo enters in addition, if its last retry fails: Unlabeled, DeadLetter and
# Conclude; or ReadFailure, SortFailure, RecordFailure, DeadLetter, Conclude, AnnounceFailure and
# Failed instead of RenderAndTag, Thumbnail, Tag and Announce.
MORE_TRANSITIONS: Final[Mapping[str, int]] = {UNLABELED: 3, FAILED: 3}

Definition: TypeAlias = Mapping[str, Any]
Waits: TypeAlias = Generator[float, None, str | None]  # yields seconds; returns an error's name


def definition() -> Definition:
    """Return the state machine, rendered."""
    made: Definition = json.loads(render_file("statemachine.json.tftpl", PLACEHOLDERS))
    return made


@dataclass(frozen=True)
class Burst:
    """Photos that are uploaded at once, and the quotas that they meet."""

    photos: int
    per_second: float  # arrival
    invocations: int  # of all functions at the same time
    labels_per_second: float


@dataclass
class Outcome:
    """How the photos of a burst ended."""

    ends: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)  # from the first upload to each photo's end
    waits: list[float] = field(default_factory=list)  # from a photo's own upload to its end
    transitions: int = 0

    @property
    def dead_letters(self) -> int:
        """Photos that send their event to the dead-letter queue."""
        return self.ends.total() - self.ends[READY]


class Simulation:
    """One burst; the same seed gives the same outcome."""

    def __init__(self, burst: Burst, machine: Definition, *, seed: int = 1) -> None:
        self.burst = burst
        self.limit_seconds = machine["TimeoutSeconds"]
        states = machine["States"]
        branches = [branch["States"] for branch in states["RenderAndTag"]["Branches"]]
        self.retriers = {
            name: state["Retry"]
            for group in (states, *branches)
            for name, state in group.items()
            if name in ("Extract", "Thumbnail", "Tag")
        }
        memory = memory_mb()
        self.seconds = {
            name: billed_seconds(name.lower(), memory[name.lower()]) for name in self.retriers
        }
        self.random = random.Random(seed)  # noqa: S311  # no secrets
        self.now = 0.0
        self.running = 0  # invocations
        self.tokens = burst.labels_per_second
        self.tokens_at = 0.0
        self.outcome = Outcome()
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def run(self) -> Outcome:
        """Return how all photos ended."""
        for number in range(self.burst.photos):
            self._at(number / self.burst.per_second, self._start)
        while self._queue:
            self.now, _, step = heapq.heappop(self._queue)
            step()
        return self.outcome

    def _start(self) -> None:
        begun = self.now

        def extracted(error: str | None) -> None:
            if error:
                self._end(begun, FAILED)
            else:
                self._both(begun)

        self.outcome.transitions += TRANSITIONS
        self._at(self.now + STATES_SECONDS, lambda: self._step(self._task("Extract"), extracted))

    def _both(self, begun: float) -> None:
        """Run Thumbnail beside Tag; if Thumbnail fails, Tag is stopped."""
        errors: dict[str, str | None] = {}

        def ended(name: str, error: str | None) -> None:
            if errors.get("Thumbnail"):
                return
            errors[name] = error
            if errors.get("Thumbnail"):
                self._end(begun, FAILED)
            elif len(errors) == 2:  # noqa: PLR2004  # both branches
                self._end(begun, UNLABELED if errors["Tag"] else READY)

        self._step(self._task("Thumbnail"), lambda error: ended("Thumbnail", error))
        self._step(self._task("Tag"), lambda error: ended("Tag", error))

    def _task(self, name: str) -> Waits:
        """Invoke a function until it succeeds or its retriers give up."""
        tries: Counter[int] = Counter()
        while (error := (yield from self._invoke(name))) is not None:
            number, rule = next(
                (number, rule)
                for number, rule in enumerate(self.retriers[name])
                if error in rule["ErrorEquals"]
            )
            if tries[number] == rule["MaxAttempts"]:
                return error
            yield self.random.uniform(0, delay_seconds(rule, tries[number]))
            tries[number] += 1
            self.outcome.transitions += 1
        return None

    def _invoke(self, name: str) -> Waits:
        if self.running == self.burst.invocations:
            return LAMBDA_THROTTLED
        self.running += 1
        try:
            if name == "Tag":
                return (yield from self._detect_labels())
            yield self.seconds[name]
        finally:
            self.running -= 1
        return None

    def _detect_labels(self) -> Waits:
        yield START_SECONDS
        for attempt in range(SDK_ATTEMPTS):
            if attempt:
                yield self.random.uniform(0, 1)  # botocore's standard mode
            self._refill()
            if self.tokens >= 1:
                self.tokens -= 1
                yield self.seconds["Tag"] - START_SECONDS
                return None
        return LABELS_THROTTLED

    def _refill(self) -> None:
        rate = self.burst.labels_per_second
        self.tokens = min(rate, self.tokens + (self.now - self.tokens_at) * rate)
        self.tokens_at = self.now

    def _step(self, waits: Waits, then: Callable[[str | None], None]) -> None:
        """Continue `waits`, and call `then` with what it returns."""
        try:
            seconds = next(waits)
        except StopIteration as stop:
            then(stop.value)
        else:
            self._at(self.now + seconds, lambda: self._step(waits, then))

    def _at(self, moment: float, step: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._queue, (moment, self._number, step))

    def _end(self, begun: float, how: str) -> None:
        ended = self.now + STATES_SECONDS
        if ended - begun > self.limit_seconds:
            how = TIMED_OUT
        self.outcome.ends[how] += 1
        self.outcome.seconds.append(ended)
        self.outcome.waits.append(ended - begun)
        self.outcome.transitions += MORE_TRANSITIONS.get(how, 0)


def delay_seconds(rule: Definition, tried: int) -> float:
    """Return the longest wait before the next attempt, after `tried` retries."""
    delay = rule.get("IntervalSeconds", 1) * rule.get("BackoffRate", 2) ** tried
    return float(min(delay, rule.get("MaxDelaySeconds", delay)))


# Photos a second: a fast line, and a copy between buckets. Invocations: a new account's, and the
# default. DetectLabels a second: the default of most regions.
BURSTS: Final = (
    Burst(1000, 20, 10, 5),
    Burst(5000, 100, 10, 5),
    Burst(5000, 100, 1000, 5),
    Burst(20_000, 100, 10, 5),
    Burst(20_000, 100, 1000, 5),
)

HEADER: Final = (
    *("photos", "invocations at once", "DetectLabels a second", "READY with labels"),
    *("READY without", "FAILED", "dead letters", "median finish, min", "last finish, min"),
    "transitions a photo",
)


def rows(bursts: Iterable[Burst], machine: Definition) -> Iterator[list[str]]:
    """Simulate each burst, and yield its row of the table."""
    for burst in bursts:
        outcome = Simulation(burst, machine).run()
        yield [
            f"{burst.photos:,}, {burst.per_second:g} a second",
            f"{burst.invocations:,}",
            f"{burst.labels_per_second:g}",
            f"{outcome.ends[READY]:,}",
            f"{outcome.ends[UNLABELED]:,}",
            f"{outcome.ends[FAILED] + outcome.ends[TIMED_OUT]:,}",
            f"{outcome.dead_letters:,}",
            f"{statistics.median(outcome.seconds) / 60:.1f}",
            f"{max(outcome.seconds) / 60:.1f}",
            f"{outcome.transitions / burst.photos:.1f}",
        ]


def parsed(text: str) -> Burst:
    """Return the burst of an argument.

    Raises:
        ValueError: it is not four numbers.
    """
    photos, per_second, invocations, labels_per_second = text.split(",")
    return Burst(int(photos), float(per_second), int(invocations), float(labels_per_second))


if __name__ == "__main__":
    chosen = [parsed(text) for text in sys.argv[1:]] or BURSTS
    print(f"| {' | '.join(HEADER)} |\n|---|{'---:|' * (len(HEADER) - 1)}")  # noqa: T201  # its output
    for row in rows(chosen, definition()):
        print(f"| {' | '.join(row)} |")  # noqa: T201  # as above
