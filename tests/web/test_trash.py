"""Deleting photos, Undo, and the Trash view, with S3's versions and the real workflow."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from accessibility import serious_problems
from browsing import ACCESS_DENIED, ANY, expect_soon, go, photo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator, Page, Route, ViewportSize

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

SIZES: Final[dict[str, ViewportSize]] = {
    "desktop": {"width": 1440, "height": 900},
    "phone": {"width": 390, "height": 844},
}


def key_of(site: Site, path: str) -> str:
    return f"uploads/{site.account.owner}/{path}"


def upload(site: Site, album: str, *names: str) -> list[str]:
    """Upload photos and wait until they are READY; return their paths."""
    paths = [f"{album}/{name}.jpg" for name in names]
    for minute, path in enumerate(paths):
        site.stack.upload(key_of(site, path), photo(taken=f"2021:08:14 09:{minute:02}:00"))
    site.stack.wait_until_idle()
    return paths


def row(site: Site, path: str) -> dict[str, Any]:
    """Return the photo's row; strings and numbers as text."""
    found = site.stack.dynamodb.get_item(
        TableName=site.stack.table,
        Key={"pk": {"S": site.account.owner}, "sk": {"S": f"photo#{path}"}},
        ConsistentRead=True,
    )["Item"]
    return {name: next(iter(value.values())) for name, value in found.items()}


def versions(site: Site, path: str) -> tuple[int, int]:
    """Return how many versions and delete markers S3 has of a photo."""
    listed = site.stack.s3.list_object_versions(
        Bucket=site.stack.photos_bucket, Prefix=key_of(site, path)
    )
    return len(listed.get("Versions", [])), len(listed.get("DeleteMarkers", []))


def edit(site: Site, path: str, **edits: str) -> None:
    site.stack.dynamodb.update_item(
        TableName=site.stack.table,
        Key={"pk": {"S": site.account.owner}, "sk": {"S": f"photo#{path}"}},
        UpdateExpression="SET edits = :edits",
        ExpressionAttributeValues={":edits": {"S": json.dumps(edits)}},
    )


def configured(page: Page, change: Callable[[dict[str, Any]], object]) -> None:
    """Load the page again, with a change of its configuration."""

    def configure(route: Route) -> None:
        config = route.fetch().json()
        change(config)
        route.fulfill(json=config)

    page.route("**/config.json", configure)
    page.reload()
    page.get_by_role("button", name="Sign out").wait_for()


def tile(page: Page, name: str) -> Locator:
    return page.locator("a.tile").and_(page.get_by_title(name, exact=True))


def open_album(page: Page, album: str) -> None:
    go(page, f"#/albums/{album}")
    page.locator("a.tile").first.wait_for()


def toast(page: Page) -> Locator:
    return page.locator(".toast")


def trashed(page: Page, name: str) -> Locator:
    return page.locator(".trashed > li").filter(has=page.get_by_role("heading", name=name))


def test_an_open_photo_is_deleted_at_once_and_undo_brings_it_back_with_its_edits(
    page: Page, site: Site, page_errors: list[str]
) -> None:
    one, _ = upload(site, "Undo", "one", "two")
    edit(site, one, title="My title")
    open_album(page, "Undo")
    tile(page, "My title").click()
    page.get_by_role("dialog", name="My title").get_by_role("button", name="Delete").click()

    expect(page.get_by_role("dialog", name="two.jpg")).to_be_visible()
    expect(toast(page)).to_contain_text("1 photo deleted.")
    toast(page).get_by_role("button", name="Undo").hover()  # so that it stays
    site.stack.wait_until_idle()
    assert row(site, one)["status"] == "DELETED"
    assert versions(site, one) == (1, 1)
    expect(tile(page, "My title")).to_have_count(0)

    toast(page).get_by_role("button", name="Undo").click()
    expect(toast(page)).to_contain_text("1 photo restored.")
    page.keyboard.press("Escape")
    expect(tile(page, "My title")).to_be_visible()
    expect(tile(page, "My title").locator("img.loaded")).to_be_visible()
    site.stack.wait_until_idle()
    assert versions(site, one) == (1, 0)
    found = row(site, one)
    assert found["status"] == "READY"
    assert json.loads(found["edits"]) == {"title": "My title"}
    assert page_errors == []


