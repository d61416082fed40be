"""The table of a run, for people and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

Outcome = Literal["as expected", "differs", "not tried"]


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    name: str
    tried: str
    expected: str
    outcome: Outcome
    came: str
    seconds: float
    advice: str = ""  # only if the outcome differs


def as_json(owner: str, lines: Sequence[Line]) -> str:
    """Return a run as JSON."""
    return json.dumps({"owner": owner, "lines": [asdict(line) for line in lines]}, indent=2)


def as_table(lines: Sequence[Line], *, width: int | None = None) -> str:
    """Return a run as a table, with what to do below the lines that differ."""
    table = Table(box=None, pad_edge=False)
    for header in ("", "tried", "expected", "came"):
        table.add_column(header, overflow="fold")
    table.add_column("s", justify="right")
    for line in lines:
        came = f"{line.outcome}: {line.came}"
        if line.advice:
            came += f"\n→ {line.advice}"
        texts = (line.name, line.tried, line.expected, came, f"{line.seconds:.1f}")
        table.add_row(*map(Text, texts))
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip("\n")


def summary(lines: Sequence[Line]) -> str:
    """Return the number of lines by outcome, and the names of those that differ."""
    by_outcome: dict[Outcome, list[str]] = {}
    for line in lines:
        by_outcome.setdefault(line.outcome, []).append(line.name)
    text = ", ".join(f"{len(names)} {outcome}" for outcome, names in by_outcome.items())
    differ = by_outcome.get("differs", [])
    return f"{text}: {', '.join(differ)}" if differ else text
