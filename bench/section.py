"""What the parts of the bench have in common: each measures, and writes what it has measured."""

import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bench.corpus import Corpus
from bench.peers import Peers
from bench.targets import Target

Figures = dict[str, Any]  # JSON: what a section has measured, as it stands in bench/results.json


@dataclass(frozen=True)
class Run:
    """What a section measures with."""

    corpus: Corpus
    peers: Peers
    quick: bool  # fewer rounds and photos: for a first look, not for the record
    large: bool  # what takes hours, too
    progress: Callable[[str, int], Callable[[], None]]  # what, of how many: tells of one more

    def some(self, full: int, quick: int) -> int:
        """Return how often to do something."""
        return quick if self.quick else full


class Section(Protocol):
    """A module of the bench."""

    TITLE: str

    def measure(self, run: Run) -> Figures:
        """Return what was measured: JSON, without a word on how it is shown."""
        ...

    def page(self, figures: Figures) -> Iterator[str]:
        """Yield the lines of its part of docs/performance.md."""
        ...

    def targets(self, figures: Figures) -> Iterator[Target]:
        """Yield what is demanded of it."""
        ...


def prose(text: str) -> Iterator[str]:
    """Yield a paragraph, in lines as long as those of our other pages."""
    yield from textwrap.wrap(text, 100, break_long_words=False, break_on_hyphens=False)
    yield ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table of Markdown, whose first column is text and whose others are figures."""
    yield f"| {' | '.join(header)} |"
    yield f"|---|{'---:|' * (len(header) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
