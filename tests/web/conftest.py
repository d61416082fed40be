"""Fixtures: the page in a browser, and the embedded AWS behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from browsing import open_page, record_errors, sign_in
from local.functions import InProcess
from local.site import gallery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from local.site import Site


class Cats:
    """A labeler that finds a cat in the middle of every photo."""

    version = "cats 1"

    def label(self, _photo: bytes) -> list[dict[str, Any]]:
        """Return the cat."""
        box = {"Left": 0.25, "Top": 0.25, "Width": 0.5, "Height": 0.5}
        cat = {
            "Name": "Cat",
            "Confidence": 98.5,
            "Parents": [{"Name": "Animal"}, {"Name": "Mammal"}],
            "Categories": [],
            "Aliases": [],
            "Instances": [{"Confidence": 98.5, "BoundingBox": box}],
        }
        return [cat]


@pytest.fixture(scope="module")  # a process can run one embedded AWS at a time
def site(dist: Path) -> Iterator[Site]:
    """Serve the page beside an embedded AWS."""
    with gallery(functions=InProcess(), labeler=Cats(), dist=dist) as running:
        yield running


@pytest.fixture
def page_errors() -> list[str]:
    """Return a list for the page's errors, violations of its security policy, and dialogs."""
    return []


@pytest.fixture
def tab(browser: Browser, page_errors: list[str]) -> Iterator[Page]:
    """Yield an empty tab of a browser that knows nothing yet."""
    with browser.new_context(
        viewport={"width": 1280, "height": 800},
        locale="en-GB",
        timezone_id="America/Los_Angeles",  # times of photos are shown as they are, not converted
    ) as context:
        page = context.new_page()
        record_errors(page, page_errors)
        page.on("dialog", lambda dialog: page_errors.append(dialog.message))  # stays open
        yield page


@pytest.fixture
def visitor(tab: Page, site: Site) -> Page:
    """Return the page before the sign-in."""
    open_page(tab, site.url)
    return tab


@pytest.fixture
def page(tab: Page, site: Site) -> Page:
    """Return the page after the sign-in."""
    sign_in(tab, site)
    open_page(tab, site.url)
    tab.get_by_role("button", name="Sign out").wait_for()
    return tab
