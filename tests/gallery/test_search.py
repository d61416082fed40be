"""A search finds what a brute force finds, and reads few rows however many there are."""

from __future__ import annotations

import bisect
import itertools
import json
import random
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery import queries, search
from gallery.search import MAX_REQUESTS, ROWS_READ, Term, find, term
from gallery.table import Query, Rows
from publishing import Publisher, fill
from shared.keys import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gallery.records import Found
    from gallery.table import Table

OWNER = "ada"
EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001  # photos' times are local ones
WORDS = ("dog", "beach", "c", "c#", "c#2016")


class Memory:
    """A table with label rows in memory, which counts what is read. DynamoDB sorts by bytes."""

    def __init__(self, photos: Iterable[tuple[int, frozenset[str]]]) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.read: dict[str, int] = {}
        self.requests = 0
        self.keys: list[str] = []
        for number, (second, labels) in enumerate(photos):
            time = (EPOCH + timedelta(seconds=second)).isoformat()
            for label in labels:
                self.add(f"label#{label}#{time}#{digest(str(number))}", f"{number}.jpg")

    def add(self, sk: str, path: str) -> None:
        """Add the row of a term."""
        label = sk.rsplit("#", 2)[0].partition("#")[2]
        photo = {"photo": f"photo#{path}", "width_px": 4, "height_px": 3}
        self.rows[sk] = {"pk": OWNER, "sk": sk, "label": label, **photo}
        self.keys.append(sk)

    def query(self, query: Query, *, start: Mapping[str, str] | None, limit: int) -> Rows:
        assert (query.owner, query.index, start) == (OWNER, None, None)
        self.keys.sort()  # quick if they are sorted already
        low = bisect.bisect_left(self.keys, query.low)
        high = bisect.bisect_right(self.keys, query.high)
        if query.newest_first:
            keys = self.keys[max(low, high - limit) : high][::-1]
        else:
            keys = self.keys[low : min(low + limit, high)]
        page = [self.rows[key] for key in keys]
        self.requests += 1
        label = query.low.split("#")[1]
        self.read[label] = self.read.get(label, 0) + len(page)
        more = high - low >= limit  # as DynamoDB: a full page always has a key to go on from
        return Rows(rows=page, more=more, last=page[-1] if more else {}, read_units=0.5)


def everything(table: Any, terms: list[Term], **asked: Any) -> list[Found]:  # noqa: ANN401
    found: list[Found] = []
    cursor: str | None = None
    while True:
        page = find(table, OWNER, terms, cursor=cursor, **asked)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found


VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["searches"], ids=lambda vector: vector["what"])
def test_a_search_finds_what_the_page_finds(vector: dict[str, Any]) -> None:
    table = Memory([])
    for photo in vector["photos"]:
        for one in photo["terms"]:
            table.add(f"{one}#{photo['end']}", photo["path"])
    terms = [term(*one.split("#", 1)) for one in vector["terms"]]
    times = {
        name: vector[key] and datetime.fromisoformat(vector[key])
        for name, key in (("start", "from"), ("end", "to"))
    }

    found = everything(table, terms, **times)

    assert [one.key.removeprefix(f"uploads/{OWNER}/") for one in found] == vector["found"]


photos_ = st.lists(
    st.tuples(st.integers(0, 60), st.frozensets(st.sampled_from(WORDS), min_size=1)), max_size=60
)


@settings(deadline=None)
@given(
    photos=photos_,
    words=st.sets(st.sampled_from(WORDS), min_size=1),
    start=st.none() | st.integers(0, 60),
    seconds=st.none() | st.integers(1, 60),
    newest_first=st.booleans(),
    limit=st.integers(1, 5),
)
def test_a_search_finds_the_same_as_a_brute_force(  # noqa: PLR0913
    photos: list[tuple[int, frozenset[str]]],
    words: set[str],
    start: int | None,
    seconds: int | None,
    *,
    newest_first: bool,
    limit: int,
) -> None:
    end = None if seconds is None else (start or 0) + seconds
    times = {
        "start": None if start is None else EPOCH + timedelta(seconds=start),
        "end": None if end is None else EPOCH + timedelta(seconds=end),
    }
    terms = [Term("label", word) for word in sorted(words)]

    found = everything(Memory(photos), terms, **times, newest_first=newest_first, limit=limit)

    expected = sorted(
        (
            (second, digest(str(number)), f"uploads/{OWNER}/{number}.jpg")
            for number, (second, labels) in enumerate(photos)
            if words <= labels and (start or 0) <= second and (end is None or second < end)
        ),
        reverse=newest_first,
    )
    assert [photo.key for photo in found] == [key for _, _, key in expected]


