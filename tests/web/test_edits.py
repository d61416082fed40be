"""A person edits photos in the browser. Each edit is visible at once, and stays."""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page, Route, ViewportSize

    from local.site import Site

from playwright.sync_api import expect

import photofiles as pf
from accessibility import serious_problems
from browsing import ANY, expect_soon, go, mark
from shared.keys import photo_sort_key

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1440, "height": 900}

# A page with unsaved edits asks before it is left.
NOTHING_IS_UNSAVED = "() => dispatchEvent(new Event('beforeunload', { cancelable: true }))"


def titled(title: str = "Tacos", taken: str = "2016:04:09 14:08:13") -> bytes:
    """Return a new photo with a title, keywords, a date and a position in Berlin."""
    document = pf.xmp(
        f"<dc:title><rdf:Alt><rdf:li>{title}</rdf:li></rdf:Alt></dc:title>"
        + pf.bag("dc:subject", "food", "lunch")
    )
    place = pf.gps(latitude=(52, 1, 30, 1, 0, 1), longitude=(13, 1, 24, 1, 0, 1))
    block = pf.tiff_block(exif=[pf.text(pf.DATE_TIME_ORIGINAL, taken)], gps=place)
    return pf.jpeg(exif=block, xmp=document, before=mark(), width_px=320, height_px=240)


@pytest.fixture
def album(request: pytest.FixtureRequest) -> str:
    """Return an album that no other test uses."""
    return re.sub(r"\W+", " ", request.node.name)[:60].strip()


@pytest.fixture
def add(site: Site, album: str) -> Callable[..., str]:
    """Return a function that uploads a photo into the album and returns its path."""

    def upload(name: str = "a.jpg", photo: bytes | None = None) -> str:
        key = f"uploads/{site.account.owner}/{album}/{name}"
        version = site.stack.upload(key, titled() if photo is None else photo)
        site.stack.wait_for(key, version, timeout_seconds=120)
        return f"{album}/{name}"

    return upload


def row_of(site: Site, path: str) -> dict[str, Any]:
    owner = site.account.owner
    sort_key = photo_sort_key(owner, f"uploads/{owner}/{path}")
    found: dict[str, Any] = site.stack.dynamodb.get_item(
        TableName=site.stack.table,
        Key={"pk": {"S": owner}, "sk": {"S": sort_key}},
        ConsistentRead=True,
    )["Item"]
    return found


def edits_of(site: Site, path: str) -> Any:  # noqa: ANN401  # JSON
    row = row_of(site, path)
    return json.loads(row["edits"]["S"]) if "edits" in row else {}


def wait_for_edits(page: Page, site: Site, path: str, expected: object) -> None:
    """Wait until the API has made the edits that the page shows."""
    expect_soon(page, lambda: edits_of(site, path), expected)


def open_photo(page: Page, path: str, view: str = "albums") -> Locator:
    """Open a photo over its album, and return what the page says about it."""
    album = path.rpartition("/")[0]
    place = f"#/{view}" + (f"/{album.replace(' ', '%20')}" if view == "albums" else "")
    go(page, place)
    page.locator("a.tile").first.wait_for()
    go(page, f"{place}?{urlencode({'photo': path})}")
    facts = page.locator("dialog.photo .facts")
    facts.wait_for()
    return facts


def begin(page: Page) -> Locator:
    """Open the form, and return it."""
    page.get_by_role("button", name="Edit", exact=True).click()
    form = page.get_by_role("form", name="Edit")
    form.wait_for()
    return form


def save(form: Locator) -> None:
    form.get_by_role("button", name="Save", exact=True).click()
    form.wait_for(state="detached")


def close(page: Page) -> None:
    page.get_by_role("button", name="Close", exact=True).click()
    page.locator("dialog.photo").wait_for(state="detached")


def names(page: Page) -> list[str]:
    """Return the names of the photos in the list, in order."""
    page.locator("a.tile").first.wait_for(state="attached")
    labels = page.locator("a.tile").evaluate_all(
        "tiles => tiles.map(tile => tile.getAttribute('aria-label'))"
    )
    return [label.partition(",")[0] for label in labels]


