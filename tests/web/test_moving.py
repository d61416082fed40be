"""Photos that are moved between albums, in a real browser: nothing is lost or paid twice."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from browsing import ACCESS_DENIED, ANY, choose, expect_soon, go, open_page, photo, write
from local.functions import InProcess
from local.site import gallery
from web.conftest import Cats

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page, Route

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

EDITS = {"title": "Two cats", "hidden_labels": ["animal"]}


class CountingCats(Cats):
    """Counts the photos that it has labeled."""

    def __init__(self) -> None:
        self.asked = 0

    def label(self, photo: bytes) -> list[dict[str, Any]]:
        """Return the cat."""
        self.asked += 1
        return super().label(photo)


@pytest.fixture(scope="module")
def labeler() -> CountingCats:
    return CountingCats()


@pytest.fixture(scope="module")
def site(dist: Path, labeler: CountingCats) -> Iterator[Site]:
    """Serve the page beside an embedded AWS that counts the photos that it labels."""
    with gallery(functions=InProcess(), labeler=labeler, dist=dist) as running:
        yield running


def key_of(site: Site, path: str) -> str:
    return f"uploads/{site.account.owner}/{path}"


def upload(site: Site, path: str, body: bytes) -> None:
    site.stack.s3.put_object(
        Bucket=site.stack.photos_bucket,
        Key=key_of(site, path),
        Body=body,
        ContentType="image/jpeg",
        Metadata={"note": "kept"},
    )
    site.stack.wait_until_idle()


def row_key(site: Site, path: str) -> dict[str, Any]:
    return {"pk": {"S": site.account.owner}, "sk": {"S": f"photo#{path}"}}


def row(site: Site, path: str) -> dict[str, Any]:
    """Return a photo's row, in the types of DynamoDB."""
    return site.stack.dynamodb.get_item(
        TableName=site.stack.table, Key=row_key(site, path), ConsistentRead=True
    ).get("Item", {})


def set_edits(site: Site, path: str, edits: dict[str, Any]) -> None:
    site.stack.dynamodb.update_item(
        TableName=site.stack.table,
        Key=row_key(site, path),
        UpdateExpression="SET edits = :edits",
        ExpressionAttributeValues={":edits": {"S": json.dumps(edits)}},
    )


def objects(site: Site) -> set[str]:
    """Return the paths of all objects of the owner."""
    prefix = key_of(site, "")
    pages = site.stack.s3.get_paginator("list_objects_v2").paginate(
        Bucket=site.stack.photos_bucket, Prefix=prefix
    )
    return {one["Key"].removeprefix(prefix) for page in pages for one in page.get("Contents", [])}


def versions(site: Site, path: str) -> list[str]:
    """Return the kinds of all versions of an object."""
    found = site.stack.s3.list_object_versions(
        Bucket=site.stack.photos_bucket, Prefix=key_of(site, path)
    )
    return ["marker"] * len(found.get("DeleteMarkers", [])) + ["version"] * len(
        found.get("Versions", [])
    )


def configure(page: Page, **settings: object) -> None:
    """Let the page read other settings in config.json."""
    page.route(
        "**/config.json", lambda route: route.fulfill(json={**route.fetch().json(), **settings})
    )
    page.reload()
    page.get_by_role("button", name="Sign out").wait_for()


def move(page: Page, path: str, album: str) -> Locator:
    """Move a photo by the dialog of its open page; return what says how far that is."""
    folder, _, _ = path.rpartition("/")
    go(page, f"#/albums/{folder.replace('/', '%2F')}?photo={path.replace('/', '%2F')}")
    page.get_by_role("dialog").get_by_role("button", name="Move to an album").click()
    question = page.get_by_role("dialog", name="Move 1 photo to an album")
    name = question.get_by_label("Find an album, or name a new one")
    expect(name).to_be_focused()
    name.fill(album)
    name.press("Enter")
    return page.get_by_role("region", name="Moves")