@pytest.fixture
def late_events(site: Site) -> Iterator[Callable[[], None]]:
    """Let no event of S3 come until the function is called, or the test ends."""
    bucket = site.stack.photos_bucket
    usual = site.stack.s3.get_bucket_notification_configuration(Bucket=bucket)
    site.stack.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})

    def come_again() -> None:
        site.stack.s3.put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration={
                "EventBridgeConfiguration": usual.get("EventBridgeConfiguration", {})
            },
        )

    yield come_again
    come_again()


def test_undo_also_works_before_the_workflow_has_seen_the_deletion(
    page: Page, site: Site, page_errors: list[str], request: pytest.FixtureRequest
) -> None:
    one, two, _ = upload(site, "Early", "one", "two", "three")
    request.getfixturevalue("late_events")
    open_album(page, "Early")
    tile(page, "one.jpg").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Delete")
    expect(toast(page)).to_contain_text("2 photos deleted.")
    expect(page.locator("a.tile")).to_have_count(1)
    assert [versions(site, path) for path in (one, two)] == [(1, 1), (1, 1)]

    page.keyboard.press("Control+z")
    expect(toast(page)).to_contain_text("2 photos restored.")
    expect(page.locator("a.tile")).to_have_count(3)
    titles = page.locator("a.tile").evaluate_all("tiles => tiles.map(({ title }) => title)")
    assert titles == ["one.jpg", "two.jpg", "three.jpg"]
    assert [versions(site, path) for path in (one, two)] == [(1, 0), (1, 0)]
    assert page_errors == []


def test_a_photo_that_the_workflow_deletes_late_appears_in_the_trash_all_the_same(
    page: Page, site: Site, page_errors: list[str], request: pytest.FixtureRequest
) -> None:
    (path,) = upload(site, "Late", "late one")
    come_again = request.getfixturevalue("late_events")
    open_album(page, "Late")
    tile(page, "late one.jpg").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Delete")
    expect(toast(page)).to_contain_text("1 photo deleted.")
    with page.expect_response(lambda answer: '"trash#' in (answer.request.post_data or "")):
        go(page, "#/trash")
    expect(trashed(page, "late one.jpg")).to_have_count(0)

    come_again()
    site.stack.s3.delete_object(Bucket=site.stack.photos_bucket, Key=key_of(site, path))
    expect(trashed(page, "late one.jpg")).to_have_count(1)
    assert page_errors == []


def test_a_photo_that_s3_does_not_delete_is_named_and_tried_again_alone(
    page: Page, site: Site, page_errors: list[str]
) -> None:
    one, two, three = upload(site, "Partly", "one", "two", "three")
    asked: list[str] = []
    refused = True

    def answer(route: Route) -> None:
        if route.request.method != "DELETE":
            route.fallback()
            return
        asked.append(route.request.url)
        if refused and "two.jpg" in route.request.url:
            route.fulfill(status=403, headers=ANY, body=ACCESS_DENIED)
        else:
            route.fallback()

    page.route(re.compile("/uploads/.*Partly"), answer)
    open_album(page, "Partly")
    page.keyboard.press("Control+a")
    page.get_by_role("toolbar", name="Selection").get_by_role("button", name="Delete").click()
    job = page.get_by_role("region", name="Deleting photos")
    expect(job.get_by_role("alert")).to_have_text("1 photo could not be deleted.")
    expect(job).to_contain_text(f"{two}: Access Denied")
    expect(page.locator("a.tile")).to_have_count(1)
    expect(toast(page)).to_contain_text("2 photos deleted.")

    refused = False
    asked.clear()
    job.get_by_role("button", name="Try again").click()
    expect(job).to_have_count(0)
    expect(page.locator("a.tile")).to_have_count(0)
    assert len(asked) == 1
    assert [versions(site, path) for path in (one, two, three)] == [(1, 1)] * 3
    assert [line for line in page_errors if "403" not in line] == []


