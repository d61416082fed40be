"""The read units of each query are those in docs/architecture.md.

moto charges the same for every read, so the units are computed here from the items that are read,
by DynamoDB's rules.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embeddedaws import Aws
from gallery import queries
from gallery.read_units import read_units
from gallery.records import Page
from gallery.table import Table
from publishing import Publisher
from questions import ASKS, OWNER, Watch, fill_table, watching

ROOT = Path(__file__).parents[2]
LEAST_UNITS = 0.5  # of an eventually consistent Query, even of one that reads nothing


@pytest.fixture(scope="module", autouse=True)
def filled(publisher: Publisher) -> None:
    fill_table(publisher)


@pytest.fixture
def watch(aws: Aws) -> Watch:
    return watching(aws.client("dynamodb"))


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
