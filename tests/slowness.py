"""`pytest --slow RATE`: a slow browser beside a slow AWS, so that races in browser tests show.

Chromium's main thread gets one RATEth of its speed. An answer of the embedded AWS takes up to
`MAX_ANSWER_SECONDS` longer. Events such as a request or a download are dispatched
`EVENT_SECONDS` late: Playwright promises no order between them and what a page shows.
"""

import asyncio
import contextlib
import functools
import random
import time
from typing import Any, Final

import pytest

MAX_ANSWER_SECONDS: Final = 0.3
EVENT_SECONDS: Final = 0.3
EVENTS: Final = frozenset(
    {"download", "request", "requestFailed", "requestFinished", "response"}
)  # in the protocol between Playwright and its driver


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", type=float, metavar="RATE", help="slow the browser and AWS down")


def pytest_configure(config: pytest.Config) -> None:
    if rate := config.getoption("slow"):
        slow_down(rate)


def slow_down(rate: float) -> None:
    """Slow Chromium, its events and the embedded AWS down, for the rest of this process."""
    from playwright._impl.connection import Connection  # noqa: PLC0415  # only if asked
    from playwright._impl.errors import Error  # noqa: PLC0415
    from playwright.sync_api import BrowserContext, Page  # noqa: PLC0415

    from local.embedded import _Front  # noqa: PLC0415

    new_page, dispatch, answer = BrowserContext.new_page, Connection.dispatch, _Front.__call__

    @functools.wraps(new_page)
    def slow_page(context: BrowserContext) -> Page:
        page = new_page(context)
        session = context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
        return page

    def late(connection: Connection, message: dict[str, Any]) -> None:
        with contextlib.suppress(Error):  # the page is closed meanwhile
            dispatch(connection, message)

    def dispatch_late(connection: Connection, message: dict[str, Any]) -> None:
        if message.get("method") in EVENTS:
            asyncio.get_running_loop().call_later(EVENT_SECONDS, late, connection, message)
        else:
            dispatch(connection, message)

    def answer_late(*arguments: Any) -> Any:  # noqa: ANN401  # of WSGI
        time.sleep(random.uniform(0, MAX_ANSWER_SECONDS))  # noqa: S311  # no secret
        return answer(*arguments)

    patch = pytest.MonkeyPatch()
    patch.setattr(BrowserContext, "new_page", slow_page)
    patch.setattr(Connection, "dispatch", dispatch_late)
    patch.setattr(_Front, "__call__", answer_late)
