"""Links by which photos are shared with people without an account."""

from __future__ import annotations

import gzip
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

import photofiles as pf
from accessibility import serious_problems
from browsing import ACCESS_DENIED, ANY, catch_up, expect_soon, go, mark, open_page, photo
from web.test_text_size import FAULTS, set_text_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page, Response, Route, ViewportSize

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

ALBUM: Final = "Secret trip"
DESKTOP: Final[ViewportSize] = {"width": 1440, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
MAX_PAGE_BYTES: Final = 18_000  # compressed: 16 kB, without the session and the rest of the page
PRIVATE: Final = ("Paris", "France", "48.8", "Grace", "Taco", "one.jpg", "uploads", "Cat")
NOTHING: Final = "There is nothing behind this link"
HEBREW: Final = "חוף הים בתל אביב"


def told(title: str = "A surprise") -> bytes:
    """Return a JPEG with a title, a date, a place, a person and a camera."""
    block = pf.tiff_block(
        [pf.text(pf.MAKE, "Taco")],
        [pf.text(pf.DATE_TIME_ORIGINAL, "2021:08:14 09:31:00")],
        pf.gps(),
    )
    document = pf.xmp(
        f"<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>{title}</rdf:li></rdf:Alt></dc:title>"
        + pf.bag("Iptc4xmpExt:PersonInImage", "Grace"),
        "xmlns:Iptc4xmpExt='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'",
    )
    return pf.jpeg(exif=block, xmp=document, before=mark(), width_px=600, height_px=400)


@pytest.fixture(scope="module", autouse=True)
def photos(site: Site) -> None:
    owner = site.account.owner
    photos = {
        "one": told(),
        "two": photo(300, 500, "2021:08:15 09:31:00"),
        "three": photo(900, 300, "2021:08:16 09:31:00"),
    }
    for name, body in photos.items():
        site.stack.upload(f"uploads/{owner}/{ALBUM}/{name}.jpg", body)
    site.stack.wait_until_idle()


@pytest.fixture(autouse=True)
def nothing_is_shared(site: Site) -> None:
    for key in keys_of_shares(site):
        site.stack.s3.delete_object(Bucket=site.stack.shares_bucket, Key=key)


def shared(site: Site) -> dict[str, bytes]:
    """Return all objects of all shares."""
    s3, bucket = site.stack.s3, site.stack.shares_bucket
    return {
        key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys_of_shares(site)
    }


def keys_of_shares(site: Site) -> list[str]:
    """Return the keys of all objects of all shares, also while the page deletes some."""
    listed = site.stack.s3.list_objects_v2(Bucket=site.stack.shares_bucket)
    return [one["Key"] for one in listed.get("Contents", [])]


def manifest(site: Site) -> dict[str, Any]:
    [body] = (body for key, body in shared(site).items() if key.endswith("/share.json"))
    found: dict[str, Any] = json.loads(body)
    return found


def open_dialog(page: Page, album: str = ALBUM) -> Locator:
    go(page, f"#/albums/{album}")
    page.get_by_role("main").get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share photos")
    expect(dialog.get_by_text("3 photos" if album == ALBUM else "1 photo")).to_be_visible()
    return dialog


def share(
    page: Page, *allowed: str, days: int = 7, title: str = "For you", album: str = ALBUM
) -> str:
    """Share an album, and return the link."""
    dialog = open_dialog(page, album)
    dialog.get_by_label("Title of the share").fill(title)
    dialog.get_by_label("The link works for").select_option(str(days))
    for one in allowed:
        dialog.get_by_label(one).check()
    dialog.get_by_role("button", name="Create the link").click()
    ready = page.get_by_role("dialog", name="The link is ready.")
    link = ready.get_by_label("Link", exact=True)
    expect(link).to_be_focused()
    value = link.input_value()
    ready.get_by_role("button", name="Close").click()
    expect(page.get_by_role("main").get_by_role("button", name="Share")).to_be_focused()
    return value


@contextmanager
def stranger(
    browser: Browser, link: str, viewport: ViewportSize = DESKTOP, *, touch: bool = False
) -> Iterator[Page]:
    """Open a link in a browser without an account."""
    with browser.new_context(viewport=viewport, locale="en-GB", has_touch=touch) as context:
        page = context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        open_page(page, link)
        yield page
        assert problems == []


def test_who_has_the_link_sees_the_pictures_and_nothing_else(
    page: Page, page_errors: list[str], site: Site, browser: Browser
) -> None:
    link = share(page)

    with stranger(browser, "about:blank") as visitor:
        answers: list[Response] = []
        visitor.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  # not a built-in
        open_page(visitor, link)
        expect(visitor.get_by_role("heading", name="For you")).to_be_visible()
        expect(visitor.get_by_text("3 photos · The link works until")).to_be_visible()
        expect(visitor.locator(".pictures img")).to_have_count(3)
        visitor.wait_for_function("() => [...document.images].every((one) => one.naturalWidth > 0)")
        visitor.get_by_role("button", name="Photo 1 of 3").click()
        expect(visitor.get_by_role("dialog", name="Photo 1 of 3")).to_be_visible()
        text = visitor.locator("html").inner_html()
        catch_up(visitor)
        kinds = ("document", "script", "stylesheet")
        code = [one.body() for one in answers if one.request.resource_type in kinds]

    assert {one.url[: len(site.shares_url)] for one in answers} == {site.shares_url}
    assert len(code) >= 3
    assert sum(len(gzip.compress(one)) for one in code) < MAX_PAGE_BYTES
    files = shared(site)
    served = text + json.dumps(manifest(site)) + "".join(files)
    assert not [word for word in (*PRIVATE, ALBUM, "A surprise", "2021") if word in served]
    assert page_errors == []


def test_only_renditions_are_copied_without_metadata(page: Page, site: Site) -> None:
    share(page)

    s3, stack = site.stack.s3, site.stack
    derived = {
        s3.get_object(Bucket=stack.derived_bucket, Key=one["Key"])["Body"].read()
        for one in s3.list_objects_v2(Bucket=stack.derived_bucket)["Contents"]
    }
    files = {key: body for key, body in shared(site).items() if not key.endswith(".json")}
    assert len(files) == 6
    for key, body in files.items():
        head = s3.head_object(Bucket=stack.shares_bucket, Key=key)
        assert body in derived
        assert body[8:12] == b"WEBP"
        assert not [kind for kind in (b"EXIF", b"XMP ", b"Exif", b"GPS") if kind in body]
        assert head["ContentType"] == "image/webp"
        assert head["Metadata"] == {}


def test_what_the_person_allows_is_shown(page: Page, site: Site, browser: Browser) -> None:
    link = share(page, "Titles and descriptions", "Dates", "Places, in words", "Names of people")

    [first, *_] = manifest(site)["pictures"]
    with stranger(browser, link) as visitor:
        visitor.get_by_role("button", name="A surprise").click()
        caption = visitor.get_by_role("dialog", name="A surprise").locator(".caption")
        expect(caption).to_contain_text("14 August 2021 at 09:31")
        expect(caption).to_contain_text("Paris")
        expect(caption).to_contain_text("Grace")
    assert set(first) == {"thumb", "large", "title", "taken", "place", "people"}
    assert "48.8" not in json.dumps(first)


def test_text_of_twice_the_size_and_titles_from_right_to_left_are_neither_cut_nor_mixed(
    page: Page, site: Site, browser: Browser
) -> None:
    site.stack.upload(f"uploads/{site.account.owner}/Tel Aviv/one.jpg", told(HEBREW))
    site.stack.wait_until_idle()
    allowed = ("Titles and descriptions", "Dates", "Places, in words", "Names of people")
    link = share(page, *allowed, title=f"{HEBREW} {HEBREW}", album="Tel Aviv")
    faults: dict[str, list[str]] = {}

    with stranger(browser, link, PHONE) as visitor:
        session = visitor.context.new_cdp_session(visitor)
        set_text_size(visitor, session, 32)
        heading = visitor.get_by_role("heading", name=HEBREW)
        expect(heading).to_have_css("direction", "rtl")
        faults["pictures"] = visitor.evaluate(FAULTS)
        picture = visitor.get_by_role("button", name=HEBREW)
        label = picture.get_attribute("aria-label")
        picture.click()
        opened = visitor.get_by_role("dialog", name=HEBREW)
        expect(opened.get_by_role("heading", name=HEBREW)).to_have_css("direction", "rtl")
        expect(opened.get_by_text("14 August 2021 at 09:31")).to_have_css("direction", "ltr")
        faults["open"] = visitor.evaluate(FAULTS)
        visitor.goto(site_of(link))
        visitor.get_by_role("heading", name=NOTHING).wait_for()
        faults["nothing"] = visitor.evaluate(FAULTS)

    assert label == f"\u2068{HEBREW}\u2069, Photo 1 of 1"
    assert faults == {"pictures": [], "open": [], "nothing": []}


def test_a_link_cannot_be_guessed_and_is_the_owners(page: Page, site: Site) -> None:
    first, second = share(page), share(page, days=1)

    days, owner, name = first.removeprefix(f"{site.shares_url}/#").split("/")
    assert (days, owner) == ("7", site.account.owner)
    assert second.split("/")[-3:-1] == ["#1", owner]
    assert len(name) >= 22  # of 64 characters: 128 bits
    assert name != second.rsplit("/", 1)[-1]


def test_after_its_time_a_link_shows_nothing(page: Page, browser: Browser) -> None:
    link = share(page, days=1)

    with stranger(browser, "about:blank") as visitor:
        visitor.clock.install()
        open_page(visitor, link)
        expect(visitor.locator(".pictures img")).to_have_count(3)
        visitor.clock.fast_forward("22:00:00")
        expect(visitor.locator(".pictures img")).to_have_count(3)
        visitor.clock.fast_forward("02:00:00")  # the page is open meanwhile
        expect(visitor.get_by_role("heading", name=NOTHING)).to_be_visible()
        visitor.reload()
        expect(visitor.get_by_role("heading", name=NOTHING)).to_be_visible()
        expect(visitor.locator("img")).to_have_count(0)


def test_a_withdrawn_link_shows_the_same_as_one_that_never_was(
    page: Page, page_errors: list[str], site: Site, browser: Browser
) -> None:
    link = share(page)
    kept = share(page)
    picture = next(key for key in shared(site) if link.rsplit("/", 1)[-1] in key)

    go(page, "#/shares")
    row = page.get_by_role("main").locator(".shares > li", has=page.locator(f"[href='{link}']"))
    row.get_by_role("button", name="Withdraw For you").click()
    row.get_by_role("button", name="Yes, withdraw").click()
    expect(page.locator(".shares > li")).to_have_count(1)

    seen = []
    for one in (link, f"{link[:-3]}abc", f"{site.shares_url}/#nonsense", site.shares_url):
        with stranger(browser, one) as visitor:
            expect(visitor.get_by_role("heading", name=NOTHING)).to_be_visible()
            seen.append(visitor.get_by_role("main").inner_text())
    assert len(set(seen)) == 1
    with pytest.raises(HTTPError, match="404"):
        fetched(site, picture)
    with stranger(browser, kept) as visitor:
        expect(visitor.locator(".pictures img")).to_have_count(3)
    assert page_errors == []


def fetched(site: Site, key: str) -> dict[str, str]:
    """Return the headers of a shared file."""
    with urlopen(Request(f"{site.shares_url}/{key}"), timeout=10) as answer:  # noqa: S310  # ours
        return dict(answer.headers)


def test_a_photo_that_is_deleted_later_stays_in_the_share(
    page: Page, site: Site, browser: Browser
) -> None:
    key = f"uploads/{site.account.owner}/{ALBUM}/later.jpg"
    site.stack.upload(key, photo())
    site.stack.wait_until_idle()
    go(page, f"#/albums/{ALBUM}?photo={ALBUM}%2Flater.jpg")
    page.get_by_role("dialog").get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share photos")
    expect(dialog.get_by_text("a photo that you delete stays in the share")).to_be_visible()
    dialog.get_by_role("button", name="Create the link").click()
    link = page.get_by_role("dialog", name="The link is ready.").get_by_label("Link", exact=True)
    url = link.input_value()

    site.stack.s3.delete_object(Bucket=site.stack.photos_bucket, Key=key)
    site.stack.wait_until_idle()

    with stranger(browser, url) as visitor:
        visitor.wait_for_function("() => document.images[0]?.naturalWidth > 0")


def test_the_list_shows_a_picture_copies_the_link_and_deletes_what_has_expired(
    page: Page, site: Site
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link = share(page, days=90)
    share(page, days=1)
    [old] = (key for key in shared(site) if "/1/" in key and key.endswith(".json"))
    past = {**json.loads(shared(site)[old]), "expiresAt": "2020-01-01T00:00:00Z"}
    bucket = site.stack.shares_bucket
    site.stack.s3.put_object(Bucket=bucket, Key=old, Body=json.dumps(past).encode())

    go(page, "#/albums")
    page.get_by_role("link", name="Shared links").click()

    row = page.locator(".shares > li")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("For you")
    expect(row).to_contain_text("3 photos · until")
    page.wait_for_function("() => document.querySelector('.cover img')?.naturalWidth > 0")
    row.get_by_role("button", name="Copy the link").click()
    expect(row.get_by_role("status")).to_have_text("Copied")
    expect_soon(page, lambda: page.evaluate("navigator.clipboard.readText()"), link)
    page.wait_for_function("() => document.querySelectorAll('.shares > li').length === 1")
    expect_soon(page, lambda: [key for key in keys_of_shares(site) if "/1/" in key], [])


def test_a_copy_that_fails_leaves_nothing_and_can_be_tried_again(page: Page, site: Site) -> None:
    refused: list[str] = []

    def answer(route: Route) -> None:
        is_copy = "x-amz-copy-source" in route.request.headers
        if (
            route.request.method == "PUT"
            and is_copy
            and len(refused) < 1
            and "1-" in route.request.url
        ):
            refused.append(route.request.url)
            route.fulfill(status=403, headers=ANY, body=ACCESS_DENIED)
        else:
            route.continue_()

    page.route(f"**/{site.stack.shares_bucket}/**", answer)
    dialog = open_dialog(page)
    dialog.get_by_role("button", name="Create the link").click()
    expect(dialog.get_by_role("alert")).to_have_text("Access Denied")
    expect_soon(page, lambda: keys_of_shares(site), [])

    dialog.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("dialog", name="The link is ready.")).to_be_visible()
    assert len(shared(site)) == 7


def test_what_was_not_completed_is_listed_and_can_be_deleted(page: Page, site: Site) -> None:
    key = f"shares/30/{site.account.owner}/{'x' * 22}/0-thumb.webp"
    site.stack.s3.put_object(Bucket=site.stack.shares_bucket, Key=key, Body=b"left")

    go(page, "#/shares")
    expect(page.get_by_role("heading", name="Not complete")).to_be_visible()
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_role("button", name="Yes, withdraw").click()

    expect(page.get_by_text("You share nothing by a link.")).to_be_visible()
    assert shared(site) == {}


HOSTILE: Final = {
    "text/html": "<script>document.title = 'ran: ' + localStorage.length</script>",
    "image/svg+xml": (
        "<svg xmlns='http://www.w3.org/2000/svg'><script>document.title = 'ran'</script></svg>"
    ),
    "application/xhtml+xml": (
        "<html xmlns='http://www.w3.org/1999/xhtml'><script>document.title='ran'</script></html>"
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_document_that_a_user_puts_there_is_never_shown(
    page: Page, site: Site, browser: Browser, kind: str
) -> None:
    share(page)
    key = f"shares/7/{site.account.owner}/{'y' * 22}/trap"
    bucket, body = site.stack.shares_bucket, HOSTILE[kind].encode()
    site.stack.s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=kind)
    url = f"{site.shares_url}/{key}"

    with stranger(browser, site.shares_url) as visitor:
        with visitor.expect_download() as download:
            visitor.evaluate("url => { location.href = url }", url)
        assert download.value.url == url
        expect(visitor.get_by_role("heading", name=NOTHING)).to_be_visible()  # still there

        # The sandbox, in case that a browser shows it: without storage and without scripts.
        def shown(route: Route) -> None:
            answer = route.fetch()
            headers = {
                name: value
                for name, value in answer.headers.items()
                if name != "content-disposition"
            }
            route.fulfill(response=answer, headers=headers)

        visitor.route(url, shown)
        visitor.goto(url)
        assert not visitor.title().startswith("ran")
        assert visitor.evaluate("self.origin") == "null"


def test_shared_files_have_another_origin_than_the_gallery(site: Site, page: Page) -> None:
    """Scripts, workers and frames there reach neither the tokens nor the page."""
    share(page)
    headers = fetched(site, next(iter(shared(site))))

    assert site.shares_url != site.origin
    policy = headers["Content-Security-Policy"].split("; ")
    assert {"sandbox", "default-src 'none'", "frame-ancestors 'none'"} <= {*policy}
    assert headers["Content-Disposition"] == "attachment"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "private, max-age=300"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    gallery = page.evaluate(
        """async (url) => {
        const script = document.createElement("script");
        script.src = url;
        return new Promise((resolve) => {
            script.onload = () => resolve("ran");
            script.onerror = () => resolve("refused");
            document.head.append(script);
        });
    }""",
        f"{site.shares_url}/{next(iter(shared(site)))}",
    )
    assert gallery == "refused"


def test_the_page_says_nothing_to_others(site: Site) -> None:
    with urlopen(site.shares_url, timeout=10) as answer:  # noqa: S310  # ours
        headers, text = answer.headers, answer.read().decode()

    assert headers["Referrer-Policy"] == "no-referrer"
    assert 'name="robots" content="noindex' in text
    sources = dict(
        rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";")
    )
    assert {value.strip() for value in sources.values()} == {"'none'", "'self'"}


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_keys_and_buttons_go_through_the_photos_and_back_closes(
    page: Page, browser: Browser, size: ViewportSize
) -> None:
    link = share(page)

    with stranger(browser, link, size) as visitor:
        visitor.get_by_role("button", name="Photo 1 of 3").focus()
        visitor.keyboard.press("Enter")
        expect(visitor.get_by_role("dialog", name="Photo 1 of 3")).to_be_visible()
        expect(visitor.get_by_role("button", name="Previous photo")).to_be_hidden()
        visitor.keyboard.press("ArrowRight")
        visitor.get_by_role("button", name="Next photo").click()
        expect(visitor.get_by_role("dialog", name="Photo 3 of 3")).to_be_visible()
        expect(visitor.get_by_role("button", name="Next photo")).to_be_hidden()
        image = visitor.locator(".stage img.loaded")
        expect(image).to_be_visible()
        box = image.bounding_box()
        assert box is not None
        assert box["width"] / box["height"] == pytest.approx(3, rel=0.02)
        assert box["width"] <= size["width"]
        visitor.keyboard.press("Escape")
        expect(visitor.get_by_role("dialog")).to_have_count(0)
        expect(visitor.get_by_role("button", name="Photo 3 of 3")).to_be_focused()
        visitor.get_by_role("button", name="Photo 2 of 3").click()
        visitor.go_back()
        expect(visitor.get_by_role("dialog")).to_have_count(0)
        expect(visitor.get_by_role("heading", name="For you")).to_be_visible()
        width = visitor.evaluate("document.scrollingElement.scrollWidth")
        assert width <= size["width"]


def test_a_swipe_opens_the_next_photo(page: Page, browser: Browser) -> None:
    link = share(page)

    with stranger(browser, link, PHONE, touch=True) as visitor:
        visitor.get_by_role("button", name="Photo 1 of 3").tap()
        visitor.get_by_role("dialog", name="Photo 1 of 3").wait_for()
        session = visitor.context.new_cdp_session(visitor)
        for kind, x in (("touchStart", 340), ("touchMove", 200), ("touchMove", 60)):
            points = [{"x": x, "y": 300}]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

        expect(visitor.get_by_role("dialog", name="Photo 2 of 3")).to_be_visible()


def test_a_lost_connection_is_no_withdrawn_share(page: Page, browser: Browser) -> None:
    link = share(page)

    with stranger(browser, "about:blank") as visitor:
        visitor.route("**/share.json", lambda route: route.abort())
        open_page(visitor, link)
        expect(visitor.get_by_role("heading", name="could not be loaded")).to_be_visible()
        visitor.unroute("**/share.json")
        visitor.get_by_role("button", name="Try again").click()
        expect(visitor.locator(".pictures img")).to_have_count(3)


def test_without_shares_the_gallery_offers_none(visitor: Page, site: Site) -> None:
    def without(route: Route) -> None:
        config = route.fetch().json()
        del config["shares_bucket"], config["shares_url"]
        route.fulfill(json=config)

    visitor.route("**/config.json", without)
    visitor.reload()
    visitor.get_by_role("button", name="Sign in").click()
    visitor.get_by_role("button", name="Sign out").wait_for()
    go(visitor, f"#/albums/{ALBUM}")
    visitor.locator("a.tile").first.wait_for()

    expect(visitor.get_by_role("button", name="Share")).to_have_count(0)
    assert shared(site) == {}


def test_the_accessibility_checker_finds_no_serious_problem(page: Page, browser: Browser) -> None:
    found: dict[str, list[str]] = {}

    def check(view: str, one: Page) -> None:
        found[view] = serious_problems(one, (PHONE, DESKTOP))

    open_dialog(page)
    check("the dialog", page)
    page.keyboard.press("Escape")
    link = share(page, "Titles and descriptions", "Dates")
    go(page, "#/shares")
    page.locator(".shares > li").wait_for()
    check("the list of links", page)
    with stranger(browser, link) as visitor:
        visitor.locator(".pictures img").first.wait_for()
        check("the pictures", visitor)
        visitor.get_by_role("button", name="A surprise").click()
        visitor.get_by_role("dialog").wait_for()
        check("an open picture", visitor)
    with stranger(browser, site_of(link)) as visitor:
        visitor.get_by_role("heading", name=NOTHING).wait_for()
        check("nothing", visitor)
    assert {view: faults for view, faults in found.items() if faults} == {}


def site_of(link: str) -> str:
    """Return the URL of the page without a share."""
    return link.partition("#")[0]
