"""Limits, cursors and times: a query that is not valid is refused, and never returns other rows."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from embeddedaws import TABLE, Aws
from gallery import cursors, queries, search
from gallery.records import Page
from gallery.table import Query, Rows, Table
from publishing import NOW, Publisher, fill
from questions import all_items
from shared.errors import BadKeyError

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))[
    "searches"
]
OWNER = "cursors"
OTHER = "others"
START = datetime(2016, 1, 1)  # noqa: DTZ001  # photos' times are local ones
END = datetime(2017, 1, 1)  # noqa: DTZ001

Ask = Callable[..., Page[Any]]
ASKS: dict[str, Ask] = {
    "album": partial(queries.album, path="2016"),
    "album, newest first": partial(queries.album, path="2016", newest_first=True),
    "another album": partial(queries.album, path="2017"),
    "between": partial(queries.between, start=START, end=END),
    "between others": partial(queries.between, start=START, end=END + timedelta(days=1)),
    "search": partial(search.find, terms=[search.term("label", "dog")]),
    "search otherwise": partial(search.find, terms=[search.term("label", "animal")]),
    "problems": queries.problems,
    "albums": queries.albums,
    "copies": lambda table, owner, **page: queries.copies(
        table, owner, **{**page, "limit": page.get("limit", 2) + 1}
    ),
}


@pytest.fixture(scope="module", autouse=True)
def filled(publisher: Publisher) -> None:
    for owner in (OWNER, OTHER):
        fill(publisher, owner, "2016", 3)
        fill(publisher, owner, "2017", 3)
        for name in "abc":
            publisher.problem(f"uploads/{owner}/2018/{name}.jpg", NOW, "REJECTED")


@pytest.mark.parametrize("name", ASKS)
def test_a_cursor_is_valid_for_its_own_query_only(table: Table, name: str) -> None:
    cursor = ASKS[name](table, OWNER, limit=1).cursor
    assert cursor is not None

    for other, ask in ASKS.items():
        for owner in (OWNER, OTHER):
            if (other, owner) == (name, OWNER):
                assert ask(table, owner, limit=2, cursor=cursor).items
            else:
                with pytest.raises(ValueError, match="is not of this query"):
                    ask(table, owner, cursor=cursor)


@given(data=st.data())
def test_a_tampered_cursor_is_refused(data: st.DataObject) -> None:
    query = Query(owner="a", index=None, range_key="sk", low="label#dog#", high="label#dog$")
    cursor = cursors.at(query, "label#dog#2016", "label#dog#2016")
    position = data.draw(st.integers(0, len(cursor) - 2))  # the last character has spare bits
    character = data.draw(st.characters(exclude_characters=cursor[position]))

    with pytest.raises(ValueError, match="is not of this query"):
        cursors.start(query, cursor[:position] + character + cursor[position + 1 :])


@given(cursor=st.text())
def test_an_arbitrary_text_is_not_a_cursor(cursor: str) -> None:
    query = Query(owner="a", index=None, range_key="sk", low="label#dog#", high="label#dog$")

    with pytest.raises(ValueError, match="is not of this query"):
        cursors.start(query, cursor)


def test_a_forged_cursor_stays_within_the_range_of_the_query() -> None:
    """The checksum is not secret: a forged cursor can only start its own query elsewhere."""
    query = Query(owner="a", index=None, range_key="sk", low="label#dog#", high="label#dog$")

    with pytest.raises(ValueError, match="is not of this query"):
        cursors.start(query, cursors.at(query, "photo#secret", "photo#secret"))
    forged = cursors.at(query, "label#dog#2016", "label#dog#2016")
    assert cursors.start(query, forged) == {"pk": "a", "sk": "label#dog#2016"}


def test_a_cursor_names_no_owner(table: Table) -> None:
    cursor = queries.album(table, OWNER, "2016", limit=1).cursor
    assert cursor is not None

    text = base64.urlsafe_b64decode(cursor + "==")
    assert OWNER not in json.loads(text[9:])[0]


def test_dynamodb_has_what_the_searches_of_the_vectors_find(aws: Aws, table: Table) -> None:
    dynamodb = aws.client("dynamodb")
    for row in VECTORS["rows"]:
        more = {"status": "READY"} if row["sk"].startswith("photo#") else {}
        whole = {"pk": "ada", "width_px": 4, "height_px": 3, **more, **row}
        dynamodb.put_item(TableName=TABLE, Item=TypeSerializer().serialize(whole)["M"])

    for vector in VECTORS["cases"]:
        terms = [search.term(**one) for one in vector["terms"]]
        start, end = (
            datetime.fromisoformat(vector[name]) if name in vector else None
            for name in ("from", "to")
        )
        ask = partial(search.find, table, "ada", terms, start=start, end=end, limit=3)
        paths = [photo.key.removeprefix("uploads/ada/") for photo in all_items(ask)]
        assert paths == vector["found"], vector["what"]


@pytest.mark.parametrize("limit", [-1, 0, queries.MAX_LIMIT + 1])
@pytest.mark.parametrize("name", [name for name in ASKS if name != "copies"])
def test_a_limit_has_bounds(table: Table, name: str, limit: int) -> None:
    with pytest.raises(ValueError, match=f"limit is 1 to 100, got {limit}"):
        ASKS[name](table, OWNER, limit=limit)


@pytest.mark.parametrize("limit", [1, queries.MAX_COMPARED + 1])
def test_the_limit_of_copies_has_bounds(table: Table, limit: int) -> None:
    with pytest.raises(ValueError, match=f"limit is 2 to 1000, got {limit}"):
        queries.copies(table, OWNER, limit=limit)


def test_a_photo_of_another_owner_is_refused(table: Table) -> None:
    with pytest.raises(ValueError, match="is no photo of 'bob'"):
        queries.photo(table, "bob", "uploads/alice/a.jpg")
    with pytest.raises(BadKeyError):
        queries.photo(table, "bob", "elsewhere/bob/a.jpg")


def test_a_time_range_that_ends_before_it_starts_is_refused(table: Table) -> None:
    with pytest.raises(ValueError, match="is not before"):
        queries.between(table, OWNER, END, START)


def test_a_time_with_a_zone_is_refused(table: Table) -> None:
    for start, end in ((START.replace(tzinfo=UTC), END), (START, END.replace(tzinfo=UTC))):
        with pytest.raises(ValueError, match=r"\+00:00 has a time zone; photos have local times"):
            queries.between(table, OWNER, start, end)


class Short(Table):
    """A table that ends its answers early, as DynamoDB does at 1 MB."""

    def query(self, query: Query, *, start: Mapping[str, str] | None, limit: int) -> Rows:
        return super().query(query, start=start, limit=min(limit, 20))


ALBUMS = {"2016": 30, "2017": 25, "2018": 1}  # the first two have nearly all shards


@pytest.fixture(scope="module")
def sharded(publisher: Publisher) -> str:
    """Return an owner with the photos of ALBUMS."""
    for path, count in ALBUMS.items():
        fill(publisher, "sharded", path, count)
    return "sharded"


@pytest.mark.parametrize("kind", [Table, Short])
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_an_album_is_never_split_between_pages(
    aws: Aws, sharded: str, kind: type[Table], limit: int
) -> None:
    table = kind(aws.client("dynamodb"), TABLE)

    found: list[Any] = []
    page = queries.albums(table, sharded, limit=limit)
    found += page.items
    while page.cursor is not None:
        page = queries.albums(table, sharded, limit=limit, cursor=page.cursor)
        found += page.items
        assert len(page.items) <= limit

    assert len(found) == len(ALBUMS)
    assert {album.path: album.photos for album in found} == ALBUMS


def test_no_query_scans_the_table(aws: Aws, table: Table) -> None:
    calls: list[str] = []
    client = aws.client("dynamodb")
    client.meta.events.register(
        "before-call.dynamodb", lambda model, **_: calls.append(model.name), unique_id="calls"
    )

    for name, ask in ASKS.items():
        calls.clear()
        page = ask(table, OWNER, limit=2)
        covers = len(page.items) if name == "albums" else 0
        assert calls == ["Query"] * (1 + covers), name
    calls.clear()
    queries.photo(table, OWNER, f"uploads/{OWNER}/2016/0.jpg")
    assert calls == ["GetItem"]
    client.meta.events.unregister("before-call.dynamodb", unique_id="calls")