@pytest.fixture
def reprocess(site: Site) -> Callable[[str], None]:
    """Return a function that processes a photo again."""

    def again(path: str) -> None:
        key = f"uploads/{site.account.owner}/{path}"
        body = site.stack.s3.get_object(Bucket=site.stack.photos_bucket, Key=key)["Body"].read()
        version = site.stack.upload(key, body)
        site.stack.wait_for(key, version, timeout_seconds=120)

    return again


def test_every_kind_of_edit_is_visible_at_once_and_stays(
    page: Page,
    page_errors: list[str],
    site: Site,
    add: Callable[..., str],
    reprocess: Callable[[str], None],
) -> None:
    path = add()
    facts = open_photo(page, path)
    expect(facts.locator("h2")).to_have_text("Tacos")
    form = begin(page)
    form.get_by_label("Title", exact=True).fill("Lunch at Ada's <b>")
    form.get_by_label("Description", exact=True).fill("Two tacos\nand a cat")
    form.get_by_role("button", name="Remove the keyword lunch").click()
    form.get_by_label("Add a keyword").fill("Ada's party")
    form.get_by_label("Add a keyword").press("Enter")
    form.get_by_label("What is known").select_option("month")
    form.get_by_label("Month", exact=True).last.fill("1999-07")
    form.get_by_label("Latitude and longitude").fill("48° 51' 30\" N, 2° 17' 40\" E")
    save(form)

    def check() -> None:
        expect(facts.locator("h2")).to_have_text("Lunch at Ada's <b>")
        expect(facts.locator(".description")).to_have_text("Two tacos and a cat")
        expect(facts.locator(".keywords li")).to_have_text(["food", "Ada's party"])
        expect(facts).to_contain_text("July 1999")
        expect(facts).to_contain_text("Paris")
        expect(facts).to_contain_text("48.8583° N, 2.2944° E")
        expect(facts).to_contain_text("In the file: Tacos")
        expect(facts).to_contain_text("In the file: food, lunch")
        expect(facts).to_contain_text("In the file: 9 April 2016, 14:08")

    check()
    close(page)
    expect(page.get_by_role("link", name="Lunch at Ada's <b>, July 1999")).to_be_visible()
    page.reload()
    open_photo(page, path)
    check()
    reprocess(path)
    page.reload()
    open_photo(page, path)
    check()
    written = edits_of(site, path)
    assert written["title"] == "Lunch at Ada's <b>"
    assert written["taken"] == {"local": "1999-07-01T00:00:00", "precision": "month"}
    assert page_errors == []

    # The values of the file come back one by one.
    for name in ("Title", "Description", "Keywords", "Date", "Location"):
        facts.get_by_role("button", name=f"As in the file: {name}").click()
    expect(facts.locator("h2")).to_have_text("Tacos")
    expect(facts.locator(".description")).to_have_count(0)
    expect(facts.locator(".keywords li")).to_have_text(["food", "lunch"])
    expect(facts).to_contain_text("9 April 2016, 14:08")
    expect(facts).to_contain_text("Berlin")
    expect(facts.locator(".from-file")).to_have_count(0)
    close(page)
    expect(page.get_by_role("link", name="Tacos, 9 April 2016, 14:08")).to_be_visible()
    wait_for_edits(page, site, path, {})


def test_lists_follow_an_edit(page: Page, site: Site, add: Callable[..., str], album: str) -> None:
    first, second = (
        add("a.jpg", titled("First")),
        add("b.jpg", titled("Second", "2017:01:01 10:00:00")),
    )
    open_photo(page, first)
    close(page)
    expect_soon(page, lambda: names(page), ["First", "Second"])
    open_photo(page, first)
    form = begin(page)
    form.get_by_label("Day", exact=True).last.fill("2018-05-05")
    save(form)
    close(page)
    expect_soon(page, lambda: names(page), ["Second", "First"])  # the oldest first

    # Every other list that was read before follows too.
    go(page, "#/timeline")
    page.get_by_role("link", name="First").wait_for()
    open_photo(page, first, "timeline")
    form = begin(page)
    form.get_by_label("Title", exact=True).fill("Renamed")
    form.get_by_label("Day", exact=True).last.fill("2015-05-05")
    save(form)
    close(page)
    mine = {"Renamed", "Second"}
    newest_first = ["Second", "Renamed"]
    expect_soon(page, lambda: [name for name in names(page) if name in mine], newest_first)
    page.go_back()
    expect(page.get_by_role("heading", name=album)).to_be_visible()
    expect_soon(page, lambda: names(page), ["Renamed", "Second"])
    page.reload()
    expect(page.get_by_role("link", name="Renamed, 5 May 2015")).to_be_visible()
    expect_soon(page, lambda: names(page), ["Renamed", "Second"])
    assert row_of(site, first)["sort_time"]["S"].startswith("2015-05-05")
    assert row_of(site, second)["sort_time"]["S"].startswith("2017-01-01")


