"""docs/performance.md is made from bench/results.json, with a verdict on each target."""

import json
import re
from collections.abc import Iterator

import pytest

from bench import ROOT, report, results

RESULTS = results.load()
PAGE = report.PAGE.read_text()


def test_the_page_is_made_from_the_results() -> None:
    assert report.page(RESULTS) == PAGE


def test_every_section_was_measured() -> None:
    assert set(RESULTS) == {"about", *report.SECTIONS}


def test_the_results_have_date_machine_and_versions() -> None:
    about = RESULTS["about"]

    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", one["date"]) for one in about["sections"].values())
    assert all(one["machine"] for one in about["sections"].values())
    assert about["versions"]["libjpeg-turbo"]
    assert len(about["photos"]) >= 10


def test_every_target_is_on_the_page() -> None:
    targets = list(report.targets(RESULTS))

    assert len(targets) == len({one.what for one in targets})
    for one in targets:
        assert f"| {one.what} | " in PAGE
    assert PAGE.count("not measured") <= 3


@pytest.mark.parametrize("name", report.SECTIONS)
def test_every_section_has_its_command(name: str) -> None:
    title = report.SECTIONS[name].TITLE

    assert re.search(rf'## {title}\n\n`make bench BENCH="?{name}', PAGE)


def numbers(node: object) -> Iterator[float]:
    if isinstance(node, float):
        yield node
    elif isinstance(node, dict):
        for one in node.values():
            yield from numbers(one)
    elif isinstance(node, list):
        for one in node:
            yield from numbers(one)


def test_figures_have_four_significant_digits() -> None:
    assert all(figure == float(f"{figure:.4g}") for figure in numbers(RESULTS))
    assert results.rounded({"a": [1.23456, 12_345]}) == {"a": [1.235, 12_345]}


def test_pictures_exist_and_are_small() -> None:
    for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", PAGE):
        picture = ROOT / "docs" / name
        assert picture.stat().st_size < 600_000, name


def test_results_are_formatted_json() -> None:
    text = results.RESULTS.read_text()

    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"
