"""The questions that the docs name with their read units, and what DynamoDB charges for them."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

from boto3.dynamodb.types import TypeSerializer

from embeddedaws import TABLE
from gallery import queries, search
from gallery.read_units import read_units
from gallery.records import Found, Page
from gallery.table import MAX_BATCH, Query, Row, Table
from publishing import NOW, Publisher, fill
from shared.keys import digest, within

OWNER = "us-east-1:9cc8d1a8-0d1f-4b7c-8c52-3ab2c1f0a1b2"  # as long as Cognito's
LEAPER = OWNER[:-1] + "3"  # whose photos never have both of two labels
PHOTOS = 50
BLOCK = search.FIRST_ROWS + 1  # photos with the one label, then as many with the other


class Answer(NamedTuple):
    """One response of DynamoDB: what the rules charge for it, and what the service has charged."""

    computed: float
    charged: float | None  # None: the request did not ask
    items: int


Watch: TypeAlias = Callable[[Callable[[], object]], list[Answer]]


def found(table: Table, *terms: tuple[search.Kind, str], owner: str = OWNER) -> Page[Found]:
    """Return the first page of a search."""
    return search.find(table, owner, [search.term(kind, text) for kind, text in terms])


ASKS: dict[str, Callable[[Table], object]] = {
    "one photo": lambda table: queries.photo(table, OWNER, f"uploads/{OWNER}/2016/0.jpg"),
    "50 photos of an album": lambda table: queries.album(table, OWNER, "2016"),
    "50 photos of a period": lambda table: queries.between(
        table, OWNER, datetime.fromisoformat("2016-01-01"), datetime.fromisoformat("2017-01-01")
    ),
    "50 photos with a label": lambda table: found(table, ("label", "animal")),
    "50 photos with two labels": lambda table: found(table, ("label", "animal"), ("label", "dog")),
    "50 photos of a place": lambda table: found(table, ("place", "Portugal")),
    "50 photos with a word of any kind": lambda table: found(table, ("any", "Portugal")),
    "50 photos of a place, with a label": lambda table: found(
        table, ("place", "Portugal"), ("label", "dog")
    ),
    "50 photos of an album, with a label": lambda table: found(
        table, ("album", "2016"), ("label", "dog")
    ),
    "a search for a label that no photo has": lambda table: found(
        table, ("label", "dog"), ("label", "cat")
    ),
    "a page of 100 leaps": lambda table: found(
        table, ("label", "even"), ("label", "odd"), owner=LEAPER
    ),
    "50 problems": lambda table: queries.problems(table, OWNER),
    "duplicates among 50 photos": lambda table: queries.copies(table, OWNER, limit=50),
    "one of many albums, with its count and cover": lambda table: queries.albums(table, OWNER),
}


def fill_table(publisher: Publisher) -> None:
    """Write the photos and problems that the questions are about."""
    fill(publisher, OWNER, "2016", PHOTOS)
    put(publisher, [*placed(publisher), *leaps(publisher)])
    for number in range(PHOTOS):
        publisher.problem(f"uploads/{OWNER}/bad/{number}.jpg", NOW, "REJECTED")


def all_items(ask: Callable[..., Page[Any]]) -> list[Any]:
    """Return the items of all pages."""
    items: list[Any] = []
    cursor: str | None = None
    while True:
        page = ask(cursor=cursor)
        items += page.items
        cursor = page.cursor
        if cursor is None:
            return items


def dogs(publisher: Publisher) -> list[Row]:
    """Return the rows of the label Dog that a photo with every kind of metadata has."""
    low, high = within("label#dog")
    query = Query(owner=OWNER, index=None, range_key="sk", low=low, high=high)
    return list(Table(publisher.dynamodb, TABLE).every(query))


def placed(publisher: Publisher) -> Iterator[Row]:
    """Yield the rows by which the photos are found in Portugal."""
    for row in dogs(publisher):
        end = row["sk"].removeprefix("label#dog")
        row.pop("label", None)  # rows of labels had it once, instead of `text`
        yield {**row, "sk": f"country#portugal{end}", "text": "Portugal"}


def leaps(publisher: Publisher) -> Iterator[Row]:
    """Yield the rows of photos that have one of two labels each, in blocks."""
    row = {**dogs(publisher)[0], "pk": LEAPER}
    start = datetime.fromisoformat("2001-01-01")
    for number in range((search.MAX_REQUESTS + 4) * BLOCK):
        label = "odd" if number // BLOCK % 2 else "even"
        time = (start + timedelta(seconds=number)).isoformat()
        yield {**row, "sk": f"label#{label}#{time}#{digest(str(number))}"}


def put(publisher: Publisher, rows: list[Row]) -> None:
    """Write rows as they are."""
    for start in range(0, len(rows), MAX_BATCH):
        requests = [
            {"PutRequest": {"Item": TypeSerializer().serialize(row)["M"]}}
            for row in rows[start : start + MAX_BATCH]
        ]
        publisher.dynamodb.batch_write_item(RequestItems={TABLE: requests})


def watching(client: Any) -> Watch:  # noqa: ANN401  # one of boto3's generated classes
    """Return a function that calls another, and returns DynamoDB's answers meanwhile."""

    def answers_to(ask: Callable[[], object]) -> list[Answer]:
        answers: list[Answer] = []

        def keep(parsed: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401
            get = model.name == "GetItem"  # the only consistent read
            items = [parsed["Item"]] if get else parsed["Items"]
            charged = parsed.get("ConsumedCapacity", {}).get("CapacityUnits")
            answers.append(Answer(read_units(items, consistent=get), charged, len(items)))

        client.meta.events.register("after-call.dynamodb", keep, unique_id="units")
        ask()
        client.meta.events.unregister("after-call.dynamodb", unique_id="units")
        return answers

    return answers_to
