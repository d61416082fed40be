"""The page without a connection, throttled, and with it again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from browsing import ACCESS_DENIED, ANY, choose, go, photo, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page, Route

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

LOST = "The connection was lost."
VIEWS = {  # by address: an element that is there once the view is shown
    "#/timeline": "a.tile .loaded",
    "#/albums": ".albums .name",
    "#/albums/Lost": "a.tile .loaded",
    "#/search": ".chips a",
    "#/search/cat": "a.tile .loaded",
    "#/search?any=cat&album=Lost&after=2000": "a.tile .loaded",
    "#/search?label=cat&person=Nobody": ".others a",
    "#/problems": ".problems li",
    "#/albums/Lost?photo=Lost%2Flost.jpg": "dialog .frame img.loaded",
}


def to_table(site: Site) -> Callable[[str], bool]:
    """Return whether a URL is that of DynamoDB: all its requests have the path /."""
    return lambda url: url == f"{site.stack.endpoint_url}/"


def throttle(page: Page, site: Site, times: int) -> list[str]:
    """Let DynamoDB refuse so many requests; return the targets of the refused ones."""
    refused: list[str] = []

    def answer(route: Route) -> None:
        target = route.request.headers.get("x-amz-target", "")
        if not target.startswith("DynamoDB") or len(refused) >= times:
            route.fallback()
            return
        refused.append(target)
        kind = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
        route.fulfill(
            status=400,
            headers={"Access-Control-Allow-Origin": route.request.headers["origin"]},
            json={"__type": kind, "message": "slow down"},
        )

    page.route(to_table(site), answer)
    return refused


@pytest.fixture(scope="module")
def photos(site: Site) -> None:
    """Upload two photos, and a file that is none."""
    bodies = {"lost.jpg": photo(), "other.jpg": photo(200, 100), "text.jpg": b"no photo"}
    for name, body in bodies.items():
        site.stack.upload(f"uploads/{site.account.owner}/Lost/{name}", body)
    site.stack.wait_until_idle()


@pytest.mark.usefixtures("photos")
def test_each_view_that_lost_the_connection_says_so_and_is_loaded_once_it_is_back(
    page: Page,
) -> None:
    for address, sign in VIEWS.items():
        go(page, "#/problems" if "problems" not in address else "#/albums")
        page.locator("h1").wait_for()
        page.context.set_offline(True)
        go(page, address)
        expect(page.get_by_role("alert").filter(has_text=LOST).first).to_be_visible()
        expect(page.get_by_role("button", name="Try again").last).to_be_visible()

        page.context.set_offline(False)  # and no click

        expect(page.locator(sign).first).to_be_visible()
        expect(page.get_by_role("button", name="Try again")).to_have_count(0)


LOST_UNTIL_THE_ALERT = """() => {
    const send = fetch;
    window.fetch = () => Promise.reject(new TypeError("Failed to fetch"));
    const seen = new MutationObserver(() => {
        if (!document.querySelector('main [role="alert"]')) return;
        seen.disconnect();
        window.fetch = send;
        window.wasLost = true;
        dispatchEvent(new Event("online"));
    });
    seen.observe(document.body, { childList: true, subtree: true });
}"""


@pytest.mark.usefixtures("photos")
def test_a_connection_that_is_back_in_the_moment_of_the_alert_loads_the_view(
    page: Page,
) -> None:
    go(page, "#/problems")
    page.locator(VIEWS["#/problems"]).first.wait_for()
    page.evaluate(LOST_UNTIL_THE_ALERT)

    go(page, "#/search")

    page.wait_for_function("() => window.wasLost")
    expect(page.locator(VIEWS["#/search"]).first).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text=LOST)).to_have_count(0)


@pytest.mark.usefixtures("photos")
def test_a_view_that_is_throttled_appears_all_the_same(
    page: Page, site: Site, page_errors: list[str]
) -> None:
    refused = throttle(page, site, times=5)

    go(page, "#/albums/Lost")

    expect(page.locator("a.tile .loaded")).to_have_count(2)
    assert len(refused) == 5
    assert all("400" in line for line in page_errors)


@pytest.mark.usefixtures("photos")
def test_search_says_that_it_is_throttled_and_goes_on_by_a_click(page: Page, site: Site) -> None:
    go(page, "#/search?label=mammal")  # without it, all labels are found one after the other
    page.locator("a.tile .loaded").first.wait_for()
    throttle(page, site, times=1000)

    page.get_by_role("combobox").press_sequentially("ca")

    alert = page.get_by_role("alert").filter(has_text="AWS receives too many requests")
    expect(alert).to_be_visible()
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("option", name="Cat")).to_be_visible()
    expect(alert).to_have_count(0)


@pytest.mark.usefixtures("photos")
def test_pictures_that_fail_say_so_and_are_loaded_by_one_click(page: Page) -> None:
    pictures = re.compile("thumb.webp")
    page.route(pictures, lambda route: route.fulfill(status=503))

    go(page, "#/albums/Lost")
    page.reload()

    expect(page.get_by_text("2 pictures could not be loaded.")).to_be_visible()
    expect(page.locator("a.tile .not-loaded")).to_have_count(2)
    page.unroute(pictures)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("a.tile .loaded")).to_have_count(2)
    expect(page.get_by_text("could not be loaded")).to_have_count(0)
    expect(page.locator(".not-loaded")).to_have_count(0)


def test_an_upload_waits_for_the_connection_and_goes_on_without_a_click(
    page: Page, tmp_path: Path
) -> None:
    files = write(tmp_path, train=photo(300, 200), tunnel=photo(200, 300))
    page.get_by_role("button", name="Add photos").click()
    page.get_by_role("complementary", name="Uploads").wait_for()  # its part of the page is loaded
    page.context.set_offline(True)

    choose(page, *files, album="Train")

    items = page.locator(".item")
    expect(items.first).to_contain_text(f"{LOST} Trying again")
    page.context.set_offline(False)
    expect(items.first).to_contain_text("Ready after")
    expect(items.last).to_contain_text("Ready after")


def test_a_photo_that_is_processed_while_the_connection_is_lost_becomes_ready(
    page: Page, site: Site, tmp_path: Path
) -> None:
    asked: list[str] = []

    def lose(route: Route) -> None:
        if len(asked) < 8:
            asked.append(route.request.url)
            route.abort()
        else:
            route.fallback()

    page.route(to_table(site), lose)

    choose(page, *write(tmp_path, behind=photo(310, 200)), album="Train")

    expect(page.locator(".item")).to_contain_text("Ready after")
    assert len(asked) == 8


def test_files_that_failed_are_all_tried_again_by_one_click(page: Page, tmp_path: Path) -> None:
    uploads = re.compile("/uploads/.*Denied")
    page.route(
        uploads,
        lambda route: route.fulfill(status=403, body=ACCESS_DENIED, headers=ANY),
    )
    files = write(tmp_path, **{f"d{number}": photo(100 + number, 100) for number in range(12)})
    choose(page, *files, album="Denied")
    expect(page.get_by_text("0 of 12 photos ready, 12 failed")).to_be_visible()
    page.unroute(uploads)

    page.get_by_role("button", name="Try all again").click()

    expect(page.get_by_text("12 of 12 photos ready")).to_be_visible()


def test_a_page_that_starts_without_a_connection_is_not_signed_out(page: Page, site: Site) -> None:
    config = "**/config.json"
    page.route(config, lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("heading", name="The gallery cannot start")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text(LOST)
    page.unroute(config)
    aws = to_table(site)
    page.route(aws, lambda route: route.abort())
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_contain_text(LOST)
    page.unroute(aws)

    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
