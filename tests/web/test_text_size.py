"""The page on a phone, with text of twice the size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from browsing import choose, expect_soon, go, photo, write

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import CDPSession, Page

pytest.importorskip("playwright")
from playwright.sync_api import expect

PHONE_PX = 390
USUAL_PX = 16  # the font size of a browser that nobody has changed
ALBUM = "A holiday in the mountains"
VIEWS = {  # by address: an element that is there once the view is shown
    "#/timeline": "a.tile .loaded",
    "#/albums": ".albums .name",
    f"#/albums/{ALBUM}": "a.tile .loaded",
    "#/albums/Nowhere": ".empty",
    "#/search": ".chips a",
    "#/search/cat": "a.tile .loaded",
    f"#/search?label=cat&album={ALBUM}&place=Nowhere&before=1999-08": ".others a",
    "#/map": ".photo-map .attribution",
    "#/problems": ".problems li",
    "#/shares": ".empty",
    "#/nonsense": ".empty",
    f"#/albums/{ALBUM}?photo={ALBUM}%2Fone.jpg": "dialog .frame img.loaded",
    f"#/albums/{ALBUM}?photo=none.jpg": "dialog .message",
}

# The timeline is laid out again in the frames after the text has changed its size.
LAID_OUT = """async () => {
    for (let frame = 0; frame < 4; frame++) await new Promise(requestAnimationFrame);
}"""

# Finds texts that are cut at an edge of the page or of a box that hides the rest, and controls that
# lie over each other. What is shortened with an ellipsis has its whole text as its title.
FAULTS = """() => {
    const faults = [];
    const name = (one) => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 40)}`;
    const dialog = document.querySelector("dialog[open]");
    const root = dialog ?? document.body;
    if (document.scrollingElement.scrollWidth > innerWidth) {
        faults.push(`the page is ${document.scrollingElement.scrollWidth} px wide`);
    }
    const isShown = (one) => one.checkVisibility({ visibilityProperty: true })
        && !one.closest(".unseen, .skip, dialog:not([open])");
    const scrollers = (one) => {
        const found = [];
        for (let at = one; at && at !== document.documentElement; at = at.parentElement) {
            if (getComputedStyle(at).overflowX !== "visible") found.push(at);
        }
        return found;
    };
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const { currentNode: text } = texts;
        const parent = text.parentElement;
        if (!text.data.trim() || !isShown(parent)) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        const box = range.getBoundingClientRect();
        if (box.width <= 1) continue;
        let [left, right] = [0, innerWidth];
        let free = false;
        for (const one of scrollers(parent)) {
            const style = getComputedStyle(one);
            if (one.clientWidth <= 1) free = true; // for screen readers
            const isShortened = style.textOverflow === "ellipsis" && one.title;
            if (isShortened || /auto|scroll/.test(style.overflowX)) {
                if (one !== dialog && one.scrollWidth > one.clientWidth) free = true;
                continue;
            }
            const edge = one.getBoundingClientRect();
            [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)];
        }
        if (!free && (box.left < left - 1 || box.right > right + 1)) {
            faults.push(`cut: ${name(parent)} ${box.left} to ${box.right} of ${left} to ${right}`);
        }
    }
    const controls = [...root.querySelectorAll("a, button, input, summary")].filter(isShown)
        .filter((one) => one.clientWidth > 1);
    const layer = (one) => one.closest(".toast, nav, header.bar, aside, main, dialog");
    const isFixed = (one) => getComputedStyle(one).position === "absolute"; // over the picture
    for (const [index, one] of controls.entries()) {
        for (const other of controls.slice(index + 1)) {
            if (layer(one) !== layer(other) || one.contains(other)) continue;
            if (isFixed(one) || isFixed(other)) continue;
            const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
            const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (across > 1 && down > 1) faults.push(`overlap: ${name(one)} / ${name(other)}`);
        }
    }
    return faults;
}"""


BODY_PX = "parseFloat(getComputedStyle(document.body).fontSize)"
MEDIUM_PX = """() => {
    const one = document.createElement("span");
    one.style.fontSize = "medium"; // the size that the person has chosen
    document.body.append(one);
    const { fontSize } = getComputedStyle(one);
    one.remove();
    return parseFloat(fontSize);
}"""


def set_text_size(page: Page, session: CDPSession, px: int) -> None:
    """Let a person's browser have another size of text, and wait until the page has it."""
    session.send("Page.setFontSizes", {"fontSizes": {"standard": px}})
    expect_soon(page, lambda: page.evaluate(MEDIUM_PX), px)


def test_text_of_twice_the_size_is_neither_cut_nor_overlaps(
    page: Page, page_errors: list[str], tmp_path: Path
) -> None:
    bodies = {"one": photo(400, 300), "two": photo(300, 400), "no photo at all": b"text"}
    choose(page, *write(tmp_path, **bodies), album=ALBUM)
    expect(page.get_by_text("2 of 3 photos ready")).to_be_visible()
    size_px = page.evaluate(BODY_PX)
    page.set_viewport_size({"width": PHONE_PX, "height": 844})
    session = page.context.new_cdp_session(page)
    set_text_size(page, session, 2 * USUAL_PX)
    faults: dict[str, list[str]] = {}

    def check(view: str) -> None:
        faults[view] = page.evaluate(FAULTS)

    assert page.evaluate(BODY_PX) == 2 * size_px
    page.evaluate(LAID_OUT)
    check("uploads")
    page.get_by_role("button", name="Close uploads").click()
    for address, sign in VIEWS.items():
        go(page, address)
        page.locator(sign).first.wait_for()
        check(address)
        if address.endswith("%2Fone.jpg"):
            page.get_by_role("button", name="Delete").click()
            page.get_by_role("button", name="Undo").hover()
            check("deletion")
    page.keyboard.press("Escape")
    page.locator("dialog.photo").wait_for(state="detached")
    go(page, "#/trash")
    page.get_by_role("checkbox", name="Select one.jpg").check()
    check("trash")
    go(page, "#/timeline")
    page.locator("a.tile").first.focus()
    page.keyboard.press("Space")
    page.get_by_role("toolbar", name="Selection").wait_for()
    check("selection")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Account").click()
    check("account")
    page.get_by_role("button", name="Close account").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in").wait_for()
    check("sign in")

    assert {view: found for view, found in faults.items() if found} == {}
    assert len(faults) == len(VIEWS) + 6
    assert page_errors == []
