"""A search finds what a brute force finds, and reads few rows however many there are."""

from __future__ import annotations

import bisect
import itertools
import json
import random
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.records import Found, Suggestion, TermCount
from gallery.search import (
    FIRST_ROWS,
    MAX_REQUESTS,
    ROW_KINDS,
    ROWS_OF,
    ROWS_READ,
    Term,
    count_each,
    find,
    suggestions,
    term,
)
from gallery.table import Query, Rows
from shared.keys import album_prefix, digest
from shared.text import fold_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gallery.table import Row

OWNER = "ada"
EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001  # photos' times are local ones
SIZE = {"width_px": 4, "height_px": 3}
LIMIT = 100


class Memory:
    """A table in memory, which counts what is read. DynamoDB sorts by bytes."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.rows: dict[str | None, dict[str, Row]] = {None: {}, "by_album": {}, "by_time": {}}
        self.keys: dict[str | None, list[str]] = {}
        self.read: Counter[str] = Counter()  # rows by stream
        self.queries: Counter[str] = Counter()
        self.requests = 0
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> None:
        """Add a row as tests/vectors.json has it."""
        whole = {"pk": OWNER, **SIZE, **row}
        if row["sk"].startswith("photo#"):
            whole["status"] = "READY"
        keys = {None: "sk", "by_album": "album_key", "by_time": "time_key"}
        for index, key in keys.items():
            if key in whole:
                self.rows[index][whole[key]] = whole
        self.keys = {}

    def query(self, query: Query, *, start: Mapping[str, str] | None, limit: int) -> Rows:
        assert (query.owner, start) == (OWNER, None)
        assert query.low <= query.high, "DynamoDB refuses BETWEEN with bounds in another order"
        rows = self.rows[query.index]
        keys = self.keys.setdefault(query.index, sorted(rows))
        low = bisect.bisect_left(keys, query.low)
        high = bisect.bisect_right(keys, query.high)
        if query.newest_first:
            found = keys[max(low, high - limit) : high][::-1]
        else:
            found = keys[low : min(low + limit, high)]
        page = [rows[key] for key in found]
        self.requests += 1
        stream = query.index or "#".join(query.low.split("#")[:2])
        self.read[stream] += len(page)
        self.queries[stream] += 1
        more = high - low >= limit  # as DynamoDB: a full page always has a key to go on from
        return Rows(rows=page, more=more, last=page[-1] if more else {}, read_units=0.5)


class Photo(NamedTuple):
    """A photo of a random gallery."""

    number: int
    second: int  # after EPOCH; several photos can have the same
    album: str
    terms: frozenset[tuple[str, str]]  # kind and text
    is_old: bool = False  # its rows are of an earlier release

    @property
    def path(self) -> str:
        return f"{self.album}/{self.number}.jpg" if self.album else f"{self.number}.jpg"

    @property
    def key(self) -> str:
        return f"uploads/{OWNER}/{self.path}"

    @property
    def end(self) -> str:
        return f"{(EPOCH + timedelta(seconds=self.second)).isoformat()}#{digest(self.key)}"

    def rows(self) -> Iterable[Row]:
        sk = f"photo#{self.path}"
        yield {
            "sk": sk,
            "key": self.key,
            "album_key": f"{album_prefix(self.album)}#{self.end}",
            "time_key": f"time#{self.end}",
        }
        for kind, text in self.terms:
            folded = fold_label(text)
            row = {"sk": f"{kind}#{folded}#{self.end}", "photo": sk}
            if self.is_old:
                row["label"] = folded
            elif folded != text:
                row["text"] = text
            yield row

    def has(self, one: Term) -> bool:
        """Return whether the photo has a term, by comparing one by one."""
        if one.kind == "album":
            return self.album == one.text
        kinds = ROWS_OF[one.kind]
        return any(kind in kinds and fold_label(text) == one.text for kind, text in self.terms)


def table_of(photos: Iterable[Photo]) -> Memory:
    return Memory(row for photo in photos for row in photo.rows())


def labeled(labels: Iterable[Iterable[str]]) -> list[Photo]:
    """Return photos one second apart with these labels."""
    return [
        Photo(second, second, "", frozenset(("label", label) for label in some))
        for second, some in enumerate(labels)
    ]


def everything(table: Any, terms: list[Term], **asked: Any) -> tuple[list[Found], int]:  # noqa: ANN401
    """Return the photos of all pages, and the number of pages."""
    found: list[Found] = []
    cursor: str | None = None
    for pages in itertools.count(1):
        page = find(table, OWNER, terms, cursor=cursor, **asked)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found, pages
    raise AssertionError


def streams_of(terms: list[Term]) -> list[str]:
    """Return the names by which `Memory` counts what is read of terms."""
    names: list[str] = []
    for one in terms:
        kinds = ROWS_OF[one.kind]
        names += ["by_album"] if one.kind == "album" else [f"{kind}#{one.text}" for kind in kinds]
    return names or ["by_time"]


VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8")
)["searches"]


def asked(vector: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `find` for a vector."""
    names = {"from": "start", "to": "end"}
    times = {
        name: datetime.fromisoformat(vector[key]) for key, name in names.items() if key in vector
    }
    return {"terms": [term(**one) for one in vector["terms"]], **times}


