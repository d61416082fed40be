"""The map with a tile server, as Terraform's variables map_tiles_… configure it."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final

import pytest

import photofiles as pf
from browsing import go
from embeddedaws import Answering
from local.site import Tiles, gallery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page, Route

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

ORIGIN: Final = "https://tiles.example.org"
ATTRIBUTION: Final = "© Example contributors"
TILES: Final = "document.querySelectorAll('.tiles img')"
IMAGES: Final = f"{TILES}.length > 0 && [...{TILES}]"
IS_DRAWN: Final = """() => {
    const canvas = document.querySelector(".photo-map canvas");
    const pen = canvas.getContext("2d");
    return pen.getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0);
}"""


@pytest.fixture(scope="module")  # a process can run one embedded AWS at a time
def site(dist: Path) -> Iterator[Site]:
    tiles = Tiles(f"{ORIGIN}/light/{{z}}/{{x}}/{{y}}.png?key=1", ATTRIBUTION)
    with gallery(functions=Answering(), dist=dist, tiles=tiles) as running:
        yield running


def test_the_map_shows_tiles_and_whose_they_are_and_tells_the_server_their_numbers_alone(
    page: Page, site: Site, page_errors: list[str]
) -> None:
    buffer = io.BytesIO()
    pf.picture(256, 256).save(buffer, "PNG")
    asked: list[tuple[str, str | None]] = []

    def answer(route: Route) -> None:
        asked.append((route.request.url, route.request.all_headers().get("referer")))
        route.fulfill(content_type="image/png", body=buffer.getvalue())

    page.route(f"{ORIGIN}/**", answer)
    go(page, "#/map?at=38.72,-9.145,13")

    expect(page.get_by_text(re.compile(f"^{ATTRIBUTION}"))).to_be_visible()
    page.wait_for_function(f"() => {IMAGES}.every((one) => one.naturalWidth === 256)")
    tiles = [re.fullmatch(rf"{ORIGIN}/light/13/(\d+)/(\d+)\.png\?key=1", url) for url, _ in asked]
    numbers = {tuple(map(int, one.groups())) for one in tiles if one is not None}
    assert None not in tiles
    assert (3887, 3138) in numbers  # Lisbon
    assert len(numbers) < 50
    assert {referer for _, referer in asked} <= {None, f"{site.origin}/"}
    assert page_errors == []  # such as a violation of the security policy


def test_the_shapes_of_land_are_there_if_the_server_is_not(page: Page) -> None:
    page.route(f"{ORIGIN}/**", lambda route: route.abort())
    go(page, "#/map?at=38.72,-9.145,5")
    page.locator(".tiles img").first.wait_for(state="attached")

    page.wait_for_function(f"() => {IMAGES}.every((one) => one.hidden)")
    page.wait_for_function(IS_DRAWN)