def test_a_moved_photo_keeps_its_bytes_its_edits_and_its_labels(
    page: Page, page_errors: list[str], site: Site, labeler: CountingCats
) -> None:
    body = photo(301, 200)
    upload(site, "Old/é + %2F.jpg", body)
    set_edits(site, "Old/é + %2F.jpg", EDITS)
    asked = labeler.asked
    assert asked > 0
    go(page, "#/albums/Old?photo=Old%2F%C3%A9%20%2B%20%252F.jpg")
    dialog = page.get_by_role("dialog", name="Two cats")
    dialog.get_by_role("button", name="Move to an album").click()
    question = page.get_by_role("dialog", name="Move 1 photo to an album")
    expect(question.get_by_role("button", name="Old")).to_be_disabled()
    question.get_by_label("Find an album").fill("Trips/New")
    question.get_by_role("button", name="Move to the new album “Trips / New”").click()

    moves = page.get_by_role("region", name="Moves")
    expect(moves.get_by_text("1 photo moved")).to_be_visible()
    expect(page).to_have_url(re.compile("photo=Trips%2FNew%2F"))
    expect(dialog.get_by_role("link", name="Trips / New")).to_be_visible()
    site.stack.wait_until_idle()
    assert objects(site) >= {"Trips/New/é + %2F.jpg"}
    assert "Old/é + %2F.jpg" not in objects(site)
    there = site.stack.s3.get_object(
        Bucket=site.stack.photos_bucket, Key=key_of(site, "Trips/New/é + %2F.jpg")
    )
    assert there["Body"].read() == body
    assert (there["ContentType"], there["Metadata"]) == ("image/jpeg", {"note": "kept"})
    moved = row(site, "Trips/New/é + %2F.jpg")
    assert json.loads(moved["edits"]["S"]) == EDITS
    assert [one["M"]["name"]["S"] for one in moved["labels"]["L"]] == ["Cat"]
    assert labeler.asked == asked, "the labels are those of the photo, which was still there"
    assert row(site, "Old/é + %2F.jpg")["status"]["S"] == "DELETED"
    page.keyboard.press("Escape")
    page.locator("dialog.photo").wait_for(state="detached")
    expect(page.locator("a.tile")).to_have_count(0)
    go(page, "#/timeline")
    expect(page.get_by_role("link", name="Two cats")).to_have_count(1)
    assert page_errors == []


def test_a_moved_photo_is_not_selected_any_more(page: Page, site: Site) -> None:
    for name in ("goes", "stays"):
        upload(site, f"Selected/{name}.jpg", photo(306, 200))
    go(page, "#/albums/Selected")
    for name in ("goes", "stays"):
        page.get_by_role("checkbox", name=f"Select {name}.jpg").click()
    selection = page.get_by_role("toolbar", name="Selection")
    page.route("**/*", lambda route: route.abort() if is_stays(route) else route.fallback())
    selection.get_by_role("button", name="Move to album").click()
    question = page.get_by_role("dialog", name="Move 2 photos to an album")
    question.get_by_label("Find an album, or name a new one").fill("Unselected")
    page.keyboard.press("Enter")

    expect(selection.get_by_role("status", name="1 photo selected")).to_be_visible()
    assert "Unselected/goes.jpg" in objects(site)


def is_stays(route: Route) -> bool:
    """Whether a request lets S3 copy the photo that is to stay."""
    return "stays.jpg" in route.request.headers.get("x-amz-copy-source", "")


