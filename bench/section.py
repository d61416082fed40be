"""The interface of the sections of the benchmarks, and their Markdown."""

import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bench.corpus import Corpus
from bench.peers import Peers
from bench.targets import Target

Figures = dict[str, Any]  # JSON: the figures of a section in bench/results.json


@dataclass(frozen=True)
class Run:
    """The inputs of a section."""

    corpus: Corpus
    peers: Peers
    quick: bool  # fewer rounds and photos: for a first look
    large: bool  # with the measurements that take half an hour
    progress: Callable[[str, int], Callable[[], None]]  # task and total -> a function for one step

    def some(self, full: int, quick: int) -> int:
        """Return `quick` in a quick run, else `full`."""
        return quick if self.quick else full


class Section(Protocol):
    """A module of the bench."""

    TITLE: str

    def measure(self, run: Run) -> Figures:
        """Measure, and return the figures as JSON."""
        ...

    def page(self, figures: Figures) -> Iterator[str]:
        """Yield the lines of this section of docs/performance.md."""
        ...

    def targets(self, figures: Figures) -> Iterator[Target]:
        """Yield the targets of this section."""
        ...


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
