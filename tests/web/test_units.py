"""Run the page's own unit tests, in web/tests, and its lint rules."""

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

WEB = Path(__file__).parents[2] / "web"
# The browser's Unicode may be newer, and half a surrogate pair is not a character.
UNASSIGNED = {"Cn", "Cs"}


def test_the_unit_tests_of_the_page_pass(npm: str, tmp_path: Path) -> None:
    casefold = tmp_path / "casefold.json"
    characters = map(chr, range(sys.maxunicode + 1))
    known = (one for one in characters if unicodedata.category(one) not in UNASSIGNED)
    casefold.write_text(json.dumps({one: one.casefold() for one in known}))

    done = subprocess.run(  # noqa: S603  # no shell
        [npm, "test"],
        check=False,
        cwd=WEB,
        capture_output=True,
        text=True,
        env={**os.environ, "CASEFOLD": str(casefold)},
    )

    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


def test_the_page_follows_its_lint_rules(npm: str) -> None:
    done = subprocess.run(  # noqa: S603  # no shell
        [npm, "run", "lint"], check=False, cwd=WEB, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout
