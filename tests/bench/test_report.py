"""docs/performance.md is made from bench/results/, with a verdict on each target."""

import json
import re
from collections.abc import Iterator

import pytest

from bench import ROOT, plots, report

RESULTS = report.load()
PAGE = report.PAGE.read_text()


def test_the_page_is_made_from_the_results() -> None:
    assert report.page(RESULTS) == PAGE


@pytest.mark.parametrize("processor", RESULTS)
def test_every_section_was_measured_on_every_processor(processor: str) -> None:
    assert set(RESULTS[processor]) == {"about", *report.SECTIONS}


@pytest.mark.parametrize("processor", RESULTS)
def test_the_results_have_date_processor_and_versions(processor: str) -> None:
    about = RESULTS[processor]["about"]

    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", one["date"]) for one in about["sections"].values())
    assert report.file_of(about["processor"]).exists()
    assert about["versions"]["libjpeg-turbo"]


def test_results_of_two_processors_are_side_by_side() -> None:
    [(name, one), *_] = RESULTS.items()
    other = {**one, "about": {**one["about"], "processor": "Another"}}

    page = report.page({name: one, "Another": other})

    assert f"| target | required | {name} | Another | on all |" in page
    for processor in (name, "Another"):
        assert page.count(f"**{processor}**: `make bench") == len(report.SECTIONS)


def test_every_target_is_on_the_page() -> None:
    for targets in report.targets(RESULTS).values():
        assert len(targets) == len({one.what for one in targets})
        for one in targets:
            assert f"| {one.what} | " in PAGE


@pytest.mark.parametrize("name", report.SECTIONS)
def test_every_section_has_its_command_and_whether_the_machine_was_at_rest(name: str) -> None:
    title = report.SECTIONS[name].TITLE
    [section] = re.findall(rf"^## {title}\n(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)

    assert re.search(rf'`make bench BENCH="?{name}.*at rest', section)


def test_the_page_begins_with_five_figures_that_have_their_pictures() -> None:
    first = PAGE.partition("## Targets")[0]

    assert re.findall(r"^!\[(.*)\]", first, re.MULTILINE) == re.findall(
        r"^### (.*)", first, re.MULTILINE
    )
    assert len(plots.PICTURES) == 5


@pytest.mark.parametrize("picture", plots.PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_small_and_follows_light_and_dark(picture: plots.Picture) -> None:
    drawn = (ROOT / "docs" / f"performance-{picture.name}.svg").read_text()

    assert len(drawn) < 100_000
    assert "prefers-color-scheme: dark" in drawn
    for light in (
        plots.PAPER,
        plots.INK,
    ):  # each color that changes is in a place that the rule finds
        assert f"fill: {light}" in drawn or f"stroke: {light}" in drawn
    if picture.section:
        for each in RESULTS.values():
            assert set(picture.bars(each[picture.section])) <= set(
                re.findall(r"<text[^>]*>([^<]*)</text>", drawn)
            )


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
    assert report.rounded({"a": [1.23456, 12_345]}) == {"a": [1.235, 12_345]}


def test_results_are_formatted_json() -> None:
    for path in report.FOLDER.iterdir():
        text = path.read_text()

        assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"