def test_a_hidden_label_finds_the_photo_no_more_until_it_is_shown_again(
    page: Page, page_errors: list[str], site: Site, add: Callable[..., str]
) -> None:
    path = add("a dog.jpg")
    go(page, "#/search/cat")
    page.get_by_role("link", name="a dog.jpg").wait_for()
    page.get_by_role("link", name="a dog.jpg").click()
    facts = page.locator("dialog.photo .facts")

    facts.get_by_role("button", name="Hide the label Cat").click()

    expect(facts.get_by_role("list", name="Hidden labels")).to_contain_text("Cat")
    expect(facts.get_by_role("link", name="Cat")).to_have_count(0)
    expect(facts.get_by_role("button", name="Show again: Cat")).to_be_focused()
    close(page)
    expect(page.get_by_role("link", name="Tacos")).to_have_count(0)
    expect(page.get_by_role("link", name="a dog.jpg")).to_have_count(0)
    wait_for_edits(page, site, path, {"hidden_labels": ["cat"]})
    page.wait_for_function(NOTHING_IS_UNSAVED)
    page.reload()
    page.locator(".found").wait_for()
    expect(page.locator("main")).not_to_contain_text("Loading")
    expect(page.get_by_role("link", name="a dog.jpg")).to_have_count(0)

    facts = open_photo(page, path)
    facts.get_by_role("button", name="Show again: Cat").click()
    expect(facts.get_by_role("link", name="Cat")).to_be_focused()
    expect(facts.get_by_role("list", name="Hidden labels")).to_have_count(0)
    wait_for_edits(page, site, path, {})
    page.wait_for_function(NOTHING_IS_UNSAVED)
    go(page, "#/search/cat")
    page.reload()
    expect(page.get_by_role("link", name="a dog.jpg")).to_be_visible()
    assert page_errors == []


@pytest.fixture
def edit_title(page: Page) -> Callable[[str, str], Locator]:
    """Return a function that writes a title into the form of a photo, and tries to save it."""

    def write(path: str, title: str) -> Locator:
        open_photo(page, path)
        form = begin(page)
        form.get_by_label("Title", exact=True).fill(title)
        form.get_by_role("button", name="Save", exact=True).click()
        return form

    return write


@pytest.mark.parametrize("status", ["PROCESSING", "READY", "FAILED", "REJECTED"])
def test_a_photo_is_edited_in_each_state_of_its_workflow(  # noqa: PLR0913, PLR0917  # fixtures
    page: Page,
    site: Site,
    add: Callable[..., str],
    edit_title: Callable[[str, str], Locator],
    reprocess: Callable[[str], None],
    status: str,
) -> None:
    path = add()
    site.stack.dynamodb.update_item(
        TableName=site.stack.table,
        Key={name: row_of(site, path)[name] for name in ("pk", "sk")},
        UpdateExpression="SET #status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": {"S": status}},
    )

    edit_title(path, f"Title of {status}").wait_for(state="detached")

    expect(page.locator("dialog.photo h2")).to_have_text(f"Title of {status}")
    assert edits_of(site, path)["title"] == f"Title of {status}"
    reprocess(path)
    page.reload()
    open_photo(page, path)
    expect(page.locator("dialog.photo h2")).to_have_text(f"Title of {status}")
    assert row_of(site, path)["status"]["S"] == "READY"


