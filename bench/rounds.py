"""Measure tools in rounds: in each round all tools process all photos, in random order.

Each tool is a worker process. It reads lines `<operation> TAB <path> [TAB <output>]` and answers
each with a line of JSON: `{"cpu_ms", "wall_ms", "bytes"}` or `{"error"}`. The worker measures only
the operation itself, and writes the result to `output` if that is given.
"""

import json
import os
import random
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench import ROOT

PYTHON_PATH: Final = os.pathsep.join(map(str, (ROOT, ROOT / "images")))


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
    only: Callable[[str], bool] = field(
        default=lambda _: True, compare=False
    )  # the photos that it accepts


Samples = dict[str, list[Sample]]  # by photo; a photo that a tool fails on is missing


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


def interleave(
    running: Workers,
    tools: Sequence[Tool],
    photos: Sequence[Path],
    rounds: int,
    advance: Callable[[], None],
) -> dict[str, Samples]:
    """Ask each tool for each photo `rounds` times, after a round to warm up.

    Returns:
        By tool and photo one sample for each round, without photos that the tool failed on.
    """
    chance = random.Random(7)  # noqa: S311  # for an order, not for a secret
    found: dict[str, Samples] = {tool.name: {} for tool in tools}
    failed: set[tuple[str, str]] = set()
    for number in range(rounds + 1):
        for photo in photos:
            able = [tool for tool in tools if tool.only(photo.name)]
            for tool in chance.sample(able, len(able)):
                if (tool.name, photo.name) in failed:
                    continue
                answer = running.ask(tool, tool.operation, photo)
                if "error" in answer:
                    failed.add((tool.name, photo.name))
                    found[tool.name].pop(photo.name, None)
                elif number:
                    found[tool.name].setdefault(photo.name, []).append(Sample(**answer))
            advance()
    return found


def cpu_ms(samples: Mapping[str, list[Sample]], photo: str) -> list[float]:
    """Return the CPU milliseconds of each round."""
    return [sample.cpu_ms for sample in samples[photo]]
