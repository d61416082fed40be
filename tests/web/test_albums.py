"""Albums in a real browser: new, renamed, in each other, with the cover that a person chooses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from accessibility import serious_problems
from browsing import ACCESS_DENIED, ANY, choose, expect_soon, go, photo, write
from web.test_text_size import FAULTS, USUAL_PX, set_text_size

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page, Route, ViewportSize

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

SIZES: tuple[ViewportSize, ...] = ({"width": 390, "height": 844}, {"width": 1440, "height": 900})
REMEMBERED = "Object.keys(localStorage).some((key) => key.startsWith('gallery.albums.'))"


def upload(site: Site, *paths: str, taken: str = "2021:08:14 09:31:00") -> None:
    for path in paths:
        site.stack.upload(f"uploads/{site.account.owner}/{path}", photo(320, 240, taken))
    site.stack.wait_until_idle()


def main(page: Page) -> Locator:
    return page.get_by_role("main")


def test_a_new_album_is_remembered_until_it_has_photos(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    go(page, "#/albums")
    page.get_by_role("button", name="New album").press("Enter")
    question = page.get_by_role("dialog", name="New album")
    expect(question.get_by_label("Name")).to_be_focused()
    expect(question.get_by_role("button", name="Create")).to_be_disabled()
    page.keyboard.type(" Summer / ../ Lake ")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Lake")).to_be_visible()
    expect(main(page).get_by_text("This album has no photos yet.")).to_be_visible()
    expect(main(page).get_by_text("only this browser knows it")).to_be_visible()
    page.reload()
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Summer").click()
    lake = main(page).get_by_role("link", name="Lake")
    expect(lake).to_contain_text("No photos yet")
    lake.click()
    choose(page, *write(tmp_path, swim=photo()))
    expect(page.locator("a.tile")).to_have_count(1)
    expect(main(page).get_by_text("This album has no photos yet.")).to_have_count(0)

    go(page, "#/albums")
    expect(main(page).get_by_role("link", name="Summer")).to_contain_text("1 photo · 1 album in it")
    expect_soon(page, lambda: page.evaluate(REMEMBERED), expected=False)
    assert page_errors == []


def test_an_empty_album_can_be_removed(page: Page) -> None:
    go(page, "#/albums")
    page.get_by_role("button", name="New album").click()
    page.get_by_role("dialog", name="New album").get_by_label("Name").fill("Mistake")
    page.keyboard.press("Enter")

    page.get_by_role("button", name="Remove the album").click()

    expect(page.get_by_role("heading", name="Albums", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="New album")).to_be_visible()
    expect(main(page).get_by_role("link", name="Mistake")).to_have_count(0)
    expect_soon(page, lambda: page.evaluate(REMEMBERED), expected=False)


def test_albums_are_in_each_other(page: Page, page_errors: list[str], site: Site) -> None:
    upload(site, "Nest/Outer/a.jpg", "Nest/Outer/Inner/b.jpg", "Nest/Outer/Inner/Deep/c.jpg")
    go(page, "#/albums")
    main(page).get_by_role("link", name="Nest").click()
    expect(page.get_by_text("The photos are in the albums above.")).to_be_visible()
    outer = main(page).get_by_role("link", name="Outer")
    expect(outer).to_contain_text("3 photos · 2 albums in it · Aug 2021")
    outer.click()
    expect(page.locator("a.tile")).to_have_count(1)
    main(page).get_by_role("link", name="Inner").click()
    main(page).get_by_role("link", name="Deep").click()

    expect(page.get_by_role("heading", name="Deep")).to_be_visible()
    crumbs = page.get_by_role("navigation", name="Breadcrumb").get_by_role("link")
    expect(crumbs).to_have_text(["Albums", "Nest", "Outer", "Inner"])
    crumbs.nth(2).click()
    expect(page.get_by_role("heading", name="Outer")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Deep")).to_be_visible()
    go(page, "#/albums/Nowhere")
    expect(page.get_by_text("There is no album “Nowhere”, or it has no photos.")).to_be_visible()
    assert page_errors == []


def test_a_renamed_album_has_all_photos_and_albums_of_the_old_one(
    page: Page, page_errors: list[str], site: Site
) -> None:
    paths = [*(f"Wrong/{number}.jpg" for number in range(5)), "Wrong/In it/a.jpg", "Wronger/b.jpg"]
    upload(site, *paths)
    go(page, "#/albums/Wrong")
    expect(page.locator("a.tile")).to_have_count(5)
    page.get_by_role("button", name="Rename").click()
    question = page.get_by_role("dialog", name="Rename the album")
    expect(question).to_contain_text("6 photos in 2 albums will be moved")
    name = question.get_by_label("Name")
    expect(name).to_be_focused()
    expect(question.get_by_role("button", name="Move 6 photos")).to_be_disabled()
    name.fill("Wronger")
    expect(question).to_contain_text("There is an album “Wronger”. Its photos stay")
    name.fill("Right/Place")
    name.press("Enter")

    moves = page.get_by_role("region", name="Moves")
    expect(moves.get_by_text("6 photos moved")).to_be_visible()
    expect(page.get_by_role("heading", name="Place")).to_be_visible()
    expect(page.locator("a.tile")).to_have_count(5)
    expect(main(page).get_by_role("link", name="In it")).to_contain_text("1 photo")
    site.stack.wait_until_idle()
    page.reload()
    expect(page.locator("a.tile")).to_have_count(5)
    go(page, "#/albums")
    expect(main(page).get_by_role("link", name="Right")).to_contain_text("6 photos · 2 albums")
    expect(main(page).get_by_role("link", name="Wrong", exact=False)).to_have_count(1)
    expect(main(page).get_by_role("link", name="Wronger")).to_contain_text("1 photo")
    assert page_errors == []


def test_the_chosen_cover_is_shown_as_long_as_it_is_there(
    page: Page, page_errors: list[str], site: Site
) -> None:
    upload(site, "Cover/old.jpg", taken="2011:08:14 09:31:00")
    upload(site, "Cover/new.jpg")
    go(page, "#/albums")
    album = main(page).get_by_role("link", name="Cover")
    expect(album).to_contain_text("2021")
    go(page, "#/albums/Cover?photo=Cover%2Fold.jpg")
    page.get_by_role("dialog").get_by_role("button", name="Use as album cover").click()
    expect(page.get_by_text("This photo is the cover of its album.")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("dialog.photo").wait_for(state="detached")

    go(page, "#/albums")

    expect(album).to_contain_text("2011")
    expect(album.locator("img.loaded")).to_be_visible()
    page.get_by_role("link", name="Cover").click()
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Covered")
    expect(page.get_by_role("dialog")).to_contain_text("2 photos will be moved")  # or merged
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 photos moved")).to_be_visible()
    site.stack.wait_until_idle()
    go(page, "#/albums")
    renamed = main(page).get_by_role("link", name="Covered")
    expect(renamed).to_contain_text("2011")
    key = f"uploads/{site.account.owner}/Covered/old.jpg"
    site.stack.s3.delete_object(Bucket=site.stack.photos_bucket, Key=key)
    site.stack.wait_until_idle()
    page.reload()
    expect(renamed).to_contain_text("2021")
    assert page_errors == []


def test_a_new_name_is_not_lost_if_the_person_is_faster_than_the_counts(
    page: Page, site: Site
) -> None:
    upload(site, "Slow/a.jpg")
    go(page, "#/albums/Slow")
    page.locator("a.tile").wait_for()
    held: list[Route] = []
    is_slow = True

    def hold(route: Route) -> None:
        if is_slow and "album#" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.fallback()

    page.route(f"{site.stack.endpoint_url}/", hold)
    page.get_by_role("button", name="Rename").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Fast")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name="Rename the album")).to_be_disabled()
    is_slow = False
    for route in held:
        route.continue_()

    expect(page.get_by_text("1 photo moved")).to_be_visible()


def refuse_deletions(route: Route) -> None:
    if route.request.method == "DELETE":
        route.fulfill(status=403, body=ACCESS_DENIED, headers=ANY)
    else:
        route.fallback()


def test_albums_and_moves_are_accessible_and_may_have_text_of_twice_the_size(
    page: Page, site: Site
) -> None:
    upload(site, "Axe/a.jpg", "Axe/In it/b.jpg")
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    session = page.context.new_cdp_session(page)
    found: dict[str, list[str]] = {}

    def check(view: str) -> None:
        found[view] = serious_problems(page, SIZES)
        page.set_viewport_size(SIZES[0])
        for px in (2 * USUAL_PX, USUAL_PX):
            set_text_size(page, session, px)
            found[view] += page.evaluate(FAULTS)

    go(page, "#/albums")
    page.locator(".albums .name").first.wait_for()
    page.get_by_role("button", name="New album").click()
    check("new album")
    page.get_by_role("dialog").get_by_label("Name").fill("Axe/Empty")
    page.keyboard.press("Enter")
    page.get_by_text("This album has no photos yet.").wait_for()
    check("empty album")
    go(page, "#/albums/Axe")
    page.locator("a.tile .loaded").first.wait_for()
    check("album")
    page.get_by_role("button", name="Rename").click()
    page.get_by_text("2 photos in 2 albums").wait_for()
    check("rename")
    page.keyboard.press("Escape")
    page.locator("a.tile").click()
    page.get_by_role("button", name="Move to an album").click()
    question = page.get_by_role("dialog", name="Move 1 photo to an album")
    question.locator(".choices button").nth(1).wait_for()
    check("move")
    page.route(re.compile("/uploads/.*/Axe"), refuse_deletions)
    question.get_by_label("Find an album").fill("Axe/In it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_text("Access Denied")).to_be_visible()
    check("failed move of an open photo")
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Moves").get_by_text("Access Denied")).to_be_visible()
    check("failed move")

    assert {view: problems for view, problems in found.items() if problems} == {}
    assert len(found) == 7
