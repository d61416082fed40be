"""Take the pictures in docs/ with Chromium.

python -m tools.screenshots                              docs/gallery-*.webp, of the gallery's page
python -m tools.screenshots FOLDER PICTURE HEIGHT_PX     the top of a demo's contact sheet

docs/contact-sheet.webp is `demo docs/contact-sheet.webp 1500`, after `make demo`.
"""

from __future__ import annotations

import io
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image
from playwright.sync_api import sync_playwright

from local.functions import InProcess
from local.labels import ModelLabeler
from local.process import find_photos
from local.site import EXAMPLES, EXAMPLES_ALBUM, gallery, upload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from local.site import Site

DOCS: Final = Path(__file__).parents[1] / "docs"
DESKTOP: Final = {"viewport": {"width": 1200, "height": 720}}
PHONE: Final = {"viewport": {"width": 390, "height": 780}, "device_scale_factor": 1.5}
SHEET_WIDTH_PX: Final = 1280


def take_contact_sheet(folder: Path, picture: Path, height_px: int) -> None:
    """Write the top `height_px` of `folder`/index.html to `picture`."""
    with _chromium() as browser:
        page = browser.new_page(viewport={"width": SHEET_WIDTH_PX, "height": height_px})
        page.goto((folder / "index.html").resolve().as_uri())
        _take(page, picture)


def take_gallery() -> None:
    """Write docs/gallery-*.webp: a local gallery with the example photos."""
    photos = find_photos([EXAMPLES], on_error=print)
    labeler = ModelLabeler.ready(print)
    with gallery(functions=InProcess(), labeler=labeler) as site, _chromium() as browser:
        upload(site, photos, album=EXAMPLES_ALBUM)
        site.stack.wait_until_idle()
        page = _signed_in(browser, site, DESKTOP)
        _take(page, DOCS / "gallery-timeline.webp")
        page.locator("a[href*='chelsea.jpg']").click()
        page.locator(".labels li", has_text="box").first.hover()
        _take(page, DOCS / "gallery-photo.webp")
        page.keyboard.press("Escape")
        page.emulate_media(color_scheme="dark")
        page.get_by_role("button", name="Add photos").click()
        page.get_by_label("Album", exact=True).fill("New")
        page.get_by_label("Album", exact=True).blur()
        page.get_by_label("Files", exact=True).set_input_files(sorted(EXAMPLES.glob("*.*[gf]"))[:6])
        page.get_by_text("(6 not sent again)").wait_for()  # the album of examples has them
        page.get_by_role("button", name="Upload all anyway").click()
        page.locator(".item.ready").nth(1).wait_for()
        _take(page, DOCS / "gallery-uploads.webp")
        page.get_by_text("in progress").last.wait_for(state="hidden")
        _take(_signed_in(browser, site, PHONE), DOCS / "gallery-phone.webp")


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        yield browser
        browser.close()


def _signed_in(browser: Browser, site: Site, options: dict[str, Any]) -> Page:
    """Return the timeline of a signed-in user, with all its thumbnails."""
    page = browser.new_page(**options, locale="en-GB", reduced_motion="reduce")
    page.goto(site.url)
    page.get_by_role("button", name="Sign in").click()
    page.locator(".thumb.loaded").first.wait_for()
    page.locator(".years a", has_text="2011").wait_for()
    return page


def _take(page: Page, picture: Path) -> None:
    page.wait_for_load_state("networkidle")
    image = Image.open(io.BytesIO(page.screenshot()))
    image.save(picture, quality=85, method=6)


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            take_gallery()
        case [folder, picture, height_px]:
            take_contact_sheet(Path(folder), Path(picture), int(height_px))
        case _:
            sys.exit(__doc__)
