"""The page's own unit tests, which are in web/tests."""

import subprocess
from pathlib import Path

WEB = Path(__file__).parents[2] / "web"


def test_the_pure_parts_of_the_page_hold(npm: str) -> None:
    done = subprocess.run(  # noqa: S603  # no shell
        [npm, "test"], check=False, cwd=WEB, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout
