"""What each question costs, in DynamoDB's read units: as docs/architecture.md says.

moto charges the same for every read. So the items that a Query reads are measured here as
DynamoDB measures them.
"""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from embeddedaws import Aws
from gallery import queries
from gallery.table import Table
from gallery.units import read_units
from publishing import NOW, Publisher, fill

ROOT = Path(__file__).parents[2]
OWNER = "us-east-1:9cc8d1a8-0d1f-4b7c-8c52-3ab2c1f0a1b2"  # as long as Cognito's
PHOTOS = 50


@pytest.fixture(scope="module", autouse=True)
def filled(publisher: Publisher) -> None:
    fill(publisher, OWNER, "2016", PHOTOS)
    for number in range(PHOTOS):
        publisher.problem(f"uploads/{OWNER}/bad/{number}.jpg", NOW, "REJECTED")


@pytest.fixture
def read(aws: Aws) -> Any:  # noqa: ANN401  # a function
    """Return what the answers that come while asking cost, each for itself."""
    client = aws.client("dynamodb")

    def units_of(ask: Callable[[], object]) -> float:
        answers: list[tuple[bool, list[Any]]] = []

        def keep(parsed: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401
            now = model.name == "GetItem"  # the reads of what is there now
            items = [parsed["Item"]] if now else parsed["Items"]
            answers.append((now, items))

        client.meta.events.register("after-call.dynamodb", keep, unique_id="costs")
        ask()
        client.meta.events.unregister("after-call.dynamodb", unique_id="costs")
        return sum(read_units(items, now=now) for now, items in answers)

    return units_of


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
def test_a_question_costs_what_the_docs_say(
    table: Table,
    read: Callable[[Callable[[], object]], float],
    question: str,
) -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    stated = dict(re.findall(r"^\| ([^|]+?) \| ([\d.]+) \|", page, re.MULTILINE))

    units = read(lambda: ASKS[question](table))

    assert f"{units:g}" == stated.get(question), f"{question} costs {units:g} read units"


def test_the_service_tells_what_it_charged(table: Table) -> None:
    assert queries.album(table, OWNER, "2016").read_units > 0
    assert queries.albums(table, OWNER).read_units >= 2 * queries.problems(table, OWNER).read_units
