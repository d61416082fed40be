"""Search: the photos that have all of some terms, in order of time.

A term of a photo is a row of the table with the sort key <kind>#<term>#<sort time>#<key digest>. So
the rows of every term of a photo have the same end, and the rows of one term are in order of their
ends. The photos that have all terms are found by leaping: each term goes on to the first row at or
after the end that another term has reached, and what lies between is not read
(leapfrog join: https://arxiv.org/abs/1210.0481).

For each term at most `ROWS_READ` times as many rows are read as the rarest term has, and one page
more, however many rows the table or the other terms have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from gallery import cursors, records
from gallery.queries import DEFAULT_LIMIT, MAX_LIMIT, sort_time
from gallery.records import Found, Page
from gallery.table import Query, Row, Table
from shared.keys import DIGEST_CHARACTERS, SORT_TIME_CHARACTERS
from shared.text import clean_label, fold_label

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

Kind: TypeAlias = Literal["label"]

MAX_TERMS: Final = 10
MAX_REQUESTS: Final = 100  # for one page; each takes some milliseconds, one after the other
FIRST_ROWS: Final = 16  # of one of several terms, 250 bytes each: half a read unit, as for one
MOST_ROWS: Final = 256
ROWS_READ: Final = FIRST_ROWS + 8  # see _Rows.seek

_END_CHARACTERS: Final = SORT_TIME_CHARACTERS + 1 + DIGEST_CHARACTERS
_LOWEST: Final = "0"  # ends begin with a digit
_HIGHEST: Final = ":"


class Term(NamedTuple):
    """What a photo can be found by; make it with `term`."""

    kind: Kind
    text: str  # cleaned and folded


@dataclass(frozen=True, kw_only=True)
class Search:
    """The photos of `owner` that have all `terms` and whose ends are between `low` and `high`."""

    owner: str
    terms: tuple[Term, ...]
    low: str
    high: str
    newest_first: bool


def term(kind: Kind, text: str) -> Term:
    """Return the term for `text` as a person writes it.

    Raises:
        ValueError: `text` is empty once it is cleaned and folded.
    """
    folded = fold_label(clean_label(text))
    if not folded:
        raise ValueError(f"the {kind} {text!r} is empty")
    return Term(kind, folded)


def find(  # noqa: PLR0913  # all but the first three by name
    table: Table,
    owner: str,
    terms: Sequence[Term],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    newest_first: bool = True,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Found]:
    """Return photos that have all `terms`, from `start` to before `end`, in order of time.

    A page ends after `limit` photos or after `MAX_REQUESTS` queries, so it may be empty although
    more pages follow: the last one is the one whose cursor is None. Times have no time zone, as
    those of `queries.between`.

    Raises:
        ValueError: there are no terms or over `MAX_TERMS`, `limit` is not 1 to `MAX_LIMIT`, a time
            has a time zone, `start` is not before `end`, or `cursor` is not of this search.
    """
    distinct = tuple(sorted(set(terms)))
    if not 1 <= len(distinct) <= MAX_TERMS:
        raise ValueError(f"a search has 1 to {MAX_TERMS} terms, got {len(distinct)}")
    if not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"limit is 1 to {MAX_LIMIT}, got {limit}")
    low = _LOWEST if start is None else sort_time(start)
    high = _HIGHEST if end is None else sort_time(end)
    if low >= high:
        raise ValueError(f"the time {low} is not before {high}")
    search = Search(owner=owner, terms=distinct, low=low, high=high, newest_first=newest_first)
    return _page(table, search, limit=limit, cursor=cursor)


def _page(table: Table, search: Search, *, limit: int, cursor: str | None) -> Page[Found]:
    first_rows = FIRST_ROWS if len(search.terms) > 1 else limit
    streams = [_Rows(table, search, term, first_rows=first_rows) for term in search.terms]
    at = search.high if search.newest_first else search.low
    if cursor is not None:
        at = cursors.end(search, cursor)
    found: list[Found] = []
    while len(found) < limit and sum(stream.requests for stream in streams) < MAX_REQUESTS:
        for stream in streams:
            end = stream.seek(at)
            if end is None:
                return Page(items=found, cursor=None, read_units=_read_units(streams))
            at = end
        if all(stream.end == at for stream in streams):
            found.append(records.found(streams[0].row))
            at = _beyond(at, newest_first=search.newest_first)
    return Page(items=found, cursor=cursors.at_end(search, at), read_units=_read_units(streams))


def _beyond(end: str, *, newest_first: bool) -> str:
    """Return a text between `end` and the ends that follow it."""
    return f"{end[:-1]}{chr(ord(end[-1]) - 1)}~" if newest_first else f"{end}!"


def _read_units(streams: Sequence[_Rows]) -> float:
    return sum(stream.read_units for stream in streams)


class _Rows:
    """The rows of one term, read from one end to another that lies further on."""

    def __init__(self, table: Table, search: Search, term: Term, *, first_rows: int) -> None:
        self._table = table
        self._search = search
        self._prefix = f"{term.kind}#{term.text}#"
        self._page: list[tuple[str, Row]] = []  # the ends and the rows; the first is the next
        self._more = True  # whether rows follow after the page
        self._size = self._first_rows = first_rows
        self._landings = 0  # in the page
        self._reached: str | None = None  # the end of the last row that was read
        self.requests = 0
        self.rows_read = 0
        self.read_units = 0.0

    @property
    def row(self) -> Row:
        """Return the row to which the last seek led."""
        return self._page[0][1]

    @property
    def end(self) -> str:
        """Return the end of that row."""
        return self._page[0][0]

    def seek(self, end: str) -> str | None:
        """Go on to the first row at or after `end`, and return its end; None if there is none."""
        while True:
            while self._page and self._is_before(self.end, end):
                self._page.pop(0)
            if self._page:
                self._landings += 1
                return self.end
            if not self._more:
                return None
            self._read(end)

    def _is_before(self, one: str, other: str) -> bool:
        return one > other if self._search.newest_first else one < other

    def _read(self, end: str) -> None:
        """Read the page that begins at `end`.

        It is twice as long as the page before if every fourth row of that was landed on, else
        short. So a long page has at most eight rows for each landing in the page before it, and a
        short page is read for one landing. No term lands more often than the rarest term has rows,
        and once more. That is `ROWS_READ`.
        """
        is_used = 4 * self._landings >= self._size
        self._size = min(2 * self._size, MOST_ROWS) if is_used else self._first_rows
        self._landings = 0
        newest_first = self._search.newest_first
        if self._reached is not None and not self._is_before(self._reached, end):
            # A page may have no row of this term: then the next one begins behind it.
            end = _beyond(self._reached, newest_first=newest_first)
        low, high = (self._search.low, end) if newest_first else (end, self._search.high)
        query = Query(
            owner=self._search.owner,
            index=None,
            range_key="sk",
            low=self._prefix + low,
            high=self._prefix + high,
            newest_first=newest_first,
        )
        found = self._table.query(query, start=None, limit=self._size)
        ends = [(row["sk"].removeprefix(self._prefix), row) for row in found.rows]
        self._reached = ends[-1][0] if ends else None
        # A label with a # has rows among those of the label before the #: their ends are longer.
        self._page = [(one, row) for one, row in ends if len(one) == _END_CHARACTERS]
        self._more = found.more
        self.requests += 1
        self.rows_read += len(found.rows)
        self.read_units += found.read_units
