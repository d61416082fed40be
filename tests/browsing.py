"""What a person does with the gallery's page: sign in, choose and drop files, go to a view."""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import photofiles as pf
from conftest import PATIENCE_MS
from local.site import USERNAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from local.site import Site

ANY = {"Access-Control-Allow-Origin": "*"}  # headers of an answer of AWS that a test makes
ACCESS_DENIED = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


# A session of the tab, as web/src/session.ts stores it, and once: the person may sign out.
SESSION = """if (location.origin === %(origin)s && !sessionStorage.getItem("signed in by a test")) {
    sessionStorage.setItem("signed in by a test", "once");
    sessionStorage.setItem("gallery.session", %(session)s);
}"""


def open_page(tab: Page, url: str) -> None:
    """Open a page, again as long as Docker's tests change this machine's network meanwhile."""
    from playwright.sync_api import Error  # noqa: PLC0415  # only with a browser

    while True:
        try:
            tab.goto(url)
        except Error as error:
            if "ERR_NETWORK_CHANGED" not in error.message:
                raise
        else:
            return


GO = """(address) => new Promise((resolve) => {
    const before = location.href;
    addEventListener("hashchange", () => resolve(), { once: true });  // after the page's listener
    location.hash = address;
    if (location.href === before) resolve();
})"""


def sign_in(tab: Page, site: Site) -> None:
    """Sign in before the tab opens the page, as a person who has reloaded it.

    The form takes the browser a second of CPU time in each test; its own tests are enough.
    """
    tokens = site.stack.client("cognito-idp").admin_initiate_auth(
        UserPoolId=site.account.user_pool_id,
        ClientId=site.account.user_pool_client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": USERNAME, "PASSWORD": site.account.password},
    )["AuthenticationResult"]
    kept = ("AccessToken", "IdToken", "RefreshToken")
    session = json.dumps({"username": USERNAME, **{name: tokens[name] for name in kept}})
    values = {"origin": json.dumps(site.origin), "session": json.dumps(session)}
    tab.add_init_script(SESSION % values)


def mark() -> bytes:
    """Return a segment that makes a JPEG unlike every other: the page does not send a copy."""
    return pf.segment(0xEF, os.urandom(16))


def photo(width_px: int = 320, height_px: int = 240, taken: str = "2021:08:14 09:31:00") -> bytes:
    """Return a new JPEG with a date but no offset."""
    block = pf.tiff_block(exif=[pf.text(pf.DATE_TIME_ORIGINAL, taken)])
    return pf.jpeg(exif=block, before=mark(), width_px=width_px, height_px=height_px)


def write(folder: Path, **files: bytes) -> list[Path]:
    """Write NAME=bytes as NAME.jpg, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in files.items():
        (folder / f"{name}.jpg").write_bytes(body)
    return [folder / f"{name}.jpg" for name in files]


def choose(page: Page, *files: Path, album: str = "") -> None:
    """Choose files in the upload panel."""
    panel = page.get_by_role("complementary", name="Uploads")
    if not panel.is_visible():
        page.get_by_role("button", name="Add photos").click()
    if album:
        panel.get_by_label("Album", exact=True).fill(album)
        panel.get_by_label("Album", exact=True).blur()
    panel.get_by_label("Files", exact=True).set_input_files(files)


def drop(page: Page, *paths: Path) -> None:
    """Drop files and folders onto the page, as a file manager does."""
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send(
            "Input.dispatchDragEvent",
            {
                "type": kind,
                "x": 600,
                "y": 500,
                "data": {"items": [], "files": list(map(str, paths)), "dragOperationsMask": 1},
            },
        )


def go(page: Page, address: str) -> None:
    """Go to a view without reloading the page, and wait until the page has left the one before.

    Otherwise, a test could find its elements in the view before, or send its keys to it.
    """
    page.evaluate(GO, address)


@contextmanager
def stopped_time(page: Page) -> Iterator[None]:
    """Stop the page's timers and frames: what is done meanwhile is done at once, to the page.

    On a slow machine, seconds may pass between two steps of a gesture.
    """
    now = page.evaluate("Date.now()") / 1000
    page.clock.pause_at(now + 60)  # seconds; later than now, however slow this machine is
    yield
    page.clock.resume()


def record_errors(page: Page, errors: list[str]) -> None:
    """Add the page's errors from now on, also those of its security policy and of its requests.

    Docker's tests change this machine's network meanwhile: the page then tries again.
    """

    def record(message: str) -> None:
        if "ERR_NETWORK_CHANGED" not in message:
            errors.append(message)

    page.on("pageerror", lambda error: record(str(error)))
    page.on("console", lambda line: record(line.text) if line.type == "error" else None)


def expect_soon(page: Page, look: Callable[[], object], expected: object) -> None:
    """Wait until `look` returns this value: of what a test records, or of what AWS has.

    Playwright dispatches events, such as requests and downloads, only while it waits, and promises
    no order between them and what the page shows.

    Raises:
        AssertionError: it returned another value for `PATIENCE_MS`.
    """
    end = time.monotonic() + PATIENCE_MS / 1000
    while (found := look()) != expected and time.monotonic() < end:
        page.wait_for_timeout(50)
    assert found == expected


def catch_up(page: Page) -> None:
    """Wait for the events of all requests that the page has sent, so that none can follow.

    To be called before it is asserted that something was not sent.
    """
    mark = f"icon.svg?{os.urandom(8).hex()}"
    with page.expect_event("requestfinished", lambda request: request.url.endswith(mark)):
        page.evaluate("async (mark) => { await (await fetch(mark)).text() }", mark)
