"""Search: the photos that have all of some terms, in order of time.

A term of a photo is a row of the table with the sort key <kind>#<text>#<sort time>#<key digest>. So
the rows of all terms of a photo end alike, and the rows of one term are in order of their ends. The
same holds for the photos of an album in the index by_album and for all photos in by_time. The
photos that have all terms are found by leaping: each term goes on to the first row at or after the
end that another term has reached, and what lies between is not read
(leapfrog join: https://arxiv.org/abs/1210.0481).

A term that rows of several kinds can match is a union: a stream for each kind, and the nearest of
their rows is the next one of the union.

For a page, each stream reads at most `ROWS_READ` rows for each photo of the rarest term that the
page passes, and as many once more, however many rows the table has. docs/search.md shows why.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol, TypeAlias, get_args

from gallery import cursors, records
from gallery.queries import DEFAULT_LIMIT, MAX_LIMIT, sort_time
from gallery.records import Found, Page, Suggestion, TermCount
from gallery.table import Query, Row, Table
from shared.keys import DIGEST_CHARACTERS, SORT_TIME_CHARACTERS, album_prefix
from shared.text import clean_label, fold_label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

RowKind: TypeAlias = Literal[
    "person", "keyword", "city", "region", "country", "camera", "label", "word"
]
Kind: TypeAlias = RowKind | Literal["place", "any", "album"]

ROW_KINDS: Final[tuple[RowKind, ...]] = get_args(RowKind)
ROWS_OF: Final[Mapping[Kind, tuple[RowKind, ...]]] = {
    **{kind: (kind,) for kind in ROW_KINDS},
    "place": ("city", "region", "country"),
    "any": ROW_KINDS,  # for a word of no chosen kind
    "album": (),  # its photos are in an index
}

MAX_TERMS: Final = 10
MAX_REQUESTS: Final = 100  # for one page; each takes some milliseconds, one after the other
FIRST_ROWS: Final = 8  # of one of several streams: half a read unit, as for one row
MOST_ROWS: Final = 256
ROWS_READ: Final = FIRST_ROWS + 8  # see _Rows._read
MAX_SUGGESTIONS: Final = 20

_END_CHARACTERS: Final = SORT_TIME_CHARACTERS + 1 + DIGEST_CHARACTERS
_LOWEST: Final = "0"  # ends begin with a digit
_HIGHEST: Final = ":"


class Term(NamedTuple):
    """What a photo can be found by; make it with `term`."""

    kind: Kind
    text: str  # cleaned and folded; of an album its path, as it is


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
        ValueError: there is no such kind, or `text` is empty once it is cleaned and folded. Only
            the path of an album may be empty: its photos are directly below their owner.
    """
    if kind not in ROWS_OF:
        raise ValueError(f"{kind!r} is not one of {', '.join(ROWS_OF)}")
    if kind == "album":
        return Term(kind, text)
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

    Without terms these are all photos of the period. A label also finds its descendants.

    A page ends after `limit` photos or after `MAX_REQUESTS` queries, so it may be empty although
    more pages follow: the last one is the one whose cursor is None. Times have no time zone, as
    those of `queries.between`.

    Raises:
        ValueError: there are over `MAX_TERMS` terms, or neither a term nor a time, `limit` is not 1
            to `MAX_LIMIT`, a time has a time zone, `start` is not before `end`, or `cursor` is not
            of this search.
    """
    distinct = tuple(sorted(set(terms)))
    if len(distinct) > MAX_TERMS:
        raise ValueError(f"a search has at most {MAX_TERMS} terms, got {len(distinct)}")
    if not distinct and start is None and end is None:
        raise ValueError("a search has a term, a start or an end, got none of them")
    if not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"limit is 1 to {MAX_LIMIT}, got {limit}")
    low = _LOWEST if start is None else sort_time(start)
    high = _HIGHEST if end is None else sort_time(end)
    if low >= high:
        raise ValueError(f"the time {low} is not before {high}")
    search = Search(owner=owner, terms=distinct, low=low, high=high, newest_first=newest_first)
    return _page(table, search, limit=limit, cursor=cursor)


def count_each(
    table: Table,
    owner: str,
    terms: Sequence[Term],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[TermCount]:
    """Return how many photos of the period each term has by itself, up to `MAX_LIMIT`.

    This says why a search found nothing. It costs one page for each term.

    Raises:
        ValueError: as `find`.
    """
    counts = []
    for one in dict.fromkeys(terms):
        page = find(table, owner, [one], start=start, end=end, limit=MAX_LIMIT)
        more = page.cursor is not None
        counts.append(TermCount(kind=one.kind, text=one.text, photos=len(page.items), more=more))
    return counts


def suggestions(
    table: Table,
    owner: str,
    beginning: str,
    kinds: Sequence[RowKind] = ROW_KINDS,
    *,
    limit: int = 5,
) -> Page[Suggestion]:
    """Return up to `limit` terms that begin with a text, kind by kind, each kind by name.

    Each takes one Query of a single row, and so does the end of each kind. C#2016 can be left out
    if there is C: their rows are among each other.

    Raises:
        ValueError: `limit` is not 1 to `MAX_SUGGESTIONS`.
    """
    if not 1 <= limit <= MAX_SUGGESTIONS:
        raise ValueError(f"limit is 1 to {MAX_SUGGESTIONS}, got {limit}")
    folded = fold_label(clean_label(beginning))
    found: list[Suggestion] = []
    read_units = 0.0
    for kind in kinds:
        low, high = f"{kind}#{folded}", f"{kind}#{folded}\U0010ffff"
        while len(found) < limit:
            query = Query(owner=owner, index=None, range_key="sk", low=low, high=high)
            answer = table.query(query, start=None, limit=1)
            read_units += answer.read_units
            if not answer.rows:
                break
            [row] = answer.rows
            text = row["sk"][len(kind) + 1 : -_END_CHARACTERS - 1]
            found.append(Suggestion(kind=kind, text=text, written=row.get("text", text)))
            low = f"{kind}#{text}#{_HIGHEST}"
    return Page(items=found, cursor=None, read_units=read_units)


def _page(table: Table, search: Search, *, limit: int, cursor: str | None) -> Page[Found]:
    streams = _streams(table, search, limit=limit)
    at = search.high if search.newest_first else search.low
    if cursor is not None:
        at = cursors.end(search, cursor)
    found: list[Found] = []

    def page(cursor: str | None) -> Page[Found]:
        units = sum(stream.read_units for stream in streams)
        return Page(items=found, cursor=cursor, read_units=units)

    while len(found) < limit:
        for stream in streams:
            requests = sum(one.requests for one in streams)
            if requests + stream.most_requests > MAX_REQUESTS:
                return page(cursors.at_end(search, at))
            position = stream.seek(at)
            if position is None:
                return page(None)
            at = position
        photo = _photo(streams, at)
        if photo is not None:
            found.append(photo)
            at = _beyond(at, newest_first=search.newest_first)
    return page(cursors.at_end(search, at))


def _photo(streams: Sequence[_Stream], end: str) -> Found | None:
    """Return the photo with this end if all streams have it."""
    photo = None
    for stream in streams:
        photo = stream.photo(end)
        if photo is None:
            return None
    return photo


def _beyond(end: str, *, newest_first: bool) -> str:
    """Return a text between `end` and the ends that follow it."""
    return f"{end[:-1]}{chr(ord(end[-1]) - 1)}~" if newest_first else f"{end}!"


@dataclass(frozen=True)
class _Source:
    """The rows of a stream: those whose range key is `prefix` and an end."""

    index: str | None
    range_key: str
    prefix: str
    found: Callable[[Row], Found]


_ALL_PHOTOS: Final = _Source("by_time", "time_key", "time#", records.found_photo)


def _sources(one: Term) -> list[_Source]:
    """Return the rows of a term: of a union those of each kind."""
    if one.kind == "album":
        return [_Source("by_album", "album_key", f"{album_prefix(one.text)}#", records.found_photo)]
    return [_Source(None, "sk", f"{kind}#{one.text}#", records.found) for kind in ROWS_OF[one.kind]]


class _Stream(Protocol):
    """Photos in order of their ends, read from one end to another that lies further on."""

    @property
    def requests(self) -> int:
        """Return the number of queries that were sent."""

    @property
    def read_units(self) -> float:
        """Return the read units that DynamoDB charged for them."""

    @property
    def most_requests(self) -> int:
        """Return how many queries one seek sends at most."""

    def seek(self, at: str) -> str | None:
        """Go on to `at` or beyond, and return a position before which there is no more photo.

        None if there is no photo at all. `photo` says whether there is one at the position. If
        there is none, the next seek goes on.
        """

    def photo(self, end: str) -> Found | None:
        """Return the photo with this end, to which the last seek led; None if it led beyond."""


def _streams(table: Table, search: Search, *, limit: int) -> list[_Stream]:
    """Return a stream for each term, unions last: a term without photos ends the search sooner."""
    terms = sorted(map(_sources, search.terms), key=len) or [[_ALL_PHOTOS]]
    first_rows = limit if [len(sources) for sources in terms] == [1] else FIRST_ROWS
    streams: list[_Stream] = []
    for sources in terms:
        rows = [_Rows(table, search, source, first_rows=first_rows) for source in sources]
        streams.append(rows[0] if len(rows) == 1 else _Union(rows, search))
    return streams


class _Union:
    """The photos that any of several streams has."""

    def __init__(self, streams: Sequence[_Rows], search: Search) -> None:
        self._streams = streams
        self._nearest = max if search.newest_first else min
        self.most_requests = len(streams)

    @property
    def requests(self) -> int:
        return sum(stream.requests for stream in self._streams)

    @property
    def read_units(self) -> float:
        return sum(stream.read_units for stream in self._streams)

    def seek(self, at: str) -> str | None:
        positions = [stream.seek(at) for stream in self._streams]
        return self._nearest((one for one in positions if one is not None), default=None)

    def photo(self, end: str) -> Found | None:
        photos = (stream.photo(end) for stream in self._streams)
        return next((photo for photo in photos if photo is not None), None)


class _Rows:
    """The photos of the rows of one source."""

    most_requests: Final = 1

    def __init__(self, table: Table, search: Search, source: _Source, *, first_rows: int) -> None:
        self._table = table
        self._search = search
        self._source = source
        self._page: deque[tuple[str, Row]] = deque()  # the ends and the rows; the first is the next
        self._behind = search.high if search.newest_first else search.low  # the page
        self._more = True  # whether rows may follow behind the page
        self._size = self._first_rows = first_rows
        self._landings = 0  # rows of the page to which a seek led
        self.requests = 0
        self.read_units = 0.0

    def seek(self, at: str) -> str | None:
        passed = False
        while self._page and self._is_before(self._page[0][0], at):
            self._page.popleft()
            passed = True
        if not self._page and self._more and not self._is_before(at, self._behind):
            self._read(at)
            passed = True
        if self._page:
            self._landings += passed
            return self._page[0][0]
        return self._behind if self._more else None

    def photo(self, end: str) -> Found | None:
        if self._page and self._page[0][0] == end:
            return self._source.found(self._page[0][1])
        return None

    def _is_before(self, one: str, other: str) -> bool:
        return one > other if self._search.newest_first else one < other

    def _read(self, end: str) -> None:
        """Read the page that begins at `end`.

        It is twice as long as the page before if every fourth row of that was landed on, else
        short. So a long page has at most eight rows for each landing in the page before it, and a
        short page is read for one landing. docs/search.md shows that this is `ROWS_READ`.
        """
        is_used = 4 * self._landings >= self._size
        self._size = min(2 * self._size, MOST_ROWS) if is_used else self._first_rows
        self._landings = 0
        newest_first, prefix = self._search.newest_first, self._source.prefix
        low, high = (self._search.low, end) if newest_first else (end, self._search.high)
        query = Query(
            owner=self._search.owner,
            index=self._source.index,
            range_key=self._source.range_key,
            low=prefix + low,
            high=prefix + high,
            newest_first=newest_first,
        )
        answer = self._table.query(query, start=None, limit=self._size)
        ends = [(row[self._source.range_key].removeprefix(prefix), row) for row in answer.rows]
        # A text with a # has rows among those of the text before the #: their ends are longer.
        self._page.extend((one, row) for one, row in ends if len(one) == _END_CHARACTERS)
        self._more = answer.more
        if ends:
            self._behind = self._after(ends[-1][0])
        self.requests += 1
        self.read_units += answer.read_units

    def _after(self, end: str) -> str:
        """Return the position that follows the last row of a page.

        If it is a row of a longer text, all rows of that text are passed. No other row lies among
        them: a sort time has a capital T, and a folded text has none.
        """
        newest_first = self._search.newest_first
        if longer := end[: -_END_CHARACTERS - 1]:
            return f"{longer}#{_LOWEST if newest_first else _HIGHEST}"
        return _beyond(end, newest_first=newest_first)
