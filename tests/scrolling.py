"""Scroll and pan through 50 and through 50,000 photos in Chromium: long tasks, heap, thumbnails.

    PYTHONPATH=.:images:tests python tests/scrolling.py DIST

DIST is the built page (`make web`). Prints a line for each size of the gallery. DynamoDB is
answered by tests/longgallery.py, pictures by a small file; the sign-in is the embedded AWS's. Each
figure is of one run. The CPU time of a task is hardly longer on a busy machine, its time is.
"""

import argparse
import base64
import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, Route, sync_playwright

from local.functions import InProcess
from local.site import Site, gallery
from longgallery import LongGallery

SIZES: Final = (50, 50_000)
WEBP: Final = base64.b64decode("UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAwA0JaQAA3AA/vuUAAA=")
SCROLLED_PX: Final = 9_600
SCROLL: Final = """async ([distance, step]) => {
    let most = 0;
    for (let px = 0; px < distance; px += step) {
        scrollBy(0, step);
        await new Promise(requestAnimationFrame);
        most = Math.max(most, document.querySelectorAll("a.tile").length);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    return most;
}"""
PAN: Final = """async ([x, y]) => {
    const target = document.querySelector(".photo-map .surface");
    const send = (type, x, y) => target.dispatchEvent(new PointerEvent(type, {
        bubbles: true, pointerId: 1, clientX: x, clientY: y, isPrimary: true, button: 0,
    }));
    target.setPointerCapture = target.parentElement.setPointerCapture = () => undefined;
    let most = 0;
    for (let turn = 0; turn < 6; turn++) {
        send("pointerdown", x, y);
        for (let step = 1; step <= 30; step++) {
            send("pointermove", x + (turn % 2 ? 12 : -12) * step, y + (turn % 3 - 1) * 6 * step);
            await new Promise(requestAnimationFrame);
            most = Math.max(most, document.querySelectorAll(".photo-map .marker").length);
        }
        send("pointerup", x, y);
        await new Promise((resolve) => setTimeout(resolve, 300));
    }
    return most;
}"""


@dataclass
class Traced:
    """The longest task of a page's main thread."""

    cpu_ms: float = 0.0  # of the thread: other programs do not add to it
    wall_ms: float = 0.0


@contextmanager
def traced(page: Page) -> Iterator[Traced]:
    """Yield what becomes the longest task of the page in this block."""
    browser = page.context.browser
    if browser is None:
        raise ValueError("the page has no browser")
    longest = Traced()
    browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
    yield longest
    events = json.loads(browser.stop_tracing())["traceEvents"]
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    for event in events:
        if event["name"].endswith("RunTask") and (event["pid"], event["tid"]) in mains:
            longest.cpu_ms = max(longest.cpu_ms, event.get("tdur", 0) / 1000)
            longest.wall_ms = max(longest.wall_ms, event.get("dur", 0) / 1000)


def measure(page: Page, site: Site, photos: int) -> str:
    """Return the figures of one gallery in words."""
    long = LongGallery(site.account.owner, photos, renditions=photos)
    _ = long.time_keys, long.counts  # computed before the time is taken

    def answer(route: Route) -> None:
        request = route.request
        target = request.headers.get("x-amz-target", "")
        found = long.answer(target, request.post_data or "{}") if "DynamoDB" in target else None
        if found is None:
            route.fallback()
            return
        route.fulfill(headers={"Access-Control-Allow-Origin": "*"}, body=json.dumps(found))

    def picture(route: Route) -> None:
        headers = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(headers=headers, content_type="image/webp", body=WEBP)

    page.route(f"{site.stack.endpoint_url}/", answer)
    page.route("**/long/**", picture)
    page.goto(site.url)
    page.get_by_role("button", name="Sign in").click()
    page.locator("a.tile .loaded").first.wait_for()
    page.reload()
    started = time.perf_counter()
    page.locator("a.tile .loaded").first.wait_for()
    first_ms = (time.perf_counter() - started) * 1000
    page.wait_for_load_state("networkidle")
    session = page.context.new_cdp_session(page)
    before_mb = heap_mb(session)
    with traced(page) as wheel:
        most = page.evaluate(SCROLL, [SCROLLED_PX, 120])
    with traced(page) as fling:
        most = max(most, page.evaluate(SCROLL, [SCROLLED_PX * 5, 4_000]))
    scrubber = page.get_by_role("slider")
    with traced(page) as jumps:
        if scrubber.is_visible():
            scrubber.focus()
            for key in ("PageDown", "PageDown", "Home", "PageUp", "End"):
                page.keyboard.press(key)
                page.wait_for_timeout(500)
    after_mb = heap_mb(session)
    on_map = measure_map(page, session)
    longest = "; ".join(
        f"{name} {task.cpu_ms:.0f} ms of CPU ({task.wall_ms:.0f} ms)"
        for name, task in {"wheel": wheel, "fling": fling, "scrubber": jumps}.items()
    )
    return (
        f"{photos:,} photos: first thumbnail {first_ms:,.0f} ms after a reload; heap"
        f" {before_mb:.1f} MB before and {after_mb:.1f} MB after; at most {most} tiles;"
        f" longest task: {longest}\n{on_map}"
    )


def measure_map(page: Page, session: Any) -> str:  # noqa: ANN401  # Playwright's CDP session
    """Return the figures of the map in words."""
    started = time.perf_counter()
    with traced(page) as reading:
        page.get_by_role("link", name="Map", exact=True).click()
        page.locator(".below-map p", has_text="here").and_(
            page.locator(":not(:has-text('so far'))")
        ).wait_for()
        read_ms = (time.perf_counter() - started) * 1000
    page.wait_for_load_state("networkidle")
    center = [720, 450]
    with traced(page) as panning:
        most = page.evaluate(PAN, center)
    page.mouse.move(*center)
    with traced(page) as zooming:
        for turns in (*[-120] * 20, *[120] * 20):
            page.mouse.wheel(0, turns)
            page.evaluate("() => new Promise(requestAnimationFrame)")
    with traced(page) as near:
        for _ in range(8):
            page.mouse.wheel(0, -240)
        page.wait_for_timeout(500)
        most = max(most, page.evaluate(PAN, center))
    tasks = {"reading": reading, "panning": panning, "zooming": zooming, "panning, near": near}
    longest = "; ".join(
        f"{name} {task.cpu_ms:.0f} ms of CPU ({task.wall_ms:.0f} ms)"
        for name, task in tasks.items()
    )
    return (
        f"    map: all photos after {read_ms:,.0f} ms; heap {heap_mb(session):.1f} MB;"
        f" at most {most} markers; longest task: {longest}"
    )


def heap_mb(session: Any) -> float:  # noqa: ANN401  # Playwright's CDP session
    """Return the used JavaScript heap after a garbage collection."""
    session.send("HeapProfiler.collectGarbage")
    used: int = session.send("Runtime.getHeapUsage")["usedSize"]
    return used / 1e6


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dist", type=Path, help="the built page")
    dist: Path = parser.parse_args().dist
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is not installed")
    with (
        gallery(functions=InProcess(), dist=dist) as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium)
        for photos in SIZES:
            with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
                sys.stdout.write(measure(context.new_page(), site, photos) + "\n")
                sys.stdout.flush()
        browser.close()


if __name__ == "__main__":
    main()
