"""Compare the extract core with exifread, its peers, and the original's `identify`."""

import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.corpus import has
from bench.peers import Peers, environment_of
from bench.rounds import (
    ENVIRONMENT,
    OPERATIONS,
    Tool,
    geometric_mean,
    interleave,
    programs,
    workers,
)
from bench.section import OURS, Figures, Run, Target, bold, failures, prose, table
from bench.thumbnail import NODE_WORKER, SHARP, library
from bench.workers.ours import HEAD_BYTES, PHOTO, OnePhoto
from extract.handler import run as extract
from shared.contracts import ExtractRequest
from shared.errors import PhotoError

TITLE = "Extract core"
TEXT = """\
Real JPEGs that name their camera, over 500 kB if there are any, warm, with the file in memory. The
lower lines are whole programs with the photo on standard input."""
REFERENCE: Final = "exifread on the first 128 KiB"
ORIGINAL: Final = "the original's identify -ping -verbose"
LARGE_BYTES: Final = 500_000  # smaller JPEGs rarely come from a camera
PHOTOS: Final = 24
CORE: Final = (
    Tool(OURS, OPERATIONS, "metadata", environment=ENVIRONMENT),
    Tool(REFERENCE, library("exifread"), "head"),
    Tool("exifread, as it comes", library("exifread"), "default"),
    Tool("exifr", NODE_WORKER, "exifr"),
)
COMMANDS: Final = {
    ORIGINAL: ("ImageMagick identify", "-ping", "-verbose", "-"),
    "exiftool -fast2 -json": ("exiftool", "-fast2", "-json", "-n", "-"),
}


def tools(peers: Peers) -> list[Tool]:
    """Return the available tools."""
    commands = {
        name: [peers.programs[program], *arguments]
        for name, [program, *arguments] in COMMANDS.items()
        if program in peers.programs
    }
    return [
        *(tool for tool in CORE if tool.name != "exifr" or SHARP not in peers.skipped),
        *(
            Tool(name, programs(commands), name, environment=environment_of(command[0]))
            for name, command in commands.items()
        ),
    ]


def measure(run: Run) -> Figures:
    """Time all readers on camera files, and count the requests and bytes of all photos."""
    real = run.corpus.real()
    largest = _from_cameras(real)[: PHOTOS : run.some(1, 3)]
    rounds = run.some(5, 1)
    asked = tools(run.peers)
    with workers() as running:
        advance = run.progress("extract", (rounds + 1) * len(largest))
        measured = interleave(running, asked, largest, rounds, advance)
    return {
        "photos": len(largest),
        "ms": {tool: statistics.median(by.values()) for tool, by in measured.ms().items() if by},
        **{
            what: {
                tool.name: geometric_mean(ratios.values())
                for tool in asked
                if (ratios := measured.ratios(tool.name, reference))
            }
            for what, reference in (("to_exifread", REFERENCE), ("to_original", ORIGINAL))
        },
        "failed": measured.failed,
        "fetched": fetched(real),
    }


def _from_cameras(photos: list[Path]) -> list[Path]:
    """Return the large JPEGs that name their camera, largest first; small ones if all are small.

    Photos without EXIF are left out: exifread has nothing to read in them.
    """
    jpegs = [path for path in photos if path.suffix.lower() in {".jpg", ".jpeg"}]
    made = [path for path in jpegs if has(path, "exif-ifd0-Make")]
    large = [path for path in made if path.stat().st_size > LARGE_BYTES]
    return sorted(large or made, key=lambda path: (-path.stat().st_size, path.name))


def fetched(photos: list[Path]) -> Figures:
    """Return by format the number of photos, and the requests and bytes of the step."""
    found: dict[str, list[tuple[int, list[int]]]] = {}
    for path in photos:
        store = OnePhoto(path.read_bytes())
        try:
            result = extract(ExtractRequest(photo=PHOTO), store, photos_bucket=PHOTO.bucket)
        except PhotoError:  # refused photos do not count
            continue
        image_format = result.image.format
        found.setdefault(image_format, []).append((len(store.body), store.sizes))
        if image_format == "JPEG" and len(store.body) > LARGE_BYTES:
            found.setdefault("JPEG over 500 kB", []).append((len(store.body), store.sizes))
    return {name: _summary(each) for name, each in sorted(found.items())}


def _summary(photos: list[tuple[int, list[int]]]) -> Figures:
    requests = Counter(len(sizes) for _, sizes in photos)
    return {
        "photos": len(photos),
        "requests": {str(count): requests[count] for count in sorted(requests)},
        "head_alone": sum(sum(sizes) <= HEAD_BYTES for _, sizes in photos) / len(photos),
        "mean_bytes": statistics.fmean(sum(sizes) for _, sizes in photos),
        "share": sum(sum(sizes) for _, sizes in photos) / sum(size for size, _ in photos),
    }


def tables(figures: Figures) -> Iterator[str]:
    """Yield the tables."""
    rows = [
        [
            bold(name),
            f"{ms:.2f}",
            *(_times(figures[what].get(name)) for what in ("to_exifread", "to_original")),
        ]
        for name, ms in figures["ms"].items()
    ]
    header = [f"{figures['photos']} photos", "median ms, CPU", "× exifread", "× the original"]
    yield from table(header, rows)
    yield from failures(figures["failed"])
    yield from prose("Ranged GETs of Extract, for all real photos that it accepts:")
    rows = [
        [
            name,
            str(one["photos"]),
            f"{one['mean_bytes'] / 1000:,.0f}",
            f"{one['share']:.0%}",
            f"{one['head_alone']:.1%}",
            ", ".join(f"{count}: {photos}" for count, photos in one["requests"].items()),
        ]
        for name, one in figures["fetched"].items()
    ]
    header = ["", "photos", "mean kB fetched", "of all bytes", "128 KiB suffice"]
    yield from table([*header, "requests: photos"], rows)


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.4f}" if ratio < 0.1 else f"{ratio:.2f}"  # noqa: PLR2004


def targets(figures: Figures) -> Iterator[Target]:
    """Yield the targets for CPU time and for the bytes that are fetched."""
    warm = figures["to_original"].get(OURS)
    large = figures["fetched"].get("JPEG over 500 kB", {})
    more = (
        "this includes exifread; the rest parses the file, XMP and IPTC, cleans the values, and"
        " finds the place and the terms of a search."
    )
    yield Target("extract / exifread on the head", figures["to_exifread"][OURS], 1.1, why=more)
    yield Target(
        "the original's identify / extract", warm and 1 / warm, 400, at_least=True, why=more
    )
    share = large.get("head_alone")
    figure = None if share is None else 100 * share
    what = "JPEGs over 500 kB for which 128 KiB suffice"
    yield Target(what, figure, 94, unit="%", at_least=True)
