"""Selecting photos by mouse, keyboard and touch, and what is done with all of them."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any, Final

import pytest

import photofiles as pf
from accessibility import serious_problems
from browsing import expect_soon, go, open_page
from shared.keys import album_prefix, digest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from playwright.sync_api import Browser, Download, Locator, Page, Route, ViewportSize

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

DESKTOP: Final[ViewportSize] = {"width": 1440, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
ALBUM: Final = "Chosen/Here"
MANY: Final = 450  # in ALBUM; a page of a list has 200
AUGUST: Final = 250  # of them are of August 2001, the others of July


def name(number: int) -> str:
    """Return the file name of a photo; the time order is that of the numbers."""
    return f"{number:03}.jpg"


def time_of(number: int) -> str:
    july = MANY - AUGUST
    month, second = (7, number) if number < july else (8, number - july)
    return f"2001-{month:02}-01T{second // 60:02}:{second % 60:02}:00"


def rows(site: Site, album: str, numbers: Iterable[int]) -> list[dict[str, Any]]:
    """Return rows of READY photos, all with the same rendition, and their album's."""
    owner = site.account.owner
    key = f"{owner}/shared/shared/thumb.webp"
    size = {"width_px": {"N": "400"}, "height_px": {"N": "300"}}
    found: list[dict[str, Any]] = []
    for number in numbers:
        path = f"{album}/{name(number)}"
        place = f"{time_of(number)}#{digest(path)}"
        keywords = ["beach", "sea"] if number % 2 else ["sea"]
        cat = {"M": {"name": {"S": "Cat"}, "confidence": {"N": "98"}}}
        found.append(
            {
                "pk": {"S": owner},
                "sk": {"S": f"photo#{path}"},
                "key": {"S": f"uploads/{owner}/{path}"},
                "status": {"S": "READY"},
                "time_key": {"S": f"time#{place}"},
                "album_key": {"S": f"{album_prefix(album)}#{place}"},
                "renditions": {"M": {"thumb": {"M": {"key": {"S": key}, **size}}}},
                "keywords": {"L": [{"S": word} for word in keywords]},
                "labels": {"L": [cat]},
                **size,
            }
        )
    count = {"album": {"S": album}, "photos": {"N": str(len(found))}}
    found.append({"pk": {"S": owner}, "sk": {"S": f"album#{album_prefix(album)}#0"}, **count})
    return found


def write_rows(site: Site, items: list[dict[str, Any]]) -> None:
    requests: list[Any] = [{"PutRequest": {"Item": item}} for item in items]
    for start in range(0, len(requests), 25):
        site.stack.dynamodb.batch_write_item(
            RequestItems={site.stack.table: requests[start : start + 25]}
        )


@pytest.fixture(scope="module", autouse=True)
def photos(site: Site) -> None:
    """Write photos directly into the table: none has a file."""
    buffer = io.BytesIO()
    pf.picture(40, 30).save(buffer, "WEBP")
    key = f"{site.account.owner}/shared/shared/thumb.webp"
    site.stack.s3.put_object(Bucket=site.stack.derived_bucket, Key=key, Body=buffer.getvalue())
    write_rows(site, rows(site, ALBUM, range(MANY)))


def open_album(page: Page, album: str = ALBUM) -> Locator:
    go(page, f"#/albums/{album.replace('/', '%2F')}")
    tiles = page.locator("a.tile")
    tiles.first.wait_for()
    return tiles


def bar(page: Page) -> Locator:
    return page.get_by_role("toolbar", name="Selection")


def selected(page: Page, count: int) -> None:
    """Wait until so many photos are selected."""
    if count == 0:
        expect(bar(page)).to_have_count(0)
        return
    words = f"{count} photo{'' if count == 1 else 's'} selected"
    expect(bar(page).get_by_role("status", name=words)).to_be_visible()


def check(page: Page, number: int) -> Locator:
    return page.get_by_role("checkbox", name=f"Select {name(number)}")


def tile(page: Page, number: int) -> Locator:
    return page.locator(f'a.tile[title="{name(number)}"]')


def test_photos_are_selected_by_their_marks_and_by_a_range(
    page: Page, page_errors: list[str]
) -> None:
    open_album(page)
    tile(page, 2).hover()
    check(page, 2).click()
    selected(page, 1)
    expect(check(page, 2)).to_be_checked()

    tile(page, 5).click(modifiers=["Shift"])
    selected(page, 4)
    tile(page, 1).click(modifiers=["Shift"])
    selected(page, 2)
    tile(page, 9).click()  # opens no photo while others are selected
    selected(page, 3)
    tile(page, 9).click()
    selected(page, 2)
    expect(page.locator("dialog[open]")).to_have_count(0)

    page.keyboard.press("Escape")
    selected(page, 0)
    tile(page, 9).click()
    expect(page.get_by_role("dialog", name=name(9))).to_be_visible()
    assert page_errors == []