def test_the_trash_shows_what_was_deleted_and_restores_or_deletes_it_for_good(
    page: Page, site: Site, page_errors: list[str]
) -> None:
    one, two, three = upload(site, "Bin", "bin one", "bin two", "bin three")
    edit(site, two, title="Second")
    site.stack.upload(key_of(site, three), photo())  # an older version of it exists
    for path in (one, two, three):
        site.stack.s3.delete_object(Bucket=site.stack.photos_bucket, Key=key_of(site, path))
        site.stack.wait_until_idle()
    assert row(site, one)["time_key"].startswith("trash#")
    site.stack.dynamodb.update_item(
        TableName=site.stack.table,
        Key={"pk": {"S": site.account.owner}, "sk": {"S": f"photo#{one}"}},
        UpdateExpression="SET thumbhash = :hash",
        ExpressionAttributeValues={":hash": {"S": "3OcRJYB4d3h/iIeHeEh3eIhw+j3A"}},
    )

    page.get_by_role("link", name="Trash").click()
    expect(trashed(page, "Second")).to_contain_text("Bin")
    expect(trashed(page, "Second")).to_contain_text("can be restored until")
    expect(trashed(page, "bin one.jpg").locator('canvas:not([width="1"])')).to_have_count(1)
    expect(trashed(page, "bin three.jpg")).to_have_count(1)

    page.get_by_role("button", name="Restore Second").click()
    expect(trashed(page, "Second")).to_have_count(0)
    expect(toast(page)).to_contain_text("1 photo restored.")
    site.stack.wait_until_idle()
    assert row(site, two)["status"] == "READY"

    three_row = trashed(page, "bin three.jpg")
    three_row.get_by_role("button", name="Delete for good: bin three.jpg").click()
    three_row.get_by_role("button", name="Yes, delete for good").click()
    expect(three_row).to_have_count(0)
    site.stack.wait_until_idle()
    expect_soon(page, lambda: versions(site, three), (0, 0))
    assert "time_key" not in row(site, three)

    trashed(page, "bin one.jpg").get_by_role("checkbox").check()
    page.get_by_role("button", name="Restore selected").click()
    expect(trashed(page, "bin one.jpg")).to_have_count(0)
    open_album(page, "Bin")
    expect(page.locator("a.tile")).to_have_count(2)

    (gone,) = upload(site, "Bin", "gone")
    site.stack.s3.delete_object(Bucket=site.stack.photos_bucket, Key=key_of(site, gone))
    site.stack.wait_until_idle()
    go(page, "#/trash")
    page.reload()
    trashed(page, "gone.jpg").wait_for()
    page.get_by_role("button", name="Empty the trash").click()
    page.get_by_role("button", name="Yes, delete for good").click()
    expect(page.get_by_text("The trash is empty.")).to_be_visible()
    expect_soon(page, lambda: versions(site, gone), (0, 0))
    assert page_errors == []


def test_a_photo_that_was_uploaded_again_is_not_deleted_for_good(
    page: Page, site: Site, page_errors: list[str], request: pytest.FixtureRequest
) -> None:
    (again,) = upload(site, "Again", "again")
    site.stack.s3.delete_object(Bucket=site.stack.photos_bucket, Key=key_of(site, again))
    site.stack.wait_until_idle()
    page.get_by_role("link", name="Trash").click()
    trashed(page, "again.jpg").wait_for()
    request.getfixturevalue("late_events")
    body = photo()
    site.stack.s3.put_object(Bucket=site.stack.photos_bucket, Key=key_of(site, again), Body=body)
    page.get_by_role("button", name="Delete for good: again.jpg").click()
    page.get_by_role("button", name="Yes, delete for good").click()
    job = page.get_by_role("region", name="Deleting photos for good")
    expect(job).to_contain_text("The photo is not in the trash any more.")
    assert versions(site, again) == (2, 1)
    assert page_errors == []


