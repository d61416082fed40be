"""The accessibility checker axe-core in a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.sync_api import Page, ViewportSize

AXE = Path(__file__).parents[1] / "web" / "node_modules" / "axe-core" / "axe.min.js"
# The schemes differ in colors only: other rules find the same in both.
OPTIONS = {"light": {}, "dark": {"runOnly": ["color-contrast", "link-in-text-block"]}}


def serious_problems(page: Page, sizes: Iterable[ViewportSize | None] = (None,)) -> list[str]:
    """Return what axe-core finds in a view at each size, in light and in dark.

    Args:
        page: shows the view; it is left in light colors at the last size.
        sizes: of the window; None is that of now.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = []
    for size in sizes:
        if size is not None:
            page.set_viewport_size(size)
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            result = page.evaluate("async (options) => await axe.run(options)", OPTIONS[scheme])
            found += [
                f"{scheme}: {one['id']}: {node['html'][:200]} {node['failureSummary']}"
                for one in result["violations"]
                if one["impact"] in ("serious", "critical")
                for node in one["nodes"][:1]
            ]
    return found
