"""Take docs/contact-sheet.webp: the contact sheet of `make demo`, as a browser shows it.

    make demo && python tools/screenshot.py [FOLDER [PICTURE]]

FOLDER is demo, and PICTURE is docs/contact-sheet.webp unless given. Needs Chromium.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pyvips

WIDTH_PX = 1280
HEIGHT_PX = 1500  # the first rows
QUALITY = 80


def screenshot(page: Path, picture: Path) -> None:
    """Write the top of `page` to `picture`.

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
                f"--window-size={WIDTH_PX},{HEIGHT_PX}",
                f"--screenshot={taken}",
                page.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
        )
        pyvips.Image.new_from_file(str(taken)).webpsave(str(picture), Q=QUALITY)


if __name__ == "__main__":
    folder, picture, *_ = [*sys.argv[1:], *["demo", "docs/contact-sheet.webp"][len(sys.argv) - 1 :]]
    screenshot(Path(folder) / "index.html", Path(picture))