def test_the_message_stays_while_it_has_the_focus(
    page: Page, site: Site, page_errors: list[str]
) -> None:
    upload(site, "Focus", "one", "two")
    page.clock.install()
    open_album(page, "Focus")
    tile(page, "one.jpg").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Delete")
    undo = toast(page).get_by_role("button", name="Undo")
    undo.wait_for()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(undo).to_be_focused()
    page.clock.fast_forward(60_000)
    expect(undo).to_be_visible()
    page.locator("#content").focus()
    page.clock.fast_forward(11_000)
    expect(undo).to_have_count(0)
    assert page_errors == []


def test_without_versions_the_page_asks_and_has_no_trash(
    page: Page, site: Site, page_errors: list[str]
) -> None:
    (one,) = upload(site, "Asked", "one")
    configured(page, lambda config: config.pop("trash_days"))
    expect(page.get_by_role("link", name="Trash")).to_have_count(0)
    open_album(page, "Asked")
    tile(page, "one.jpg").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Delete")
    question = page.get_by_role("dialog", name="Delete 1 photo?")
    question.get_by_role("button", name="Keep").click()
    assert versions(site, one) == (1, 0)
    page.keyboard.press("Delete")
    question.get_by_role("button", name="Yes, delete").click()
    expect(page.locator("a.tile")).to_have_count(0)
    assert page_errors == []


def test_where_nobody_deletes_for_good_a_photo_is_restored_as_a_copy(
    page: Page, site: Site, page_errors: list[str]
) -> None:
    (one,) = upload(site, "Copy é", "a +b")
    before = site.stack.s3.get_object(Bucket=site.stack.photos_bucket, Key=key_of(site, one))
    configured(page, lambda config: config.update(delete_for_good=False))
    open_album(page, "Copy%20%C3%A9")
    tile(page, "a +b.jpg").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    toast(page).get_by_role("button", name="Undo").click()
    expect(toast(page)).to_contain_text("1 photo restored.")
    expect(tile(page, "a +b.jpg")).to_be_visible()
    assert versions(site, one) == (2, 1)
    after = site.stack.s3.get_object(Bucket=site.stack.photos_bucket, Key=key_of(site, one))
    assert after["Body"].read() == before["Body"].read()
    assert after["ContentType"] == before["ContentType"]

    site.stack.wait_until_idle()
    site.stack.s3.delete_object(Bucket=site.stack.photos_bucket, Key=key_of(site, one))
    site.stack.wait_until_idle()
    go(page, "#/trash")
    trashed(page, "a +b.jpg").wait_for()
    expect(page.get_by_role("button", name=re.compile("for good|Empty"))).to_have_count(0)
    assert page_errors == []


def test_the_accessibility_checker_finds_no_serious_problem_in_the_trash(
    page: Page, site: Site, page_errors: list[str]
) -> None:
    one, _, _ = upload(site, "Axe", "axe one", "two", "three")
    site.stack.s3.delete_object(Bucket=site.stack.photos_bucket, Key=key_of(site, one))
    site.stack.wait_until_idle()
    page.emulate_media(reduced_motion="reduce")
    found: list[str] = []

    def check() -> None:
        for size in SIZES.values():
            found.extend(serious_problems(page, (size,)))
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    open_album(page, "Axe")
    tile(page, "two.jpg").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Delete")
    toast(page).get_by_role("button", name="Undo").hover()
    check()
    go(page, "#/trash")
    trashed(page, "axe one.jpg").get_by_role("checkbox").check()
    page.get_by_role("button", name="Delete selected for good").click()
    check()
    assert found == []
    assert page_errors == []
