"""Search: one field for terms of all kinds, chips, and an address for each search."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

import photofiles as pf
from accessibility import serious_problems
from browsing import catch_up, choose, expect_soon, go, open_page, photo, write
from shared.keys import album_prefix, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page, Request, Route, ViewportSize

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

DESKTOP: Final[ViewportSize] = {"width": 1440, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
TRIP = "Trips/Algarve"
MANY = 5000
HEBREW = "חוף הים"
MAX_REQUESTS_OF_A_TYPED_TEXT = 26  # a few small queries of each of eight kinds, and two of counts


class Made(NamedTuple):
    """A photo that is written directly into the table."""

    path: str
    time: str
    terms: Sequence[str]  # <kind>#<text as it is written>

    @property
    def end(self) -> str:
        """Return how all of its range keys end."""
        return f"{self.time}#{digest(self.path)}"


LAGOS = ("city#Lagos", "region#Faro", "country#Portugal")
PHOTOS = [
    Made(
        f"{TRIP}/beach.jpg",
        "2018-08-14T09:31:00",
        ["label#dog", "label#beach", "person#Ada", *LAGOS],
    ),
    Made(
        f"{TRIP}/waves.jpg",
        "2018-08-15T10:00:00",
        ["label#beach", "word#dog", "word#waves", *LAGOS],
    ),
    Made(f"{TRIP}/old.jpg", "2016-04-09T14:08:13", ["label#dog", "camera#Canon EOS 5D", *LAGOS]),
    Made(
        "Home/dog.jpg",
        "2019-05-01T08:00:00",
        ["label#dog", "keyword#Hot dog", "city#Berlin", "region#Berlin"],
    ),
    Made(
        "Home/cat.jpg",
        "2019-05-02T08:00:00",
        ["label#kitten", f"keyword#{HEBREW}", "country#Germany"],
    ),
    Made("Home/new.jpg", "2021-01-01T00:00:00", ["label#dog", "country#Portugal"]),
]
COUNTS = {
    "album": {TRIP: 3, "Home": 3},
    "month": {"2018-08": 2, "2016-04": 1, "2019-05": 2, "2021-01": 1},
}


def size() -> dict[str, Any]:
    return {"width_px": {"N": "400"}, "height_px": {"N": "300"}}


def rows_of(owner: str, made: Made, thumb: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a photo, and of its terms."""
    album = made.path.rpartition("/")[0]
    yield {
        "sk": {"S": f"photo#{made.path}"},
        "key": {"S": f"uploads/{owner}/{made.path}"},
        "status": {"S": "READY"},
        "sort_time": {"S": made.time},
        "time_key": {"S": f"time#{made.end}"},
        "album_key": {"S": f"{album_prefix(album)}#{made.end}"},
        "renditions": {"M": {"thumb": thumb, "large": thumb}},
        **size(),
    }
    for term in made.terms:
        kind, _, text = term.partition("#")
        folded = text.casefold()
        yield {
            "sk": {"S": f"{kind}#{folded}#{made.end}"},
            "photo": {"S": f"photo#{made.path}"},
            "thumb": thumb,
            **({} if text == folded else {"text": {"S": text}}),
            **size(),
        }


def write_rows(site: Site, photos: Iterable[Made], counts: dict[str, dict[str, int]]) -> None:
    """Write photos and counts directly into the table, all photos with the same rendition."""
    stack, owner = site.stack, site.account.owner
    buffer = io.BytesIO()
    pf.picture(400, 300).save(buffer, "WEBP")
    key = f"{owner}/shared/shared/thumb.webp"
    stack.s3.put_object(Bucket=stack.derived_bucket, Key=key, Body=buffer.getvalue())
    thumb = {"M": {"key": {"S": key}, **size()}}
    rows = [row for made in photos for row in rows_of(owner, made, thumb)]
    for album, number in counts["album"].items():
        sk = f"album#{album_prefix(album)}#0"
        rows.append({"sk": {"S": sk}, "album": {"S": album}, "photos": {"N": str(number)}})
    for month, number in counts["month"].items():
        rows.append({"sk": {"S": f"month#{month}#0"}, "photos": {"N": str(number)}})
    for start in range(0, len(rows), 25):
        batch: Any = [
            {"PutRequest": {"Item": {"pk": {"S": owner}, **row}}}
            for row in rows[start : start + 25]
        ]
        stack.dynamodb.batch_write_item(RequestItems={stack.table: batch})


