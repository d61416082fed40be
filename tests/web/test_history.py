"""Back, Forward, and photos that are opened by their address."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

import photofiles as pf
from browsing import catch_up, expect_soon, go, open_page
from shared.keys import album_prefix, digest

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

MANY = 450  # a page of a list has 200
ALBUM = "Long"
UNTIL_STILL = """async () => {
    for (let still = 0, last = -1; still < 8; last = scrollY) {
        await new Promise(requestAnimationFrame);
        still = scrollY === last ? still + 1 : 0;
    }
}"""


def name(number: int) -> str:
    """Return the file name of a photo; the time order is that of the numbers."""
    return f"{number:03}.jpg"


@pytest.fixture(scope="module", autouse=True)
def photos(site: Site) -> None:
    """Write photos with a label directly into the table, all with the same rendition."""
    stack, owner = site.stack, site.account.owner
    buffer = io.BytesIO()
    pf.picture(40, 30).save(buffer, "WEBP")
    key = f"{owner}/shared/shared/thumb.webp"
    stack.s3.put_object(Bucket=stack.derived_bucket, Key=key, Body=buffer.getvalue())
    size = {"width_px": {"N": "400"}, "height_px": {"N": "300"}}
    thumb = {"M": {"key": {"S": key}, **size}}
    requests: list[Any] = []
    for number in range(MANY):
        path = f"{ALBUM}/{name(number)}"
        place = f"2001-01-01T{number // 60:02}:{number % 60:02}:00#{digest(path)}"
        row = {
            "pk": {"S": owner},
            "sk": {"S": f"photo#{path}"},
            "key": {"S": f"uploads/{owner}/{path}"},
            "status": {"S": "READY"},
            "time_key": {"S": f"time#{place}"},
            "album_key": {"S": f"{album_prefix(ALBUM)}#{place}"},
            "label_keys": {"L": [{"S": f"label#cat#{place}"}]},
            "renditions": {"M": {"thumb": thumb}},
            **size,
        }
        label = {
            "pk": {"S": owner},
            "sk": {"S": f"label#cat#{place}"},
            "label": {"S": "cat"},
            "photo": {"S": f"photo#{path}"},
            "thumb": thumb,
            **size,
        }
        requests += [{"PutRequest": {"Item": row}}, {"PutRequest": {"Item": label}}]
    count = {
        "pk": {"S": owner},
        "sk": {"S": f"album#{album_prefix(ALBUM)}#0"},
        "album": {"S": ALBUM},
        "photos": {"N": str(MANY)},
    }
    requests.append({"PutRequest": {"Item": count}})
    for start in range(0, len(requests), 25):
        stack.dynamodb.batch_write_item(RequestItems={stack.table: requests[start : start + 25]})


def tiles(page: Page) -> Locator:
    return page.locator("a.tile")


def top_px(page: Page) -> int:
    return int(page.evaluate("Math.round(scrollY)"))


def scroll_to_photo(page: Page, number: int) -> Locator:
    """Scroll down as a person does, until a photo is there and in view."""
    tile = page.locator(f'a.tile[title="{name(number)}"]')
    for _ in range(MANY):
        if tile.count() > 0:  # only photos near the window are in the document
            break
        page.evaluate("scrollBy(0, 600)")  # a wheel may scroll later, and past the photo
        page.evaluate(UNTIL_STILL)
    tile.scroll_into_view_if_needed()
    page.evaluate(UNTIL_STILL)
    return tile


def test_back_after_a_closed_photo_does_not_open_it_again(
    page: Page, page_errors: list[str]
) -> None:
    page.get_by_role("link", name="Albums").click()
    page.get_by_role("link", name=ALBUM).click()
    for close in ("Escape", "button", "back"):
        tiles(page).first.click()
        dialog = page.get_by_role("dialog", name=name(0))
        expect(dialog).to_be_visible()
        if close == "Escape":
            page.keyboard.press("Escape")
        elif close == "button":
            dialog.get_by_role("button", name="Close").click()
        else:
            page.go_back()
        expect(dialog).to_have_count(0)
        expect(tiles(page).first).to_be_focused()
        expect(page.get_by_role("heading", name=ALBUM)).to_be_visible()

    page.go_back()

    expect(page.get_by_role("heading", name="Albums", exact=True)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("navigation", name="Years")).to_be_visible()
    assert page_errors == []


def test_each_list_keeps_its_photos_and_its_place(page: Page, page_errors: list[str]) -> None:
    scroll_to_photo(page, 50)  # of the third page: the newest come first
    timeline_px = top_px(page)
    assert timeline_px > 1000
    # Playwright's own click scrolls to an element of the sticky header.
    page.get_by_role("link", name="Albums").evaluate("link => link.click()")
    page.get_by_role("link", name=ALBUM).click()
    expect(tiles(page).first).to_have_attribute("title", name(0))
    expect_soon(page, lambda: top_px(page), 0)
    tile = scroll_to_photo(page, 250)
    album_px = top_px(page)
    tile.click()
    expect(page.get_by_role("dialog", name=name(250))).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog", name=name(251))).to_be_visible()

    read: list[str] = []
    page.on("request", lambda request: read.append(request.post_data or ""))
    page.go_back()
    expect(page.locator(f'a.tile[title="{name(251)}"]')).to_be_focused()
    page.evaluate(UNTIL_STILL)
    assert abs(top_px(page) - album_px) < 300  # the focused photo is in view
    page.go_back()
    expect(page.get_by_role("heading", name="Albums", exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("navigation", name="Years")).to_be_visible()
    expect_soon(page, lambda: top_px(page), timeline_px)
    expect(page.locator(f'a.tile[title="{name(50)}"]')).to_be_in_viewport()
    page.go_forward()
    page.go_forward()
    expect(page.get_by_role("heading", name=ALBUM)).to_be_visible()
    page.evaluate(UNTIL_STILL)
    assert abs(top_px(page) - album_px) < 300
    expect(page.locator(f'a.tile[title="{name(251)}"]')).to_be_in_viewport()
    catch_up(page)
    assert not [one for one in read if "by_time" in one]  # nothing is read again
    assert page_errors == []


def test_back_focuses_what_was_left(page: Page, page_errors: list[str]) -> None:
    go(page, "#/albums")
    album = page.get_by_role("main").get_by_role("link", name=ALBUM)
    album.focus()
    page.keyboard.press("Enter")
    tiles(page).nth(3).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=name(3))
    dialog.get_by_role("link", name=ALBUM).press("Enter")  # the same list, without the photo
    expect(dialog).to_have_count(0)

    page.go_back()
    expect(dialog).to_be_visible()
    page.go_back()
    expect(dialog).to_have_count(0)
    expect(tiles(page).nth(3)).to_be_focused()
    page.go_back()
    expect(album).to_be_focused()
    page.go_forward()
    expect(tiles(page).nth(3)).to_be_focused()
    assert page_errors == []


@pytest.mark.parametrize(
    ("view", "following"),
    [
        ("timeline", 99),
        (f"albums/{ALBUM}", 101),
        ("search?label=cat", 99),
        ("timeline/2001", 99),
    ],
)
def test_a_photo_in_a_new_tab_opens_with_its_neighbors(
    page: Page, site: Site, view: str, following: int
) -> None:
    other = page.context.new_page()
    separator = "&" if "?" in view else "?"
    open_page(other, f"{site.url}#/{view}{separator}photo={ALBUM}%2F{name(100)}")
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("dialog", name=name(100))).to_be_visible()

    other.get_by_role("button", name="Next photo").click()
    expect(other.get_by_role("dialog", name=name(following))).to_be_visible()
    other.get_by_role("button", name="Previous photo").click()
    expect(other.get_by_role("dialog", name=name(100))).to_be_visible()
    other.get_by_role("button", name="Previous photo").click()
    expect(other.get_by_role("dialog", name=name(200 - following))).to_be_visible()
    other.keyboard.press("Escape")

    expect(other.get_by_role("dialog")).to_have_count(0)
    expect(tiles(other).first).to_be_visible()
    expect_soon(other, lambda: other.evaluate("location.hash"), f"#/{view}")
    assert other.evaluate("history.length") == 2  # with about:blank
    other.close()


def test_the_first_photo_of_a_list_has_no_previous_one(page: Page) -> None:
    go(page, f"#/albums/{ALBUM}?photo={ALBUM}%2F{name(0)}")

    expect(page.get_by_role("button", name="Next photo")).to_be_enabled()
    expect(page.get_by_role("button", name="Previous photo")).to_have_count(0)