def test_photos_are_selected_by_the_keyboard(page: Page, page_errors: list[str]) -> None:
    open_album(page)
    tile(page, 0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    selected(page, 1)
    expect(check(page, 1)).to_be_checked()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    selected(page, 4)
    page.keyboard.press("Shift+ArrowLeft")
    selected(page, 3)
    expect(tile(page, 3)).to_be_focused()

    page.keyboard.press("F6")
    expect(bar(page).get_by_role("button", name="Share")).to_be_focused()
    page.keyboard.press("F6")
    expect(tile(page, 3)).to_be_focused()
    page.keyboard.press("Tab")
    expect(check(page, 3)).to_be_focused()
    page.keyboard.press("Space")
    selected(page, 2)
    page.keyboard.press("Escape")
    selected(page, 0)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name=name(3))).to_be_visible()
    assert page_errors == []


def test_the_whole_list_is_selected_also_where_it_is_not_read_yet(
    page: Page, page_errors: list[str]
) -> None:
    open_album(page)
    page.keyboard.press("Control+a")
    selected(page, MANY)
    page.keyboard.press("Escape")
    selected(page, 0)
    go(page, "#/search")
    page.get_by_role("combobox").fill("text")
    page.keyboard.press("Control+a")
    selected(page, 0)
    assert page_errors == []


def test_a_month_is_selected_whole(page: Page, page_errors: list[str]) -> None:
    go(page, "#/timeline/2001")
    page.locator("a.tile").first.wait_for()
    month = page.get_by_role("checkbox", name="Select Aug 2001")
    month.click()
    selected(page, AUGUST)  # a page of the list has 200
    expect(month).to_be_checked()
    check(page, MANY - 1).click()
    selected(page, AUGUST - 1)
    expect(month).not_to_be_checked()
    month.click()
    selected(page, AUGUST)
    month.click()
    selected(page, 0)
    assert page_errors == []


def test_a_rectangle_selects_the_photos_in_it(page: Page, page_errors: list[str]) -> None:
    open_album(page)
    start, end = tile(page, 1).bounding_box(), tile(page, 2).bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 100, start["y"] + 20)
    page.mouse.down()
    page.mouse.move(end["x"] + 30, end["y"] + 40, steps=4)
    selected(page, 2)
    page.mouse.move(end["x"] - 30, end["y"] + 40, steps=4)
    selected(page, 1)
    page.mouse.move(end["x"] + 30, end["y"] + 40, steps=4)
    page.mouse.up()
    selected(page, 2)
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator(".rectangle")).to_have_count(0)

    # Another one adds to it, and Escape takes it back.
    more = tile(page, 4).bounding_box()
    assert more
    page.mouse.move(more["x"] + 100, more["y"] + 20)
    page.mouse.down()
    page.mouse.move(more["x"] + 140, more["y"] + 60, steps=4)
    selected(page, 3)
    page.keyboard.press("Escape")
    page.mouse.up()
    selected(page, 2)
    assert page_errors == []


