"""The page as it is built now, a browser to look at it with, and the embedded AWS behind it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.functions import InProcess
from local.site import gallery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from local.site import Site

WEB = Path(__file__).parents[2] / "web"
PATIENCE_MS = 60_000  # this machine may be busy with other tests


class Cats:
    """A labeller that sees a cat, in the middle of every photo."""

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


@pytest.fixture(scope="session")
def npm() -> str:
    """Return npm, with the page's packages installed as package-lock.json says."""
    found = shutil.which("npm")
    if found is None:
        pytest.skip("npm is not here")
    installed = WEB / "node_modules" / ".package-lock.json"
    lock = WEB / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        done = subprocess.run(  # noqa: S603  # no shell
            [found, "ci", "--no-audit", "--no-fund"],
            check=False,  # it may be the network's fault
            cwd=WEB,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            pytest.skip(f"npm ci does not work here: {done.stderr[-300:]}")
    return found


@pytest.fixture(scope="session")
def dist(npm: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page, built from what is in web/ now."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(  # noqa: S603  # no shell
        [npm, "run", "build", "--", "--outDir", str(folder), "--emptyOutDir"], cwd=WEB, check=True
    )
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return Debian's Chromium, or another that is installed."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("Chromium is not here")
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415  # only with a browser

    expect.set_options(timeout=PATIENCE_MS)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        yield browser
        browser.close()


@pytest.fixture(scope="module")  # one embedded AWS to a process at a time
def site(dist: Path) -> Iterator[Site]:
    """Serve the page beside an embedded AWS."""
    with gallery(functions=InProcess(), labeller=Cats(), dist=dist) as running:
        yield running


@pytest.fixture
def troubles() -> list[str]:
    """Return what the page complains of: errors, refusals by its policy, dialogs."""
    return []


@pytest.fixture
def visitor(browser: Browser, site: Site, troubles: list[str]) -> Iterator[Page]:
    """Return a page that nobody has signed in to."""

    def complain(what: str) -> None:
        troubles.append(what)

    with browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB") as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complain(str(error)))
        page.on("dialog", lambda dialog: complain(dialog.message))  # that is left open: it shows
        page.on("console", lambda line: complain(line.text) if line.type == "error" else None)
        page.goto(site.url)
        yield page


@pytest.fixture
def page(visitor: Page) -> Page:
    """Return a page of somebody who has signed in."""
    visitor.get_by_role("button", name="Sign in").click()
    visitor.get_by_role("button", name="Sign out").wait_for()
    return visitor
