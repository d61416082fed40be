"""Uploads in a real browser: refused, interrupted, resumed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from browsing import catch_up, choose, drop, expect_soon, photo, write

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Dialog, Page, Request, Route

pytest.importorskip("playwright")
from playwright.sync_api import expect

UNTIL_REMEMBERED = """async () => {
    const isRemembered = (key) => key.startsWith("gallery.uploads.");
    while (!Object.keys(localStorage).some(isRemembered)) await new Promise(requestAnimationFrame);
}"""


def hold(page: Page, name: str) -> list[Route]:
    """Let uploads with this name in their key wait; return their routes as they come."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(re.compile(f"/uploads/.*{name}"), keep)
    return held


def test_a_refused_upload_stays_refused_while_the_next_one_goes_up(
    page: Page, tmp_path: Path
) -> None:
    (same,) = write(tmp_path, same=photo())
    (other,) = write(tmp_path / "new", same=photo(100, 200))
    (following,) = write(tmp_path, following=photo(200, 100))
    choose(page, same, album="Refused")
    item = page.locator(".item")
    expect(item).to_contain_text("Ready after")
    choose(page, other)
    refused = "The album already has a photo of this name."
    expect(item.nth(1)).to_contain_text(refused)

    choose(page, following)

    expect(item.nth(2)).to_contain_text("Ready after")
    expect(item.nth(1)).to_contain_text(refused)
    item.nth(1).get_by_role("button", name="Keep both").click()
    expect(item.nth(1)).to_contain_text("Ready after")


def test_each_upload_shows_its_own_progress(page: Page, tmp_path: Path) -> None:
    held = hold(page, "slow")

    choose(page, *write(tmp_path, slow=photo(), quick=photo(100, 200)), album="Progress")

    item = page.locator(".item")
    expect(item.filter(has_text="quick.jpg")).to_contain_text("Ready after")
    expect(item.filter(has_text="slow.jpg")).to_contain_text("Uploading, 0 %")
    expect_soon(page, lambda: len(held), 1)
    for route in held:
        route.continue_()
    expect(item.filter(has_text="slow.jpg")).to_contain_text("Ready after")


def test_a_canceled_upload_does_not_arrive(page: Page, tmp_path: Path) -> None:
    hold(page, "unwanted")
    with page.expect_request(lambda request: "unwanted" in request.url):
        choose(page, *write(tmp_path, unwanted=photo()), album="Canceled")
    item = page.locator(".item")
    expect(item).to_contain_text("Uploading, 0 %")
    with page.expect_event("requestfailed", lambda request: "unwanted" in request.url):
        item.get_by_role("button", name="Cancel").click()

    expect(item).to_contain_text("Canceled")


def sent(page: Page) -> list[str]:
    """Return the file names of all uploads from now on, as they are sent."""
    names: list[str] = []

    def note(request: Request) -> None:
        if request.method == "PUT":
            names.append(request.url.partition("?")[0].rpartition("/")[2])

    page.on("request", note)
    return names


def accept_dialogs(page: Page) -> list[str]:
    """Accept the browser's dialogs; return their types as they come."""
    types: list[str] = []

    def accept(dialog: Dialog) -> None:
        types.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    return types


def test_a_folder_goes_on_where_a_reload_stopped_it(page: Page, tmp_path: Path) -> None:
    asked = accept_dialogs(page)
    held = hold(page, "c.jpg")
    write(tmp_path / "Trip", a=photo(), b=photo(300, 200), c=photo(200, 300))
    drop(page, tmp_path / "Trip")
    expect(page.get_by_text("2 of 3 photos ready, 1 in progress")).to_be_visible()
    expect_soon(page, lambda: len(held), 1)

    page.reload()

    assert asked == ["beforeunload"]
    uploads = page.get_by_role("complementary", name="Uploads")
    expect(uploads.get_by_text("1 of 3 photos was not sent")).to_be_visible()
    expect(uploads.get_by_text("Inbox/Trip/c.jpg")).to_be_visible()
    page.unroute_all()
    names = sent(page)
    drop(page, tmp_path / "Trip")
    expect(page.get_by_text("3 of 3 photos ready (2 not sent again)")).to_be_visible()
    expect(uploads.get_by_role("region", name="Interrupted uploads")).to_have_count(0)
    catch_up(page)
    assert names == ["c.jpg"]
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    expect(uploads).to_be_hidden()
    assert asked == ["beforeunload"]