@pytest.fixture(scope="module", autouse=True)
def photos(site: Site) -> None:
    write_rows(site, PHOTOS, COUNTS)


def box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Find photos")


def chips(page: Page) -> Locator:
    return page.get_by_role("search").get_by_role("button", name="Remove")


def options(page: Page) -> Locator:
    return page.get_by_role("option")


def expect_photos(page: Page, *names: str) -> None:
    """Expect these photos, in this order."""
    tiles = page.locator("a.tile")
    expect(tiles).to_have_count(len(names))
    for index, name in enumerate(names):
        expect(tiles.nth(index)).to_have_attribute("href", re.compile(f"{name}.jpg$"))


def queries(page: Page) -> list[dict[str, Any]]:
    """Return a list that is filled with the queries of the page."""
    asked: list[dict[str, Any]] = []

    def record(request: Request) -> None:
        if request.headers.get("x-amz-target") == "DynamoDB_20120810.Query":
            asked.append(json.loads(request.post_data or ""))

    page.on("request", record)
    return asked


def test_terms_of_all_kinds_are_combined_in_one_field(page: Page, page_errors: list[str]) -> None:
    go(page, "#/search")
    box(page).press_sequentially("port")
    expect(options(page)).to_have_text(["Portugal Country"])
    box(page).press("ArrowDown")
    expect(options(page)).to_have_attribute("aria-selected", "true")
    box(page).press("Enter")
    expect_photos(page, "new", "waves", "beach", "old")
    expect(box(page)).to_be_focused()
    expect(box(page)).to_have_value("")

    box(page).press_sequentially("do")
    expect(options(page)).to_have_text(["Dog Label", "Dog Word"])
    options(page).first.click()
    expect_photos(page, "new", "beach", "old")
    box(page).press_sequentially("2019")
    expect(options(page)).to_have_text(
        ["2019 Period · 2 photos", "before 2019 Period · 3 photos", "after 2019 Period · 1 photo"]
    )
    box(page).press("ArrowDown")
    box(page).press("ArrowDown")
    box(page).press("Enter")
    expect_photos(page, "beach", "old")
    box(page).press_sequentially("alg")
    expect(options(page)).to_have_text(["Trips / Algarve Album · 3 photos"])
    options(page).click()
    box(page).press_sequentially("ada")
    options(page).filter(has_text="Person").click()
    expect_photos(page, "beach")

    expect(chips(page)).to_have_text(["Portugal", "Dog", "before 2019", "Trips / Algarve", "Ada"])
    address = page.evaluate("location.hash")
    assert address == (
        "#/search?country=Portugal&label=dog&before=2019&album=Trips%2FAlgarve&person=Ada"
    )
    expect(page).to_have_title("Portugal, dog, 2019, Trips/Algarve, Ada · Search · Gallery")
    page.reload()
    expect_photos(page, "beach")
    expect(chips(page)).to_have_text(["Portugal", "Dog", "before 2019", "Trips / Algarve", "Ada"])
    page.go_back()
    expect(chips(page)).to_have_count(4)
    page.go_back()
    page.go_back()
    expect(chips(page)).to_have_text(["Portugal", "Dog"])
    expect_photos(page, "new", "beach", "old")
    page.go_forward()
    expect_photos(page, "beach", "old")
    assert page_errors == []


