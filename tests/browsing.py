"""What a person does with the gallery's page: choose and drop files, go to a view."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import photofiles as pf

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

ANY = {"Access-Control-Allow-Origin": "*"}  # headers of an answer of AWS that a test makes
ACCESS_DENIED = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


def mark() -> bytes:
    """Return a segment that makes a JPEG unlike every other: the page does not send a copy."""
    return pf.segment(0xEF, os.urandom(16))


def photo(width_px: int = 320, height_px: int = 240, taken: str = "2021:08:14 09:31:00") -> bytes:
    """Return a new JPEG with a date but no offset."""
    block = pf.tiff_block(exif=[pf.text(pf.DATE_TIME_ORIGINAL, taken)])
    return pf.jpeg(exif=block, before=mark(), width_px=width_px, height_px=height_px)


def write(folder: Path, **files: bytes) -> list[Path]:
    """Write NAME=bytes as NAME.jpg, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in files.items():
        (folder / f"{name}.jpg").write_bytes(body)
    return [folder / f"{name}.jpg" for name in files]


def choose(page: Page, *files: Path, album: str = "") -> None:
    """Choose files in the upload panel."""
    panel = page.get_by_role("complementary", name="Uploads")
    if not panel.is_visible():
        page.get_by_role("button", name="Add photos").click()
    if album:
        panel.get_by_label("Album", exact=True).fill(album)
        panel.get_by_label("Album", exact=True).blur()
    panel.get_by_label("Files", exact=True).set_input_files(files)


def drop(page: Page, *paths: Path) -> None:
    """Drop files and folders onto the page, as a file manager does."""
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send(
            "Input.dispatchDragEvent",
            {
                "type": kind,
                "x": 600,
                "y": 500,
                "data": {"items": [], "files": list(map(str, paths)), "dragOperationsMask": 1},
            },
        )


def go(page: Page, address: str) -> None:
    """Go to a view without reloading the page."""
    page.evaluate("address => { location.hash = address }", address)
