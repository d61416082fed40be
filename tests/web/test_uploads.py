"""Uploads in a real browser: refused, interrupted, resumed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from browsing import choose, photo, write

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page, Route

pytest.importorskip("playwright")
from playwright.sync_api import expect


def hold(page: Page, name: str) -> list[Route]:
    """Let uploads with this name in their key wait; return their routes as they come."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(re.compile(f"/uploads/.*{name}"), keep)
    return held


def test_a_refused_upload_stays_refused_while_the_next_one_goes_up(
    page: Page, tmp_path: Path
) -> None:
    (same,) = write(tmp_path, same=photo())
    (other,) = write(tmp_path / "new", same=photo(100, 200))
    (following,) = write(tmp_path, following=photo(200, 100))
    choose(page, same, album="Refused")
    item = page.locator(".item")
    expect(item).to_contain_text("Ready after")
    choose(page, other)
    refused = "The album already has a photo of this name."
    expect(item.nth(1)).to_contain_text(refused)

    choose(page, following)

    expect(item.nth(2)).to_contain_text("Ready after")
    expect(item.nth(1)).to_contain_text(refused)
    item.nth(1).get_by_role("button", name="Keep both").click()
    expect(item.nth(1)).to_contain_text("Ready after")


def test_each_upload_shows_its_own_progress(page: Page, tmp_path: Path) -> None:
    held = hold(page, "slow")

    choose(page, *write(tmp_path, slow=photo(), quick=photo(100, 200)), album="Progress")

    item = page.locator(".item")
    expect(item.filter(has_text="quick.jpg")).to_contain_text("Ready after")
    expect(item.filter(has_text="slow.jpg")).to_contain_text("Uploading, 0 %")
    for route in held:
        route.continue_()
    expect(item.filter(has_text="slow.jpg")).to_contain_text("Ready after")


def test_a_canceled_upload_does_not_arrive(page: Page, tmp_path: Path) -> None:
    hold(page, "unwanted")
    choose(page, *write(tmp_path, unwanted=photo()), album="Canceled")
    item = page.locator(".item")
    expect(item).to_contain_text("Uploading, 0 %")
    with page.expect_event("requestfailed", lambda request: "unwanted" in request.url):
        item.get_by_role("button", name="Cancel").click()

    expect(item).to_contain_text("Canceled")
