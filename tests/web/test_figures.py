"""The size of the page in docs/page.md, and of a visit in docs/operations.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright")

from gallery import costs
from local.process import find_photos
from local.site import EXAMPLES, EXAMPLES_ALBUM, upload
from tools.figures import PAGE, files, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from local.site import Site

LITTLE_SHIFT = 0.1  # "good", by https://web.dev/articles/cls
UNSEEN = {"404.html", "land.svg"}  # in most visits


def test_the_page_has_the_size_in_the_docs(dist: Path) -> None:
    plain, packed = (sum(each) / 1000 for each in zip(*files(dist).values(), strict=True))

    [written] = re.findall(r"\*\*all\*\* \| \*\*([\d.]+)\*\* \| \*\*([\d.]+)\*\*", PAGE.read_text())
    assert [float(each) for each in written] == [
        pytest.approx(each, rel=0.05) for each in (plain, packed)
    ], "run make figures"


def test_the_cost_of_a_visit_is_that_of_its_files(dist: Path) -> None:
    seen = {name: packed for name, (_, packed) in files(dist).items() if name not in UNSEEN}

    assert len(seen) + len(["config.json"]) == costs.VISIT_FILES
    assert sum(seen.values()) / 1000 == pytest.approx(costs.VISIT_KB, rel=0.05)


def test_a_visit_has_few_requests_and_no_layout_shift(browser: Browser, site: Site) -> None:
    photos = find_photos([EXAMPLES], output=Path("demo"), on_error=print)
    upload(site, photos, album=EXAMPLES_ALBUM)
    site.stack.wait_until_idle()

    took = visit(browser, site, slowdown=1)

    assert took["requests until one can sign in"] == costs.VISIT_FILES
    assert took["layout shift, on coming back"] < LITTLE_SHIFT
