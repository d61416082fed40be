"""What the page weighs, and how soon it shows something: `python -m tools.figures`.

Writes docs/page.md. Each visit begins with an empty cache, at the page of a gallery on this machine
that holds the photos of local/photos; the browser, the page's server and the embedded AWS share it.
"""

from __future__ import annotations

import gzip
import platform
import shutil
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from playwright.sync_api import sync_playwright

from local.functions import InProcess
from local.process import find_photos
from local.site import DIST, EXAMPLES, EXAMPLES_ALBUM, gallery, upload
from tools.plan import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from local.site import Site

PAGE: Final = ROOT / "docs" / "page.md"
READY: Final = 7  # photos in the timeline
VISITS: Final = 5
SLOWDOWNS: Final = {"a desk": 1, "a phone, its processor 4 times slower": 4}
COMPRESSED: Final = {".css", ".html", ".js", ".svg"}  # by CloudFront, of what the page has

OBSERVE: Final = """
window.seen = { shift: 0, blocked: 0 };
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.blocked += Math.max(0, entry.duration - 50);
}).observe({ type: "longtask", buffered: true });
"""
FIRST_PAINT: Final = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
FIRST_THUMBNAIL: Final = """() => new Promise((tell) => {
    const look = () => {
        if (document.querySelector(".thumb.loaded")) tell(performance.now());
        else requestAnimationFrame(look);
    };
    look();
})"""


@dataclass
class Traffic:
    """What went over the wire."""

    requests: int = 0
    kilobytes: float = 0  # of 1,000 bytes, headers included

    def watch(self, page: Page) -> None:
        """Count from now on."""
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._count)

    def _count(self, event: dict[str, Any]) -> None:
        self.requests += 1
        self.kilobytes += event["encodedDataLength"] / 1000


def visit(browser: Browser, site: Site, slowdown: float) -> dict[str, float]:
    """Open the page, sign in, and come back; return what it took, by what docs/page.md calls it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(OBSERVE)
    page, traffic = context.new_page(), Traffic()
    traffic.watch(page)
    throttle = {"rate": slowdown}
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", throttle)
    page.goto(site.url)
    page.get_by_role("button", name="Sign in").wait_for()
    took = {
        "requests until one can sign in": traffic.requests,
        "kB until then, not compressed": traffic.kilobytes,
        "ms until something is painted": page.evaluate(FIRST_PAINT),
    }
    began = page.evaluate("performance.now()")
    page.get_by_role("button", name="Sign in").click()
    took["ms from signing in to the first thumbnail"] = page.evaluate(FIRST_THUMBNAIL) - began
    page.locator(".thumb.loaded").nth(READY - 1).wait_for()
    page.wait_for_load_state("networkidle")
    took["requests until all is shown"] = traffic.requests
    took["kB until then, pictures included"] = traffic.kilobytes
    page.reload()
    took["ms from coming back to the first thumbnail"] = page.evaluate(FIRST_THUMBNAIL)
    page.wait_for_load_state("networkidle")
    took["ms blocked, on coming back"] = page.evaluate("seen.blocked")
    took["layout shift, on coming back"] = page.evaluate("seen.shift")
    context.close()
    return took


def files(dist: Path) -> dict[str, tuple[int, int]]:
    """Return the bytes of each file of the page, and those when CloudFront has compressed it."""
    found = sorted(path for path in dist.rglob("*") if path.is_file())
    return {
        path.relative_to(dist).as_posix(): (
            len(body := path.read_bytes()),
            len(gzip.compress(body)) if path.suffix in COMPRESSED else len(body),
        )
        for path in found
    }


def document(measured: dict[str, list[dict[str, float]]], sizes: dict[str, tuple[int, int]]) -> str:
    """Return docs/page.md: the median of all visits."""
    rows = [
        f"| {what} | " + " | ".join(_median(visits, what) for visits in measured.values()) + " |"
        for what in next(iter(measured.values()))[0]
    ]
    weights = [
        f"| {name} | {plain / 1000:,.1f} | {packed / 1000:,.1f} |"
        for name, (plain, packed) in sizes.items()
    ]
    plain, packed = (sum(each) / 1000 for each in zip(*sizes.values(), strict=True))
    return "\n".join(
        [
            "# The page, measured\n",
            "<!-- Written by `make figures`; do not edit. -->\n",
            f"The median of {VISITS} visits with an empty cache, to seven photos, in Chromium on a",
            f"machine of two {platform.machine()} cores, which also served the page and was AWS.",
            "So the milliseconds are of this machine, to be compared among themselves; requests",
            "and bytes are the page's own. `make figures` measures again.\n",
            f"| | {' | '.join(measured)} |",
            f"|---|{'---:|' * len(measured)}",
            *rows,
            "",
            "The page as it is built, in kB of 1,000 bytes; CloudFront sends it compressed:\n",
            "| | kB | compressed |\n|---|---:|---:|",
            *weights,
            f"| **all** | **{plain:,.1f}** | **{packed:,.1f}** |",
            "",
        ]
    )


def _median(visits: list[dict[str, float]], what: str) -> str:
    median = statistics.median(visit[what] for visit in visits)
    return f"{median:.2f}" if median < 1 else f"{median:,.0f}"


def main() -> None:
    """Measure, print, and write docs/page.md."""
    photos = find_photos([EXAMPLES], output=Path("demo"), on_error=print)
    with gallery(functions=InProcess()) as site, sync_playwright() as playwright:
        upload(site, photos, album=EXAMPLES_ALBUM)
        site.stack.wait_until_idle()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        measured = {
            name: [visit(browser, site, slowdown) for _ in range(VISITS)]
            for name, slowdown in SLOWDOWNS.items()
        }
        browser.close()
    text = document(measured, files(DIST))
    PAGE.write_text(text)
    print(text)  # noqa: T201  # what it is for


if __name__ == "__main__":
    main()
