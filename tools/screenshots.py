"""Pictures of the gallery for docs/, as it is now: `python -m tools.screenshots`."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image
from playwright.sync_api import sync_playwright

from local.functions import InProcess
from local.labels import ModelLabeler
from local.process import find_photos
from local.site import EXAMPLES, EXAMPLES_ALBUM, gallery, upload

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from local.site import Site

DOCS: Final = Path(__file__).parents[1] / "docs"
DESK: Final = {"viewport": {"width": 1200, "height": 720}}
PHONE: Final = {"viewport": {"width": 390, "height": 780}, "device_scale_factor": 1.5}


def main() -> None:
    """Write docs/gallery-….webp."""
    photos = find_photos([EXAMPLES], output=Path("demo"), on_error=print)
    labeler = ModelLabeler.ready(print)
    with gallery(functions=InProcess(), labeler=labeler) as site, sync_playwright() as playwright:
        upload(site, photos, album=EXAMPLES_ALBUM)
        site.stack.wait_until_idle()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = _signed_in(browser, site, DESK)
        _take(page, "timeline")
        page.locator("a[href*='chelsea.jpg']").click()
        page.locator(".labels li", has_text="box").first.hover()
        _take(page, "photo")
        page.keyboard.press("Escape")
        page.emulate_media(color_scheme="dark")
        page.get_by_role("button", name="Add photos").click()
        page.get_by_label("Album", exact=True).fill("New")
        page.get_by_label("Album", exact=True).blur()
        page.get_by_label("Files", exact=True).set_input_files(sorted(EXAMPLES.glob("*.*[gf]"))[:6])
        page.locator(".item.ready").nth(1).wait_for()
        _take(page, "uploads")
        page.get_by_text("in progress").last.wait_for(state="hidden")
        phone = _signed_in(browser, site, PHONE)
        _take(phone, "phone")
        browser.close()


def _signed_in(browser: Browser, site: Site, options: dict[str, Any]) -> Page:
    page = browser.new_page(**options, locale="en-GB", reduced_motion="reduce")
    page.goto(site.url)
    page.get_by_role("button", name="Sign in").click()
    page.locator(".thumb.loaded").first.wait_for()
    page.locator(".years a", has_text="2011").wait_for()
    return page


def _take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.save(DOCS / f"gallery-{name}.webp", quality=85, method=6)


if __name__ == "__main__":
    main()
