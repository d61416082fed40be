"""The requests and layout shift of a visit to the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright")

from browsing import expect_soon, open_page
from gallery import costs
from local.process import find_photos
from local.site import EXAMPLES, EXAMPLES_ALBUM, upload

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from local.site import Site

MAX_LAYOUT_SHIFT = 0.1  # "good", by https://web.dev/articles/cls
FILES_BEFORE_SIGN_IN = 6  # index.html, two scripts, a style sheet, the icon and config.json
ICON = "icon.svg"  # counted, though a browser without a window does not load it
READY_PHOTOS = 7  # in the timeline

OBSERVE_LAYOUT = """
window.shift = 0;
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def test_a_visit_needs_few_requests_and_shifts_no_layout(browser: Browser, site: Site) -> None:
    photos = find_photos([EXAMPLES], on_error=print)
    upload(site, photos, album=EXAMPLES_ALBUM)
    site.stack.wait_until_idle()
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        context.add_init_script(OBSERVE_LAYOUT)
        page = context.new_page()
        loaded = [site.url + ICON]
        page.on(
            "requestfinished",
            lambda request: None if request.url.endswith(ICON) else loaded.append(request.url),
        )

        open_page(page, site.url)
        page.get_by_role("button", name="Sign in").wait_for()
        page.wait_for_load_state("networkidle")
        expect_soon(page, lambda: len(loaded) >= FILES_BEFORE_SIGN_IN, expected=True)
        before_sign_in = len(loaded)
        page.get_by_role("button", name="Sign in").click()
        wait_for_thumbnails(page)
        all_files = sum(url.startswith(site.url) for url in loaded)
        page.reload()
        wait_for_thumbnails(page)
        shift = page.evaluate("shift")

    assert before_sign_in == FILES_BEFORE_SIGN_IN
    assert before_sign_in < all_files <= costs.VISIT_FILES
    assert shift < MAX_LAYOUT_SHIFT


def wait_for_thumbnails(page: Page) -> None:
    page.locator(".thumb.loaded").nth(READY_PHOTOS - 1).wait_for()
    page.wait_for_load_state("networkidle")