@settings(deadline=None)
@given(
    seed=st.integers(0, 1000),
    total=st.integers(0, 2000),
    shares=st.lists(st.sampled_from([0.001, 0.01, 0.1, 0.5, 1.0]), min_size=2, max_size=4),
    clustered=st.booleans(),
)
def test_a_search_reads_no_more_than_a_multiple_of_the_rarest_term(
    seed: int, total: int, shares: list[float], *, clustered: bool
) -> None:
    # A test's own data: no secrets.
    dice = random.Random(seed)  # noqa: S311
    words = [f"w{number}" for number in range(len(shares))]
    photos = []
    for second in range(total):
        luck = [second / max(total, 1) if clustered else dice.random() for _ in words]
        has = [word for word, share, one in zip(words, shares, luck, strict=True) if one < share]
        photos.append((second, frozenset(has)))
    table = Memory(photos)

    found = everything(table, [Term("label", word) for word in words], limit=100)

    counts = {word: sum(word in labels for _, labels in photos) for word in words}
    rarest = min(counts.values())
    assert len(found) == sum(set(words) <= labels for _, labels in photos)
    # Each page of results reads from its beginning again.
    pages = len(found) // 100 + table.requests // MAX_REQUESTS + 1
    for word in words:
        assert table.read.get(word, 0) <= ROWS_READ * (rarest + pages)


def test_a_rare_term_beside_a_frequent_one_takes_few_requests() -> None:
    photos = [
        (second, frozenset({"dog"} | ({"beach"} if second % 1000 == 0 else set())))
        for second in range(20_000)
    ]
    table = Memory(photos)

    found = everything(table, [Term("label", "dog"), Term("label", "beach")], limit=100)

    assert len(found) == 20
    assert table.read == {"dog": 19 * 16 + 1, "beach": 20}
    assert table.requests <= 24


@pytest.mark.parametrize("newest_first", [True, False])
def test_many_rows_of_a_longer_label_between_are_passed(*, newest_first: bool) -> None:
    labels = frozenset({"c#2016", "c#0"})
    photos = [(second, labels) for second in range(500)] + [(501, frozenset({"c"}))]

    found = everything(Memory(photos), [Term("label", "c")], newest_first=newest_first)

    assert [one.key for one in found] == [f"uploads/{OWNER}/500.jpg"]


def test_a_page_without_results_ends_after_some_requests_and_goes_on() -> None:
    photos = [(second, frozenset({"dog" if second % 2 else "beach"})) for second in range(60_000)]
    table = Memory(photos)

    page = find(table, OWNER, [term("label", "dog"), term("label", "beach")])  # type: ignore[arg-type]

    assert page.items == []
    assert page.cursor is not None
    assert table.requests <= MAX_REQUESTS + 2


def test_terms_are_folded_and_each_counts_once() -> None:
    table = Memory([(1, frozenset({"dog"}))])

    assert len(everything(table, [term("label", " DOG "), term("label", "dog")])) == 1


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"terms": []}, "a search has 1 to 10 terms, got 0"),
        ({"terms": [Term("label", str(one)) for one in range(11)]}, "got 11"),
        ({"limit": 0}, "limit is 1 to 100, got 0"),
        ({"start": EPOCH, "end": EPOCH}, "is not before"),
        ({"cursor": "nonsense"}, "is not of this query"),
    ],
)
def test_a_search_that_has_no_meaning_is_refused(asked: dict[str, Any], message: str) -> None:
    arguments = {"terms": [Term("label", "dog")], **asked}

    with pytest.raises(ValueError, match=message):
        find(Memory([]), OWNER, **arguments)  # type: ignore[arg-type]


def test_an_empty_term_is_refused() -> None:
    with pytest.raises(ValueError, match="the label ' ' is empty"):
        term("label", " ")


def test_a_cursor_is_valid_for_its_own_search_only() -> None:
    table: Any = Memory([(second, frozenset({"dog", "beach"})) for second in range(9)])
    dog, beach = Term("label", "dog"), Term("label", "beach")
    asks = [
        partial(find, table, OWNER, [dog]),
        partial(find, table, OWNER, [dog, beach]),
        partial(find, table, OWNER, [dog], newest_first=False),
        partial(find, table, OWNER, [dog], start=EPOCH),
        partial(find, table, "bob", [dog]),
    ]
    for mine, other in itertools.permutations(asks[:4], 2):
        cursor = mine(limit=1).cursor
        assert mine(cursor=cursor).items
        with pytest.raises(ValueError, match="is not of this query"):
            other(cursor=cursor)
    with pytest.raises(ValueError, match="is not of this query"):
        asks[4](cursor=asks[0](limit=1).cursor)


def test_a_search_of_one_label_is_the_query_of_that_label(
    table: Table, publisher: Publisher
) -> None:
    fill(publisher, "search", "2016", 5)

    by_label = queries.labeled(table, "search", "dog").items
    found = find(table, "search", [term("label", "Dog")], newest_first=False).items

    assert [(one.key, one.sort_time, one.thumb) for one in found] == [
        (one.key, one.sort_time, one.thumb) for one in by_label
    ]
    assert len(found) == 5
    both = find(table, "search", [term("label", "dog"), term("label", "animal")]).items
    assert both == found[::-1]
    assert search.MAX_TERMS == 10
