"""The URLs of pictures, and the browser's cache."""

from __future__ import annotations

import re
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from browsing import ACCESS_DENIED, ANY, expect_soon, go, photo
from local.moto_patches.cognitosignin import CREDENTIALS_SECONDS

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page, Route

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

PHOTOS = 6
THUMBNAIL = re.compile(r"thumb\.webp")
ALBUM = "#/albums/Cached"


@pytest.fixture(scope="module", autouse=True)
def photos(site: Site) -> None:
    for number in range(PHOTOS):
        body = photo(200 + number, 150)
        site.stack.upload(f"uploads/{site.account.owner}/Cached/{number}.jpg", body)
    site.stack.wait_until_idle()


def downloaded(page: Page) -> tuple[list[str], CDPSession]:
    """Return the URLs of the thumbnails that are not in the browser's cache, from now on.

    They are added by events of the session that is returned too.
    """
    urls: list[str] = []
    in_memory: set[str] = set()
    session = page.context.new_cdp_session(page)

    def note(event: dict[str, Any]) -> None:
        response = event["response"]
        is_cached = response["fromDiskCache"] or event["requestId"] in in_memory
        if THUMBNAIL.search(response["url"]) and not is_cached:
            urls.append(response["url"])

    session.on("Network.requestServedFromCache", lambda event: in_memory.add(event["requestId"]))
    session.on("Network.responseReceived", note)
    session.send("Network.enable")
    return urls, session


def move_clock_of_cognito(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let tokens and credentials be issued later: the page takes its time from them."""
    later = SimpleNamespace(time=lambda: time.time() + seconds)
    monkeypatch.setattr("moto.cognitoidp.models.time", later)
    monkeypatch.setattr(
        "local.moto_patches.cognitosignin.CREDENTIALS_SECONDS", CREDENTIALS_SECONDS + seconds
    )


def access_key(url: str) -> str:
    (credential,) = parse_qs(urlsplit(url).query)["X-Amz-Credential"]
    return credential.partition("/")[0]


def wait_for_thumbnails(page: Page) -> None:
    expect(page.locator("a.tile .loaded")).to_have_count(PHOTOS)
    expect(page.locator(".not-loaded")).to_have_count(0)


@pytest.mark.parametrize("stays", [False, True])
def test_a_reload_finds_all_thumbnails_in_the_cache(
    visitor: Page, *, stays: bool, page_errors: list[str]
) -> None:
    urls, session = downloaded(visitor)
    visitor.get_by_label("Stay signed in").set_checked(stays)
    visitor.get_by_role("button", name="Sign in").click()
    wait_for_thumbnails(visitor)  # or those of the timeline would be asked for again
    go(visitor, ALBUM)
    visitor.get_by_role("heading", name="Cached").wait_for()
    wait_for_thumbnails(visitor)
    expect_soon(visitor, lambda: len(urls), PHOTOS)
    assert len(set(urls)) == PHOTOS
    urls.clear()

    visitor.reload()
    wait_for_thumbnails(visitor)

    session.send("Network.enable")  # its answer comes after the events
    assert urls == []
    assert page_errors == []


def test_urls_are_signed_by_new_credentials_before_the_old_ones_expire(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls: list[str] = []

    def answer(route: Route) -> None:  # the clock of S3 is not moved
        urls.append(route.request.url)
        route.fulfill(path="docs/labels.webp")

    page.route(THUMBNAIL, answer)
    page.clock.install()
    page.reload()
    wait_for_thumbnails(page)
    go(page, ALBUM)
    page.get_by_role("heading", name="Cached").wait_for()
    wait_for_thumbnails(page)
    old = {access_key(url) for url in urls}
    urls.clear()

    page.clock.fast_forward("00:59:00")
    move_clock_of_cognito(monkeypatch, 59 * 60)
    page.go_back()  # to the timeline, whose list is kept
    page.get_by_role("navigation", name="Years").wait_for()
    wait_for_thumbnails(page)

    assert len(set(urls)) == PHOTOS
    assert len({access_key(url) for url in urls} - old) == 1
    assert not {access_key(url) for url in urls} & old


def test_pictures_of_credentials_that_were_revoked_are_signed_again_without_a_click(
    page: Page, page_errors: list[str]
) -> None:
    tried: list[tuple[str, str]] = []  # the path of a thumbnail, and the key that has signed

    def answer(route: Route) -> None:
        url = route.request.url
        tried.append((urlsplit(url).path, access_key(url)))
        if tried[-1][1] == tried[0][1]:  # revoked
            route.fulfill(status=403, body=ACCESS_DENIED, headers=ANY)
        else:
            route.fallback()

    wait_for_thumbnails(page)  # so that the timeline asks for none any more
    go(page, "#/problems")
    page.get_by_role("heading", name="Problems").wait_for()
    page.route(THUMBNAIL, answer)

    go(page, ALBUM)

    wait_for_thumbnails(page)
    assert len({path for path, _ in tried}) == PHOTOS
    assert len(set(tried)) == len(tried)  # each is signed again at most once
    assert len({key for _, key in tried}) == 2  # all by the same new credentials
    assert all("403" in line for line in page_errors)


def test_no_credentials_are_left_after_the_sign_out(page: Page) -> None:
    go(page, ALBUM)
    wait_for_thumbnails(page)
    kept = "[sessionStorage, localStorage].filter((one) => 'gallery.signing' in one).length"
    assert page.evaluate(kept) == 1

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in").wait_for()

    assert page.evaluate(kept) == 0
