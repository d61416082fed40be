"""The timeline of very many photos: few are in the document, and those near the view are read."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any, Final

import pytest

import photofiles as pf
from accessibility import serious_problems
from browsing import choose, expect_soon, photo, stopped_time, write
from longgallery import LongGallery

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator, Page, Route, ViewportSize

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

MANY = 50_000
MAX_TILES = 250  # in the document; a window and its surroundings have 40 to 90 of these photos
DESKTOP: Final[ViewportSize] = {"width": 1440, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
TURNED: Final[ViewportSize] = {"width": 844, "height": 390}
NARROW: Final[ViewportSize] = {"width": 700, "height": 900}
SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
HEBREW = "חוף הים בתל אביב"
ON_SCREEN = """() => {
    const shown = (one) => {
        const { top, bottom } = one.getBoundingClientRect();
        return bottom > 110 && top < innerHeight - 80;
    };
    return [...document.querySelectorAll("a.tile")].filter(shown)
        .map((one) => [one.title, Math.round(one.getBoundingClientRect().top)]);
}"""
# Waits for the scrolling to end, and for the photos in the window to be read.
UNTIL_STILL = """async () => {
    const end = performance.now() + 60_000;
    const isUnread = (one) => {
        const { top, bottom } = one.getBoundingClientRect();
        return bottom > 0 && top < innerHeight;
    };
    for (let still = 0, last = -1; still < 8; last = scrollY) {
        await new Promise(requestAnimationFrame);
        if (performance.now() > end) throw new Error("photos in the window stay unread");
        const isRead = ![...document.querySelectorAll(".unread")].some(isUnread);
        still = scrollY === last && isRead ? still + 1 : 0;
    }
}"""
SCROLL = """async (pages) => {
    let most = 0;
    const bottom = () => document.documentElement.scrollHeight - innerHeight;
    for (let step = 0; step < pages; step++) {
        scrollTo(0, step < pages / 2 ? scrollY + innerHeight : bottom() * (step + 1) / pages);
        for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
        most = Math.max(most, document.querySelectorAll("a.tile").length);
    }
    return most;
}"""


class Visit:
    """The timeline of a long gallery on a page."""

    def __init__(self, page: Page, long: LongGallery) -> None:
        self.page = page
        self.long = long
        self.asked: list[dict[str, Any]] = []  # of by_time
        self.scrubber = page.get_by_role("slider", name="Month")

    def tile(self, number: int) -> Locator:
        """Return the tile of a photo."""
        return self.page.locator(f'a.tile[href*="{number:05}.jpg"]')

    def seen(self) -> list[tuple[str, int]]:
        """Return the photos in the window, and their distances from its top in pixels."""
        self.page.evaluate(UNTIL_STILL)
        return [(title, top) for title, top in self.page.evaluate(ON_SCREEN)]

    def scroll_to_end(self) -> None:
        """Scroll to the last photo: the end of the list moves down while its pages are read."""
        at_end = "scrollY + innerHeight >= document.documentElement.scrollHeight - 1"
        last = self.tile(self.long.photos - 1)
        for _ in range(self.long.photos // 200 + 10):  # a page of the list has 200
            self.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
            self.page.evaluate(UNTIL_STILL)
            if last.count() > 0 and self.page.evaluate(at_end):
                return
        raise AssertionError("the last photo is never in the document")

    def first_asked(self) -> list[str]:
        """Return where the pages of photos begin."""
        values = [one["ExpressionAttributeValues"] for one in self.asked]
        return [one[":to"]["S"] for one in values if ":to" in one]


@pytest.fixture
def visit(visitor: Page, site: Site) -> Callable[..., Visit]:
    """Return a function that signs in to a gallery of so many photos."""
    buffer = io.BytesIO()
    pf.picture(40, 30).save(buffer, "WEBP")

    def open_timeline(
        photos: int,
        size: ViewportSize = DESKTOP,
        *,
        pictures: bool = True,
        **options: Any,  # noqa: ANN401  # of LongGallery
    ) -> Visit:
        visitor.set_viewport_size(size)
        made = Visit(visitor, LongGallery(site.account.owner, photos, **options))

        def answer(route: Route) -> None:
            request = route.request
            target, body = request.headers.get("x-amz-target", ""), request.post_data or "{}"
            found = made.long.answer(target, body) if target.startswith("DynamoDB") else None
            if found is None:
                route.fallback()
                return
            if json.loads(body).get("IndexName") == "by_time":
                made.asked.append(json.loads(body))
            route.fulfill(headers={"Access-Control-Allow-Origin": "*"}, json=found)

        def picture(route: Route) -> None:
            if pictures:
                headers = {"Access-Control-Allow-Origin": "*"}
                route.fulfill(headers=headers, content_type="image/webp", body=buffer.getvalue())

        visitor.route(f"{site.stack.endpoint_url}/", answer)
        visitor.route("**/long/**", picture)
        visitor.get_by_role("button", name="Sign in").click()
        made.tile(0).wait_for()
        return made

    return open_timeline


@SIZES
def test_the_document_has_few_tiles_to_the_end_of_50000_photos(
    visit: Callable[..., Visit], page_errors: list[str], size: ViewportSize
) -> None:
    long = visit(MANY, size)
    assert long.page.locator("a.tile").count() < MAX_TILES
    assert len(long.asked) <= 4  # photos near the window, and the oldest one

    most = long.page.evaluate(SCROLL, 30)
    long.scroll_to_end()

    expect(long.scrubber).to_have_attribute("aria-valuenow", "0")
    assert most < MAX_TILES
    assert long.page.locator("a.tile").count() < MAX_TILES
    assert len(long.asked) < 60  # of 250 pages
    assert page_errors == []


@SIZES
def test_the_scrubber_goes_to_any_month_by_key_and_reads_nothing_before_it(
    visit: Callable[..., Visit], page_errors: list[str], size: ViewportSize
) -> None:
    long = visit(MANY, size)
    months = sorted(long.long.counts)
    expect(long.scrubber).to_have_attribute(
        "aria-valuetext", f"June 2026, {long.long.counts['2026-06']} photos"
    )
    expect(long.scrubber).to_have_attribute("aria-valuemax", str(len(months) - 1))

    long.scrubber.focus()
    long.page.keyboard.press("Home")  # the lowest value: the oldest month
    expect(long.scrubber).to_have_attribute("aria-valuenow", "0")
    long.page.keyboard.press("ArrowUp")
    long.page.keyboard.press("PageUp")

    expect(long.scrubber).to_have_attribute(
        "aria-valuetext", f"January 2017, {long.long.counts['2017-01']} photos"
    )
    first = next(n for n in range(MANY) if long.long.month(n) == "2017-01")
    expect(long.tile(first)).to_be_in_viewport()
    heading = long.page.get_by_role("heading", name="January 2017")
    expect(heading).to_be_in_viewport()
    asked = [month for one in long.first_asked() if (month := one[5:12]) < "2026-05"]
    assert asked
    assert max(asked) <= "2017-03"  # the months above, as far as they are nearly in view
    long.page.keyboard.press("End")
    expect(long.tile(0)).to_be_in_viewport()
    assert page_errors == []


def test_the_scrubber_follows_the_pointer(
    visit: Callable[..., Visit], page_errors: list[str]
) -> None:
    long = visit(MANY)
    photos = long.long.counts["2026-06"]
    expect(long.scrubber).to_have_attribute("aria-valuetext", f"June 2026, {photos} photos")
    box = long.scrubber.bounding_box()
    assert box is not None
    mouse = long.page.mouse
    x = box["x"] + box["width"] / 2

    mouse.move(x, box["y"] + box["height"] * 0.3)
    bubble = long.page.locator(".bubble.pointed")
    expect(bubble).to_be_visible()
    pointed = bubble.inner_text()
    assert long.page.evaluate("scrollY") == 0
    mouse.down()
    expect(long.scrubber).to_have_attribute("aria-valuetext", pointed)
    with stopped_time(long.page):  # or the pointer would rest between the steps
        mouse.move(x, box["y"] + box["height"] * 0.95, steps=10)
        mouse.up()

    expect(long.scrubber).not_to_have_attribute("aria-valuetext", pointed)
    long.page.evaluate(UNTIL_STILL)
    month = str(long.scrubber.get_attribute("aria-valuetext")).partition(",")[0]
    expect(long.page.get_by_role("heading", name=month)).to_be_in_viewport()
    expect(long.page.locator("a.tile").first).to_be_visible()
    assert len(long.asked) < 15  # months that the pointer passes are not read
    assert page_errors == []


def test_the_scrubber_follows_a_finger(visit: Callable[..., Visit], page_errors: list[str]) -> None:
    long = visit(MANY, PHONE)
    box = long.scrubber.bounding_box()
    assert box is not None
    assert box["width"] >= 24
    session = long.page.context.new_cdp_session(long.page)
    x = box["x"] + box["width"] / 2

    def touch(kind: str, share: float | None = None) -> None:
        points = [] if share is None else [{"x": x, "y": box["y"] + box["height"] * share}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.1)
    for share in (0.2, 0.4, 0.6):
        touch("touchMove", share)
    expect(long.page.locator(".bubble.pointed")).to_be_visible()
    touch("touchEnd")

    expect(long.page.locator(".bubble.pointed")).to_have_count(0)
    long.page.evaluate(UNTIL_STILL)
    month = str(long.scrubber.get_attribute("aria-valuetext")).partition(",")[0]
    assert month.endswith(("2019", "2020", "2021"))  # the list scrolls under the scrubber
    expect(long.page.get_by_role("heading", name=month)).to_be_in_viewport()
    expect(long.page.locator("a.tile").first).to_be_visible()
    assert page_errors == []


def test_the_month_in_view_stays_named_at_the_top(visit: Callable[..., Visit]) -> None:
    long = visit(2_000)
    bar = long.page.locator("header.bar").bounding_box()
    assert bar is not None

    long.page.mouse.move(600, 500)
    long.page.mouse.wheel(0, 250)
    long.page.wait_for_function("() => scrollY > 0")  # the wheel does not wait for its effect
    long.page.evaluate(UNTIL_STILL)

    named = long.page.locator(".heading", has=long.page.get_by_role("heading", name="June 2026"))
    heading = named.bounding_box()
    assert heading is not None
    assert heading["y"] == pytest.approx(bar["height"], abs=2)


@pytest.mark.parametrize("counts", ["none", "wrong"])
def test_photos_are_all_found_without_counts_and_with_wrong_ones(
    visit: Callable[..., Visit],
    page_errors: list[str],
    monkeypatch: pytest.MonkeyPatch,
    counts: str,
) -> None:
    true_counts = LongGallery("", 700, years=3).counts
    if counts == "wrong":
        wrong = {month: 90 if month.endswith("1") else 2 for month in true_counts}
        false = type(true_counts)(wrong | {"2024-99": 3, "1999-04": 8, "2026-05": 0})
        monkeypatch.setattr(LongGallery, "counts", false)
    long = visit(700, years=3, counted=counts == "wrong")
    found: set[str] = set()

    for _ in range(700):
        found |= {title for title, _ in long.seen()}
        long.page.evaluate("scrollBy(0, innerHeight / 2)")  # in the end, to the oldest month
        if f"{699:05}.jpg" in found:
            break
    expect(long.page.get_by_role("heading", name="April 1999")).to_have_count(0)
    long.scrubber.focus()
    said = []
    for at in range(len(true_counts)):
        expect(long.scrubber).to_have_attribute("aria-valuenow", str(at))
        said.append(str(long.scrubber.get_attribute("aria-valuetext")))
        long.page.keyboard.press("ArrowUp")

    assert found == {f"{number:05}.jpg" for number in range(700)}
    photos = [int(one.split(", ")[1].split()[0]) for one in said]
    assert photos == [count for _, count in sorted(true_counts.items())]
    assert page_errors == []


def test_a_year_of_photos_without_counts_is_gone_to(visit: Callable[..., Visit]) -> None:
    long = visit(3_000, counted=False)
    expect(long.page.get_by_role("link", name="2020", exact=True)).to_be_visible()
    expect(long.scrubber).to_have_attribute("aria-valuemax", re.compile(r"\d\d"))
    before = len(long.asked)

    long.scrubber.focus()
    for year in ("2025", "2024", "2023"):
        long.page.keyboard.press("PageDown")
        expect(long.scrubber).to_have_attribute("aria-valuetext", re.compile(f" {year}"))

    expect(long.page.get_by_role("heading", name="December 2023")).to_be_in_viewport()
    first = next(n for n in range(3_000) if long.long.month(n) == "2023-12")
    expect(long.tile(first)).to_be_in_viewport()
    assert len(long.asked) - before < 9


def test_arrows_go_from_photo_to_photo_and_the_focus_outlives_scrolling(
    visit: Callable[..., Visit], page_errors: list[str]
) -> None:
    long = visit(2_000)
    long.tile(0).focus()
    for number in range(1, 60):
        long.page.keyboard.press("ArrowRight")
        expect(long.tile(number)).to_be_focused()
    expect(long.tile(59)).to_be_in_viewport()
    long.page.keyboard.press("ArrowLeft")
    expect(long.tile(58)).to_be_focused()

    long.page.evaluate("scrollBy(0, 8000)")
    expect(long.tile(58)).not_to_be_in_viewport()
    expect(long.tile(58)).to_be_focused()
    long.page.keyboard.press("ArrowRight")

    expect(long.tile(59)).to_be_focused()
    expect(long.tile(59)).to_be_in_viewport()
    long.page.keyboard.press("ArrowDown")
    expect(long.tile(59)).not_to_be_focused()
    expect(long.page.locator("a.tile:focus")).to_be_in_viewport()
    assert page_errors == []


@SIZES
def test_a_photo_of_a_far_month_has_its_neighbors_and_back_returns_to_it(
    visit: Callable[..., Visit], page_errors: list[str], size: ViewportSize
) -> None:
    long = visit(MANY, size)
    long.scrubber.focus()
    for _ in range(4):
        long.page.keyboard.press("PageDown")
    first = next(n for n in range(MANY) if long.long.month(n) == "2022-12")
    long.tile(first).click()
    for number in (first, first + 1):
        expect(long.page.get_by_role("dialog", name=f"{number:05}.jpg")).to_be_visible()
        expect(long.page.get_by_role("button", name="Next photo")).to_be_enabled()
        long.page.keyboard.press("ArrowRight")
    for number in range(first + 2, first - 3, -1):
        expect(long.page.get_by_role("dialog", name=f"{number:05}.jpg")).to_be_visible()
        if number >= first - 1:
            expect(long.page.get_by_role("button", name="Previous photo")).to_be_enabled()
            long.page.keyboard.press("ArrowLeft")

    long.page.go_back()

    expect(long.tile(first - 2)).to_be_focused()
    expect(long.tile(first - 2)).to_be_in_viewport()
    before = long.seen()
    long.page.get_by_role("link", name="Albums").evaluate("link => link.click()")
    expect(long.page.get_by_role("heading", name="Albums")).to_be_visible()
    long.page.go_back()
    expect(long.tile(first - 2)).to_be_focused()
    expect_soon(long.page, long.seen, before)
    assert page_errors == []


def test_photos_stay_in_their_place_when_others_come_above_them(
    visit: Callable[..., Visit], page_errors: list[str], tmp_path: Path
) -> None:
    long = visit(MANY)
    long.scrubber.focus()
    long.page.keyboard.press("PageDown")
    first = next(n for n in range(MANY) if long.long.month(n) == "2025-12")
    expect(long.tile(first)).to_be_in_viewport()
    expect_soon(long.page, lambda: long.seen()[0][0], f"{first:05}.jpg")

    choose(long.page, *write(tmp_path, new=photo(taken="2026:07:01 10:00:00")), album="Newer")
    expect(long.page.get_by_text("1 of 1 photo ready")).to_be_visible()
    expect(long.tile(first)).to_be_in_viewport()
    long.page.get_by_role("button", name="Close uploads").click()
    long.scrubber.focus()
    long.page.keyboard.press("End")

    expect(long.page.get_by_role("link", name="new.jpg, 1 July 2026, 10:00")).to_be_in_viewport()
    expect(long.scrubber).to_have_attribute("aria-valuetext", "July 2026, 1 photo")
    assert page_errors == []


def test_the_place_in_the_list_is_kept_when_the_window_gets_another_shape(
    visit: Callable[..., Visit], page_errors: list[str]
) -> None:
    long = visit(MANY, PHONE)
    long.scrubber.focus()
    for _ in range(4):
        long.page.keyboard.press("PageDown")
    first = next(n for n in range(MANY) if long.long.month(n) == "2022-12")
    expect(long.tile(first)).to_be_in_viewport()
    long.page.evaluate("scrollBy(0, 1_010)")
    before = long.seen()
    [number] = [int(title[:5]) for title, _ in before[:1]]
    assert number > first

    for size in (TURNED, DESKTOP, NARROW, PHONE):
        long.page.set_viewport_size(size)
        # The new size may reach the page later.
        shape = [size["width"], size["height"]]
        expect_soon(long.page, lambda: long.page.evaluate("[innerWidth, innerHeight]"), shape)
        assert f"{number:05}.jpg" in dict(long.seen())

    assert long.seen() == before
    assert page_errors == []


@SIZES
def test_the_focus_of_the_scrubber_scrolls_nothing_at_the_end_of_the_page(
    visit: Callable[..., Visit], size: ViewportSize
) -> None:
    long = visit(300, size)
    long.scroll_to_end()
    before = long.seen()

    long.scrubber.focus()  # as by Tab

    assert long.seen() == before


def test_the_counts_of_months_are_read_again_after_back(
    visit: Callable[..., Visit], page_errors: list[str]
) -> None:
    long = visit(MANY)
    photos = long.long.counts["2026-06"]
    expect(long.scrubber).to_have_attribute("aria-valuetext", f"June 2026, {photos} photos")
    long.page.get_by_role("link", name="Albums").click()
    expect(long.page.get_by_role("heading", name="Albums")).to_be_visible()
    long.long.counts["2026-06"] += 1  # a photo was uploaded on another page

    long.page.go_back()

    expect(long.scrubber).to_have_attribute("aria-valuetext", f"June 2026, {photos + 1} photos")
    assert page_errors == []


def test_a_blurred_picture_is_shown_until_the_photo_is_loaded(
    visit: Callable[..., Visit], page_errors: list[str]
) -> None:
    long = visit(60, pictures=False)
    canvas = long.tile(0).locator("canvas")
    expect(canvas).not_to_have_attribute("width", "1")

    colors = canvas.evaluate(
        """(one) => {
            const { data } = one.getContext("2d").getImageData(0, 0, one.width, one.height);
            return new Set([...data].filter((_, index) => index % 4 === 0)).size;
        }"""
    )

    assert colors > 5
    expect(long.page.locator("a.tile .loaded")).to_have_count(0)
    assert page_errors == []  # no violation of the security policy


def test_titles_from_right_to_left_are_read_apart_from_the_date(
    visit: Callable[..., Visit], page_errors: list[str]
) -> None:
    long = visit(60, titles={1: HEBREW})

    label = long.tile(1).get_attribute("aria-label")

    assert label is not None
    assert label.startswith(f"\u2068{HEBREW}\u2069, ")  # isolated, so that the date stays behind it
    expect(long.tile(1)).to_have_attribute("title", HEBREW)
    assert page_errors == []


def test_the_accessibility_checker_finds_no_serious_problem(
    visit: Callable[..., Visit], page_errors: list[str]
) -> None:
    long = visit(3_000)
    page = long.page
    page.emulate_media(reduced_motion="reduce")
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        long.scrubber.focus()
        page.keyboard.press("PageDown")
        expect(page.locator("a.tile .loaded").first).to_be_visible()
        page.evaluate(UNTIL_STILL)

        assert serious_problems(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page_errors == []