@pytest.mark.parametrize("newest_first", [True, False], ids=["newest first", "oldest first"])
@pytest.mark.parametrize("vector", VECTORS["cases"], ids=lambda vector: vector["what"])
def test_a_search_finds_what_the_page_finds(vector: dict[str, Any], *, newest_first: bool) -> None:
    table = Memory(VECTORS["rows"])

    found, _ = everything(table, **asked(vector), newest_first=newest_first)

    paths = [one.key.removeprefix(f"uploads/{OWNER}/") for one in found]
    assert paths == (vector["found"] if newest_first else vector["found"][::-1])


@pytest.mark.parametrize("vector", VECTORS["many"], ids=lambda vector: vector["what"])
def test_a_search_among_many_photos_reads_few_rows(vector: dict[str, Any]) -> None:
    table = Memory(
        {
            "sk": f"{one}#{(EPOCH + timedelta(seconds=number)).isoformat()}#{number:024x}",
            "photo": f"photo#{number}",
        }
        for one, every in vector["every"].items()
        for number in range(0, vector["photos"], every)
    )

    found, pages = everything(table, **asked(vector))

    assert (len(found), pages) == (vector["found"], 1)
    assert table.read.total() <= vector["most_rows"]
    assert len(table.rows[None]) > 2 * vector["most_rows"]


TEXTS = ("Dog", "c", "c#", "c#2016", "c#2016-04-09T14:08:13")
ALBUMS = ("", "2016", "2016/tacos")
terms_ = st.one_of(
    st.tuples(
        st.sampled_from([kind for kind in ROWS_OF if kind != "album"]), st.sampled_from(TEXTS)
    ),
    st.tuples(st.just("album"), st.sampled_from(ALBUMS)),
).map(lambda one: term(*one))
photos_ = st.lists(
    st.builds(
        Photo,
        number=st.integers(0, 9),
        second=st.integers(0, 20),
        album=st.sampled_from(ALBUMS),
        terms=st.frozensets(
            st.tuples(st.sampled_from(ROW_KINDS), st.sampled_from(TEXTS)), max_size=12
        ),
        is_old=st.booleans(),
    ),
    max_size=30,
    unique_by=lambda photo: photo.path,
)


