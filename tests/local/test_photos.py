"""The demo photos are the ones that their README lists."""

import hashlib
import re

import pytest

from local.__main__ import DEMO_PHOTOS

README = (DEMO_PHOTOS / "README.md").read_text()
LISTED = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", README, re.MULTILINE))
OPEN_LICENSES = {"CC0 1.0", "public domain"}


def test_every_photo_is_listed_with_an_open_license() -> None:
    files = {path.name for path in DEMO_PHOTOS.iterdir()} - {"README.md"}
    rows = [line.split(" | ") for line in README.splitlines() if line.startswith("| `")]

    assert set(LISTED) == files
    assert {row[3] for row in rows} <= OPEN_LICENSES


@pytest.mark.parametrize("name", LISTED)
def test_photo_is_the_one_that_is_listed(name: str) -> None:
    assert hashlib.sha256((DEMO_PHOTOS / name).read_bytes()).hexdigest() == LISTED[name]


def test_the_photos_are_small() -> None:
    sizes = [path.stat().st_size for path in DEMO_PHOTOS.iterdir()]

    assert max(sizes) < 250_000
    assert sum(sizes) < 1_500_000