def test_a_sign_out_in_mid_upload_asks_and_remembers(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    hold(page, "later")
    with page.expect_request(lambda request: "later" in request.url):
        choose(page, *write(tmp_path, later=photo(210, 300)), album="Signed out")
    expect(page.locator(".item")).to_contain_text("Uploading, 0 %")

    page.get_by_role("button", name="Sign out").click()

    question = page.get_by_role("dialog")
    expect(question).to_contain_text("1 photo has not been sent.")
    question.get_by_role("button", name="Stay").click()
    expect(page.locator(".item")).to_contain_text("Uploading, 0 %")
    page.get_by_role("button", name="Sign out").click()
    with page.expect_event("requestfailed", lambda request: "later" in request.url):
        question.get_by_role("button", name="Sign out").click()
    page.unroute_all()
    page.get_by_role("button", name="Sign in").click()
    uploads = page.get_by_role("complementary", name="Uploads")
    expect(uploads.get_by_text("1 of 1 photo was not sent")).to_be_visible()
    expect(uploads.get_by_label("Album", exact=True)).to_have_value("Signed out")
    uploads.get_by_role("button", name="Forget").click()
    expect(uploads.get_by_role("region", name="Interrupted uploads")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    expect(uploads).to_be_hidden()
    assert page_errors == []


def test_another_tab_does_not_take_over_what_this_one_uploads(page: Page, tmp_path: Path) -> None:
    hold(page, "first")
    choose(page, *write(tmp_path, first=photo(220, 300)), album="Tabs")
    expect(page.locator(".item")).to_contain_text("Uploading, 0 %")
    page.evaluate(UNTIL_REMEMBERED)

    with page.expect_popup() as opened:
        page.evaluate("open(location.href)")  # with the session of this tab

    other = opened.value
    expect(other.get_by_role("button", name="Sign out")).to_be_visible()
    expect(other.get_by_role("complementary", name="Uploads")).to_be_hidden()


def test_an_upload_of_which_the_answer_was_lost_is_not_refused(page: Page, tmp_path: Path) -> None:
    lost: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method == "PUT" and not lost:
            lost.append(route.request.url)
            route.fetch()
            route.abort()
        else:
            route.fallback()

    page.route(re.compile("/uploads/.*answered"), lose)

    choose(page, *write(tmp_path, answered=photo(230, 300)), album="Answers")

    expect(page.locator(".item")).to_contain_text("The album has this photo")
    expect(page.get_by_text("1 of 1 photo ready")).to_be_visible()
    assert lost


def test_a_chosen_folder_says_what_it_leaves_out_before_anything_is_sent(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    synology, mac = tmp_path / "Walk" / "@eaDir" / "a.jpg", tmp_path / "Walk" / ".thumbnails"
    write(tmp_path / "Walk", a=photo(240, 300))
    write(synology, SYNOFILE_THUMB_XL=photo(241, 300))
    write(mac, a=photo(242, 300))
    for name in ("film.MOV", "short.mp4", "a.xmp"):
        (tmp_path / "Walk" / name).write_bytes(b"x")
    names = sent(page)
    page.get_by_role("button", name="Add photos").click()
    uploads = page.get_by_role("complementary", name="Uploads")

    uploads.get_by_label("Folder", exact=True).set_input_files(tmp_path / "Walk")

    question = page.get_by_role("group", name="Upload 1 photo into Inbox?")
    expect(question).to_contain_text("2 videos: the gallery has photos only")
    expect(question).to_contain_text("1 sidecar file: metadata beside photos is not read")
    expect(question).to_contain_text("hidden or system files and folders")
    question.get_by_text("Names").first.click()
    expect(question.get_by_text("Walk/film.MOV")).to_be_visible()
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_have_count(0)
    catch_up(page)
    assert names == []

    uploads.get_by_label("Folder", exact=True).set_input_files(tmp_path / "Walk")
    question.get_by_role("button", name="Upload 1 photo").click()
    expect(page.get_by_text("1 of 1 photo ready")).to_be_visible()
    expect(uploads.get_by_text("5 files and folders were left out")).to_be_visible()
    catch_up(page)
    assert names == ["a.jpg"]
    assert page_errors == []


def test_a_folder_without_photos_is_not_silent(page: Page, tmp_path: Path) -> None:
    (tmp_path / "Films").mkdir()
    (tmp_path / "Films" / "film.mp4").write_bytes(b"x")

    drop(page, tmp_path / "Films")

    question = page.get_by_role("group", name="There is no photo to upload.")
    expect(question).to_contain_text("1 video")
    question.get_by_role("button", name="Close").click()
    expect(question).to_have_count(0)


def is_by_content(request: Request) -> bool:
    return request.method == "POST" and '"by_content"' in (request.post_data or "")


def asked(page: Page) -> list[str]:
    """Return the queries by content and the reads of rows from now on, as they are sent."""
    operations: list[str] = []

    def note(request: Request) -> None:
        target = request.headers.get("x-amz-target", "").rpartition(".")[2]
        if target == "GetItem" or is_by_content(request):
            operations.append(target)

    page.on("request", note)
    return operations


def test_a_photo_that_is_in_another_album_under_another_name_is_not_sent(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    body = photo(270, 300)
    first, other, new = write(tmp_path, IMG_1=body, other=body, new=photo(271, 300))
    operations = asked(page)
    choose(page, first, album="Holidays/Trip")
    item = page.locator(".item")
    expect(item).to_contain_text("Ready after")
    catch_up(page)
    assert operations.count("Query") == 1  # no photo has as many bytes
    assert operations[0] == "Query"  # and then its row is read until it is READY
    names = sent(page)
    operations.clear()

    choose(page, other, album="Copies")

    elsewhere = item.filter(has_text="other.jpg")
    expect(elsewhere).to_contain_text("Already in album Holidays / Trip as IMG_1.jpg")
    expect(page.get_by_text("2 of 2 photos ready (1 not sent again)")).to_be_visible()
    catch_up(page)
    assert (names, operations) == ([], ["Query", "Query", "GetItem"])
    elsewhere.get_by_role("link", name="album Holidays / Trip as IMG_1.jpg").click()
    expect(page.get_by_role("dialog", name="IMG_1.jpg")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Trip", exact=True)).to_be_visible()
    page.go_back()

    elsewhere.get_by_role("button", name="Upload anyway: other.jpg").click()

    expect(elsewhere).to_contain_text("Ready after")
    catch_up(page)
    assert names == ["other.jpg"]
    choose(page, new, album="Copies")  # of other bytes: it is sent
    expect(item.filter(has_text="new.jpg")).to_contain_text("Ready after")
    catch_up(page)
    assert names == ["other.jpg", "new.jpg"]
    assert page_errors == []


def test_many_photos_that_are_elsewhere_are_sent_by_one_click(page: Page, tmp_path: Path) -> None:
    bodies = {"a": photo(272, 300), "b": photo(273, 300)}
    choose(page, *write(tmp_path, **bodies), album="Once")
    expect(page.get_by_text("2 of 2 photos ready")).to_be_visible()
    names = sent(page)
    again = write(tmp_path / "again", **{f"{name} again": body for name, body in bodies.items()})
    choose(page, *again, album="Twice")
    expect(page.get_by_text("4 of 4 photos ready (2 not sent again)")).to_be_visible()
    catch_up(page)
    assert names == []

    page.get_by_role("button", name="Upload all anyway").click()

    expect(page.locator(".item.ready")).to_have_count(4)
    catch_up(page)
    assert sorted(names) == ["a%20again.jpg", "b%20again.jpg"]


def test_a_photo_is_sent_if_the_index_may_not_be_asked(page: Page, tmp_path: Path) -> None:
    """The page may be newer than the permissions of its users."""
    body = photo(274, 300)
    first, second = write(tmp_path, first=body, second=body)
    choose(page, first, album="Older")
    expect(page.locator(".item")).to_contain_text("Ready after")
    names = sent(page)

    def refuse(route: Route) -> None:
        if not is_by_content(route.request):
            route.fallback()
            return
        kind = "com.amazon.coral.service#AccessDeniedException"
        origin = route.request.headers["origin"]
        headers = {"Access-Control-Allow-Origin": origin}
        route.fulfill(status=400, headers=headers, json={"__type": kind, "message": "denied"})

    page.route("**/*", refuse)

    choose(page, second, album="Older")

    expect(page.locator(".item").filter(has_text="second.jpg")).to_contain_text("Ready after")
    catch_up(page)
    assert names == ["second.jpg"]