@settings(deadline=None, max_examples=300)
@given(
    photos=photos_,
    terms=st.lists(terms_, max_size=4),
    start=st.none() | st.integers(0, 20),
    seconds=st.none() | st.integers(1, 20),
    newest_first=st.booleans(),
    limit=st.integers(1, 5),
)
def test_a_search_finds_the_same_as_a_brute_force(  # noqa: PLR0913
    photos: list[Photo],
    terms: list[Term],
    start: int | None,
    seconds: int | None,
    *,
    newest_first: bool,
    limit: int,
) -> None:
    if not terms and start is None and seconds is None:
        start = 0
    end = None if seconds is None else (start or 0) + seconds
    times = {
        "start": None if start is None else EPOCH + timedelta(seconds=start),
        "end": None if end is None else EPOCH + timedelta(seconds=end),
    }

    found, _ = everything(table_of(photos), terms, **times, newest_first=newest_first, limit=limit)

    expected = sorted(
        (
            photo
            for photo in photos
            if (start or 0) <= photo.second
            and (end is None or photo.second < end)
            and all(photo.has(one) for one in terms)
        ),
        key=lambda photo: photo.end,
        reverse=newest_first,
    )
    assert found == [
        Found(key=photo.key, sort_time=photo.end.partition("#")[0], width_px=4, height_px=3)
        for photo in expected
    ]


SHARES = st.sampled_from([0.001, 0.01, 0.1, 0.5, 1.0])


@settings(deadline=None)
@given(
    seed=st.integers(0, 1000),
    total=st.integers(0, 1500),
    shares=st.dictionaries(
        st.sampled_from(list(ROWS_OF)).map(
            lambda kind: Term(kind, "album" if kind == "album" else "x")
        ),
        st.lists(SHARES, min_size=8, max_size=8),
        min_size=1,
        max_size=4,
    ),
    clustered=st.booleans(),
    newest_first=st.booleans(),
)
def test_a_search_reads_no_more_than_a_multiple_of_the_rarest_term(
    seed: int,
    total: int,
    shares: dict[Term, list[float]],
    *,
    clustered: bool,
    newest_first: bool,
) -> None:
    # A test's own data: no secrets.
    dice = random.Random(seed)  # noqa: S311
    streams = {
        (kind, one): share
        for one, some in shares.items()
        for kind, share in zip(ROWS_OF[one.kind] or ("album",), some, strict=False)
    }
    photos = []
    for second in range(total):
        lucky = {
            (kind, one.text)
            for (kind, one), share in streams.items()
            if (second / total if clustered else dice.random()) < share
        }
        album = "album" if ("album", "album") in lucky else ""
        photos.append(
            Photo(second, second, album, frozenset(one for one in lucky if one[0] != "album"))
        )
    table = table_of(photos)
    terms = list(shares)

    found, pages = everything(table, terms, limit=LIMIT, newest_first=newest_first)

    rarest = min(sum(photo.has(one) for photo in photos) for one in terms)
    assert len(found) == sum(all(photo.has(one) for one in terms) for photo in photos)
    # A page that begins reads the photo again to which the page before it had leapt.
    most = rarest + 2 * pages
    names = streams_of(terms)
    assert all(table.queries[name] <= most * names.count(name) for name in names)
    assert all(table.read[name] <= ROWS_READ * most * names.count(name) for name in names)
    assert table.requests <= MAX_REQUESTS * pages


def test_a_rare_term_beside_a_frequent_one_takes_few_requests() -> None:
    photos = labeled(
        {"dog", "beach"} if second % 1000 == 0 else {"dog"} for second in range(20_000)
    )
    table = table_of(photos)

    found, _ = everything(table, [term("label", "dog"), term("label", "beach")], limit=LIMIT)

    assert len(found) == 20
    assert table.read == {"label#dog": 19 * FIRST_ROWS + 1, "label#beach": 20}
    assert table.requests <= 24


def test_a_page_of_one_term_is_one_request_and_reads_what_it_returns() -> None:
    table = table_of(labeled([{"dog"}] * 200))
    for terms, start in (([term("label", "dog")], None), ([term("album", "")], None), ([], EPOCH)):
        table.requests, table.read = 0, Counter()

        page = find(table, OWNER, terms, start=start)  # type: ignore[arg-type]

        assert (len(page.items), table.requests, table.read.total()) == (50, 1, 50)


