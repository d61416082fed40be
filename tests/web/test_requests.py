"""Requests of the page: names, times and bytes that are not as they should be; lost parts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from browsing import choose, go, photo, write

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page, Route

pytest.importorskip("playwright")
from playwright.sync_api import expect

STRANGE = "a+b%20 (1) ü'*!~&=#?;:@$,é"  # each is spelled in another way in a URL, or in a signature


def test_a_photo_of_any_name_is_uploaded_shown_and_downloaded(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    body = photo()
    (file,) = write(tmp_path, **{STRANGE: body})
    choose(page, file, album="Strange & more")
    expect(page.locator(".item")).to_contain_text("Ready after")
    page.get_by_role("button", name="Close uploads").click()
    page.get_by_role("link", name="Albums").click()
    page.get_by_role("link", name="Strange & more").click()
    expect(page.locator("a.tile .loaded")).to_have_count(1)
    page.locator("a.tile").click()
    expect(page.get_by_role("dialog").locator("img.loaded").first).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()

    assert download.value.path().read_bytes() == body
    page.keyboard.press("Escape")
    assert page_errors == []


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_is_wrong_by_hours_changes_nothing(
    visitor: Page, page_errors: list[str], tmp_path: Path, hours: int
) -> None:
    visitor.clock.install(time=datetime.now(UTC) + timedelta(hours=hours))
    visitor.reload()
    visitor.get_by_role("button", name="Sign in").click()
    visitor.get_by_role("button", name="Sign out").wait_for()
    go(visitor, f"#/albums/Clock {hours}")
    for number in range(2):
        choose(visitor, *write(tmp_path, **{f"{hours}{number}": photo()}))
        expect(visitor.locator(".item")).to_contain_text("Ready after")
        expect(visitor.locator("a.tile .loaded")).to_have_count(number + 1)
        visitor.reload()  # the session is stored; the page does not know the time yet
        visitor.get_by_role("button", name="Sign out").wait_for()

    expect(visitor.get_by_role("dialog")).to_have_count(0)
    assert all("400" in line or "403" in line for line in page_errors)  # of the first request


def test_a_photo_that_was_changed_on_its_way_is_refused(page: Page, tmp_path: Path) -> None:
    uploads = re.compile("/uploads/.*changed")

    def change(route: Route) -> None:
        body = route.request.post_data_buffer
        assert body is not None
        route.continue_(post_data=body[:-1] + b"?")

    page.route(uploads, change)
    choose(page, *write(tmp_path, changed=photo()), album="Changed")
    item = page.locator(".item")
    expect(item).to_contain_text("did not match")
    page.unroute(uploads)

    item.get_by_role("button", name="Try changed.jpg again").click()

    expect(item).to_contain_text("Ready after")


def test_a_part_of_the_page_that_is_lost_is_loaded_by_a_click(visitor: Page) -> None:
    part = re.compile(r"/assets/(more|photo)-")
    visitor.route(part, lambda route: route.abort())
    visitor.get_by_role("button", name="Sign in").click()
    visitor.get_by_role("button", name="Sign out").wait_for()
    visitor.get_by_role("link", name="Search").click()
    expect(visitor.get_by_role("alert")).to_contain_text("The connection was lost.")
    visitor.unroute(part)

    visitor.get_by_role("button", name="Try again").click()

    expect(visitor.get_by_role("combobox")).to_be_visible()
    expect(visitor.get_by_role("alert").filter(has_text="lost")).to_have_count(0)


def test_a_part_of_the_page_that_is_gone_is_found_by_loading_the_page_again(
    visitor: Page,
) -> None:
    part = re.compile(r"/assets/more-")
    visitor.route(part, lambda route: route.fulfill(status=404))  # of a build of long ago
    visitor.get_by_role("button", name="Sign in").click()
    visitor.get_by_role("link", name="Search").click()
    again = visitor.get_by_role("button", name="Load the page again")
    expect(again).to_be_visible()
    visitor.unroute(part)

    again.click()

    expect(visitor.get_by_role("combobox")).to_be_visible()
