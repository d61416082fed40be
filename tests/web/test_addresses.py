"""Addresses of things that do not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from browsing import go, photo

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect


@pytest.fixture(scope="module", autouse=True)
def photos(site: Site) -> None:
    site.stack.upload(f"uploads/{site.account.owner}/Known/known.jpg", photo())
    site.stack.wait_until_idle()


@pytest.mark.parametrize(
    ("address", "what", "back"),
    [
        ("#/albums/Nowhere", "album “Nowhere”", ("See all albums", "#/albums")),
        ("#/search/unicorn", "“Unicorn” (Label)", ("Start a new search", "#/search")),
        ("#/search?place=Atlantis", "“Atlantis” (Place)", ("Start a new search", "#/search")),
        ("#/timeline/1812", "year “1812”", ("See all years", "#/timeline")),
        ("#/timeline/x%", "year “x%”", ("See all years", "#/timeline")),
        ("#/nonsense/1", "page “#/nonsense/1”", ("See all photos", "#/timeline")),
        ("#/problems/1", "page “#/problems/1”", ("See all photos", "#/timeline")),
    ],
)
def test_an_unknown_address_is_named_and_leads_back(
    page: Page, page_errors: list[str], address: str, what: str, back: tuple[str, str]
) -> None:
    go(page, address)

    expect(page.locator(".empty")).to_contain_text(what)
    name, there = back
    page.get_by_role("link", name=name).click()
    page.wait_for_function("there => location.hash === there", arg=there)
    expect(page.locator(".empty")).to_have_count(0)
    assert page_errors == []


def test_an_unknown_photo_is_named_and_leads_back(page: Page, page_errors: list[str]) -> None:
    go(page, "#/albums/Known?photo=Known%2Fnone.jpg")

    dialog = page.get_by_role("dialog", name="none.jpg")
    expect(dialog.get_by_role("alert")).to_contain_text("There is no photo “Known/none.jpg”.")
    dialog.get_by_role("button", name="Back to the photos").click()

    expect(dialog).to_have_count(0)
    expect(page.locator("a.tile")).to_have_count(1)
    expect(page.get_by_role("main")).to_be_focused()  # the list does not have the photo
    assert page_errors == []
