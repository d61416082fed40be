"""The read units of each query are those in docs/architecture.md.

moto charges the same for every read, so the units are computed here from the items that are read,
by DynamoDB's rules.
"""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest

from embeddedaws import Aws
from gallery import queries
from gallery.read_units import read_units
from gallery.records import Page
from gallery.table import Table
from publishing import NOW, Publisher, fill

ROOT = Path(__file__).parents[2]
OWNER = "us-east-1:9cc8d1a8-0d1f-4b7c-8c52-3ab2c1f0a1b2"  # as long as Cognito's
PHOTOS = 50
LEAST_UNITS = 0.5  # of an eventually consistent Query, even of one that reads nothing


class Answer(NamedTuple):
    """One response of DynamoDB: what the rules charge for it, and what the service has charged."""

    computed: float
    charged: float | None  # None: the request did not ask


Watch: TypeAlias = Callable[[Callable[[], object]], list[Answer]]


@pytest.fixture(scope="module", autouse=True)
def filled(publisher: Publisher) -> None:
    fill(publisher, OWNER, "2016", PHOTOS)
    for number in range(PHOTOS):
        publisher.problem(f"uploads/{OWNER}/bad/{number}.jpg", NOW, "REJECTED")


@pytest.fixture
def watch(aws: Aws) -> Watch:
    """Return a function that calls another, and returns DynamoDB's answers meanwhile."""
    client = aws.client("dynamodb")

    def answers_to(ask: Callable[[], object]) -> list[Answer]:
        answers: list[Answer] = []

        def keep(parsed: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401
            get = model.name == "GetItem"  # the only consistent read
            items = [parsed["Item"]] if get else parsed["Items"]
            charged = parsed.get("ConsumedCapacity", {}).get("CapacityUnits")
            answers.append(Answer(read_units(items, consistent=get), charged))

        client.meta.events.register("after-call.dynamodb", keep, unique_id="units")
        ask()
        client.meta.events.unregister("after-call.dynamodb", unique_id="units")
        return answers

    return answers_to


ASKS: dict[str, Callable[[Table], object]] = {
    "one photo": lambda table: queries.photo(table, OWNER, f"uploads/{OWNER}/2016/0.jpg"),
    "50 photos of an album": lambda table: queries.album(table, OWNER, "2016"),
    "50 photos of a period": lambda table: queries.between(
        table, OWNER, datetime.fromisoformat("2016-01-01"), datetime.fromisoformat("2017-01-01")
    ),
    "50 photos with a label": lambda table: queries.labeled(table, OWNER, "animal"),
    "50 problems": lambda table: queries.problems(table, OWNER),
    "duplicates among 50 photos": lambda table: queries.copies(table, OWNER, limit=50),
    "one of many albums, with its count and cover": lambda table: queries.albums(table, OWNER),
}


@pytest.mark.parametrize("question", ASKS)
def test_a_question_costs_what_the_docs_say(table: Table, watch: Watch, question: str) -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    stated = dict(re.findall(r"^\| ([^|]+?) \| ([\d.]+) \|", page, re.MULTILINE))

    units = sum(answer.computed for answer in watch(lambda: ASKS[question](table)))

    assert f"{units:g}" == stated.get(question), f"{question} costs {units:g} read units"


@pytest.mark.parametrize(
    ("ask", "count"),
    [(queries.problems, 1), (queries.albums, 2)],
    ids=["one Query", "one Query for the counts, one for the cover"],
)
def test_a_page_has_the_units_that_its_queries_were_charged(
    table: Table, watch: Watch, ask: Callable[[Table, str], Page[Any]], count: int
) -> None:
    pages: list[Page[Any]] = []

    charged = [answer.charged for answer in watch(lambda: pages.append(ask(table, OWNER)))]

    assert len(charged) == count
    assert all(units is not None and units >= LEAST_UNITS for units in charged)
    assert pages[0].read_units == sum(filter(None, charged))


@pytest.mark.parametrize(
    ("sizes", "units"),
    [([], 1), ([1], 1), ([4096], 1), ([4097], 2), ([2000, 2000], 1), ([2049, 2048], 2)],
    ids=["nothing", "a byte", "4 KB", "more", "two in 4 KB", "two in more"],
)
def test_sizes_are_summed_and_then_rounded_up(sizes: list[int], units: float) -> None:
    items = [
        {"pk": {"S": "a" * (size - len("pk"))}} if size > 1 else {"p": {"S": ""}} for size in sizes
    ]

    assert read_units(items, consistent=True) == units
    assert read_units(items, consistent=False) == units / 2
