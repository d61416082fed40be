"""The gallery in a real browser, on an embedded AWS."""

from __future__ import annotations

import io
import os
import re
from html import escape
from typing import TYPE_CHECKING, Any, Final

import pytest
from PIL import Image

import photofiles as pf
from accessibility import serious_problems
from browsing import ACCESS_DENIED, ANY, catch_up, choose, drop, go, mark, photo, write
from internet import STATUS_API_HEADERS, page_headers
from shared.limits import MAX_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page, ViewportSize

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

MANY = 1000


def portrait(name: str = "Ada") -> bytes:
    """Return a turned JPEG of 2021 with a face in a corner, rating, creator and copyright."""
    block = pf.tiff_block(
        [pf.Tag(pf.ORIENTATION, pf.SHORT, [6]), pf.Tag(0x4746, pf.SHORT, [4])],
        [pf.text(pf.DATE_TIME_ORIGINAL, "2021:08:14 09:31:00")],
    )
    box = "stArea:x='0.1' stArea:y='0.8' stArea:w='0.2' stArea:h='0.4' stArea:unit='normalized'"
    face = f"mwg-rs:Name='{name}' mwg-rs:Type='Face'><mwg-rs:Area {box}/>"
    document = pf.xmp(
        "<mwg-rs:Regions rdf:parseType='Resource'><mwg-rs:RegionList><rdf:Bag><rdf:li>"
        f"<rdf:Description {face}</rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList>"
        "</mwg-rs:Regions>"
        + pf.bag("Iptc4xmpExt:PersonInImage", "Grace")
        + pf.bag("dc:creator", "Alan")
        + pf.bag("dc:rights", "© Alan"),
        "xmlns:mwg-rs='http://www.metadataworkinggroup.com/schemas/regions/'"
        " xmlns:stArea='http://ns.adobe.com/xmp/sType/Area#'"
        " xmlns:Iptc4xmpExt='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'",
    )
    return pf.jpeg(exif=block, xmp=document, before=mark(), width_px=400, height_px=200)


def test_a_wrong_password_is_refused_and_the_right_one_signs_in(
    visitor: Page, site: Site, page_errors: list[str]
) -> None:
    visitor.get_by_label("Password").fill("wrong")
    visitor.get_by_role("button", name="Sign in").click()
    expect(visitor.get_by_role("alert")).to_have_text("Incorrect username or password.")

    visitor.get_by_label("Password").fill(site.account.password)
    visitor.get_by_role("button", name="Sign in").click()
    expect(visitor.get_by_role("button", name="Sign out")).to_be_visible()

    visitor.reload()
    expect(visitor.get_by_role("button", name="Sign out")).to_be_visible()
    visitor.get_by_role("button", name="Sign out").click()
    expect(visitor.get_by_role("button", name="Sign in")).to_be_visible()
    assert not [line for line in page_errors if "400" not in line]


def test_dropped_photos_become_ready_are_found_and_are_deleted(
    page: Page, site: Site, page_errors: list[str], tmp_path: Path
) -> None:
    drop(page, *write(tmp_path, one=photo(), two=photo(240, 320), three=photo(500, 100)))

    uploads = page.get_by_role("complementary", name="Uploads")
    expect(uploads.get_by_text("3 of 3 photos ready")).to_be_visible()
    for name in ("one", "two", "three"):
        expect(page.get_by_role("main").get_by_role("link", name=f"{name}.jpg")).to_be_visible()
    uploads.get_by_role("button", name="Close uploads").click()

    page.get_by_role("link", name="two.jpg").click()
    dialog = page.get_by_role("dialog", name="two.jpg")
    expect(dialog.get_by_text("14 August 2021, 09:31")).to_be_visible()
    expect(dialog.get_by_text("the file states no time zone")).to_be_visible()
    expect(dialog.get_by_text("UTC")).to_have_count(0)
    expect(dialog.get_by_role("img", name="two.jpg")).to_be_visible()
    dialog.get_by_role("link", name="Cat").hover()
    expect(dialog.locator(".box")).to_have_text("Cat")
    page.keyboard.press("Escape")

    page.get_by_role("link", name="Search").click()
    box = page.get_by_role("combobox")
    box.press_sequentially("mam")
    expect(page.get_by_role("option", name="Mammal")).to_be_visible()
    box.press("ArrowDown")
    box.press("Enter")
    expect(page.get_by_role("button", name="Remove Mammal (Label)")).to_be_visible()
    expect(page.locator("a.tile")).to_have_count(3)

    page.get_by_role("link", name="three.jpg").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("a.tile")).to_have_count(2)
    site.stack.wait_until_idle()
    page.reload()
    expect(page.locator("a.tile")).to_have_count(2)
    assert page_errors == []


def test_people_are_shown_with_their_boxes_and_the_photo_with_its_rating_and_rights(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    choose(page, *write(tmp_path, turned=portrait()), album="People")
    expect(page.locator(".item")).to_contain_text("Ready after")
    go(page, "#/albums/People?photo=People%2Fturned.jpg")
    dialog = page.get_by_role("dialog")
    box = dialog.locator(".box")
    expect(dialog.get_by_role("img", name="4 of 5 stars")).to_have_text("★★★★☆")
    expect(dialog.get_by_text("Grace")).to_be_visible()
    expect(dialog.get_by_text("Alan", exact=True)).to_be_visible()
    expect(dialog.get_by_text("© Alan")).to_be_visible()
    expect(dialog.locator(".boxed")).to_have_text("Ada")  # Grace has no box
    expect(box).to_have_count(0)

    ada = dialog.locator(".boxed > *")
    ada.hover()
    expect(box).to_have_text("Ada")
    dialog.get_by_role("heading").first.hover()
    expect(box).to_have_count(0)
    ada.focus()

    expect(box).to_have_text("Ada")
    page.locator(".pswp .frame img.loaded").wait_for()
    face, frame = box.bounding_box(), dialog.locator(".frame").bounding_box()
    assert face is not None
    assert frame is not None
    assert frame["height"] > frame["width"]
    assert face["x"] == pytest.approx(frame["x"], abs=2)  # the upper left corner
    assert face["y"] == pytest.approx(frame["y"], abs=2)
    assert face["width"] == pytest.approx(0.4 * frame["width"], abs=2)
    assert face["height"] == pytest.approx(0.2 * frame["height"], abs=2)
    assert page_errors == []


def test_a_dropped_folder_becomes_albums(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    write(tmp_path / "Trip" / "day 1", a=photo(), b=photo(300, 300))
    write(tmp_path / "Trip", c=photo(taken="2020:01:01 00:00:00"))
    (tmp_path / "Trip" / "notes.txt").write_text("no photo")
    (tmp_path / "Trip" / ".hidden.jpg").write_bytes(photo())

    drop(page, tmp_path / "Trip")

    question = page.get_by_role("group", name="Upload 3 photos into Inbox?")
    expect(question).to_contain_text("1 other file: not a photo")
    expect(question).to_contain_text("1 hidden or system file or folder: other programs keep them")
    expect(page.locator(".item")).to_have_count(0)
    expect(question.get_by_role("button", name="Upload 3 photos")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 of 3 photos ready")).to_be_visible()
    page.get_by_role("link", name="Albums").click()
    page.get_by_role("main").get_by_role("link", name="Inbox").click()
    trip = page.get_by_role("main").get_by_role("link", name="Trip")
    expect(trip).to_contain_text("3 photos · 1 album in it")
    trip.click()
    expect(page.locator("a.tile")).to_have_count(1)
    expect(page.get_by_role("link", name="day 1")).to_contain_text("2 photos")
    page.get_by_role("link", name="day 1").click()
    expect(page.get_by_role("heading", name="day 1")).to_be_visible()
    expect(page.get_by_role("navigation", name="Breadcrumb").get_by_role("link")).to_have_text(
        ["Albums", "Inbox", "Trip"]
    )
    expect(page.locator("a.tile")).to_have_count(2)
    assert page_errors == []


def test_dates_are_local_and_have_no_more_than_the_file_states(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    offset = pf.text(pf.OFFSET_TIME_ORIGINAL, "+02:00")
    new_year = [pf.text(pf.DATE_TIME_ORIGINAL, "2021:01:01 00:30:00"), offset]
    created = {year: f'photoshop:DateCreated="{year}"' for year in ("1965", "1965-01")}
    changed = pf.tiff_block([pf.text(pf.DATE_TIME, "2011:05:06 10:00:00")])
    files = {
        "new year": pf.jpeg(exif=pf.tiff_block(exif=new_year)),
        "scan": pf.jpeg(xmp=pf.xmp(attributes=created["1965"]), width_px=320, height_px=240),
        "older scan": pf.jpeg(xmp=pf.xmp(attributes=created["1965-01"])),
        "changed": pf.jpeg(exif=changed),
        "IMG-20120704-WA0012": pf.jpeg(),
    }
    choose(page, *write(tmp_path, **files), album="Dates")
    expect(page.get_by_text("5 of 5 photos ready")).to_be_visible()

    def taken(name: str) -> Locator:
        go(page, f"#/albums/Dates?photo=Dates%2F{name.replace(' ', '%20')}.jpg")
        return page.get_by_role("dialog", name=f"{name}.jpg").locator("dl")

    expect(taken("new year")).to_contain_text("Taken1 January 2021, 00:30 UTC+02:00")
    expect(taken("older scan")).to_contain_text("TakenJanuary 1965 Labels")
    expect(taken("changed")).to_contain_text("Modified6 May 2011, 10:00")
    expect(taken("IMG-20120704-WA0012")).to_contain_text("Taken4 July 2012 From the name")
    go(page, "#/timeline/1965")
    expect(page.locator("h2.month")).to_have_text(["January 1965", "1965"])
    expect(page.get_by_role("link", name="scan.jpg, 1965", exact=True)).to_be_visible()
    go(page, "#/timeline/2021")
    expect(page.locator("h2.month").last).to_have_text("January 2021")
    go(page, "#/search/cat")
    expect(page.get_by_role("link", name="scan.jpg, 1965", exact=True)).to_be_visible()
    assert page_errors == []


def test_a_refused_file_is_shown_with_its_reason_and_its_code(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    text, empty, large = write(tmp_path, text=b"no photo", empty=b"", large=b"x")
    os.truncate(large, MAX_BYTES + 1)

    choose(page, text, empty, large, album="Refused")

    items = page.locator(".item")
    expect(items.filter(has_text="empty.jpg")).to_contain_text("The file is empty. EMPTY")
    expect(items.filter(has_text="large.jpg")).to_contain_text("at most 256 MiB. TOO_LARGE")
    why = "The file type is not supported, whatever the file is called. UNSUPPORTED_TYPE"
    expect(items.filter(has_text="text.jpg")).to_contain_text(why)
    page.get_by_role("button", name="Close uploads").click()
    page.get_by_role("link", name="Problems").click()
    problem = page.get_by_role("main").get_by_role("listitem").filter(has_text="text.jpg")
    expect(problem).to_contain_text(why)
    problem.get_by_role("button", name="Delete text.jpg").click()
    expect(problem).to_have_count(0)
    expect(page.get_by_role("main")).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(problem).to_contain_text(why)
    assert page_errors == []


def test_a_photo_replaces_one_with_the_same_name_only_on_request(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    (old,) = write(tmp_path, same=photo())
    (new,) = write(tmp_path / "new", same=photo(100, 200))
    item = page.locator(".item").last
    choose(page, old, album="Same")
    expect(item).to_contain_text("Ready after")

    choose(page, new)
    expect(item).to_contain_text("The album already has a photo of this name.")
    item.get_by_role("button", name="Keep both").click()
    expect(item).to_contain_text("same (2).jpg")
    expect(item).to_contain_text("Ready after")

    choose(page, new)
    expect(item).to_contain_text("Already in album Same as same (2).jpg")
    item.get_by_role("button", name="Upload anyway: same.jpg").click()
    item.get_by_role("button", name="Replace").click()
    item.get_by_role("button", name="Keep", exact=True).click()
    expect(item).to_contain_text("The album already has a photo of this name.")
    item.get_by_role("button", name="Replace").click()
    item.get_by_role("button", name="Yes, replace").click()
    expect(item).to_contain_text("Ready after")
    go(page, "#/albums/Same?photo=Same%2Fsame.jpg")
    expect(page.get_by_role("dialog")).to_contain_text("100 × 200 px")
    assert all("412" in line for line in page_errors)


def test_a_failed_upload_can_be_retried(page: Page, page_errors: list[str], tmp_path: Path) -> None:
    uploads = re.compile("/uploads/.*broken")
    page.route(uploads, lambda route: route.fulfill(status=403, body=ACCESS_DENIED, headers=ANY))
    choose(page, *write(tmp_path, broken=photo()), album="Broken")
    item = page.locator(".item")
    expect(item.get_by_role("button", name="Try broken.jpg again")).to_be_visible()
    page.unroute(uploads)

    item.get_by_role("button", name="Try broken.jpg again").click()

    expect(item).to_contain_text("Ready after")
    assert all("403" in line for line in page_errors)


def test_a_large_photo_is_uploaded_in_parts(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    noise = Image.frombytes("RGB", (2600, 2000), os.urandom(2600 * 2000 * 3))
    file = io.BytesIO()
    noise.save(file, "JPEG", quality=95)
    assert len(file.getvalue()) > 5_242_880
    parts = []
    page.on("request", lambda request: parts.append("partNumber=" in request.url))

    choose(page, *write(tmp_path, parts=file.getvalue()), album="Large")

    expect(page.locator(".item")).to_contain_text("Ready after")
    catch_up(page)
    assert any(parts)
    assert page_errors == []


def test_a_dead_execution_is_found_by_describe_execution(
    page: Page, site: Site, tmp_path: Path
) -> None:
    asked = []

    def describe(route: Any) -> None:  # noqa: ANN401  # playwright's Route, if installed
        asked.append(route.request)
        route.fulfill(json={"status": "TIMED_OUT", "startDate": 0})

    def configure(route: Any) -> None:  # noqa: ANN401
        config = route.fetch().json()
        route.fulfill(json={**config, "api_url": f"{site.url}v1"})

    page.route("**/config.json", configure)
    page.route("**/v1/executions/*", describe)
    page.route(re.compile("/uploads/.*dead"), lambda route: route.fulfill(status=200))
    page.clock.install()
    page.reload()
    row = {
        "pk": site.account.owner,
        "sk": "photo#Dead/dead.jpg",
        "status": "PROCESSING",
        "execution_arn": "arn:aws:states:us-east-1:123456789012:execution:gallery:the-name",
    }
    site.stack.dynamodb.put_item(
        TableName=site.stack.table, Item={name: {"S": value} for name, value in row.items()}
    )
    page.get_by_role("button", name="Sign out").wait_for()

    choose(page, *write(tmp_path, dead=photo()), album="Dead")
    item = page.locator(".item")
    expect(item).to_contain_text("Reading, resizing and labeling")
    page.clock.fast_forward(20_000)

    expect(item).to_contain_text("The workflow ended without a result.")
    assert asked[0].url == f"{site.url}v1/executions/the-name"
    assert "/execute-api/aws4_request" in asked[0].headers["authorization"]
    assert page_headers(asked[0]) <= STATUS_API_HEADERS


def test_script_from_a_file_is_shown_as_text(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    script = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    document = pf.xmp(
        f"<dc:title><rdf:Alt><rdf:li>{escape(script)}</rdf:li></rdf:Alt></dc:title>"
        + pf.bag("dc:subject", escape("<svg onload=alert(3)>"))
        + pf.bag("dc:creator", escape("<svg onload=alert(6)>"))
    )
    file = tmp_path / "<img src=x onerror=alert(4)>.jpg"
    file.write_bytes(pf.jpeg(xmp=document, width_px=300, height_px=200))

    choose(page, file, album="<b onclick=alert(5)>bold")

    expect(page.locator(".item .file")).to_have_text(file.name)
    expect(page.locator(".item")).to_contain_text("Ready after")
    page.locator(".item").get_by_role("button", name="Open").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text(script)
    expect(dialog.get_by_text("<svg onload=alert(3)>")).to_be_visible()
    expect(dialog.get_by_text("<svg onload=alert(6)>")).to_be_visible()
    expect(dialog.get_by_text(file.name)).to_be_visible()
    expect(dialog.get_by_role("link", name="<b onclick=alert(5)>bold")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Albums").click()
    expect(page.get_by_role("main").get_by_text("<b onclick=alert(5)>bold")).to_be_visible()
    assert page_errors == []


def test_photos_are_opened_and_closed_by_keyboard(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    choose(page, *write(tmp_path, k1=photo(), k2=photo(), k3=photo()), album="Keys")
    expect(page.get_by_text("3 of 3 photos ready")).to_be_visible()
    page.get_by_role("button", name="Close uploads").click()
    go(page, "#/albums/Keys")
    tiles = page.locator("a.tile")
    expect(tiles).to_have_count(3)
    names = [tiles.nth(index).get_attribute("title") for index in range(3)]

    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tiles.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name=str(names[1]))).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog", name=str(names[2]))).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(tiles.nth(2)).to_be_focused()
    assert page_errors == []


@pytest.fixture(scope="module")
def many(site: Site) -> None:
    """Write a thousand photos directly into the table, all with the same rendition."""
    stack, owner = site.stack, site.account.owner
    buffer = io.BytesIO()
    pf.picture(400, 300).save(buffer, "WEBP")
    key = f"{owner}/shared/shared/thumb.webp"
    stack.s3.put_object(Bucket=stack.derived_bucket, Key=key, Body=buffer.getvalue())
    size = {"width_px": {"N": "400"}, "height_px": {"N": "300"}}
    requests: list[Any] = []
    for number in range(MANY):
        day = f"2001-{1 + number % 12:02}-{1 + number % 28:02}T{number % 24:02}:00:00"
        item = {
            "pk": {"S": owner},
            "sk": {"S": f"photo#Many/{number:04}.jpg"},
            "status": {"S": "READY"},
            "time_key": {"S": f"time#{day}#{number:024}"},
            "width_px": {"N": str(300 + number % 7 * 100)},
            "height_px": {"N": "600"},
            "renditions": {"M": {"thumb": {"M": {"key": {"S": key}, **size}}}},
        }
        requests.append({"PutRequest": {"Item": item}})
    for start in range(0, MANY, 25):
        stack.dynamodb.batch_write_item(RequestItems={stack.table: requests[start : start + 25]})


SCROLL = """async (oldest) => {
    const isAtEnd = () => scrollY + innerHeight >= document.documentElement.scrollHeight - 1;
    while (!document.querySelector(oldest) || !isAtEnd()) {
        scrollBy(0, 400); // half a window: each row is in view
        await new Promise(requestAnimationFrame);
    }
}"""

SHIFTS = """() => {
    window.shift = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
}"""


@pytest.mark.usefixtures("many")
def test_a_thousand_photos_scroll_without_layout_shifts(page: Page, page_errors: list[str]) -> None:
    page.evaluate(SHIFTS)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    go(page, "#/timeline/2001")
    expect(page.locator(".thumb.loaded").first).to_be_visible()
    signed = page.locator("img.thumb[src]").count()
    first = page.locator("a.tile").count()  # after it: the list may still grow

    page.evaluate(SCROLL, 'a.tile[href*="0000.jpg"]')
    page.evaluate("scrollTo(0, 0)")
    page.evaluate(SCROLL, 'a.tile[href*="0000.jpg"]')

    assert 0 < signed <= first < MANY // 4  # the page signs URLs only as needed
    assert page.locator("a.tile").count() < MANY // 4
    assert page.evaluate("shift") < 0.1  # "good": https://web.dev/articles/cls
    catch_up(page)
    assert len({url for url in asked if "thumb.webp" in url}) == 1
    assert page_errors == []


DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 800}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
VIEWS = {  # by address: an element that is there once the view is shown
    "#/timeline": "a.tile .loaded",
    "#/timeline/2021": ".years [aria-current]",
    "#/albums": ".albums .name",
    "#/albums/Axe": "a.tile .loaded",
    "#/search": ".chips a",
    "#/search/cat": ".found",
    "#/problems": ".problems li",
    "#/albums/Axe?photo=Axe%2Faxe.jpg": "dialog .frame img",
}


def test_the_accessibility_checker_finds_no_serious_problem(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    page.emulate_media(reduced_motion="reduce")
    (axe_file, text) = write(tmp_path, axe=portrait(), text=b"no photo")
    found: dict[str, list[str]] = {}

    def check(view: str) -> None:
        found[view] = serious_problems(page, (PHONE, DESKTOP))

    page.reload()
    page.get_by_role("button", name="Sign out").wait_for()
    choose(page, axe_file, text, album="Axe")
    expect(page.locator(".item").filter(has_text="UNSUPPORTED_TYPE")).to_be_visible()
    expect(page.locator(".item").filter(has_text="axe.jpg")).to_contain_text("Ready")
    check("uploads")
    page.get_by_role("button", name="Close uploads").click()
    page.get_by_role("button", name="Account").click()
    check("account")
    page.get_by_role("button", name="Close account").click()
    for address, sign in VIEWS.items():
        go(page, address)
        page.locator(sign).first.wait_for()
        check(address)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in").wait_for()
    check("sign in")

    assert {view: problems for view, problems in found.items() if problems} == {}
    assert len(found) == len(VIEWS) + 3
    assert page_errors == []
