"""In a gallery that has adopted a bucket, the page offers no change of photos, and says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from browsing import drop, go, photo, write
from local.functions import InProcess
from local.site import gallery
from shared.keys import Layout
from web.conftest import Cats

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

LAYOUT = Layout("private/")  # as the storage of AWS Amplify has it: private/<identity ID>/…
WHY = "This gallery only reads its photos: they cannot be added, moved or deleted here."


@pytest.fixture(scope="module")
def site(dist: Path) -> Iterator[Site]:
    """Serve a gallery that has adopted a bucket with one photo, without versions or CORS."""
    with gallery(functions=InProcess(), labeler=Cats(), dist=dist, layout=LAYOUT) as running:
        s3, bucket = running.stack.s3, running.stack.photos_bucket
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        key = f"private/{running.account.owner}/Trip/taco.jpg"
        s3.put_object(Bucket=bucket, Key=key, Body=photo())
        running.stack.wait_until_idle()
        yield running


def test_photos_are_neither_added_moved_nor_deleted(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    expect(page.locator("a.tile")).to_have_count(1)
    expect(page.get_by_role("button", name="Add photos")).to_have_count(0)
    expect(page.get_by_role("link", name="Trash")).to_have_count(0)
    drop(page, *write(tmp_path, other=photo()))
    expect(page.get_by_text(WHY).filter(visible=True)).to_have_count(1)
    expect(page.get_by_role("complementary", name="Uploads")).to_have_count(0)

    page.locator("a.tile").focus()
    page.keyboard.press("Control+a")
    bar = page.get_by_role("toolbar", name="Selection")
    expect(bar.get_by_role("button", name="Share")).to_be_visible()
    expect(bar.get_by_role("button", name="Edit keywords")).to_be_visible()
    for name in ("Move to album", "Delete"):
        expect(bar.get_by_role("button", name=name)).to_have_count(0)
    page.keyboard.press("Delete")
    expect(page.locator("a.tile")).to_have_count(1)
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Escape")

    go(page, "#/albums")
    expect(page.get_by_role("main").get_by_role("link", name="Trip")).to_be_visible()
    expect(page.get_by_role("button", name="New album")).to_have_count(0)
    page.get_by_role("main").get_by_role("link", name="Trip").click()
    expect(page.get_by_role("heading", name="Trip")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button", name="Share")).to_be_visible()
    expect(page.get_by_role("button", name="Rename")).to_have_count(0)
    assert page_errors == []


def test_an_open_photo_is_edited_and_downloaded_without_cors(
    page: Page, page_errors: list[str]
) -> None:
    page.locator("a.tile").click()
    opened = page.get_by_role("dialog")
    expect(opened.get_by_text(WHY)).to_be_visible()
    for name in ("Delete", "Move to an album"):
        expect(opened.get_by_role("button", name=name)).to_have_count(0)
    expect(opened.get_by_role("button", name="Use as album cover")).to_be_visible()
    with page.expect_download() as download:
        opened.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "taco.jpg"

    opened.get_by_role("button", name="Edit", exact=True).click()
    opened.get_by_label("Title").fill("Lunch")
    opened.get_by_role("button", name="Save").click()
    expect(opened.get_by_role("heading", name="Lunch")).to_be_visible()
    assert page_errors == []