def test_chips_are_removed_by_click_and_by_keys(page: Page, page_errors: list[str]) -> None:
    go(page, "#/search?label=dog&place=Lagos&before=2020&in=2018")
    expect_photos(page, "beach")
    page.get_by_role("button", name="Remove Lagos (Place)").click()
    expect(chips(page)).to_have_text(["Dog", "before 2020", "2018"])
    expect(chips(page).nth(1)).to_be_focused()  # the next one
    page.keyboard.press("Delete")
    expect(chips(page)).to_have_text(["Dog", "2018"])
    expect(chips(page).nth(1)).to_be_focused()
    page.keyboard.press("Backspace")
    expect(chips(page)).to_have_text(["Dog"])
    expect_photos(page, "new", "dog", "beach", "old")
    expect(page.locator("p[role=status]").filter(has_text="Removed: 2018")).to_have_count(1)

    box(page).press_sequentially("b")
    box(page).press("Backspace")
    expect(chips(page)).to_have_count(1)  # only the letter
    box(page).press("Backspace")

    expect(chips(page)).to_have_count(0)
    expect(box(page)).to_be_focused()
    expect(page.get_by_role("heading", name="Labels")).to_be_visible()
    expect_soon(page, lambda: page.evaluate("location.hash"), "#/search")
    page.go_back()
    expect(chips(page)).to_have_text(["Dog"])
    assert page_errors == []


def test_a_text_without_a_choice_is_a_term_of_any_kind(page: Page) -> None:
    go(page, "#/search")
    box(page).fill("dog")
    box(page).press("Enter")
    expect_photos(page, "new", "dog", "waves", "beach", "old")  # a word of one, a label of others
    page.get_by_role("button", name="Remove dog (Anywhere)").click()
    expect(chips(page)).to_have_count(0)

    box(page).fill("hot DOG")
    box(page).press("Enter")
    expect(chips(page)).to_have_text(["hot DOG"])  # a photo has this keyword
    expect_photos(page, "dog")
    chips(page).click()
    expect(chips(page)).to_have_count(0)

    box(page).fill("beach dog before 2019")
    box(page).press("Enter")
    expect(chips(page)).to_have_text(["beach", "dog", "before 2019"])
    expect_photos(page, "waves", "beach")
    box(page).fill("BEACH")
    box(page).press("Enter")
    expect(box(page)).to_have_value("")
    expect(chips(page)).to_have_count(3)  # each once


def test_the_list_of_suggestions_closes_and_opens_by_keys(page: Page) -> None:
    go(page, "#/search")
    box(page).press_sequentially("berl")
    expect(options(page)).to_have_text(["Berlin Place"])  # a city and a region
    expect(page.locator("p[role=status]").filter(has_text="1 suggestion")).to_have_count(1)
    expect(box(page)).to_have_attribute("aria-expanded", "true")
    box(page).press("Escape")
    expect(box(page)).to_have_attribute("aria-expanded", "false")
    expect(options(page)).to_have_count(0)
    expect(box(page)).to_have_value("berl")

    box(page).press("ArrowUp")

    expect(options(page)).to_have_attribute("aria-selected", "true")
    expect(box(page)).to_have_attribute("aria-activedescendant", "suggestion-0")
    box(page).press("Escape")
    box(page).press("Escape")
    expect(box(page)).to_have_value("")
    expect_soon(page, lambda: page.evaluate("location.hash"), "#/search")


