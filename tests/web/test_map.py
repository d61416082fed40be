"""The map of all photos with a position, in a browser."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Final

import pytest

import photofiles as pf
from accessibility import serious_problems
from browsing import ANY, catch_up, expect_soon, go, open_page, photo
from longgallery import LongGallery
from shared.terms import geohash

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Locator, Page, Route, ViewportSize

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

ALBUM = "Trip"
MANY = 20_000  # tests/scrolling.py measures 50,000
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
DESKTOP: Final[ViewportSize] = {"width": 1440, "height": 900}
# By number: three photos in Lisbon, two of them at one position; Porto; both sides of the
# antimeridian in Fiji; nearly the North Pole.
POSITIONS: Final = (
    (38.7100, -9.1400),
    (38.7100, -9.1400),
    (38.7300, -9.1500),
    (41.1500, -8.6100),
    (-17.0000, 179.9900),
    (-17.0100, -179.9900),
    (89.0000, 10.0000),
)
LISBON: Final = "38.72,-9.145,13"


@pytest.fixture(scope="module", autouse=True)
def photos(site: Site) -> None:
    """Upload the photos, and write the rows of their positions as Publish does."""
    owner = site.account.owner
    for number in range(len(POSITIONS)):
        body = photo(320, 240, taken=f"2021:08:14 09:3{number}:00")
        site.stack.upload(f"uploads/{owner}/{ALBUM}/{number}.jpg", body)
    site.stack.wait_until_idle()
    for number, position in enumerate(POSITIONS):
        write_row(site, number, position)


def write_row(site: Site, number: int, position: tuple[float, float]) -> None:
    """Write the row of a photo's position."""
    dynamodb = site.stack.client("dynamodb")
    path = f"photo#{ALBUM}/{number}.jpg"
    key = {"pk": {"S": site.account.owner}, "sk": {"S": path}}
    row = dynamodb.get_item(TableName=site.stack.table, Key=key)["Item"]
    _, time, digest = row["time_key"]["S"].split("#")
    location = {"latitude": {"N": str(position[0])}, "longitude": {"N": str(position[1])}}
    dynamodb.update_item(
        TableName=site.stack.table,
        Key=key,
        UpdateExpression="SET #location = :location",
        ExpressionAttributeNames={"#location": "location"},
        ExpressionAttributeValues={":location": {"M": location}},
    )
    dynamodb.put_item(
        TableName=site.stack.table,
        Item={
            "pk": row["pk"],
            "sk": {"S": f"geo#{geohash(*position)}#{time}#{digest}"},
            "photo": {"S": path},
            "width_px": row["width_px"],
            "height_px": row["height_px"],
            "thumb": row["renditions"]["M"]["thumb"],
        },
    )


@pytest.fixture
def world(page: Page) -> Page:
    """Open the map of the world. Its window has all photos but that at the pole."""
    page.get_by_role("link", name="Map", exact=True).click()
    page.get_by_text("6 photos here").wait_for()
    return page


def surface(page: Page) -> Locator:
    return page.get_by_role("application")


def clusters(page: Page) -> list[str]:
    """Return the counts of the clusters, and the names of single photos, sorted."""
    # In one step: a marker that goes meanwhile would be waited for.
    names: list[str] = (
        page.get_by_role("list", name="Photos on the map")
        .locator(".marker")
        .evaluate_all("markers => markers.map(one => `${one.getAttribute('aria-label')}`)")
    )
    return sorted(re.sub(r"^(\d+) photos near .*|(\d\.jpg).*", r"\1\2", name) for name in names)


def expect_clusters(page: Page, *expected: str) -> None:
    """Wait for exactly these clusters."""
    expect_soon(page, lambda: clusters(page), sorted(expected))


def at(page: Page) -> list[float]:
    """Return latitude, longitude and zoom of the address."""
    address = page.evaluate("location.href")
    found = re.search(r"at=([-\d.]+),([-\d.]+),([\d.]+)", address)
    assert found is not None, address
    return [float(one) for one in found.groups()]


