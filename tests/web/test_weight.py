"""The weight of the page: its files, as CloudFront sends them.

Scripts and style sheets are uploaded in Brotli. CloudFront compresses the others if they have
1,000 bytes; they are counted in gzip, which is larger than its Brotli.
AWS: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
"""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

from conftest import WEB
from gallery import costs
from gallery.publish import BROTLI

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

# In units of 1,000 bytes, of scripts, style sheets and HTML. Raise none: leave something out.
MAX_SIGN_IN_KB = 23  # what the sign-in form needs
MAX_VISIT_KB = 80  # what a person loads who signs in, leafs through the timeline and opens photos
MAX_READER_KB = 117  # what one person can load: every view and dialog, in English
MAX_LANGUAGE_KB = 10  # more, of a person who reads another language
MAX_SHARE_KB = 14  # the page of shares: it is of people without an account, who load nothing else
VISITED = ("signed-in", "sign-in", "photo", "viewer")  # parts that such a visit loads
LANGUAGES = {path.name for path in (WEB / "src" / "languages").iterdir() if path.is_dir()}
WEIGHED = {".css", ".html", ".js"}
LEAST_BYTES = 1000  # that CloudFront compresses

_NAMED_BY_PAGE = re.compile(r'(?:src|href)="\./([^"]+)"')
_NAMED_BY_SCRIPT = re.compile(r'(?:from|import)\s*"\./([^"]+\.js)"')
_HASH = re.compile(r"-[\w-]{8}\.\w+$")
_LATER = re.compile(r'import\(\s*["`]\./([^"`]+\.js)["`]\s*\)')


def kilobytes(dist: Path) -> dict[str, float]:
    """Return the size of each file of the page, as CloudFront sends it, by name; largest first."""
    sizes = {
        path.relative_to(dist).as_posix(): _sent_bytes(path) / 1000
        for path in dist.rglob("*")
        if path.suffix in WEIGHED
    }
    return dict(sorted(sizes.items(), key=lambda entry: -entry[1]))


def _sent_bytes(path: Path) -> int:
    compressed = path.with_name(path.name + BROTLI)
    if compressed.is_file():
        return compressed.stat().st_size
    content = path.read_bytes()
    if len(content) >= LEAST_BYTES:
        return len(gzip.compress(content))
    return len(content)


def needed(dist: Path, parts: Collection[str] = (), page: str = "index.html") -> set[str]:
    """Return the files that a browser loads for a page, and then for `parts`."""
    found = {page}
    named = _NAMED_BY_PAGE.findall((dist / page).read_text(encoding="utf-8"))
    while named:
        name = named.pop()
        if name not in found and name.endswith(".js"):
            script = (dist / name).read_text(encoding="utf-8")
            later = [one for one in _LATER.findall(script) if part_of(one) in parts]
            named += [f"assets/{other}" for other in _NAMED_BY_SCRIPT.findall(script) + later]
        found.add(name)
    styles = {f"assets/{path.name}" for path in dist.glob("assets/*.css")}
    return found | {name for name in styles if part_of(name) in parts}


def part_of(name: str) -> str:
    """Return the name of a file of the page without folder and hash."""
    return _HASH.sub("", name.removeprefix("assets/"))


def table(sizes: dict[str, float]) -> str:
    """Return a line for each file and one for all."""
    lines = [f"{size:8.2f} kB  {name}" for name, size in sizes.items()]
    return "\n".join(["", *lines, f"{sum(sizes.values()):8.2f} kB  in all"])


def test_everything_that_one_person_can_load_is_within_its_ceiling(dist: Path) -> None:
    parts = {part_of(path.name) for path in dist.glob("assets/*.js")}
    sizes = weighed(dist, needed(dist, parts - LANGUAGES - {"share"}))

    assert {part_of(name) for name in sizes} >= {*VISITED, "more", "zip"}
    assert sum(sizes.values()) <= MAX_READER_KB, table(sizes)


def test_another_language_is_within_its_ceiling(dist: Path) -> None:
    assert sorted(LANGUAGES) == ["de"]
    for language in LANGUAGES:
        more = needed(dist, {language}) - needed(dist)

        assert sum(weighed(dist, more).values()) <= MAX_LANGUAGE_KB


def test_the_page_of_shares_is_within_its_ceiling(dist: Path) -> None:
    sizes = weighed(dist, needed(dist, page="share.html"))

    assert sum(sizes.values()) <= MAX_SHARE_KB, table(sizes)


def test_each_file_of_the_page_has_a_ceiling(dist: Path) -> None:
    parts = {part_of(path.name) for path in dist.glob("assets/*.js")}
    files = needed(dist, parts) | needed(dist, page="share.html") | {"404.html"}

    assert set(kilobytes(dist)) <= files


def test_the_sign_in_form_comes_before_anything_heavy(dist: Path) -> None:
    sizes = weighed(dist, needed(dist))

    assert sum(sizes.values()) <= MAX_SIGN_IN_KB, table(sizes)


def test_a_visit_to_the_timeline_and_its_photos_is_within_its_ceiling(dist: Path) -> None:
    sizes = weighed(dist, needed(dist, VISITED))

    assert {part_of(name) for name in sizes} >= set(VISITED)
    assert sum(sizes.values()) <= MAX_VISIT_KB, table(sizes)


def weighed(dist: Path, names: set[str]) -> dict[str, float]:
    """Return the sizes of these files, without pictures."""
    sizes = {name: size for name, size in kilobytes(dist).items() if name in names}
    assert set(sizes) == {name for name in names if not name.endswith(".svg")}
    return sizes


def test_each_script_and_style_sheet_is_compressed(dist: Path) -> None:
    files = [path for path in dist.rglob("*") if path.suffix in {".css", ".js"}]

    assert len(files) > 1
    large = [path for path in files if path.stat().st_size >= LEAST_BYTES]
    assert all(_sent_bytes(path) < path.stat().st_size for path in large)


def test_the_cost_model_has_the_ceiling() -> None:
    """A browser that has nothing else to do loads the other views before they are needed."""
    assert costs.VISIT_KB == MAX_READER_KB