def test_suggestions_for_an_earlier_text_are_not_shown(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "label#do" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.fallback()

    page.route(re.compile("/$"), hold)
    go(page, "#/search")
    with page.expect_request(lambda one: "label#do" in (one.post_data or "")):
        box(page).fill("do")
    box(page).fill("kit")
    expect(options(page)).to_have_text(["Kitten Label"])
    expect_soon(page, lambda: len(held) > 0, expected=True)

    for route in held:
        route.continue_()

    box(page).fill("kitt")
    expect(options(page)).to_have_text(["Kitten Label"])
    catch_up(page)
    expect(options(page)).to_have_text(["Kitten Label"])


def test_a_search_without_photos_says_what_finds_some(page: Page, page_errors: list[str]) -> None:
    go(page, "#/search?label=kitten&country=Portugal&before=2020")
    empty = page.locator(".empty")
    expect(empty).to_contain_text("No photo has all of these, but …")
    expect(empty.locator(".others a")).to_have_text(
        ["3 photos without “Kitten”", "1 photo without “Portugal”"]
    )
    empty.get_by_role("link", name="3 photos without “Kitten”").click()
    expect_photos(page, "waves", "beach", "old")
    expect(chips(page)).to_have_text(["Portugal", "before 2020"])

    go(page, "#/search?label=dog&label=zebra&person=Ada")
    expect(empty).to_contain_text("No photo has “Zebra” (Label).")
    expect(empty.locator(".others a")).to_have_text(["1 photo without “Zebra”"])

    go(page, "#/search?label=kitten&country=Portugal&in=2018")
    expect(empty.locator(".others a")).to_have_text(["2 photos without “Kitten”"])
    go(page, "#/search?label=kitten&person=Ada&camera=canon+eos+5d")
    expect(empty.locator(".others a")).to_have_text(
        ["1 photo with “Kitten”", "1 photo with “Ada”", "1 photo with “Canon eos 5d”"]
    )
    go(page, "#/search?label=zebra&place=Atlantis")
    expect(empty).to_contain_text("No photo has “Zebra” (Label).No photo has “Atlantis” (Place).")
    expect(empty).to_contain_text("No photo has all of these.")
    expect(empty.get_by_role("link")).to_have_text(["Start a new search"])
    go(page, "#/search?in=1812")
    expect(empty).to_contain_text("No photo has “1812” (Period).")
    empty.get_by_role("link", name="Start a new search").click()

    expect(page.get_by_role("heading", name="People")).to_be_visible()
    assert page_errors == []


def test_what_there_is_can_be_browsed(page: Page, page_errors: list[str]) -> None:
    go(page, "#/search")

    def part(name: str) -> Locator:
        return page.get_by_role("region", name=name, exact=True).get_by_role("link")

    expect(part("Years")).to_have_text(
        ["2021 1 photo", "2019 2 photos", "2018 2 photos", "2016 1 photo"]
    )
    expect(part("People")).to_have_text(["Ada"])
    expect(part("Places")).to_have_text(["Germany", "Portugal", "Berlin", "Lagos"])
    expect(part("Labels")).to_have_text(["Beach", "Dog", "Kitten"])
    part("Years").nth(2).click()
    expect_photos(page, "waves", "beach")
    page.go_back()
    part("Places").last.click()
    expect_photos(page, "waves", "beach", "old")
    assert page_errors == []


def test_an_address_of_earlier_releases_is_still_one(page: Page) -> None:
    go(page, "#/search/kitten")

    expect(chips(page)).to_have_text(["Kitten"])
    expect_photos(page, "cat")


def test_a_search_has_at_most_ten_terms(page: Page) -> None:
    go(page, "#/search?" + "&".join(f"label={number}" for number in range(12)))

    expect(chips(page)).to_have_count(10)
    expect(page.get_by_text("A search has at most 10 terms.")).to_be_visible()
    expect(box(page)).not_to_be_editable()
    chips(page).first.click()
    expect(box(page)).to_be_editable()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("label=dog&country=Portugal", ["new", "beach", "old"]),
        ("any=dog", ["new", "dog", "waves", "beach", "old"]),
        ("album=Trips%2FAlgarve", ["waves", "beach", "old"]),
        ("before=2019", ["waves", "beach", "old"]),
    ],
)
def test_a_photo_in_a_new_tab_has_the_neighbors_of_its_search(
    page: Page, query: str, names: list[str]
) -> None:
    paths = {made.path.rpartition("/")[2]: made.path for made in PHOTOS}
    middle = paths[f"{names[-2]}.jpg"]
    hidden = page.context.new_page()
    hidden.route(
        re.compile("/$"),
        lambda route: route.abort() if begins_a_list(route) else route.fallback(),
    )
    hidden.goto(page.url.partition("#")[0] + f"#/search?{query}&photo={middle.replace('/', '%2F')}")
    hidden.get_by_role("button", name="Sign in").click()
    expect(hidden.get_by_role("dialog", name=f"{names[-2]}.jpg")).to_be_visible()

    hidden.get_by_role("button", name="Next photo").click()
    expect(hidden.get_by_role("dialog", name=f"{names[-1]}.jpg")).to_be_visible()
    expect(hidden.get_by_role("button", name="Next photo")).to_have_count(0)
    hidden.get_by_role("button", name="Previous photo").click()
    expect(hidden.get_by_role("dialog", name=f"{names[-2]}.jpg")).to_be_visible()
    if len(names) > 2:
        hidden.get_by_role("button", name="Previous photo").click()
        expect(hidden.get_by_role("dialog", name=f"{names[-3]}.jpg")).to_be_visible()
    hidden.keyboard.press("Escape")

    expect(hidden.get_by_role("dialog")).to_have_count(0)
    expect_soon(hidden, lambda: hidden.evaluate("location.hash"), f"#/search?{query}")
    hidden.close()