def marker(page: Page, name: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("list", name="Photos on the map").get_by_label(name)


def test_photos_that_are_near_are_one_cluster_and_a_click_zooms_until_they_come_apart(
    world: Page, page_errors: list[str]
) -> None:
    expect_clusters(world, "4", "2")  # Portugal, Fiji
    expect(marker(world, re.compile("^4 photos near .*° N, .*° W"))).to_have_text("4")

    marker(world, re.compile("^4 photos")).click()
    expect_clusters(world, "3", "3.jpg")
    marker(world, re.compile("^3 photos")).click()
    expect_clusters(world, "2", "2.jpg")
    expect(surface(world)).to_be_focused()

    marker(world, re.compile("^2 photos")).click()  # at one position
    expect(world.locator(".picked a.tile")).to_have_count(2)
    titles = [one.get_attribute("title") for one in world.locator(".picked a.tile").all()]
    assert titles == ["1.jpg", "0.jpg"]  # the newest first
    assert page_errors == []


def test_a_cluster_shows_its_newest_photo(world: Page, site: Site) -> None:
    row = site.stack.client("dynamodb").get_item(
        TableName=site.stack.table,
        Key={"pk": {"S": site.account.owner}, "sk": {"S": f"photo#{ALBUM}/3.jpg"}},
    )["Item"]
    newest = row["renditions"]["M"]["thumb"]["M"]["key"]["S"].rpartition("/")[0]

    image = marker(world, re.compile("^4 photos")).locator("img.loaded")

    expect(image).to_have_attribute("src", re.compile(re.escape(newest.rpartition(":")[2])))


def test_from_the_map_to_a_photo_and_back_to_the_same_place(
    page: Page, page_errors: list[str]
) -> None:
    go(page, f"#/map?at={LISBON}")
    expect_clusters(page, "2", "2.jpg")
    marker(page, re.compile("^2.jpg")).click()
    page.get_by_role("dialog", name="2.jpg").wait_for()
    before = at(page)
    page.keyboard.press("Escape")

    page.get_by_role("dialog").wait_for(state="detached")
    expect(marker(page, re.compile("^2.jpg"))).to_be_focused()
    assert at(page) == before == [38.72, -9.145, 13]

    marker(page, re.compile("^2 photos")).click()  # at one position
    page.locator(".picked a.tile").first.click()
    page.get_by_role("dialog", name="1.jpg").wait_for()
    page.keyboard.press("ArrowRight")  # the photos of the cluster are neighbors
    page.get_by_role("dialog", name="0.jpg").wait_for()
    page.go_back()

    expect(page.locator(".picked a.tile")).to_have_count(2)
    assert at(page) == before
    assert page_errors == []


def test_a_small_part_of_the_map_reads_its_photos_first_and_the_others_when_they_come_into_view(
    page: Page,
) -> None:
    asked: list[tuple[str, str]] = []

    def listen(route: Route) -> None:
        body = json.loads(route.request.post_data or "{}")
        values = body.get("ExpressionAttributeValues", {})
        if values.get(":from", {}).get("S", "").startswith("geo#"):
            asked.append((values[":from"]["S"], values[":to"]["S"]))
            assert "thumb" not in body["ProjectionExpression"].replace("#thumb.", "").split(", ")
        route.fallback()

    page.route("**/", listen)
    go(page, f"#/map?at={LISBON}")
    page.get_by_text("3 photos here").wait_for()
    first = list(asked)
    porto = f"geo#{geohash(*POSITIONS[3])}"
    assert 1 <= len(first) <= 4
    assert not any(low <= porto <= high for low, high in first)

    for _ in range(7):
        page.get_by_role("button", name="Zoom out").click()
    page.get_by_text("4 photos here").wait_for()
    for low, high in asked[len(first) :]:  # nothing is read twice
        assert all(high < other_low or low > other_high for other_low, other_high in first)


def test_the_map_is_moved_and_zoomed_by_keys_wheel_mouse_and_buttons(
    page: Page, page_errors: list[str]
) -> None:
    page.emulate_media(reduced_motion="reduce")
    go(page, "#/map?at=38.7,-9.1,8")
    expect_clusters(page, "3")
    surface(page).focus()

    def after(act: Callable[[], object]) -> list[float]:
        """Return where the map is once it rests in another place."""
        before = page.evaluate("location.href")
        act()
        page.wait_for_function("before => location.href !== before", arg=before)
        return at(page)

    assert after(lambda: page.keyboard.press("+"))[2] == 9
    assert after(lambda: page.keyboard.press("-"))[2] == 8
    assert after(lambda: page.keyboard.press("ArrowRight"))[1] > -9
    assert after(lambda: page.keyboard.press("ArrowUp"))[0] > 38.8
    assert after(page.get_by_role("button", name="Zoom in").click)[2] == 9

    box = surface(page).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.7
    before = at(page)
    page.mouse.move(x, y)
    latitude, longitude, zoom = after(lambda: page.mouse.wheel(0, -240))
    assert zoom == pytest.approx(before[2] + 1, abs=0.02)
    assert (latitude < before[0], longitude > before[1]) == (True, True)  # towards the pointer
    page.mouse.down()

    def drop() -> None:
        page.mouse.move(x - 200, y, steps=4)
        page.mouse.up()

    assert after(drop)[1] > longitude
    before = at(page)
    assert after(lambda: page.mouse.dblclick(x, y))[2] == pytest.approx(before[2] + 1, abs=0.02)
    assert page.evaluate("scrollY") == 0
    assert page_errors == []


def test_two_fingers_zoom_and_one_moves(
    browser: Browser, site: Site, page_errors: list[str]
) -> None:
    with browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True) as context:
        page = signed_in(context.new_page(), site, f"#/map?at={LISBON}", page_errors)
        page.get_by_text("3 photos here").wait_for()
        session = context.new_cdp_session(page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            session.send(
                "Input.dispatchTouchEvent",
                {
                    "type": kind,
                    "touchPoints": [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(points)],
                },
            )

        touch("touchStart", (180, 350), (220, 350))
        for px in (10, 20, 30, 40):
            touch("touchMove", (180 - px, 350), (220 + px, 350))
        touch("touchEnd")
        page.wait_for_function("() => Number(location.hash.split(',')[2]) > 14.4")  # at rest
        _, longitude, zoom = at(page)
        assert zoom == pytest.approx(13 + 1.58, abs=0.25)  # from 40 px to 120 px
        touch("touchStart", (300, 350))
        for px in (40, 80, 120):
            touch("touchMove", (300 - px, 350))
        touch("touchEnd")

        page.wait_for_function("before => !location.hash.includes(before)", arg=f"{longitude},")
        assert at(page)[1] > longitude
        assert page.evaluate("visualViewport.scale") == 1
    assert page_errors == []


def signed_in(page: Page, site: Site, address: str, errors: list[str]) -> Page:
    page.on("pageerror", lambda error: errors.append(str(error)))
    open_page(page, site.url + address)
    page.get_by_role("button", name="Sign in").click()
    surface(page).wait_for()
    return page


def test_photos_on_both_sides_of_the_antimeridian_are_near_one_another(page: Page) -> None:
    go(page, "#/map?at=-17.0,179.999,13")

    expect_clusters(page, "4.jpg", "5.jpg")
    west, east = (marker(page, re.compile(f"^{n}.jpg")).bounding_box() for n in (4, 5))
    assert west is not None
    assert east is not None
    assert 0 < east["x"] - west["x"] < 200
    go(page, "#/map?at=-17.0,-179.999,13")
    expect_clusters(page, "4.jpg", "5.jpg")


def test_a_photo_near_a_pole_is_at_the_edge_of_the_map(page: Page) -> None:
    go(page, "#/map?at=80,10,4")
    for _ in range(6):
        page.get_by_role("application").press("ArrowUp")

    page.get_by_text("1 photo here").wait_for()
    expect_clusters(page, "6.jpg")


def test_a_photo_leads_to_its_place_on_the_map(page: Page) -> None:
    go(page, f"#/albums/{ALBUM}?photo={ALBUM}%2F2.jpg")

    page.get_by_role("dialog").get_by_role("link", name="Show on the map").click()

    page.get_by_role("dialog").wait_for(state="detached")
    expect(page).to_have_title("Map · Gallery")
    assert at(page) == pytest.approx([38.73, -9.15, 14], abs=0.001)
    page.go_back()
    expect(page.get_by_role("dialog", name="2.jpg")).to_be_visible()


def test_the_photos_of_a_part_of_the_map_are_a_list_that_can_be_selected(
    world: Page, page_errors: list[str]
) -> None:
    world.get_by_role("button", name="Show as a list").click()

    tiles = world.locator(".picked a.tile")
    expect(tiles).to_have_count(6)
    tiles.nth(1).focus()
    world.keyboard.press("Space")
    count = world.locator(".selected-count")
    expect(count).to_have_attribute("aria-label", "1 photo selected")
    world.keyboard.press("Escape")
    world.get_by_role("button", name="Close the list").click()
    expect(tiles).to_have_count(0)
    expect(surface(world)).to_be_focused()
    assert page_errors == []


def test_without_a_connection_the_map_says_so_and_goes_on(visitor: Page, site: Site) -> None:
    lost = {"now": True}

    def lose(route: Route) -> None:
        is_map = '"geo#' in (route.request.post_data or "") and lost["now"]
        route.fulfill(status=400, headers=ANY, json={"__type": "AccessDeniedException"}) if (
            is_map
        ) else route.fallback()

    visitor.route(f"{site.stack.endpoint_url}/", lose)
    visitor.route("**/world.json", lambda route: route.fulfill(status=404))
    visitor.get_by_role("button", name="Sign in").click()
    visitor.get_by_role("link", name="Map", exact=True).click()
    again = visitor.get_by_role("main").get_by_role("button", name="Try again")
    expect(again).to_have_count(2)  # of the photos, and of the shapes of land

    lost["now"] = False
    visitor.unroute("**/world.json")
    again.first.click()
    expect(again).to_have_count(1)
    again.first.click()

    visitor.get_by_text("6 photos here").wait_for()
    expect(again).to_have_count(0)


def test_a_gallery_without_positions_says_so(visitor: Page, site: Site) -> None:
    def answer(route: Route) -> None:
        if '"geo#' in (route.request.post_data or ""):
            route.fulfill(headers=ANY, json={"Items": [], "Count": 0})
        else:
            route.fallback()

    visitor.route(f"{site.stack.endpoint_url}/", answer)
    visitor.get_by_role("button", name="Sign in").click()
    visitor.get_by_role("link", name="Map", exact=True).click()

    visitor.get_by_text("No photo has a position yet.").wait_for()


def test_without_a_configured_server_nobody_else_is_asked(
    page: Page, site: Site, page_errors: list[str]
) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    go(page, f"#/map?at={LISBON}")
    page.get_by_text("3 photos here").wait_for()

    catch_up(page)
    assert hosts <= {site.origin.split("/")[2], site.stack.endpoint_url.split("/")[2]}
    assert page_errors == []


def test_20000_photos_are_read_in_pages_and_stay_few_markers(
    visitor: Page, site: Site, page_errors: list[str]
) -> None:
    long = LongGallery(site.account.owner, MANY)
    pages: list[int] = []

    def answer(route: Route) -> None:
        target = route.request.headers.get("x-amz-target", "")
        body = route.request.post_data or "{}"
        found = long.answer(target, body) if '"geo#' in body else None
        if found is None:
            route.fallback()
        else:
            pages.append(found["Count"])
            route.fulfill(headers=ANY, json=found)

    visitor.route(f"{site.stack.endpoint_url}/", answer)
    picture = io.BytesIO()
    pf.picture(40, 30).save(picture, "WEBP")
    body = picture.getvalue()
    visitor.route(
        "**/long/**",
        lambda route: route.fulfill(headers=ANY, content_type="image/webp", body=body),
    )
    visitor.get_by_role("button", name="Sign in").click()
    visitor.get_by_role("link", name="Map", exact=True).click()
    visitor.get_by_text(re.compile("photos here$")).wait_for()

    assert sum(pages) == MANY
    for _ in range(6):
        assert visitor.locator(".marker").count() < 250
        visitor.get_by_role("button", name="Zoom in").click()
    assert page_errors == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_accessibility_checker_finds_no_serious_problem(
    browser: Browser,
    site: Site,
    page_errors: list[str],
    size: ViewportSize,
) -> None:
    with browser.new_context(viewport=size, locale="en-GB") as context:
        page = signed_in(context.new_page(), site, "#/map", page_errors)
        page.get_by_text(re.compile(r"photos here$")).wait_for()
        page.get_by_role("button", name="Show as a list").click()
        page.locator(".picked a.tile .loaded").first.wait_for()

        assert serious_problems(page) == []
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0
    assert page_errors == []