def test_a_rectangle_scrolls_the_list_at_the_edge_of_the_window(
    page: Page, page_errors: list[str]
) -> None:
    open_album(page)
    start = tile(page, 0).bounding_box()
    assert start
    page.mouse.move(start["x"] + 100, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(1270, 790, steps=4)
    while page.evaluate("scrollY") < 1200:
        page.evaluate("() => new Promise(requestAnimationFrame)")
    page.mouse.up()
    count = bar(page).get_by_role("status")
    expect(count).to_have_attribute("aria-label", re.compile(r"^(4[1-9]|[5-9]\d|\d{3,})\b"))
    expect(check(page, 0)).to_be_checked()
    assert page_errors == []


def test_a_rectangle_that_is_let_go_before_it_is_drawn_selects(page: Page) -> None:
    open_album(page)
    first, second = tile(page, 0), tile(page, 1)
    starts, ends = first.bounding_box(), second.bounding_box()
    assert starts
    assert ends

    first.evaluate(
        """(tile, [from, to]) => {
            const send = (kind, target, [clientX, clientY]) => target.dispatchEvent(
                new PointerEvent(kind, { bubbles: true, clientX, clientY, pointerType: "mouse" }));
            send("pointerdown", tile, from);
            send("pointermove", window, to);
            send("pointerup", window, to);
        }""",
        [[starts["x"] + 5, starts["y"] + 5], [ends["x"] + 20, ends["y"] + 20]],
    )

    selected(page, 2)


class Finger:
    """A finger on a touch screen."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)

    def send(self, kind: str, *at: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in at]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def middle(one: Locator) -> tuple[float, float]:
    box = one.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_finger_selects_by_staying_and_then_by_moving_over_others(
    browser: Browser, site: Site
) -> None:
    with browser.new_context(
        viewport=PHONE, has_touch=True, is_mobile=True, locale="en-GB"
    ) as context:
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        open_page(page, site.url)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Sign out").wait_for()
        open_album(page)
        finger = Finger(page)

        expect(check(page, 1)).to_have_css("opacity", "0")
        finger.send("touchStart", middle(tile(page, 1)))
        selected(page, 1)
        finger.send("touchMove", middle(tile(page, 4)))
        selected(page, 4)
        finger.send("touchMove", middle(tile(page, 2)))
        selected(page, 2)
        finger.send("touchEnd")
        expect(page.locator("dialog[open]")).to_have_count(0)
        assert page.evaluate("scrollY") == 0

        tile(page, 5).tap()
        selected(page, 3)
        expect(check(page, 1)).to_have_css("opacity", "1")
        page.get_by_role("button", name="End the selection").tap()
        selected(page, 0)
        tile(page, 5).tap()
        expect(page.get_by_role("dialog", name=name(5))).to_be_visible()
        assert errors == []


def test_a_selection_ends_with_its_list(page: Page, page_errors: list[str]) -> None:
    open_album(page)
    page.keyboard.press("Control+a")
    selected(page, MANY)
    go(page, "#/timeline")
    selected(page, 0)
    assert page_errors == []


def with_api(page: Page, site: Site) -> str:
    """Let the page have an API, which the test answers; return the URL of edits."""

    def configure(route: Route) -> None:
        config = route.fetch().json()
        route.fulfill(json={**config, "api_url": f"{site.url}v1"})

    page.route("**/config.json", configure)
    page.reload()
    page.get_by_role("button", name="Sign out").wait_for()
    return f"{site.url}v1/edits"


def test_keywords_are_added_to_and_removed_from_all_and_what_failed_is_tried_again(
    page: Page, site: Site, page_errors: list[str]
) -> None:
    edits = with_api(page, site)
    asked: list[dict[str, Any]] = []
    refused = {f"{ALBUM}/{name(1)}"}

    def answer(route: Route) -> None:
        request = json.loads(route.request.post_data or "")
        asked.append(request)
        if request["path"] in refused:
            route.fulfill(status=400, json={"message": "keywords are too many"})
        else:
            route.fulfill(json={"edits": {}})

    page.route(edits, answer)
    open_album(page)
    check(page, 0).click()
    tile(page, 3).click(modifiers=["Shift"])
    bar(page).get_by_role("button", name="Edit keywords").click()
    dialog = page.get_by_role("dialog", name="Edit keywords")
    beach = dialog.get_by_role("checkbox", name="Beach 2")
    expect(dialog.get_by_role("checkbox", name="Sea 4")).to_be_visible()
    beach.check()
    dialog.get_by_label("Add to all").fill(" summer, 2001 ,summer")
    dialog.get_by_role("button", name="Save").click()

    job = page.get_by_role("region", name="Changing keywords")
    expect(job.get_by_role("alert")).to_have_text("1 photo could not be changed.")
    expect(job).to_contain_text(f"{ALBUM}/{name(1)}: keywords are too many")
    expect(job.get_by_role("button", name="Try again")).to_be_visible()  # all others have ended
    assert sorted(one["path"] for one in asked) == [f"{ALBUM}/{name(one)}" for one in range(4)]
    for one in asked:
        assert one["add_keywords"] == ["summer", "2001"]
        assert one["remove_keywords"] == ["beach"]

    asked.clear()
    refused.clear()
    job.get_by_role("button", name="Try again").click()
    expect(job).to_have_count(0)
    assert [one["path"] for one in asked] == [f"{ALBUM}/{name(1)}"]
    selected(page, 4)
    assert [line for line in page_errors if "400" not in line] == []


def test_labels_of_the_selected_photos_are_hidden(
    page: Page, site: Site, page_errors: list[str]
) -> None:
    edits = with_api(page, site)
    asked: list[dict[str, Any]] = []

    def answer(route: Route) -> None:
        asked.append(json.loads(route.request.post_data or ""))
        route.fulfill(json={"edits": {}})

    page.route(edits, answer)
    open_album(page)
    check(page, 0).click()
    check(page, 1).click()
    bar(page).get_by_role("button", name="Hide labels").click()
    dialog = page.get_by_role("dialog", name="Hide labels")
    dialog.get_by_role("checkbox", name="Cat 2").check()
    dialog.get_by_role("button", name="Hide").click()
    expect(page.get_by_text("2 photos changed.")).to_be_visible()
    assert sorted(asked, key=str) == [
        {"path": f"{ALBUM}/{name(one)}", "hide_labels": ["cat"]} for one in range(2)
    ]
    assert page_errors == []


FILES: Final = {
    "Zip/a.jpg": b"a" * 300_000,
    "Zip/Sub/a.jpg": b"b" * 10,
    "Zip/A.JPG": b"c" * 20,
    "Zip/é+ #%2F.jpg": b"d" * 30,
}
STORED_IN_THE_ORIGIN: Final = """() => {
    window.showSaveFilePicker = async ({ suggestedName }) => {
        window.suggested = suggestedName;
        const root = await navigator.storage.getDirectory();
        return root.getFileHandle("saved.zip", { create: true });
    };
}"""
READ_SAVED: Final = """async () => {
    const root = await navigator.storage.getDirectory();
    const file = await (await root.getFileHandle("saved.zip")).getFile();
    return [...new Uint8Array(await file.arrayBuffer())];
}"""


@pytest.fixture(scope="module")
def zipped(site: Site) -> None:
    """Write the rows and the files of FILES, and a row without a file."""
    owner = site.account.owner
    items = []
    for number, path in enumerate([*FILES, "Zip/missing.jpg"]):
        album, _, file = path.rpartition("/")
        [row, _] = rows(site, album, [number])
        row["sk"]["S"] = f"photo#{path}"
        row["key"]["S"] = f"uploads/{owner}/{path}"
        items.append({**row, "album_key": {"S": f"{album_prefix('Zip')}#{time_of(number)}#{file}"}})
        del items[-1]["time_key"]
    write_rows(site, items)
    site.stack.s3.put_bucket_notification_configuration(
        Bucket=site.stack.photos_bucket, NotificationConfiguration={}
    )
    for path, body in FILES.items():
        key = f"uploads/{owner}/{path}"
        site.stack.s3.put_object(Bucket=site.stack.photos_bucket, Key=key, Body=body)


@pytest.mark.parametrize("way", ["streamed", "collected"])
@pytest.mark.usefixtures("zipped")
def test_many_photos_are_downloaded_as_a_zip_and_what_failed_is_named(
    page: Page, page_errors: list[str], tmp_path: Path, way: str
) -> None:
    page.evaluate(STORED_IN_THE_ORIGIN if way == "streamed" else "delete window.showSaveFilePicker")
    open_album(page, "Zip")
    page.keyboard.press("Control+a")
    selected(page, len(FILES) + 1)

    download = bar(page).get_by_role("button", name="Download")
    if way == "streamed":
        download.click()
    else:
        with page.expect_download() as downloaded:
            download.click()
        downloaded.value.save_as(tmp_path / "a.zip")
    job = page.get_by_role("region", name="Downloading photos")
    expect(job.get_by_role("alert")).to_have_text("1 photo is not in the ZIP.")
    expect(job).to_contain_text(re.compile(r"Zip/missing.jpg: The file could not be read"))
    expect(job.get_by_role("button", name="Try again")).to_be_visible()

    body = (
        bytes(page.evaluate(READ_SAVED)) if way == "streamed" else (tmp_path / "a.zip").read_bytes()
    )
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        found = {one.filename: archive.read(one) for one in archive.infolist()}
        assert archive.infolist()[0].date_time[:3] == (2001, 7, 1)
    assert sorted(found.values()) == sorted(FILES.values())
    assert len({one.lower() for one in found}) == len(FILES)
    assert {"Zip/a.jpg", "Zip/Sub/a.jpg", "Zip/é+ #%2F.jpg"} <= set(found)
    assert [line for line in page_errors if re.search("40[34]", line) is None] == []


# A ZIP that is collected has at most 500 MB: here a file seems to be 2,000 times as large.
LARGE: Final = """() => {
    delete window.showSaveFilePicker;
    const { get } = Object.getOwnPropertyDescriptor(Blob.prototype, "size");
    Object.defineProperty(Blob.prototype, "size", { get() { return 2000 * get.call(this); } });
}"""


@pytest.mark.usefixtures("zipped")
def test_many_large_photos_are_downloaded_as_several_zips(page: Page, tmp_path: Path) -> None:
    page.evaluate(LARGE)
    downloads: list[Download] = []
    page.on("download", lambda one: downloads.append(one))  # noqa: PLW0108  # not a built-in
    open_album(page, "Zip")
    page.keyboard.press("Control+a")
    selected(page, len(FILES) + 1)

    bar(page).get_by_role("button", name="Download").click()

    job = page.get_by_role("region", name="Downloading photos")
    expect(job.get_by_role("alert")).to_have_text("1 photo is not in the ZIP.")
    expect(job.get_by_role("button", name="Try again")).to_be_visible()
    expect_soon(page, lambda: len(downloads), 2)
    found: dict[str, list[bytes]] = {}
    for one in downloads:
        one.save_as(tmp_path / one.suggested_filename)
        with zipfile.ZipFile(tmp_path / one.suggested_filename) as archive:
            found[one.suggested_filename] = [archive.read(name) for name in archive.namelist()]
    assert [re.sub(r"[\d-]{10}", "DAY", name) for name in found] == [
        "Photos DAY.zip",
        "Photos DAY (2).zip",
    ]
    first, second = found.values()
    assert first == [FILES["Zip/a.jpg"]]
    assert sorted(first + second) == sorted(FILES.values())


DOWNLOAD: Final = """() => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["a"]));
    link.download = "a.txt";
    link.click();
}"""


@pytest.mark.parametrize("way", ["streamed", "collected"])
@pytest.mark.usefixtures("zipped")
def test_a_zip_that_is_cancelled_leaves_no_file(page: Page, way: str) -> None:
    page.evaluate(STORED_IN_THE_ORIGIN if way == "streamed" else "delete window.showSaveFilePicker")
    downloads: list[Download] = []
    page.on("download", lambda one: downloads.append(one))  # noqa: PLW0108  # not a built-in
    page.route("**/Zip/Sub/a.jpg*", lambda _: None)  # the second photo never comes
    open_album(page, "Zip")
    page.keyboard.press("Control+a")
    selected(page, len(FILES) + 1)
    bar(page).get_by_role("button", name="Download").click()
    job = page.get_by_role("region", name="Downloading photos")
    expect(job).to_contain_text("2 of 5")  # one is missing

    job.get_by_role("button", name="Cancel").click()

    expect(job).to_have_count(0)
    expect(page.locator("main")).to_be_focused()
    selected(page, len(FILES) + 1)
    with page.expect_download() as following:  # a download of before would come before it
        page.evaluate(DOWNLOAD)
    expect_soon(page, lambda: downloads, [following.value])
    if way == "streamed":
        assert page.evaluate(READ_SAVED) == []


def test_one_selected_photo_becomes_the_cover_of_its_album(
    page: Page, site: Site, page_errors: list[str]
) -> None:
    edits = with_api(page, site)
    asked: list[dict[str, Any]] = []

    def answer(route: Route) -> None:
        asked.append(json.loads(route.request.post_data or ""))
        if len(asked) == 1:
            route.fulfill(status=404, json={"message": "the album has no photo"})
        else:
            route.fulfill(json={"status": 200, "body": {}})

    page.route(edits, answer)
    open_album(page)
    cover = bar(page).get_by_role("button", name="Use as album cover")
    check(page, 0).click()
    check(page, 1).click()
    selected(page, 2)
    expect(cover).to_have_count(0)
    check(page, 0).click()

    cover.click()
    expect(page.get_by_text("the album has no photo")).to_be_visible()
    cover.click()

    expect(page.get_by_text("This photo is the cover of its album.")).to_be_visible()
    assert asked == [{"album": ALBUM, "cover": f"{ALBUM}/{name(1)}"}] * 2
    selected(page, 1)
    assert [line for line in page_errors if "404" not in line] == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_accessibility_checker_finds_no_serious_problem_in_a_selection(
    page: Page, page_errors: list[str], size: ViewportSize
) -> None:
    page.set_viewport_size(size)
    page.emulate_media(reduced_motion="reduce")
    open_album(page)
    found: list[str] = []

    def run() -> None:
        found.extend(serious_problems(page))

    go(page, "#/timeline/2001")
    page.get_by_role("checkbox", name="Select Aug 2001").click()
    selected(page, AUGUST)
    run()
    page.keyboard.press("Escape")
    open_album(page)
    check(page, 0).click()
    bar(page).get_by_role("button", name="Edit keywords").click()
    page.get_by_role("checkbox", name="Sea 1").wait_for()
    run()
    assert found == []
    assert page_errors == []