def test_a_moved_photo_is_in_the_trash_only_if_it_may_not_be_deleted_for_good(
    page: Page, site: Site
) -> None:
    for name in ("kept", "gone"):
        upload(site, f"Trash/{name}.jpg", photo(302, 200))
    configure(page, trash_days=30, delete_for_good=False)
    moves = move(page, "Trash/kept.jpg", "Elsewhere")
    expect(moves.get_by_text("1 photo moved")).to_be_visible()
    expect(moves.get_by_text("for 30 days")).to_be_visible()
    page.unroute_all()
    configure(page, trash_days=30, delete_for_good=True)

    moves = move(page, "Trash/gone.jpg", "Elsewhere")

    expect(moves.get_by_text("1 photo moved")).to_be_visible()
    expect(moves.get_by_text("for 30 days")).to_have_count(0)
    assert versions(site, "Trash/kept.jpg") == ["marker", "version"]
    assert versions(site, "Trash/gone.jpg") == ["marker"]
    site.stack.wait_until_idle()
    assert row(site, "Elsewhere/gone.jpg")["status"]["S"] == "READY"
    assert row(site, "Trash/gone.jpg")["status"]["S"] == "DELETED"
    assert row(site, "Trash/kept.jpg")["time_key"]["S"].startswith("trash#")
    assert "time_key" not in row(site, "Trash/gone.jpg")


def test_a_photo_of_the_same_name_is_not_overwritten(page: Page, site: Site) -> None:
    upload(site, "From/same.jpg", photo(303, 200))
    upload(site, "To/same.jpg", photo(304, 200))
    moves = move(page, "From/same.jpg", "To")
    dialog = page.get_by_role("dialog", name="same (2).jpg")
    expect(dialog.get_by_text("Moved to “To”.")).to_be_visible()
    page.keyboard.press("Escape")

    expect(moves.get_by_text("1 photo moved")).to_be_visible()
    moves.get_by_role("link", name="Show the album").click()
    expect(page.locator("a.tile")).to_have_count(2)
    site.stack.wait_until_idle()
    widths = {name: row(site, f"To/{name}.jpg")["width_px"]["N"] for name in ("same", "same (2)")}
    assert widths == {"same": "304", "same (2)": "303"}
    moves.get_by_role("button", name="Close").click()
    expect(moves).to_have_count(0)


# By what has been done last: the request that the page never gets an answer to. The page holds it:
# Playwright sends what it holds when a page closes.
POINTS = {
    "the copy": '({ headers }) => headers.has("x-amz-copy-source")',
    "the edit": '({ url }) => url.endsWith("/edits")',
    "all but the deletion": '({ method }) => method === "DELETE"',
}
HOLD = """(point) => {
    const send = fetch;
    const isLast = eval(point);
    window.fetch = async (...request) => {
        const sent = new Request(...request);
        if (!isLast(sent)) return send(sent);
        if (sent.method !== "DELETE") await send(sent);
        window.isHeld = true;
        return new Promise(() => {});
    };
}"""


@pytest.mark.parametrize("point", POINTS)
def test_a_move_of_a_closed_tab_is_finished_by_the_next_one(
    page: Page, site: Site, labeler: CountingCats, point: str
) -> None:
    number = [*POINTS].index(point)
    path, copy = f"Closed {number}/a.jpg", f"Next {number}/a.jpg"
    upload(site, path, photo(310 + number, 200))
    set_edits(site, path, EDITS)
    asked = labeler.asked

    page.evaluate(HOLD, POINTS[point])
    moves = move(page, path, f"Next {number}")
    expect(moves.get_by_text("Moving photos: 0 of 1")).to_be_visible()
    page.wait_for_function("() => window.isHeld")
    context = page.context
    page.close()
    site.stack.wait_until_idle()
    assert {path, copy} <= objects(site), "nothing is lost"

    other = context.new_page()
    open_page(other, site.url)
    other.get_by_role("button", name="Sign in").click()
    moves = other.get_by_role("region", name="Moves")
    expect(moves.get_by_text("1 photo was not moved before the page was left.")).to_be_visible()
    tiles = other.locator(f'a.tile[href*="+{number}%2Fa.jpg"]')
    expect(tiles).to_have_count(2)
    moves.get_by_role("button", name="Go on").click()

    expect(moves.get_by_text("1 photo moved")).to_be_visible()
    expect(tiles).to_have_count(1)
    site.stack.wait_until_idle()
    assert {one for one in objects(site) if f" {number}/" in one} == {copy}
    assert json.loads(row(site, copy)["edits"]["S"]) == EDITS
    assert labeler.asked == asked
    other.reload()
    expect(other.locator("a.tile").first).to_be_visible()
    expect(moves).to_have_count(0)


