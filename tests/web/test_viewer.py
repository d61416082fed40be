"""An open photo: by touch, wheel, mouse and keyboard, at both sizes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from accessibility import serious_problems
from browsing import (
    catch_up,
    expect_soon,
    go,
    open_page,
    photo,
    record_errors,
    sign_in,
    stopped_time,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser, Locator, Page, Route, ViewportSize

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

ALBUM = "Viewer"
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
DESKTOP: Final[ViewportSize] = {"width": 1440, "height": 900}
LARGE = re.compile(r"large\.webp")
THUMB = re.compile(r"thumb\.webp")


@pytest.fixture(scope="module", autouse=True)
def photos(site: Site) -> None:
    """Upload 0.jpg to 3.jpg in the order of their times."""
    for number in range(4):
        body = photo(1200 + number, 900, taken=f"2021:08:14 09:3{number}:00")
        site.stack.upload(f"uploads/{site.account.owner}/{ALBUM}/{number}.jpg", body)
    site.stack.wait_until_idle()


def opened(browser: Browser, site: Site, errors: list[str], **options: Any) -> Page:  # noqa: ANN401
    """Open 1.jpg from its album."""
    page = browser.new_context(locale="en-GB", **options).new_page()
    record_errors(page, errors)
    sign_in(page, site)
    open_page(page, f"{site.url}#/albums/{ALBUM}")
    page.get_by_role("link", name="1.jpg").click()
    page.locator(".pswp .frame img.loaded").first.wait_for()
    wait_for_width(page, 1, least_px=1)
    return page


@pytest.fixture
def phone(browser: Browser, site: Site, page_errors: list[str]) -> Iterator[Page]:
    page = opened(browser, site, page_errors, viewport=PHONE, has_touch=True, is_mobile=True)
    yield page
    page.context.close()


@pytest.fixture
def desktop(browser: Browser, site: Site, page_errors: list[str]) -> Iterator[Page]:
    page = opened(browser, site, page_errors, viewport=DESKTOP)
    yield page
    page.context.close()


def dialog(page: Page, number: int) -> Locator:
    return page.get_by_role("dialog", name=f"{number}.jpg")


def picture(page: Page, number: int = 1) -> Locator:
    return page.get_by_role("img", name=f"{number}.jpg")


def box(locator: Locator) -> dict[str, float]:
    found = locator.bounding_box()
    assert found is not None
    return {"x": found["x"], "y": found["y"], "width": found["width"], "height": found["height"]}


# Still for 8 frames: a movement that begins late, on a busy machine, stands still for one or two.
STILL_AT = """([image, condition]) => {
    const { width, left } = image.getBoundingClientRect();
    image.still = image.before === `${width} ${left}` ? (image.still ?? 0) + 1 : 0;
    image.before = `${width} ${left}`;
    return image.still >= 8 && width >= condition[0] && width <= condition[1];
}"""


def wait_for_width(
    page: Page, number: int, *, least_px: float = 0, most_px: float = 100_000
) -> float:
    """Wait until a picture does not move and has a width between the two; return it."""
    element = picture(page, number).element_handle()
    page.wait_for_function(STILL_AT, arg=[element, [least_px, most_px]])
    return box(picture(page, number))["width"]


def touch(page: Page, *moments: Sequence[tuple[float, float]]) -> None:
    """Put fingers down at the first moment, move them to the others, lift them."""
    session = page.context.new_cdp_session(page)

    def send(kind: str, fingers: Sequence[tuple[float, float]]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", moments[0])
    for fingers in moments[1:]:
        send("touchMove", fingers)
        page.evaluate("() => new Promise(requestAnimationFrame)")
    send("touchEnd", [])


def swipe(page: Page, right_px: float, down_px: float = 0, steps: int = 8) -> None:
    """Move one finger from the middle of the screen, once the photo is at rest.

    A photo that still moves would be taken from where it is, so that the way could be too short.
    """
    page.wait_for_function(
        "() => Math.abs(document.querySelector('.pswp__item[aria-hidden=false]')"
        "?.getBoundingClientRect().left ?? 1) < 1"
    )
    parts = [step / steps for step in range(steps + 1)]
    touch(page, *([(195 + right_px * part, 420 + down_px * part)] for part in parts))


def pinch(page: Page, from_px: float, to_px: float, steps: int = 8) -> None:
    """Move two fingers apart or together, around the middle of the screen."""
    spans = [from_px + (to_px - from_px) * step / steps for step in range(steps + 1)]
    touch(page, *([(195, 420 - span / 2), (195, 420 + span / 2)] for span in spans))


def double_tap(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    with stopped_time(page):  # or it could be two taps
        session.send(
            "Input.synthesizeTapGesture",
            {"x": 195, "y": 420, "tapCount": 2, "gestureSourceType": "touch"},
        )


def test_a_swipe_opens_the_neighbor_and_back_closes_the_photo(
    phone: Page, page_errors: list[str]
) -> None:
    swipe(phone, -250)
    expect(dialog(phone, 2)).to_be_visible()
    swipe(phone, -250)
    expect(dialog(phone, 3)).to_be_visible()
    swipe(phone, -250)  # there is no other
    expect(dialog(phone, 3)).to_be_visible()
    swipe(phone, 250)
    expect(dialog(phone, 2)).to_be_visible()
    expect_soon(phone, lambda: phone.evaluate("location.hash").endswith("2.jpg"), expected=True)

    phone.go_back()

    expect(phone.get_by_role("dialog")).to_have_count(0)
    expect(phone.get_by_role("link", name="2.jpg")).to_be_focused()
    assert page_errors == []


def test_a_short_or_slow_swipe_opens_nothing_and_a_swipe_down_closes(
    phone: Page, page_errors: list[str]
) -> None:
    swipe(phone, -90, steps=30)
    phone.wait_for_function(
        "image => Math.abs(image.getBoundingClientRect().left) < 1",
        arg=picture(phone).element_handle(),
    )
    expect(dialog(phone, 1)).to_be_visible()

    swipe(phone, 0, 300)

    expect(phone.get_by_role("dialog")).to_have_count(0)
    assert page_errors == []


def test_pinch_and_double_tap_zoom_and_a_zoomed_photo_is_moved_and_not_left(
    phone: Page, page_errors: list[str]
) -> None:
    whole_px = box(picture(phone))["width"]
    assert whole_px == pytest.approx(PHONE["width"], abs=1)

    pinch(phone, 100, 300)
    zoomed_px = wait_for_width(phone, 1, least_px=390 * 2)
    left_px = box(picture(phone))["x"]
    swipe(phone, -100)
    phone.wait_for_function(
        "([image, left]) => image.getBoundingClientRect().left < left - 50",
        arg=[picture(phone).element_handle(), left_px],
    )
    expect(dialog(phone, 1)).to_be_visible()
    assert box(picture(phone))["width"] == pytest.approx(zoomed_px, abs=1)
    pinch(phone, 300, 60)
    wait_for_width(phone, 1, most_px=391)

    double_tap(phone)
    wait_for_width(phone, 1, least_px=390 * 2)
    double_tap(phone)
    wait_for_width(phone, 1, most_px=391)
    swipe(phone, -250)
    expect(dialog(phone, 2)).to_be_visible()
    assert page_errors == []


def test_on_a_phone_the_picture_has_the_screen_and_facts_come_from_below(
    phone: Page, page_errors: list[str]
) -> None:
    stage = box(phone.locator(".stage"))
    assert (stage["width"], stage["height"]) == (PHONE["width"], PHONE["height"])
    heading = phone.get_by_role("dialog").get_by_role("heading", name="1.jpg")
    expect(heading).not_to_be_in_viewport()

    swipe(phone, 0, -200)
    expect(heading).to_be_in_viewport()
    button = phone.get_by_role("button", name="Facts")
    button.dispatch_event("click")
    expect(heading).not_to_be_in_viewport()
    phone.wait_for_function("() => document.querySelector('.whole').scrollTop === 0")
    button.click()
    expect(heading).to_be_in_viewport()

    assert page_errors == []


def test_a_tap_hides_the_buttons_and_brings_them_back(phone: Page) -> None:
    close = phone.get_by_role("button", name="Close", exact=True)
    expect(close).to_have_css("opacity", "1")
    phone.evaluate("document.activeElement.blur()")

    phone.touchscreen.tap(195, 700)
    expect(close).to_have_css("opacity", "0")
    phone.touchscreen.tap(195, 700)
    expect(close).to_have_css("opacity", "1")


def test_the_wheel_zooms_where_the_mouse_is_and_a_click_shows_the_whole_photo(
    desktop: Page, page_errors: list[str]
) -> None:
    whole = box(picture(desktop))
    x, y = whole["x"] + whole["width"] / 4, whole["y"] + whole["height"] / 4
    desktop.mouse.move(x, y)

    desktop.mouse.wheel(0, -400)

    wait_for_width(desktop, 1, least_px=1.5 * whole["width"])
    zoomed = box(picture(desktop))
    # The point below the mouse stays there.
    assert (x - zoomed["x"]) / zoomed["width"] == pytest.approx(0.25, abs=0.02)
    assert (y - zoomed["y"]) / zoomed["height"] == pytest.approx(0.25, abs=0.02)
    desktop.mouse.wheel(0, 2000)
    wait_for_width(desktop, 1, most_px=whole["width"] + 1)
    desktop.mouse.click(x, y)
    wait_for_width(desktop, 1, least_px=1.5 * whole["width"])
    desktop.mouse.click(x, y)
    wait_for_width(desktop, 1, most_px=whole["width"] + 1)
    assert page_errors == []


def test_boxes_stay_on_the_zoomed_photo(desktop: Page) -> None:
    desktop.get_by_role("link", name="Cat").focus()
    cat = desktop.locator(".box")
    expect(cat).to_have_text("Cat")

    desktop.keyboard.press("+")
    wait_for_width(desktop, 1, least_px=1400)

    image, around = box(picture(desktop)), box(cat)
    assert around["x"] - image["x"] == pytest.approx(image["width"] / 4, abs=2)
    assert around["width"] == pytest.approx(image["width"] / 2, abs=2)
    assert around["height"] == pytest.approx(image["height"] / 2, abs=2)


def test_keys_zoom_move_and_open_neighbors(desktop: Page, page_errors: list[str]) -> None:
    whole_px = box(picture(desktop))["width"]
    desktop.keyboard.press("+")
    desktop.keyboard.press("+")
    wait_for_width(desktop, 1, least_px=2 * whole_px)
    left_px = box(picture(desktop))["x"]
    desktop.keyboard.press("ArrowRight")
    moved_px = pytest.approx(left_px - 80, abs=1)
    expect_soon(desktop, lambda: box(picture(desktop))["x"], moved_px)
    desktop.keyboard.press("-")
    desktop.keyboard.press("-")
    wait_for_width(desktop, 1, most_px=whole_px + 1)
    desktop.keyboard.press("z")
    wait_for_width(desktop, 1, least_px=2 * whole_px)
    desktop.keyboard.press("z")
    wait_for_width(desktop, 1, most_px=whole_px + 1)

    desktop.keyboard.press("ArrowRight")
    expect(dialog(desktop, 2)).to_be_visible()
    desktop.keyboard.press("ArrowLeft")
    expect(dialog(desktop, 1)).to_be_visible()
    desktop.keyboard.press("Escape")
    expect(desktop.get_by_role("link", name="1.jpg")).to_be_focused()
    assert page_errors == []


def test_a_question_mark_lists_the_keys(desktop: Page, page_errors: list[str]) -> None:
    desktop.keyboard.press("?")
    keys = desktop.get_by_role("dialog", name="Keys")
    expect(keys.get_by_text("Start or pause the slideshow")).to_be_visible()
    desktop.keyboard.press("ArrowRight")  # of the list, not of the photo
    desktop.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    expect(dialog(desktop, 1)).to_be_visible()

    button = desktop.get_by_role("button", name="Keys", exact=True)
    button.click()
    keys.get_by_role("button", name="Close the keys").click()

    expect(keys).to_have_count(0)
    expect(button).to_be_focused()
    assert page_errors == []


def test_facts_that_were_hidden_stay_hidden(desktop: Page, page_errors: list[str]) -> None:
    facts = desktop.get_by_role("dialog").get_by_role("heading", name="1.jpg")
    expect(facts).to_be_visible()
    with_facts = box(desktop.locator(".stage"))

    desktop.keyboard.press("i")
    expect(facts).to_be_hidden()
    expect_soon(desktop, lambda: box(desktop.locator(".stage"))["width"], DESKTOP["width"])
    assert with_facts["width"] < DESKTOP["width"]
    desktop.reload()
    picture(desktop).wait_for()
    expect(facts).to_be_hidden()

    desktop.get_by_role("button", name="Facts").click()
    expect(facts).to_be_visible()
    desktop.reload()
    expect(facts).to_be_visible()
    assert page_errors == []


def test_full_screen_has_the_photo_and_its_buttons(desktop: Page, page_errors: list[str]) -> None:
    full = desktop.get_by_role("button", name="Full screen")

    full.click()

    expect(full).to_have_attribute("aria-pressed", "true")
    desktop.get_by_role("button", name="Next photo").click()
    expect(picture(desktop, 2)).to_be_visible()
    desktop.keyboard.press("f")
    expect(full).to_have_attribute("aria-pressed", "false")
    expect(dialog(desktop, 2)).to_be_visible()
    desktop.keyboard.press("f")
    expect(full).to_have_attribute("aria-pressed", "true")
    desktop.keyboard.press("s")  # typed by the person, so that the browser lets it be
    desktop.get_by_role("button", name="Close", exact=True).click()
    expect(desktop.get_by_role("dialog")).to_have_count(0)
    desktop.wait_for_function("() => document.fullscreenElement === null")
    assert page_errors == []


def test_the_thumbnail_is_there_before_the_large_picture(
    desktop: Page, page_errors: list[str]
) -> None:
    held: list[Route] = []
    is_slow = True

    def hold(route: Route) -> None:
        if is_slow:
            held.append(route)
        else:
            route.fallback()

    go(desktop, f"#/albums/{ALBUM}")
    expect(desktop.get_by_role("dialog")).to_have_count(0)
    desktop.context.new_cdp_session(desktop).send("Network.clearBrowserCache")
    desktop.route(LARGE, hold)

    desktop.get_by_role("link", name="3.jpg").click()

    frame = desktop.locator(".frame", has=picture(desktop, 3))
    expect(frame).to_have_css("background-image", THUMB)
    expect(picture(desktop, 3)).not_to_have_class(re.compile("loaded"))
    wait_for_width(desktop, 3, least_px=1)
    before = box(frame)
    is_slow = False
    for route in held:
        route.continue_()
    expect(picture(desktop, 3)).to_have_class(re.compile("loaded"))
    assert box(frame) == before  # nothing moves
    assert page_errors == []


def test_the_pictures_of_both_neighbors_are_loaded_before_they_are_opened(
    desktop: Page,
) -> None:
    expect(desktop.locator(".frame img.loaded")).to_have_count(3)  # 0, 1, 2
    asked: list[str] = []
    desktop.on("request", lambda request: asked.append(request.url))

    desktop.keyboard.press("ArrowRight")

    expect(dialog(desktop, 2)).to_be_visible()
    expect(desktop.locator(".frame img.loaded[alt='3.jpg']")).to_have_count(1)
    expect(desktop.locator(".frame img.loaded")).to_have_count(3)  # 1, 2, 3
    catch_up(desktop)
    assert len([url for url in asked if LARGE.search(url)]) == 1


def test_the_slideshow_goes_on_at_its_pace_and_pauses(
    browser: Browser, site: Site, page_errors: list[str]
) -> None:
    page = opened(browser, site, page_errors, viewport=DESKTOP)
    page.clock.install()
    page.get_by_role("button", name="Slideshow", exact=True).click()
    page.get_by_label("Pace").select_option("30 seconds")
    page.clock.run_for(15_000)  # the time of the test passes too
    expect(dialog(page, 1)).to_be_visible()
    page.clock.run_for(15_500)
    expect(dialog(page, 2)).to_be_visible()
    page.clock.run_for(1_000)  # the movement

    page.get_by_role("button", name="Pause the slideshow").click()
    page.clock.run_for(30_000)
    expect(dialog(page, 2)).to_be_visible()
    page.evaluate("document.activeElement.blur()")  # or Space clicks the button
    page.keyboard.press("Space")
    expect(page.get_by_label("Pace")).to_have_value("30")  # remembered
    expect(page.locator(".frame img.loaded")).to_have_count(3)
    page.clock.run_for(30_500)
    expect(dialog(page, 3)).to_be_visible()
    page.clock.run_for(30_500)

    expect(page.get_by_role("button", name="Slideshow", exact=True)).to_be_disabled()
    expect(page.get_by_role("button", name="Pause the slideshow")).to_have_count(0)
    expect(page.get_by_text("The slideshow has ended.")).to_have_count(1)
    # A clock that jumps signs for another time; the page then learns the time and signs again.
    assert [error for error in page_errors if "status of 403" not in error] == []
    page.context.close()


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_slideshow_moves_pictures_unless_the_person_wants_no_motion(
    browser: Browser, site: Site, page_errors: list[str], motion: str
) -> None:
    page = opened(browser, site, page_errors, viewport=DESKTOP, reduced_motion=motion)
    page.evaluate("""() => {
        window.places = new Set();
        const container = document.querySelector(".pswp__container");
        new MutationObserver(() => places.add(container.style.transform))
            .observe(container, { attributes: true, attributeFilter: ["style"] });
    }""")
    expect(page.locator(".frame img.loaded")).to_have_count(3)
    page.clock.install()

    page.keyboard.press("s")
    page.clock.run_for(5_500)  # with each frame of the movement, also on a machine that draws few

    expect(dialog(page, 3)).to_be_visible()  # after 5 s each
    places = page.evaluate("places.size")
    assert places > 4 if motion == "no-preference" else places <= 2
    assert page_errors == []
    page.context.close()


def test_photos_can_be_gone_through_without_the_chunk_that_moves_them(
    browser: Browser, site: Site
) -> None:
    with browser.new_context(viewport=DESKTOP, locale="en-GB") as context:
        page = context.new_page()
        chunk = re.compile(r"/viewer-.*\.js")
        page.route(chunk, lambda route: route.abort())
        open_page(page, f"{site.url}#/albums/{ALBUM}")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name="1.jpg").click()
        page.locator(".frame img.loaded").wait_for()
        assert box(picture(page))["width"] > 1000
        page.keyboard.press("ArrowRight")
        expect(dialog(page, 2)).to_be_visible()
        expect(picture(page, 2)).to_be_visible()

        page.unroute(chunk)
        page.evaluate("dispatchEvent(new Event('online'))")

        expect(page.locator(".pswp .frame img.loaded")).to_have_count(3)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_accessibility_checker_finds_no_serious_problem(
    browser: Browser, site: Site, page_errors: list[str], size: ViewportSize
) -> None:
    page = opened(browser, site, page_errors, viewport=size)
    found: dict[str, list[str]] = {}

    def check(state: str) -> None:
        found[state] = serious_problems(page)

    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()
    check("keys")
    page.keyboard.press("Escape")
    page.keyboard.press("+")
    wait_for_width(page, 1, least_px=1.2 * size["width"] if size == PHONE else 1400)
    check("zoomed")
    page.keyboard.press("z")
    page.keyboard.press("s")
    page.get_by_label("Pace").wait_for()
    check("slideshow")

    assert found == {"keys": [], "zoomed": [], "slideshow": []}
    assert page_errors == []
    page.context.close()