def test_a_term_without_photos_ends_a_search_before_a_union_is_asked() -> None:
    table = table_of(labeled([{"dog"}] * 200))

    assert everything(table, [term("any", "dog"), term("label", "cat")]) == ([], 1)
    assert table.requests == 1


@pytest.mark.parametrize("newest_first", [True, False])
def test_many_rows_of_a_longer_label_between_are_passed_at_once(*, newest_first: bool) -> None:
    labels = [{"c#2016", "c#0", "c#9" * 9}] * 500
    table = table_of(labeled([{"c"}, *labels, {"c"}]))

    found, _ = everything(table, [term("label", "c")], newest_first=newest_first, limit=10)

    assert {one.key for one in found} == {f"uploads/{OWNER}/{one}.jpg" for one in (0, 501)}
    assert table.requests <= 5  # one for each longer label


@pytest.mark.parametrize("newest_first", [True, False])
def test_rows_of_a_longer_text_are_passed_once_in_a_union(*, newest_first: bool) -> None:
    both = frozenset({("label", "c"), ("keyword", "c#2016")})
    table = table_of(Photo(second, second, "", both) for second in range(500))

    found, pages = everything(table, [term("any", "c")], limit=LIMIT, newest_first=newest_first)

    assert (len(found), pages) == (500, 6)
    assert table.queries["keyword#c"] <= 2 * pages


@pytest.mark.parametrize("newest_first", [True, False])
def test_rows_between_those_of_a_label_that_looks_like_a_time_are_found(
    *, newest_first: bool
) -> None:
    look = f"c#{EPOCH.isoformat()}"
    photos = [Photo(0, 0, str(number), frozenset({("label", "c")})) for number in range(40)]
    photos += [Photo(1, second, "", frozenset({("label", look)})) for second in range(40)]
    asks = {"newest_first": newest_first, "limit": 7}

    found, _ = everything(table_of(photos), [term("label", "c")], **asks)

    assert len(found) == 40


def test_a_page_without_results_ends_after_some_requests_and_goes_on() -> None:
    photos = labeled({"dog" if second // 20 % 2 else "beach"} for second in range(2_500))
    table = table_of(photos)

    page = find(table, OWNER, [term("label", "dog"), term("label", "beach")])  # type: ignore[arg-type]

    assert page.items == []
    assert page.cursor is not None
    assert table.requests == MAX_REQUESTS


def test_a_page_of_ten_unions_sends_no_more_requests_and_goes_on() -> None:
    texts = [str(number) for number in range(10)]
    photos = [
        Photo(second, second, "", frozenset((kind, text) for text in texts))
        for second in range(40)
        for kind in [ROW_KINDS[second % 8]]
    ]
    table = table_of(photos)

    found, pages = everything(table, [term("any", text) for text in texts], limit=10)

    assert len(found) == 40
    assert table.requests <= MAX_REQUESTS * pages


def test_terms_are_folded_and_each_counts_once() -> None:
    table = table_of(labeled([{"dog"}]))

    assert len(everything(table, [term("label", " DOG "), term("label", "dog")])[0]) == 1
    assert table.requests == 1


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"terms": []}, "a search has a term, a start or an end, got none"),
        ({"terms": [Term("label", str(one)) for one in range(11)]}, "at most 10 terms, got 11"),
        ({"limit": 0}, "limit is 1 to 100, got 0"),
        ({"start": EPOCH, "end": EPOCH}, "is not before"),
        ({"cursor": "nonsense"}, "is not of this query"),
    ],
)
def test_a_search_that_has_no_meaning_is_refused(asked: dict[str, Any], message: str) -> None:
    arguments = {"terms": [Term("label", "dog")], **asked}

    with pytest.raises(ValueError, match=message):
        find(Memory(), OWNER, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("label", " ", "the label ' ' is empty"),
        ("any", "\u200b", "the any '\\\\u200b' is empty"),
        ("photo", "a.jpg", "'photo' is not one of person, keyword"),
        ("geo", "u33db", "'geo' is not one of"),
    ],
)
def test_a_term_that_has_no_meaning_is_refused(kind: Any, text: str, message: str) -> None:  # noqa: ANN401
    with pytest.raises(ValueError, match=message):
        term(kind, text)