def begins_a_list(route: Route) -> bool:
    """Return whether a request begins with the newest photo, not with one of a time."""
    values = json.loads(route.request.post_data or "{}").get("ExpressionAttributeValues")
    return values is not None and re.search(r"#\d{4}-\d\d-\d\dT", str(values)) is None


def test_facts_lead_to_the_photos_that_have_them(
    page: Page, page_errors: list[str], site: Site
) -> None:
    stack, owner = site.stack, site.account.owner
    path = PHOTOS[0].path
    place = {
        "country": {"S": "Portugal"},
        "country_code": {"S": "PT"},
        "region": {"S": "Faro"},
        "city": {"S": "Lagos"},
        "distance_km": {"N": "12"},
        "source": {"S": "GeoNames"},
    }
    facts: dict[str, Any] = {
        "people": {"L": [{"M": {"name": {"S": "Ada"}, "boxes": {"L": []}}}]},
        "keywords": {"L": [{"S": "Hot dog"}]},
        "camera": {"M": {"make": {"S": "Canon"}, "model": {"S": "Canon EOS 5D"}}},
        "location": {"M": {"latitude": {"N": "37.1"}, "longitude": {"N": "-8.67"}}},
        "place": {"M": place},
        "found_by": {
            "L": [
                {"S": f"{kind}#{text}"}
                for kind, text in (
                    ("person", "ada"),
                    ("keyword", "hot dog"),
                    ("camera", "canon eos 5d"),
                    ("city", "lagos"),
                    ("region", "faro"),
                    ("country", "portugal"),
                )
            ]
        },
    }
    for name, value in facts.items():
        stack.dynamodb.update_item(
            TableName=stack.table,
            Key={"pk": {"S": owner}, "sk": {"S": f"photo#{path}"}},
            UpdateExpression="SET #name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": value},
        )
    links = {
        "Ada": ("person=Ada", ["beach"]),
        "Hot dog": ("keyword=Hot+dog", ["dog"]),
        "Canon EOS 5D": ("camera=Canon+EOS+5D", ["old"]),
        "Lagos": ("city=Lagos", ["waves", "beach", "old"]),
        "Faro": ("region=Faro", ["waves", "beach", "old"]),
        "Portugal": ("country=Portugal", ["new", "waves", "beach", "old"]),
    }

    for text, (query, names) in links.items():
        go(page, f"#/albums/{TRIP}?photo={path.replace('/', '%2F')}")
        dialog = page.get_by_role("dialog", name="beach.jpg")
        expect(dialog).to_contain_text("12 km from Lagos, Faro, Portugal")
        dialog.get_by_role("link", name=text, exact=True).click()
        expect(dialog).to_have_count(0)
        expect_photos(page, *names)
        expect_soon(page, lambda: page.evaluate("location.hash"), f"#/search?{query}")
    assert page_errors == []