def test_a_photo_that_was_deleted_meanwhile_is_not_edited_and_no_text_is_lost(
    page: Page, site: Site, add: Callable[..., str]
) -> None:
    path = add()
    open_photo(page, path)
    form = begin(page)
    form.get_by_label("Title", exact=True).fill("Too late")
    site.stack.s3.delete_object(
        Bucket=site.stack.photos_bucket, Key=f"uploads/{site.account.owner}/{path}"
    )
    site.stack.wait_until_idle()

    form.get_by_role("button", name="Save", exact=True).click()

    expect(form.get_by_role("alert")).to_contain_text("there is no photo")
    expect(form.get_by_label("Title", exact=True)).to_have_value("Too late")
    form.get_by_role("button", name="Cancel").click()
    form.get_by_role("button", name="Discard").click()
    expect(page.locator("dialog.photo h2")).to_have_text("Tacos")


def test_edits_while_a_photo_is_published_are_neither_lost_nor_undone(
    page: Page, site: Site, add: Callable[..., str], reprocess: Callable[[str], None]
) -> None:
    path = add()
    facts = open_photo(page, path)

    def reprocess_often() -> None:
        for _ in range(3):
            reprocess(path)

    workflow = threading.Thread(target=reprocess_often)
    workflow.start()
    for number in range(6):
        form = begin(page)
        form.get_by_label("Title", exact=True).fill(f"Title {number}")
        save(form)
        facts.get_by_role("button", name="Hide the label Cat").click()
        facts.get_by_role("button", name="Show again: Cat").click()
        expect(facts.get_by_role("alert")).to_be_hidden()
    workflow.join()

    page.wait_for_function(NOTHING_IS_UNSAVED)  # an edit that met another one is asked for again
    wait_for_edits(page, site, path, {"title": "Title 5"})
    expect(facts.locator("h2")).to_have_text("Title 5")
    page.reload()
    facts = open_photo(page, path)
    expect(facts.locator("h2")).to_have_text("Title 5")
    expect(facts.get_by_role("link", name="Cat")).to_be_visible()
    assert row_of(site, path)["status"]["S"] == "READY"


@pytest.mark.parametrize("status", [409, 429, 503])
def test_an_edit_that_may_pass_is_tried_again(
    page: Page,
    site: Site,
    add: Callable[..., str],
    edit_title: Callable[[str, str], Locator],
    status: int,
) -> None:
    path = add()
    answers = iter([status, status])

    def refuse(route: Route) -> None:
        try:
            route.fulfill(status=next(answers), json={"message": "not now"}, headers=ANY)
        except StopIteration:
            route.continue_()

    page.route("**/edits", refuse)

    edit_title(path, "At last").wait_for(state="detached")

    assert list(answers) == []
    assert edits_of(site, path)["title"] == "At last"


def test_an_edit_that_is_refused_says_why_and_keeps_what_was_typed(
    page: Page, add: Callable[..., str], edit_title: Callable[[str, str], Locator]
) -> None:
    path = add()
    page.route(
        "**/edits",
        lambda route: route.fulfill(status=400, json={"message": "title is blue"}, headers=ANY),
    )

    form = edit_title(path, "Blue")

    expect(form.get_by_role("alert")).to_contain_text("title is blue")
    expect(form.get_by_label("Title", exact=True)).to_have_value("Blue")
    page.unroute("**/edits")
    form.get_by_role("button", name="Try again").click()
    form.wait_for(state="detached")
    expect(page.locator("dialog.photo h2")).to_have_text("Blue")


def test_the_photo_of_another_user_is_not_edited_and_the_page_says_so(
    page: Page, site: Site, add: Callable[..., str], edit_title: Callable[[str, str], Locator]
) -> None:
    path = add()
    mine = row_of(site, path)
    his = {**mine, "pk": {"S": "eu-west-1:00000000-0000-0000-0000-000000000b0b"}}

    def become_his(route: Route) -> None:  # between the look at the photo and the edit
        for item in (his, mine):
            key = {name: item[name] for name in ("pk", "sk")}
            site.stack.dynamodb.delete_item(TableName=site.stack.table, Key=key)
        site.stack.dynamodb.put_item(TableName=site.stack.table, Item=his)
        route.continue_()

    page.route("**/edits", become_his)

    form = edit_title(path, "Mine")

    expect(form.get_by_role("alert")).to_contain_text(f"there is no photo {path}")
    expect(form.get_by_label("Title", exact=True)).to_have_value("Mine")
    key = {name: his[name] for name in ("pk", "sk")}
    kept = site.stack.dynamodb.get_item(TableName=site.stack.table, Key=key)["Item"]
    assert kept == his


