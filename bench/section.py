"""What all sections of the benchmarks share: the inputs, targets, and their Markdown."""

import os
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from bench.corpus import Corpus
from bench.peers import Peers

Figures = dict[str, Any]  # JSON: the figures of a section in bench/results/
OURS: Final = "this project"
AT_REST_CORES: Final = 0.1  # what an idle machine's own services take at most
SAMPLE_SECONDS: Final = 5
REST_SAMPLES: Final = 12  # a minute


@dataclass(frozen=True)
class Run:
    """The inputs of a section."""

    corpus: Corpus
    peers: Peers
    quick: bool  # fewer rounds and photos: for a first look
    progress: Callable[[str, int], Callable[[], None]]  # task and total -> a function for one step

    def some(self, full: int, quick: int) -> int:
        """Return `quick` in a quick run, else `full`."""
        return quick if self.quick else full


@dataclass(frozen=True)
class Target:
    """One target, with the figure that was measured on one processor."""

    what: str
    figure: float | None  # None: not measured
    bound: float
    unit: str = "×"
    at_least: bool = False  # else at most
    stretch: float | None = None
    why: str = ""  # the reason if it is missed

    @property
    def is_met(self) -> bool | None:
        """Whether the rounded figure, as the table shows it, meets the bound; None: no figure."""
        if self.figure is None:
            return None
        shown = float(digits(self.figure).replace(",", ""))
        return shown >= self.bound if self.at_least else shown <= self.bound

    @property
    def required(self) -> str:
        """The bound, as the table shows it."""
        stretch = "" if self.stretch is None else f" (stretch {digits(self.stretch)})"
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {digits(self.bound)} {self.unit}".rstrip() + stretch


class Section(Protocol):
    """A module of the bench."""

    TITLE: str
    TEXT: str  # above the tables

    def measure(self, run: Run) -> Figures:
        """Measure, and return the figures as JSON."""
        ...

    def tables(self, figures: Figures) -> Iterator[str]:
        """Yield the lines of the tables for one processor."""
        ...

    def targets(self, figures: Figures) -> Iterator[Target]:
        """Yield the targets of this section."""
        ...


def busy_percent() -> float:
    """Return the share of all cores that is busy during a sample."""
    import psutil  # noqa: PLC0415  # of the group bench

    return float(psutil.cpu_percent(interval=SAMPLE_SECONDS))


def wait_for_rest(samples: int = REST_SAMPLES) -> float:
    """Wait until nothing else runs, at most a minute, and return the cores that are busy.

    The load average cannot tell: for minutes it remembers the section before.
    """
    for _ in range(samples):
        busy_cores = busy_percent() / 100 * (os.cpu_count() or 1)
        if busy_cores <= AT_REST_CORES:
            break
    return busy_cores


def rest(busy_cores: float) -> str:
    """Return in words whether the machine was at rest."""
    if busy_cores <= AT_REST_CORES:
        return "at rest"
    return f"**not at rest**: {busy_cores:.1f} cores busy with other work"


def digits(figure: float) -> str:
    """Return a figure with three significant digits, or all digits before the point."""
    if abs(figure) >= 100:  # noqa: PLR2004  # three digits
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if abs(figure) >= 10 else f"{figure:.3g}"  # noqa: PLR2004  # two


def cell(figure: float | None, shape: str = ".2f") -> str:
    """Return a figure as a cell of a table; empty if it was not measured."""
    return "" if figure is None else f"{figure:{shape}}"


def bold(name: str) -> str:
    """Return the name of a row, in bold if it is this project's."""
    return f"**{name}**" if name.startswith(OURS) else name


def prose(text: str) -> Iterator[str]:
    """Yield a paragraph in lines of at most 100 characters, and an empty line."""
    yield from textwrap.wrap(text, 100, break_long_words=False, break_on_hyphens=False)
    yield ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a Markdown table; all columns but the first are aligned right."""
    yield f"| {' | '.join(header)} |"
    yield f"|---|{'---:|' * (len(header) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def failures(failed: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield a paragraph with the photos that tools fail on, and the last words of the reasons."""
    found: dict[str, list[str]] = {}
    for tool, by_photo in failed.items():
        for photo, why in by_photo.items():
            last = why.strip().rpartition("\n")[2].rpartition("/")[2].strip()
            found.setdefault(f"{tool} ({last})", []).append(photo)
    if found:
        said = "; ".join(f"{tool}: {', '.join(photos)}" for tool, photos in found.items())
        yield from prose(f"Failed: {said}.")


def verdict(each: Iterable[Target | None]) -> str:
    """Return whether a target is met: only if it is on every processor."""
    met = [target.is_met if target else None for target in each]
    if False in met:
        return "**missed**"
    return "not measured" if None in met else "met"


def target_rows(by_processor: Mapping[str, Sequence[Target]]) -> Iterator[str]:
    """Yield a table of the targets, with a column for each processor."""
    required = {one.what: one.required for each in by_processor.values() for one in each}
    rows = []
    for what, bound in required.items():
        found = [
            next((one for one in each if one.what == what), None) for each in by_processor.values()
        ]
        figures = [
            "" if one is None or one.figure is None else f"{digits(one.figure)} {one.unit}".rstrip()
            for one in found
        ]
        rows.append([what, bound, *figures, verdict(found)])
    yield from table(["target", "required", *by_processor, "on all"], rows)


def reasons(by_processor: Mapping[str, Sequence[Target]]) -> Iterator[str]:
    """Yield a list of missed targets, one item for each reason and processor."""
    for processor, targets in by_processor.items():
        missed = [one for one in targets if one.is_met is False and one.why]
        for why in dict.fromkeys(one.why for one in missed):
            names = "; ".join(one.what for one in missed if one.why == why)
            item = f"- *{names}* ({processor}): {why}"
            yield from textwrap.wrap(item, 100, subsequent_indent="  ")
