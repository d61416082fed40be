"""The page in German, and dates and numbers in the reader's locale."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from browsing import ACCESS_DENIED, ANY, choose, expect_soon, go, open_page, photo, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

ALBUM = "Reise"
# Words that are in nearly every English text, and in no German one.
ENGLISH = re.compile(
    r"\b(the|and|of|to|is|are|not|no|with|your|this|that|for|from|or|has|have|was|were|photos?"
    r"|files?|folders?|search|close|delete|keep|cancel|upload|uploaded|uploading|ready|taken|camera"
    r"|keywords|timeline|albums|problems|gallery|account|password|sign|add|choose|all|undated|again"
    r"|waiting|rejected|processing|download|location|people|creator|next|previous|keys|facts"
    r"|slideshow|full screen|pace|views|years)\b",
    re.IGNORECASE,
)
# What a person sees and what a screen reader says, without names that are data.
TEXTS = """root => {
    const isData = "noscript, code, kbd, .file, .chips a, .said, .found, [lang]:not(html)";
    const found = [document.title];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.currentNode; node; node = walker.nextNode()) {
        const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
        if (element.closest(isData)) continue;
        if (node === element) {
            for (const name of ["aria-label", "title", "placeholder", "data-text"]) {
                if (node.hasAttribute(name)) found.push(node.getAttribute(name));
            }
        } else {
            found.push(node.data);
        }
    }
    return found.map((one) => one.trim()).filter(Boolean);
}"""


def visit(browser: Browser, site: Site, locale: str) -> Page:
    page = browser.new_context(
        locale=locale, viewport={"width": 1280, "height": 800}, timezone_id="Europe/Berlin"
    ).new_page()
    open_page(page, site.url)
    return page


@pytest.fixture(scope="module", autouse=True)
def photos(site: Site) -> None:
    """Upload a photo, and a file that is none."""
    for name, body in {
        "eins.jpg": photo(1200, 900),
        "zwei.jpg": photo(),
        "kein.jpg": b"text",
    }.items():
        site.stack.upload(f"uploads/{site.account.owner}/{ALBUM}/{name}", body)
    site.stack.wait_until_idle()


@pytest.fixture
def german(browser: Browser, site: Site) -> Iterator[Page]:
    page = visit(browser, site, "de-DE")
    yield page
    page.context.close()


def english_in(root: Locator) -> list[str]:
    """Return the texts of an element, and the title of the page, that have an English word."""
    texts: list[str] = root.evaluate(TEXTS)
    return [text for text in texts if ENGLISH.search(text)]


VIEWS = {  # by address: an element that is there once the view is shown
    "#/search": ".chips a",
    "#/search/cat": "a.tile .loaded",
    "#/search/zebra": ".empty",
    "#/search?any=cat&label=zebra": ".others a",
    "#/search?label=cat&before=1999": ".others a",
    "#/problems": ".problems li",
    "#/unsinn": ".empty",
}
LISTS = {
    "#/timeline": "a.tile .loaded",
    "#/albums": ".albums .name",
    f"#/albums/{ALBUM}": "a.tile .loaded",
    f"#/albums/{ALBUM}?photo={ALBUM}%2Feins.jpg": "dialog .frame img.loaded",
}


def test_the_sign_in_is_german(german: Page, site: Site) -> None:
    body = german.locator("body")
    expect(german.get_by_role("heading", name="Galerie")).to_be_visible()
    expect_soon(german, lambda: german.evaluate("document.documentElement.lang"), "de")
    found = english_in(body)
    german.get_by_label("Passwort").fill("falsch")

    german.get_by_role("button", name="Anmelden").click()

    expect(german.get_by_role("alert")).to_have_text("Benutzername oder Passwort ist falsch.")
    german.get_by_role("button", name="Passwort vergessen?").click()
    found += english_in(body)
    german.get_by_role("button", name="Zurück").click()
    german.get_by_label("Passwort").fill(site.account.password)
    german.get_by_role("button", name="Anmelden").click()
    expect(german.get_by_role("button", name="Abmelden")).to_be_visible()
    assert found == []


def signed_in(page: Page) -> Page:
    page.get_by_role("button", name="Anmelden").click()
    page.get_by_role("button", name="Abmelden").wait_for()
    return page


@pytest.mark.parametrize("views", [VIEWS, LISTS], ids=["views", "lists and facts"])
def test_a_german_reader_finds_no_english_word(german: Page, views: dict[str, str]) -> None:
    signed_in(german)
    found: dict[str, list[str]] = {}

    for address, sign in views.items():
        go(german, address)
        german.locator(sign).first.wait_for()
        found[address] = english_in(german.locator("body"))

    assert {view: texts for view, texts in found.items() if texts} == {}


def test_an_open_photo_the_account_and_a_failure_are_german(german: Page) -> None:
    signed_in(german)
    go(german, f"#/search/cat?photo={ALBUM}%2Feins.jpg")
    dialog = german.get_by_role("dialog", name="eins.jpg")
    expect(dialog.get_by_text("14. August 2021, 09:31")).to_be_visible()
    german.keyboard.press("s")
    german.locator(".pace").wait_for()
    found = {"slideshow": english_in(german.locator(".stage"))}
    german.keyboard.press("?")
    found["keys"] = english_in(german.get_by_role("dialog", name="Tasten"))
    german.keyboard.press("Escape")
    german.keyboard.press("Escape")
    german.locator("dialog.photo").wait_for(state="detached")
    go(german, "#/search/cat?photo=nichts.jpg")
    german.locator(".message").wait_for()
    found["no photo"] = english_in(german.locator("body"))
    german.keyboard.press("Escape")
    german.get_by_role("button", name="Konto").click()
    found["account"] = english_in(german.locator("body"))
    german.keyboard.press("Escape")
    german.context.set_offline(True)  # playwright's

    go(german, "#/search/hund")

    german.locator(".failure").first.wait_for()
    found["offline"] = english_in(german.locator("body"))
    assert {view: texts for view, texts in found.items() if texts} == {}


def test_uploads_are_german(german: Page, tmp_path: Path) -> None:
    signed_in(german)
    german.get_by_role("button", name="Neue Fotos").click()
    panel = german.get_by_role("complementary", name="Uploads")
    denied = re.compile("/uploads/.*gesperrt")
    german.route(denied, lambda route: route.fulfill(status=403, body=ACCESS_DENIED, headers=ANY))
    (tmp_path / "brief.pdf").write_bytes(b"pdf")
    files = write(tmp_path, drei=photo(300, 200), text=b"text", leer=b"")

    panel.get_by_label("Dateien", exact=True).set_input_files([*files, tmp_path / "brief.pdf"])

    question = german.get_by_role("group", name="3 Fotos nach Inbox hochladen?")
    expect(question).to_contain_text("1 andere Datei: kein Foto")
    found = english_in(panel)
    question.get_by_role("button", name="3 Fotos hochladen").click()
    items = panel.locator(".item")
    expect(items.filter(has_text="drei.jpg")).to_contain_text(re.compile(r"Fertig nach \d+,\d s"))
    expect(items.filter(has_text="leer.jpg")).to_contain_text("Die Datei ist leer.")
    expect(items.filter(has_text="text.jpg")).to_contain_text("Der Dateityp wird nicht unterstützt")
    found += english_in(panel)

    assert found == []


def test_dates_and_numbers_follow_the_locale_of_an_english_reader(
    browser: Browser, site: Site
) -> None:
    page = visit(browser, site, "en-US")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()
    expect_soon(page, lambda: page.evaluate("document.documentElement.lang"), "en")

    go(page, f"#/albums/{ALBUM}?photo={ALBUM}%2Feins.jpg")

    # A narrow space is before "AM".
    expect(page.get_by_role("dialog")).to_contain_text(re.compile(r"August 14, 2021, 9:31\sAM"))
    page.context.close()


def test_a_person_chooses_the_language_of_this_browser(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    choose(page, *write(tmp_path, vier=photo(210, 200)), album="Stays")
    page.get_by_role("button", name="Account").click()
    language = page.get_by_label("Language")
    expect(language).to_have_value("")

    language.select_option("Deutsch")

    expect(page.get_by_role("button", name="Passwort ändern")).to_be_visible()
    expect(page.get_by_role("link", name="Zeitleiste")).to_have_count(
        1
    )  # the page is not loaded again
    expect(page.locator(".item")).to_contain_text("Fertig nach")
    page.reload()
    page.get_by_role("button", name="Konto").click()
    page.get_by_label("Sprache").select_option("")
    expect(page.get_by_role("button", name="Change the password")).to_be_visible()
    assert page_errors == []
