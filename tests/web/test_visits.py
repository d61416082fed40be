"""The bytes, requests and layout shift of a visit to the page."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright")

from gallery import costs
from local.process import find_photos
from local.site import EXAMPLES, EXAMPLES_ALBUM, upload

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from local.site import Site

COMPRESSED = {".css", ".html", ".js", ".svg"}  # by CloudFront
MAX_KB = 200  # of all files, compressed; 181 when it was set
MAX_LAYOUT_SHIFT = 0.1  # "good", by https://web.dev/articles/cls
RARELY_LOADED = {"404.html", "land.svg"}
READY_PHOTOS = 7  # in the timeline

OBSERVE_LAYOUT = """
window.shift = 0;
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def compressed_bytes(dist: Path) -> dict[str, int]:
    """Return the number of bytes that CloudFront sends for each file of the page, by name."""
    files = [path for path in dist.rglob("*") if path.is_file()]
    return {
        path.relative_to(dist).as_posix(): (
            len(gzip.compress(path.read_bytes()))
            if path.suffix in COMPRESSED
            else path.stat().st_size
        )
        for path in files
    }


def test_the_page_is_within_its_size_limit(dist: Path) -> None:
    assert sum(compressed_bytes(dist).values()) / 1000 <= MAX_KB


def test_the_cost_model_counts_the_files_that_a_visit_loads(dist: Path) -> None:
    loaded = {
        name: size for name, size in compressed_bytes(dist).items() if name not in RARELY_LOADED
    }

    assert len(loaded) + len(["config.json"]) == costs.VISIT_FILES
    assert sum(loaded.values()) / 1000 == pytest.approx(costs.VISIT_KB, rel=0.05)


def test_a_visit_needs_few_requests_and_shifts_no_layout(browser: Browser, site: Site) -> None:
    photos = find_photos([EXAMPLES], on_error=print)
    upload(site, photos, album=EXAMPLES_ALBUM)
    site.stack.wait_until_idle()
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        context.add_init_script(OBSERVE_LAYOUT)
        page = context.new_page()
        loaded: list[str] = []
        page.on("requestfinished", lambda request: loaded.append(request.url))

        page.goto(site.url)
        page.get_by_role("button", name="Sign in").wait_for()
        page.wait_for_load_state("networkidle")
        before_sign_in = len(loaded)
        page.get_by_role("button", name="Sign in").click()
        wait_for_thumbnails(page)
        page.reload()
        wait_for_thumbnails(page)
        shift = page.evaluate("shift")

    assert before_sign_in == costs.VISIT_FILES
    assert shift < MAX_LAYOUT_SHIFT


def wait_for_thumbnails(page: Page) -> None:
    page.locator(".thumb.loaded").nth(READY_PHOTOS - 1).wait_for()
    page.wait_for_load_state("networkidle")