def test_an_uploaded_photo_that_has_all_terms_appears(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    go(page, "#/search?label=cat&album=New&in=2021")
    expect(page.locator(".empty")).to_contain_text("No photo has “Cat” (Label).")

    choose(page, *write(tmp_path, yes=photo(), no=photo(taken="2020:01:01 00:00:00")), album="New")

    expect(page.get_by_text("2 of 2 photos ready")).to_be_visible()
    expect_photos(page, "yes")
    page.reload()
    expect_photos(page, "yes")
    assert page_errors == []


@pytest.fixture(scope="module")
def many(site: Site) -> None:
    """Write photos of which all have one label, and few have another."""

    def photos() -> Iterator[Made]:
        for number in range(MANY):
            time = f"2001-01-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00"
            rare = ["keyword#Comet"] if number % 1000 == 0 else []
            yield Made(f"Sky/{number:04}.jpg", time, ["label#sky", *rare])

    write_rows(site, photos(), {"album": {"Sky": MANY}, "month": {"2001-01": MANY}})


@pytest.mark.usefixtures("many")
def test_a_search_among_many_photos_sends_few_requests(page: Page, page_errors: list[str]) -> None:
    asked = queries(page)
    go(page, "#/search?label=sky&keyword=comet")
    expect_photos(page, "4000", "3000", "2000", "1000", "0000")
    catch_up(page)
    assert len(asked) <= 1 + 2 * 5  # each rare one is a leap of the frequent one
    assert sum(one["Limit"] for one in asked) <= 24 * 6 * 2

    asked.clear()
    go(page, "#/search?any=sky")
    expect(page.locator("a.tile").first).to_be_visible()
    catch_up(page)
    assert len(asked) <= 8 * 4  # a page of 50 is a query of each kind; four fill the window
    asked.clear()
    box(page).press_sequentially("sk", delay=20)
    expect(options(page)).to_have_text(["Sky Album · 5,000 photos", "Sky Label"])
    catch_up(page)
    assert len(asked) <= MAX_REQUESTS_OF_A_TYPED_TEXT
    assert page_errors == []


@pytest.mark.usefixtures("many")
def test_how_many_the_others_have_is_counted_to_fifty(page: Page) -> None:
    go(page, "#/search?label=sky&person=Ada")

    expect(page.locator(".others a")).to_have_text(
        ["1 photo without “Sky”", "at least 50 photos without “Ada”"]
    )


def test_the_accessibility_checker_finds_no_serious_problem(
    page: Page, page_errors: list[str]
) -> None:
    page.emulate_media(reduced_motion="reduce")
    found: dict[str, list[str]] = {}

    def check(view: str) -> None:
        found[view] = []
        for viewport in (PHONE, DESKTOP):
            found[view] += serious_problems(page, (viewport,))
            width, room = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
            if width > room:
                found[view].append(f"the page is {width} px wide")

    go(page, "#/search")
    expect(page.get_by_role("region", name="Labels")).to_contain_text("Kitten")
    check("browse")
    go(page, f"#/search?album=Trips%2FAlgarve&keyword={HEBREW}&label=dog&before=2019")
    page.locator(".others a").first.wait_for()
    check("empty")
    go(page, "#/search?label=dog&country=Portugal")
    page.locator("a.tile .loaded").first.wait_for()
    box(page).fill("b")
    box(page).press("ArrowDown")
    expect(options(page).first).to_be_visible()
    box(page).press("ArrowDown")
    check("suggestions")

    assert {view: problems for view, problems in found.items() if problems} == {}
    assert len(found) == 3
    assert page_errors == []


def test_a_finger_chooses_and_removes_terms(browser: Browser, site: Site) -> None:
    with browser.new_context(viewport=PHONE, has_touch=True, locale="en-GB") as context:
        page = context.new_page()
        open_page(page, f"{site.url}#/search")
        page.get_by_role("button", name="Sign in").tap()
        box(page).tap()
        box(page).press_sequentially("kit")
        options(page).tap()
        expect_photos(page, "cat")
        (height,) = {chips(page).nth(0).evaluate("one => one.offsetHeight")}
        assert height >= 44

        chips(page).tap()

        expect(chips(page)).to_have_count(0)
        page.get_by_role("link", name="Portugal").tap()
        expect_photos(page, "new", "waves", "beach", "old")
