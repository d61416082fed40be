"""The weight of the page: its files, compressed as CloudFront does for every browser.

gzip is the larger of the two: CloudFront sends Brotli to browsers that accept it.
AWS: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
"""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

from gallery import costs

if TYPE_CHECKING:
    from pathlib import Path

# In units of 1,000 bytes. Raise neither: load a part later, or leave something out.
MAX_KB = 90  # all files
MAX_SIGN_IN_KB = 32  # those that the sign-in form needs
COMPRESSED = {".css", ".html", ".js", ".svg"}  # by CloudFront

_NAMED_BY_PAGE = re.compile(r'(?:src|href)="\./([^"]+)"')
_NAMED_BY_SCRIPT = re.compile(r'(?:from|import)\s*"\./([^"]+\.js)"')  # import("…") is loaded later


def kilobytes(dist: Path) -> dict[str, float]:
    """Return the size of each file of the page, as CloudFront sends it, by name; largest first."""
    sizes = {
        path.relative_to(dist).as_posix(): (
            len(gzip.compress(path.read_bytes()))
            if path.suffix in COMPRESSED
            else path.stat().st_size
        )
        / 1000
        for path in dist.rglob("*")
        if path.is_file()
    }
    return dict(sorted(sizes.items(), key=lambda entry: -entry[1]))


def needed_at_first(dist: Path) -> set[str]:
    """Return the files that a browser loads before it shows the sign-in form."""
    page = (dist / "index.html").read_text(encoding="utf-8")
    found = {"index.html"}
    named = _NAMED_BY_PAGE.findall(page)
    while named:
        name = named.pop()
        if name not in found and name.endswith(".js"):
            script = (dist / name).read_text(encoding="utf-8")
            named += [f"assets/{other}" for other in _NAMED_BY_SCRIPT.findall(script)]
        found.add(name)
    return found


def table(sizes: dict[str, float]) -> str:
    """Return a line for each file and one for all."""
    lines = [f"{size:8.2f} kB  {name}" for name, size in sizes.items()]
    return "\n".join(["", *lines, f"{sum(sizes.values()):8.2f} kB  in all"])


def test_the_whole_page_is_within_its_ceiling(dist: Path) -> None:
    sizes = kilobytes(dist)

    assert sum(sizes.values()) <= MAX_KB, table(sizes)


def test_the_sign_in_form_comes_before_anything_heavy(dist: Path) -> None:
    first = needed_at_first(dist)
    sizes = {name: size for name, size in kilobytes(dist).items() if name in first}

    assert set(sizes) == first
    assert sum(sizes.values()) <= MAX_SIGN_IN_KB, table(sizes)


def test_the_cost_model_has_the_ceiling() -> None:
    assert costs.VISIT_KB == MAX_KB
