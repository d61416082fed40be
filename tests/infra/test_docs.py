"""The documentation matches the code: generated parts, links and make targets."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DECISIONS = sorted(ROOT.glob("docs/decisions/0*.md"))
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


def test_generated_pages_are_up_to_date() -> None:
    checked = subprocess.run(  # our own script
        [sys.executable, "-m", "tools.docs", "--check"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_points_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)|src=\"([^\"]+)\"", page.read_text())
    targets = [one or other for one, other in links]

    missing = [
        target for target in targets if "://" not in target and not (page.parent / target).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_heading_points_to_one(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s:]*)#([^)]+)\)", page.read_text())

    missing = [
        f"{target}#{anchor}"
        for target, anchor in links
        if anchor not in anchors(page.parent / target if target else page)
    ]
    assert missing == []


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_make_target_in_the_docs_exists() -> None:
    targets = set(
        re.findall(r"^\.PHONY: ([a-z0-9-]+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    )
    named = {
        name
        for page in PAGES
        for name in re.findall(r"(?:`|^)make ([a-z0-9-]+)", page.read_text(), re.MULTILINE)
    }

    assert named
    assert named <= targets


def test_the_index_lists_each_decision_with_its_title_status_and_date() -> None:
    listed = re.findall(
        r"^\| \[(\d{4})\]\((.+)\) \| (.+) \| (\w+) \| ([\d-]+) \|$",
        (ROOT / "docs/decisions/README.md").read_text(),
        re.MULTILINE,
    )

    assert listed == [
        (number, page.name, title, status, date)
        for page in DECISIONS
        for number, title, status, date in re.findall(
            r"\A# (\d{4}): (.+)\n\n## Status\n\n(\w+), (\d{4}-\d{2}-\d{2})\.\n", page.read_text()
        )
    ]
    assert len(listed) == len(DECISIONS)


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: str(page.name))
def test_a_decision_has_the_four_sections_in_order(page: Path) -> None:
    sections = re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)

    assert sections == ["Status", "Context", "Decision", "Consequences"]
