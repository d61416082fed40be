"""docs/comparison.md quotes only figures of the pages of measurements and costs.

After `make bench` or a change of prices, a test fails for each row that quotes an older figure.
"""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")  # not the 2 of ssimulacra2
ROW = re.compile(
    r"^\| (.+) \| \[[^]]+\]\(((?:performance|operations)\.md)#([\w-]+)\) \|$", re.MULTILINE
)


def numbers(text: str) -> set[float]:
    return {float(found.replace(",", "")) for found in NUMBER.findall(text)}


def section(page: str, anchor: str) -> str:
    """Return the section of a page whose heading has this anchor on GitHub."""
    _, *parts = re.split(r"^## (?=.)", (DOCS / page).read_text(), flags=re.MULTILINE)
    return next(part for part in parts if part.splitlines()[0].lower().replace(" ", "-") == anchor)


ROWS = [row.groups() for row in ROW.finditer((DOCS / "comparison.md").read_text())]


def test_the_comparison_quotes_measured_figures() -> None:
    assert ROWS


@pytest.mark.parametrize(
    ("quoted", "page", "anchor"), ROWS, ids=[row[0].split(" | ")[0] for row in ROWS]
)
def test_each_figure_is_on_the_page_that_it_links_to(quoted: str, page: str, anchor: str) -> None:
    assert numbers(quoted) <= numbers(section(page, anchor))
