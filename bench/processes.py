"""Measure the CPU time of whole processes, one after the other in random order."""

import os
import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.stats import median_ratio


@dataclass(frozen=True)
class Process:
    """A command, and its complete environment."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def cpu_ms(process: Process) -> float:
    """Run a process, and return its CPU milliseconds, user and system.

    Raises:
        ChildProcessError: the process failed.
    """
    null = os.open(os.devnull, os.O_RDWR)
    try:
        pid = os.posix_spawn(
            process.command[0],
            list(process.command),
            dict(process.environment),
            file_actions=[(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1)],
        )
        _, status, used = os.wait4(pid, 0)
    finally:
        os.close(null)
    if status:
        raise ChildProcessError(f"{' '.join(process.command)}: status {status}")
    return (used.ru_utime + used.ru_stime) * 1e3


def compare(
    processes: Mapping[str, Process], reference: str, rounds: int, advance: Callable[[], None]
) -> dict[str, dict[str, float]]:
    """Return the median milliseconds of each process, and its median ratio to the reference."""
    chance = random.Random(7)  # noqa: S311  # for an order, not for a secret
    spent: dict[str, list[float]] = {name: [] for name in processes}
    for number in range(rounds + 1):
        for name in chance.sample(list(processes), len(processes)):
            taken = cpu_ms(processes[name])
            if number:  # the first round only fills the page cache
                spent[name].append(taken)
        advance()
    return {
        name: {"ms": statistics.median(each), "ratio": median_ratio(each, spent[reference])}
        for name, each in spent.items()
    }
