"""What docs/page.md says the page weighs, and what docs/operations.md reckons a visit with."""

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


def test_the_page_weighs_what_is_written(dist: Path) -> None:
    plain, packed = (sum(each) / 1000 for each in zip(*files(dist).values(), strict=True))

    [written] = re.findall(r"\*\*all\*\* \| \*\*([\d.]+)\*\* \| \*\*([\d.]+)\*\*", PAGE.read_text())
    assert [float(each) for each in written] == [
        pytest.approx(each, rel=0.05) for each in (plain, packed)
    ], "run make figures"


def test_a_visit_is_paid_for_as_it_is(dist: Path) -> None:
    seen = {name: packed for name, (_, packed) in files(dist).items() if name not in UNSEEN}

    assert len(seen) + len(["config.json"]) == costs.VISIT_FILES
    assert sum(seen.values()) / 1000 == pytest.approx(costs.VISIT_KB, rel=0.05)


def test_a_visit_asks_for_little_and_nothing_jumps(browser: Browser, site: Site) -> None:
    photos = find_photos([EXAMPLES], output=Path("demo"), on_error=print)
    upload(site, photos, album=EXAMPLES_ALBUM)
    site.stack.wait_until_idle()

    took = visit(browser, site, slowdown=1)

    assert took["requests until one can sign in"] == costs.VISIT_FILES
    assert took["layout shift, on coming back"] < LITTLE_SHIFT