def test_a_cursor_is_valid_for_its_own_search_only() -> None:
    both = frozenset({("label", "dog"), ("keyword", "dog"), ("city", "dog")})
    table: Any = table_of(Photo(second, second, "dog", both) for second in range(9))
    ask = partial(find, table, OWNER)
    asks = [
        partial(ask, [Term("label", "dog")]),
        partial(ask, [Term("keyword", "dog")]),
        partial(ask, [Term("label", "dog"), Term("keyword", "dog")]),
        partial(ask, [Term("place", "dog")]),
        partial(ask, [Term("any", "dog")]),
        partial(ask, [Term("album", "dog")]),
        partial(ask, [Term("label", "dog")], newest_first=False),
        partial(ask, [Term("label", "dog")], start=EPOCH),
        partial(ask, [], start=EPOCH),
    ]
    for mine, other in itertools.permutations(asks, 2):
        cursor = mine(limit=1).cursor
        assert mine(cursor=cursor).items
        with pytest.raises(ValueError, match="is not of this query"):
            other(cursor=cursor)
    with pytest.raises(ValueError, match="is not of this query"):
        find(table, "bob", [Term("label", "dog")], cursor=asks[0](limit=1).cursor)


def test_each_term_is_counted_to_say_why_nothing_is_found() -> None:
    photos = [Photo(second, second, "2016", frozenset({("label", "Dog")})) for second in range(150)]
    table: Any = table_of(photos)
    terms = [term("label", "dog"), term("place", "Atlantis"), term("album", "2016")]

    counts = count_each(table, OWNER, terms, end=EPOCH + timedelta(seconds=12))

    assert counts == [
        TermCount(kind="label", text="dog", photos=12, more=False),
        TermCount(kind="place", text="atlantis", photos=0, more=False),
        TermCount(kind="album", text="2016", photos=12, more=False),
    ]
    assert count_each(table, OWNER, terms[:1]) == [
        TermCount(kind="label", text="dog", photos=100, more=True)
    ]


def test_suggestions_are_the_terms_that_begin_with_a_text_as_they_are_written() -> None:
    some = {
        ("city", "Porto"),
        ("country", "Portugal"),
        ("label", "Port"),
        ("label", "C"),
        ("label", "C#"),
        ("label", "C#mix"),
        ("word", "portal"),
        ("word", "Ärger"),
    }
    table: Any = table_of(Photo(one, one, "", frozenset(some)) for one in range(200))

    def texts(*asked: Any, **more: Any) -> list[tuple[str, str, str]]:  # noqa: ANN401
        found = suggestions(table, OWNER, *asked, **more).items
        return [(one.kind, one.text, one.written) for one in found]

    assert texts(" POR") == [
        ("city", "porto", "Porto"),
        ("country", "portugal", "Portugal"),
        ("label", "port", "Port"),
        ("word", "portal", "portal"),
    ]
    assert texts("por", limit=2) == texts("por")[:2]
    assert texts("por", ("word", "city")) == [texts("por")[3], texts("por")[0]]
    assert texts("a\u0308") == [("word", "ärger", "Ärger")]
    assert [one for _, one, _ in texts("c", ("label",))] == ["c#", "c", "c#mix"]
    assert texts("por", ("person",)) == []
    table.requests = 0
    assert suggestions(table, OWNER, "por", limit=4).items[0] == Suggestion(
        kind="city", text="porto", written="Porto"
    )
    assert table.requests <= len(ROW_KINDS) + 4
    with pytest.raises(ValueError, match="limit is 1 to 20, got 0"):
        suggestions(table, OWNER, "por", limit=0)