def test_a_label_that_cannot_be_hidden_is_there_again(page: Page, add: Callable[..., str]) -> None:
    facts = open_photo(page, add())
    page.route(
        "**/edits", lambda route: route.fulfill(status=400, json={"message": "no"}, headers=ANY)
    )

    facts.get_by_role("button", name="Hide the label Cat").click()

    expect(facts.get_by_role("alert")).to_contain_text("The change is not saved. no")
    expect(facts.get_by_role("link", name="Cat")).to_be_visible()


def test_an_edit_without_a_connection_is_kept_and_saved_later(
    page: Page, site: Site, add: Callable[..., str]
) -> None:
    path = add()
    open_photo(page, path)
    form = begin(page)
    form.get_by_label("Title", exact=True).fill("From a train")
    page.context.set_offline(True)
    form.get_by_role("button", name="Save", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("The connection was lost.")
    close(page)

    notice = page.get_by_role("status").filter(has_text="Changes are not saved")
    expect(notice).to_contain_text(path)
    page.context.set_offline(False)
    notice.get_by_role("button", name="Go on editing").click()
    form = page.get_by_role("form", name="Edit")
    expect(form.get_by_label("Title", exact=True)).to_have_value("From a train")
    form.get_by_role("button", name="Try again").click()

    form.wait_for(state="detached")
    expect(notice).to_have_count(0)
    assert edits_of(site, path)["title"] == "From a train"


def test_keys_in_the_form_stay_in_the_form(page: Page, add: Callable[..., str]) -> None:
    path, _ = add("a.jpg"), add("b.jpg", titled("Next", "2017:01:01 10:00:00"))
    open_photo(page, path)
    form = begin(page)
    for field in (
        form.get_by_label("Title", exact=True),
        form.get_by_label("Description", exact=True),
    ):
        field.fill("text")
        for key in ("Home", "ArrowRight", "ArrowLeft", "i", "f", "?", " "):
            field.press(key)
        expect(field).to_have_value("if? text")
    form.get_by_role("button", name="Remove the keyword food").press("ArrowRight")

    expect(form).to_be_visible()
    assert "a.jpg" in page.url


def test_escape_asks_before_it_discards(page: Page, site: Site, add: Callable[..., str]) -> None:
    path = add()
    open_photo(page, path)
    form = begin(page)
    form.get_by_label("Title", exact=True).press("Escape")
    form.wait_for(state="detached")  # nothing was typed
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_focused()

    form = begin(page)
    form.get_by_label("Title", exact=True).fill("Mine")
    form.get_by_label("Title", exact=True).press("Escape")
    question = form.get_by_role("group", name="Save the changes?")
    expect(question.get_by_role("button", name="Save")).to_be_focused()
    question.get_by_role("button", name="Go on").click()
    expect(form.get_by_label("Title", exact=True)).to_have_value("Mine")
    form.get_by_label("Title", exact=True).press("Escape")
    question.get_by_role("button", name="Discard").click()
    form.wait_for(state="detached")
    assert edits_of(site, path) == {}

    form = begin(page)
    form.get_by_label("Title", exact=True).fill("Mine")
    form.get_by_label("Title", exact=True).press("Escape")
    question.get_by_role("button", name="Save").click()
    form.wait_for(state="detached")
    assert edits_of(site, path) == {"title": "Mine"}


@pytest.mark.parametrize("way", ["next", "back", "close"])
def test_what_was_typed_is_saved_when_the_person_leaves(
    page: Page, site: Site, add: Callable[..., str], way: str
) -> None:
    path, _ = add("a.jpg"), add("b.jpg", titled("Next", "2017:01:01 10:00:00"))
    open_photo(page, path)
    form = begin(page)
    form.get_by_label("Title", exact=True).fill("Not lost")

    with page.expect_response("**/edits") as answer:
        match way:
            case "next":
                page.get_by_role("button", name="Next photo").click()
            case "back":
                page.go_back()
            case _:
                page.get_by_role("button", name="Close", exact=True).click()

    assert answer.value.ok
    form.wait_for(state="detached")
    if way == "next":
        expect(page.locator("dialog.photo h2")).to_have_text("Next")
        close(page)
    expect(page.get_by_role("link", name="Not lost")).to_be_visible()
    wait_for_edits(page, site, path, {"title": "Not lost"})


def test_what_is_not_complete_is_kept_when_the_person_leaves(
    page: Page, site: Site, add: Callable[..., str]
) -> None:
    path = add()
    open_photo(page, path)
    form = begin(page)
    form.get_by_label("Latitude and longitude").fill("52.5")
    form.get_by_role("button", name="Save", exact=True).click()
    field = form.get_by_label("Latitude and longitude")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(form).to_contain_text("This is no position.")
    close(page)

    notice = page.get_by_role("status").filter(has_text="This is no position.")
    notice.get_by_role("button", name="Go on editing").click()
    expect(field).to_have_value("52.5")
    field.fill("52.5, 13.5")
    save(form)
    assert edits_of(site, path)["location"] == {"latitude": 52.5, "longitude": 13.5}


def press_tab_until(page: Page, wanted: Locator) -> None:
    """Press Tab until an element has the focus, at most 50 times."""
    for _ in range(50):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    expect(wanted).to_be_focused()


def test_a_photo_is_edited_by_keyboard_alone(
    page: Page, site: Site, add: Callable[..., str]
) -> None:
    path = add()
    open_photo(page, path)
    page.locator("dialog.photo").focus()
    edit = page.get_by_role("button", name="Edit", exact=True)
    press_tab_until(page, edit)
    page.keyboard.press("Enter")
    form = page.get_by_role("form", name="Edit")
    expect(form.get_by_label("Title", exact=True)).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("By keys")
    world = form.get_by_role("application", name="Map of the world")
    press_tab_until(page, world)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    expect(form.get_by_label("Latitude and longitude")).to_have_value("53.5, 13.5")
    page.keyboard.press("Control+Enter")

    form.wait_for(state="detached")
    expect(edit).to_be_focused()
    written = edits_of(site, path)
    assert written["title"] == "By keys"
    assert written["location"] == {"latitude": 53.5, "longitude": 13.5}


def test_a_click_on_the_map_chooses_a_position(page: Page, add: Callable[..., str]) -> None:
    open_photo(page, add())
    form = begin(page)
    form.get_by_label("Latitude and longitude").fill("")
    world = form.get_by_role("application", name="Map of the world")
    box = world.bounding_box()
    assert box is not None

    world.click(position={"x": box["width"] / 2, "y": box["height"] / 4})

    field = form.get_by_label("Latitude and longitude")
    expect(field).not_to_have_value("")
    chosen = field.input_value()
    assert [float(part) for part in chosen.split(", ")] == pytest.approx([45, 0], abs=2)


def test_the_accessibility_checker_finds_no_serious_problem(
    page: Page, page_errors: list[str], add: Callable[..., str]
) -> None:
    page.emulate_media(reduced_motion="reduce")
    path = add()
    found: list[str] = []

    def check(view: str) -> None:
        found.extend(f"{view}: {one}" for one in serious_problems(page, (PHONE, DESKTOP)))

    facts = open_photo(page, path)
    form = begin(page)
    form.get_by_label("Title", exact=True).fill("Seen")
    form.get_by_label("Latitude and longitude").fill("x")
    form.get_by_role("button", name="Save", exact=True).click()
    check("form with a problem")
    form.get_by_label("Latitude and longitude").fill("1, 2")
    form.get_by_label("Title", exact=True).press("Escape")
    check("question")
    form.get_by_role("button", name="Save", exact=True).click()
    form.wait_for(state="detached")
    facts.get_by_role("button", name="Hide the label Cat").click()
    facts.get_by_role("list", name="Hidden labels").wait_for()
    check("facts with edits")

    assert found == []
    assert page_errors == []
