"""Measure tools in rounds: in each round all tools process all photos, in random order.

Each tool is a worker process. It reads lines `<operation> TAB <path> [TAB <output>]` and answers
each with a line of JSON: `{"cpu_ms", "wall_ms", "bytes"}` or `{"error"}`. The worker measures only
the operation itself, and writes the result to `output` if that is given.
"""

import json
import math
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench import ROOT
from local.functions import IMAGE_ENVIRONMENT

PYTHON_PATH: Final = os.pathsep.join(map(str, (ROOT, ROOT / "images")))
ENVIRONMENT: Final = tuple(IMAGE_ENVIRONMENT.items())
OPERATIONS: Final = (sys.executable, "-m", "bench.workers.ours")  # this project's


class Sample(NamedTuple):
    """One answer of one tool."""

    cpu_ms: float
    wall_ms: float
    bytes: int  # of the result


@dataclass(frozen=True)
class Tool:
    """One way to do the work."""

    name: str  # in the tables
    worker: tuple[str, ...]  # the command of the worker process
    operation: str
    lossless: str = ""  # the operation that makes the same picture as PNG, to compare quality
    environment: tuple[tuple[str, str], ...] = ()
    only: str | tuple[str, ...] = ""  # suffixes of the photos that it accepts; empty: all


Samples = dict[str, list[Sample]]  # by photo; a photo that a tool fails on is missing


@dataclass
class Measured:
    """The samples of all tools, and why photos are missing; both by tool and photo."""

    samples: dict[str, Samples] = field(default_factory=dict)
    failed: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, other: "Measured") -> None:
        """Add what was measured on other photos."""
        for tool, found in other.samples.items():
            self.samples.setdefault(tool, {}).update(found)
        for tool, why in other.failed.items():
            self.failed.setdefault(tool, {}).update(why)

    def fail(self, tool: str, photo: str, why: str) -> None:
        """Leave a photo out, with the reason."""
        self.failed.setdefault(tool, {})[photo] = why
        self.samples.get(tool, {}).pop(photo, None)

    def ms(self) -> dict[str, dict[str, float]]:
        """Return the median CPU milliseconds by tool and photo."""
        return {
            tool: {name: statistics.median(cpu_ms(found, name)) for name in found}
            for tool, found in self.samples.items()
        }

    def ratios(self, ours: str, theirs: str) -> dict[str, float]:
        """Return by photo the median ratio of CPU times, for photos that both tools read."""
        one, other = self.samples.get(ours, {}), self.samples.get(theirs, {})
        return {
            photo: median_ratio(cpu_ms(one, photo), cpu_ms(other, photo))
            for photo in one
            if len(one[photo]) == len(other.get(photo, ()))
        }


class Workers:
    """Worker processes, one for each command, started at their first request."""

    def __init__(self) -> None:
        self._running: dict[object, subprocess.Popen[str]] = {}

    def ask(self, tool: Tool, operation: str, photo: Path, output: Path | None = None) -> Any:  # noqa: ANN401  # JSON
        """Return a worker's answer, which is an error if the worker has died."""
        worker = self._worker(tool)
        assert worker.stdin is not None  # noqa: S101  # for mypy: both are pipes
        assert worker.stdout is not None  # noqa: S101
        fields = [operation, str(photo), *([str(output)] if output else [])]
        try:
            worker.stdin.write("\t".join(fields) + "\n")
            worker.stdin.flush()
        except BrokenPipeError:
            return {"error": "the worker has died"}
        line = worker.stdout.readline()
        return json.loads(line) if line else {"error": "the worker has died"}

    def stop(self) -> None:
        """End all workers."""
        for worker in self._running.values():
            with suppress(BrokenPipeError):
                worker.communicate(timeout=30)

    def _worker(self, tool: Tool) -> subprocess.Popen[str]:
        key = tool.worker, tool.environment
        if key not in self._running:
            self._running[key] = subprocess.Popen(  # noqa: S603  # our own commands
                tool.worker,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": PYTHON_PATH, **dict(tool.environment)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._running[key]


@contextmanager
def workers() -> Iterator[Workers]:
    """Yield workers, and end them afterwards."""
    running = Workers()
    try:
        yield running
    finally:
        running.stop()


def programs(commands: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the command of the worker that runs whole programs, by operation."""
    return (sys.executable, "-m", "bench.workers.programs", json.dumps(commands))


def interleave(
    running: Workers,
    tools: Sequence[Tool],
    photos: Sequence[Path],
    rounds: int,
    advance: Callable[[], None],
) -> Measured:
    """Ask each tool for each photo `rounds` times, after a round to warm up."""
    chance = random.Random(7)  # noqa: S311  # for an order, not for a secret
    found = Measured({tool.name: {} for tool in tools})
    for number in range(rounds + 1):
        for photo in photos:
            able = [tool for tool in tools if photo.name.endswith(tool.only)]
            for tool in chance.sample(able, len(able)):
                if photo.name in found.failed.get(tool.name, {}):
                    continue
                answer = running.ask(tool, tool.operation, photo)
                if "error" in answer:
                    found.fail(tool.name, photo.name, answer["error"])
                elif number:
                    found.samples[tool.name].setdefault(photo.name, []).append(Sample(**answer))
            advance()
    return found


def cpu_ms(samples: Mapping[str, list[Sample]], photo: str) -> list[float]:
    """Return the CPU milliseconds of each round."""
    return [sample.cpu_ms for sample in samples[photo]]


def median_ratio(ours: Sequence[float], reference: Sequence[float]) -> float:
    """Return the median of the ratios within each round, which cancels drift of the machine.

    Raises:
        ValueError: the lists have different lengths, or are empty.
    """
    ratios = [one / other for one, other in zip(ours, reference, strict=True)]
    if not ratios:
        raise ValueError("no rounds")
    return statistics.median(ratios)


def geometric_mean(ratios: Iterable[float]) -> float:
    """Return the geometric mean, for which twice and half cancel out.

    Raises:
        ValueError: there are no ratios, or one is not positive.
    """
    logs = [math.log(ratio) for ratio in ratios]
    if not logs:
        raise ValueError("no ratios")
    return math.exp(statistics.fmean(logs))


def mean(by_photo: Mapping[str, float], starts: Sequence[str]) -> float | None:
    """Return the geometric mean over the photos with these prefixes; None if there are none."""
    chosen = [value for photo, value in by_photo.items() if photo.startswith(tuple(starts))]
    return geometric_mean(chosen) if chosen else None
