"""Take the pictures in docs/ with Chromium.

python -m tools.screenshots                              docs/gallery/*.webp, of the gallery's page
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
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from local.site import Site

DOCS: Final = Path(__file__).parents[1] / "docs"
GALLERY: Final = DOCS / "gallery"
SIZES: Final[dict[str, dict[str, Any]]] = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 1.5,
        "has_touch": True,
        "color_scheme": "dark",
    },
}
PLACES: Final = {  # of example photos, which have no position: geohashes of towns
    "astronaut.jpg": "eycs0p8uu",  # Lisbon
    "camera.png": "eyckn794g",  # Belém, beside it
    "chelsea.jpg": "ez3fh12n9",  # Porto
    "coffee.heic": "spszz8jwg",  # Cannes
    "cut-short.jpg": "u23rbuud1",  # Salzburg
    "hubble.avif": "srb100skg",  # Florence
}
MAP_AT: Final = {"desktop": "43.2,1.5,5", "phone": "43.2,4,4"}  # latitude, longitude, zoom
SHEET_WIDTH_PX: Final = 1280
SETTLED_MS: Final = 500  # blurred pictures are drawn when the browser has nothing else to do


def take_contact_sheet(folder: Path, picture: Path, height_px: int) -> None:
    """Write the top `height_px` of `folder`/index.html to `picture`."""
    with _chromium() as browser:
        page = browser.new_page(viewport={"width": SHEET_WIDTH_PX, "height": height_px})
        page.goto((folder / "index.html").resolve().as_uri())
        _take(page, picture)


def take_gallery() -> None:
    """Write docs/gallery/*.webp: each view of a local gallery with the example photos."""
    GALLERY.mkdir(exist_ok=True)
    photos = find_photos([EXAMPLES], on_error=print)
    labeler = ModelLabeler.ready(print)
    with gallery(functions=InProcess(), labeler=labeler) as site, _chromium() as browser:
        upload(site, photos, album=EXAMPLES_ALBUM)
        site.stack.wait_until_idle()
        _locate(site)
        for size, options in SIZES.items():
            _take_views(browser, site, size, options)


def _locate(site: Site) -> None:
    """Write a row for the map for each of `PLACES`, as Publish does for a photo with a position."""
    dynamodb = site.stack.client("dynamodb")
    for name, geohash in PLACES.items():
        key = {"pk": {"S": site.account.owner}, "sk": {"S": f"photo#{EXAMPLES_ALBUM}/{name}"}}
        row = dynamodb.get_item(TableName=site.stack.table, Key=key)["Item"]
        _, time, digest = row["time_key"]["S"].split("#")
        shown = {name: row[name] for name in ("pk", "width_px", "height_px")}
        thumb = row["renditions"]["M"]["thumb"]
        place = {"sk": {"S": f"geo#{geohash}#{time}#{digest}"}, "photo": row["sk"], "thumb": thumb}
        dynamodb.put_item(TableName=site.stack.table, Item={**shown, **place})


def _take_views(browser: Browser, site: Site, size: str, options: dict[str, Any]) -> None:
    """Write a picture of each view at one size."""
    page = browser.new_page(**options, locale="en-GB", reduced_motion="reduce")

    def take(view: str, of: Page = page) -> None:
        _take(of, GALLERY / f"{view}-{size}.webp")

    page.goto(site.url)
    page.get_by_role("button", name="Sign in").wait_for()
    take("sign-in")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".thumb.loaded").nth(2).wait_for()
    take("timeline")
    page.locator("a[href*='chelsea.jpg']").first.click()
    page.locator(".frame img.loaded").first.wait_for()
    if size == "phone":
        take("photo")
        page.get_by_role("button", name="Facts").click()
        page.get_by_role("button", name="Edit", exact=True).scroll_into_view_if_needed()
        take("facts")
    else:
        page.locator(".labels li", has_text="box").first.hover()
        take("photo")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("form", name="Edit").wait_for()
    take("edit")
    page.get_by_role("form", name="Edit").get_by_role("button", name="Cancel").click()
    for view, address, sign in (
        ("albums", "albums", ".albums .thumb.loaded"),
        ("album", f"albums/{EXAMPLES_ALBUM}", "a.tile .loaded"),
        ("search", "search?label=animal", "a.tile .loaded"),
        ("map", f"map?at={MAP_AT[size]}", ".marker .loaded"),
        ("problems", "problems", "main li"),
    ):
        page.goto(f"{site.url}#/{address}")
        page.locator(sign).first.wait_for()
        if view == "search":
            page.get_by_role("combobox").fill("c")
            page.get_by_role("option").nth(2).wait_for()
        take(view)
    link = _share(page, site, take)
    with browser.new_context(**options, locale="en-GB", reduced_motion="reduce") as context:
        stranger = context.new_page()
        stranger.goto(link)
        stranger.locator(".pictures img").nth(2).wait_for()
        take("shared", stranger)
    _take_changes(page, site, take)
    page.close()


def _take_changes(page: Page, site: Site, take: Callable[[str], None]) -> None:
    """Take pictures of a selection, of the trash, and of uploads. The gallery is then as before."""
    page.goto(f"{site.url}#/timeline")
    tiles = page.locator("a.tile")
    tiles.nth(4).wait_for()
    for number in (1, 2, 4):
        tiles.nth(number).focus()
        page.keyboard.press("Space")
    take("select")
    page.get_by_role("button", name="Delete").last.click()
    page.get_by_role("button", name="Undo").wait_for()
    site.stack.wait_until_idle()
    page.goto(f"{site.url}#/trash")
    page.get_by_role("button", name="Restore").first.wait_for()
    take("trash")
    while page.get_by_role("button", name="Restore").count() > 0:
        page.get_by_role("button", name="Restore").first.click()
        site.stack.wait_until_idle()
        page.reload()
        page.get_by_role("heading", name="Trash").wait_for()
        page.wait_for_load_state("networkidle")
    page.goto(f"{site.url}#/timeline")
    page.get_by_role("button", name="Add photos").click()
    page.get_by_label("Album", exact=True).fill("New")
    page.get_by_label("Album", exact=True).blur()
    page.get_by_label("Files", exact=True).set_input_files(sorted(EXAMPLES.glob("*.*[gf]"))[:6])
    page.get_by_text("not sent again").first.wait_for()  # the album of examples has them
    take("uploads")


def _share(page: Page, site: Site, take: Callable[[str], None]) -> str:
    """Share the album on the page, and return the link."""
    page.goto(f"{site.url}#/albums/{EXAMPLES_ALBUM}")
    page.get_by_role("main").get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share photos")
    dialog.get_by_label("Titles and descriptions").check()
    take("share")
    dialog.get_by_role("button", name="Create the link").click()
    ready = page.get_by_role("dialog", name="The link is ready.")
    link = ready.get_by_label("Link", exact=True).input_value()
    ready.get_by_role("button", name="Close").click()
    page.goto(f"{site.url}#/shares")
    page.get_by_role("button", name="Withdraw").first.wait_for()
    take("shares")
    return link


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        yield browser
        browser.close()


def _take(page: Page, picture: Path) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(SETTLED_MS)
    image = Image.open(io.BytesIO(page.screenshot()))
    image.save(picture, quality=75, method=6)


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            take_gallery()
        case [folder, picture, height_px]:
            take_contact_sheet(Path(folder), Path(picture), int(height_px))
        case _:
            sys.exit(__doc__)
