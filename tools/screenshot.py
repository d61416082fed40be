"""Take docs/contact-sheet.webp: the contact sheet of `make demo`, as a browser shows it.

    make demo && .venv/bin/python tools/screenshot.py [FOLDER [PICTURE [HEIGHT_PX]]]

FOLDER is demo, PICTURE docs/contact-sheet.webp, and HEIGHT_PX 1500 unless given: the first rows.
Needs Chromium.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pyvips

WIDTH_PX = 1280
QUALITY = 80


def screenshot(page: Path, picture: Path, height_px: int) -> None:
    """Write the top `height_px` of `page` to `picture`.

    Raises:
        SystemExit: no Chromium is installed.
    """
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("Chromium is needed: install it, and see that it is on the PATH")
    with tempfile.TemporaryDirectory() as scratch:
        taken = Path(scratch) / "page.png"
        subprocess.run(  # noqa: S603  # our own arguments
            [
                browser,
                "--headless",
                "--no-sandbox",  # a page of ours, without scripts; root may not have a sandbox
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--hide-scrollbars",
                f"--user-data-dir={scratch}/profile",
                f"--window-size={WIDTH_PX},{height_px}",
                f"--screenshot={taken}",
                page.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
        )
        pyvips.Image.new_from_file(str(taken)).webpsave(str(picture), Q=QUALITY)


if __name__ == "__main__":
    defaults = ["demo", "docs/contact-sheet.webp", "1500"]
    given = sys.argv[1:]
    folder, picture, height_px = given + defaults[len(given) :]
    screenshot(Path(folder) / "index.html", Path(picture), int(height_px))