def test_a_move_that_fails_says_why_and_is_tried_again(
    page: Page, page_errors: list[str], site: Site
) -> None:
    for name in ("one", "two"):
        upload(site, f"Failing/{name}.jpg", photo(320, 200))
    refused = re.compile("/uploads/.*/Failing/")

    def refuse(route: Route) -> None:
        if route.request.method == "DELETE":
            route.fulfill(status=403, body=ACCESS_DENIED, headers=ANY)
        else:
            route.fallback()

    page.route(refused, refuse)
    moves = move(page, "Failing/one.jpg", "Tried again")
    dialog = page.get_by_role("dialog", name="one.jpg")
    expect(dialog.get_by_role("alert").filter(has_text="Access Denied")).to_be_visible()
    expect(dialog.get_by_role("button", name="Try again")).to_be_visible()
    page.keyboard.press("Escape")
    alert = moves.get_by_role("alert")
    expect(alert).to_have_text("1 photo was not moved:")
    expect(moves.get_by_text("Access Denied")).to_be_visible()
    page.unroute(refused)

    moves.get_by_role("button", name="Try again").click()

    expect(moves.get_by_text("1 photo moved")).to_be_visible()
    expect(alert).to_have_count(0)
    assert {one for one in objects(site) if one.endswith("/one.jpg")} == {"Tried again/one.jpg"}
    assert all("403" in line for line in page_errors)


def test_what_is_typed_while_a_photo_is_moved_is_saved_for_it(page: Page, site: Site) -> None:
    upload(site, "Typed/a.jpg", photo(340, 200))
    held: list[Route] = []
    copied = re.compile("/uploads/.*/Typed/a.jpg")

    def hold(route: Route) -> None:
        if route.request.method == "DELETE" and not held:
            held.append(route)
        else:
            route.fallback()

    page.route(copied, hold)
    moves = move(page, "Typed/a.jpg", "Typed there")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("form", name="Edit").get_by_label("Title", exact=True).fill("While moving")
    expect_soon(page, lambda: len(held), 1)

    with page.expect_response("**/edits") as answer:
        held[0].continue_()

    assert answer.value.ok
    expect(moves.get_by_text("1 photo moved")).to_be_visible()
    expect(page.get_by_role("dialog", name="While moving")).to_be_visible()
    assert json.loads(row(site, "Typed there/a.jpg")["edits"]["S"]) == {"title": "While moving"}


def test_a_photo_is_moved_back_at_once(page: Page, site: Site) -> None:
    upload(site, "There/back.jpg", photo(341, 200))
    for path, album in (("There/back.jpg", "And"), ("And/back.jpg", "There")):
        moves = move(page, path, album)
        expect(page).to_have_url(re.compile(f"photo={album}%2Fback.jpg"))
        page.keyboard.press("Escape")
        moves.get_by_role("button", name="Close").click()

    expect_soon(
        page,
        lambda: {one for one in objects(site) if one.endswith("/back.jpg")},
        {"There/back.jpg"},
    )


def test_a_photo_that_was_moved_is_not_sent_again(page: Page, site: Site, tmp_path: Path) -> None:
    body = photo(330, 200)
    upload(site, "Before/moved.jpg", body)
    moves = move(page, "Before/moved.jpg", "After")
    expect(moves.get_by_text("1 photo moved")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("dialog.photo").wait_for(state="detached")
    site.stack.wait_until_idle()
    go(page, "#/timeline")

    choose(page, *write(tmp_path, moved=body), album="Before")

    expect(page.locator(".item")).to_contain_text("Already in album After as moved.jpg")
