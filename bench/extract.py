"""Compare the extract core with exifread, its peers, and the original's `identify`."""

import io
import statistics
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import exifread

from bench import CACHE, ROOT
from bench.peers import NODE, Peers
from bench.rounds import Samples, Tool, cpu_ms, interleave, workers
from bench.section import Figures, Run, table
from bench.stats import geometric_mean, median_ratio
from bench.targets import Target
from bench.thumbnail import programs, python
from shared.errors import PhotoError

TITLE = "Extract core"
OURS: Final = "this project"
OURS_WHOLE: Final = "this project, whole process"
REFERENCE: Final = "exifread on the first 128 KiB"
EXIFREAD_WHOLE: Final = "exifread on the first 128 KiB, whole process"
ORIGINAL: Final = "the original's identify -ping -verbose"
LARGE_BYTES: Final = 500_000  # smaller JPEGs rarely come from a camera
HEAD_BYTES: Final = 131_072
PHOTOS: Final = 24
# The images have compiled bytecode; a setting of this machine might prevent it.
COMPILED: Final = (
    ("PYTHONDONTWRITEBYTECODE", ""),
    ("PYTHONPYCACHEPREFIX", str(CACHE / "pycache")),
)


def measure(run: Run) -> Figures:
    """Time all readers on camera files, and count the requests and bytes of all photos."""
    real = run.corpus.real()
    largest = _from_cameras(real)[: PHOTOS : run.some(1, 3)]
    rounds = run.some(5, 3)
    tools = [*_in_process(run.peers), *_programs(run.peers)]
    with workers() as running:
        advance = run.progress("extract", (rounds + 1) * len(largest))
        samples = interleave(running, tools, largest, rounds, advance)
    return {
        "photos": len(largest),
        "ms": {
            tool.name: statistics.median(
                statistics.median(cpu_ms(samples[tool.name], photo)) for photo in samples[tool.name]
            )
            for tool in tools
            if samples[tool.name]
        },
        "to_exifread": {tool.name: _ratio(samples, tool.name, REFERENCE) for tool in tools},
        "to_original": {tool.name: _ratio(samples, tool.name, ORIGINAL) for tool in tools},
        "fetched": fetched(real),
    }


def _from_cameras(photos: list[Path]) -> list[Path]:
    """Return the large JPEGs that name their camera, largest first; small ones if all are small.

    Photos without EXIF are left out: exifread has nothing to read in them.
    """
    jpegs = [path for path in photos if path.suffix.lower() in {".jpg", ".jpeg"}]
    made = [path for path in jpegs if _names_its_camera(path)]
    large = [path for path in made if path.stat().st_size > LARGE_BYTES]
    return sorted(large or made, key=lambda path: (-path.stat().st_size, path.name))


def _names_its_camera(photo: Path) -> bool:
    head = io.BytesIO(photo.read_bytes()[:HEAD_BYTES])
    try:
        return "Image Make" in exifread.process_file(head, details=False, extract_thumbnail=False)
    except Exception:  # noqa: BLE001  # damaged files make it raise any error
        return False


def _in_process(peers: Peers) -> list[Tool]:
    node = ("node", str(ROOT / "bench" / "workers" / "node.mjs"), str(NODE))
    found = [
        Tool(OURS, python("extracting"), "core"),
        Tool(REFERENCE, python("exif"), "head"),
        Tool("exifread, as it comes", python("exif"), "default"),
    ]
    if "exifr" in peers.versions:
        found.append(Tool("exifr", node, "exifr"))
    return found


def _programs(peers: Peers) -> list[Tool]:
    """Return whole programs. Those in Python get their standard input as a file name."""
    in_python = {OURS_WHOLE: "extracting.py", EXIFREAD_WHOLE: "exif.py"}
    commands = {
        name: [sys.executable, str(ROOT / "bench" / "workers" / worker), "/dev/stdin"]
        for name, worker in in_python.items()
    }
    if identify := peers.programs.get("ImageMagick identify"):
        commands[ORIGINAL] = [identify, "-ping", "-verbose", "-"]
    if exiftool := peers.programs.get("exiftool"):
        commands["exiftool -fast2 -json"] = [exiftool, "-fast2", "-json", "-n", "-"]
    return [
        Tool(
            name,
            programs(commands),
            name,
            environment=COMPILED if name in in_python else peers.environment,
        )
        for name in commands
    ]


def _ratio(samples: dict[str, Samples], ours: str, theirs: str) -> float | None:
    """Return the geometric mean over the photos that both read; None if there is none."""
    one, other = samples.get(ours, {}), samples.get(theirs, {})
    ratios = [median_ratio(cpu_ms(one, name), cpu_ms(other, name)) for name in one if name in other]
    return geometric_mean(ratios) if ratios else None


def fetched(photos: list[Path]) -> Figures:
    """Return by format the number of photos, and the requests and bytes of the step."""
    from bench.workers.extracting import Fetched  # noqa: PLC0415  # decoders
    from extract.handler import run as extract  # noqa: PLC0415  # it imports boto3
    from shared.contracts import ExtractRequest, PhotoRef  # noqa: PLC0415

    found: dict[str, list[tuple[int, list[int]]]] = {}
    ref = PhotoRef(bucket="photos", key="uploads/ada/photo.jpg")
    for path in photos:
        store = Fetched(path.read_bytes())
        request = ExtractRequest(photo=ref)
        try:
            result = extract(request, store, photos_bucket=ref.bucket)  # type: ignore[arg-type]  # it reads only
        except PhotoError:  # refused photos do not count
            continue
        found.setdefault(result.image.format, []).append((len(store.body), store.sizes))
        if result.image.format == "JPEG" and len(store.body) > LARGE_BYTES:
            found.setdefault("JPEG over 500 kB", []).append((len(store.body), store.sizes))
    return {name: _summary(each) for name, each in sorted(found.items())}


def _summary(photos: list[tuple[int, list[int]]]) -> Figures:
    requests = Counter(len(sizes) for _, sizes in photos)
    return {
        "photos": len(photos),
        "requests": {str(count): requests[count] for count in sorted(requests)},
        "head_alone": sum(sum(sizes) <= HEAD_BYTES for _, sizes in photos) / len(photos),
        "two_requests": sum(len(sizes) <= 2 for _, sizes in photos) / len(photos),  # noqa: PLR2004
        "mean_bytes": statistics.fmean(sum(sizes) for _, sizes in photos),
        "share": sum(sum(sizes) for _, sizes in photos) / sum(size for size, _ in photos),
    }


def page(figures: Figures) -> Iterator[str]:
    """Yield the tables."""
    yield f"{figures['photos']} real JPEGs that name their camera, over 500 kB if there are any,"
    yield "warm, with the file in memory. The lower lines are whole programs with the photo on"
    yield "standard input; those in Python have compiled bytecode, as in the image."
    yield ""
    rows = [
        [
            f"**{name}**" if name.startswith(OURS) else name,
            f"{ms:.2f}",
            _times(figures["to_exifread"][name]),
            _times(figures["to_original"][name]),
        ]
        for name, ms in figures["ms"].items()
    ]
    yield from table(["", "median ms, CPU", "× exifread", "× the original"], rows)
    yield "Ranged GETs of the step, over all real photos that it accepts:"
    yield ""
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
    header = [
        "",
        "photos",
        "mean kB fetched",
        "of all bytes",
        "128 KiB suffice",
        "requests: photos",
    ]
    yield from table(header, rows)


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.4f}" if ratio < 0.1 else f"{ratio:.2f}"  # noqa: PLR2004


def targets(figures: Figures) -> Iterator[Target]:
    """Yield the targets for CPU time and for the bytes that are fetched."""
    to_original = figures["to_original"]
    warm, whole = to_original[OURS], to_original[OURS_WHOLE]
    large = figures["fetched"].get("JPEG over 500 kB", {})
    more = "this includes exifread; the rest parses the file, XMP and IPTC, and cleans the values."
    alone = to_original.get(EXIFREAD_WHOLE)
    imports = (
        "nearly all of it is the start of Python and imports. With exifread alone it would be"
        f" {_times(alone)}; most of the rest is the import of msgspec. A function starts once, but"
        " `identify` starts for each photo."
    )
    yield Target("extract / exifread on the head", figures["to_exifread"][OURS], 1.1, why=more)
    yield Target("the original's identify / extract", warm and 1 / warm, 400, at_least=True)
    yield Target("extract / the original's, whole process", whole, 0.12, why=imports)
    for what, name, bound in (
        ("JPEGs over 500 kB for which 128 KiB suffice", "head_alone", 94),
        ("JPEGs over 500 kB for which two requests suffice", "two_requests", 99),
    ):
        share = large.get(name)
        figure = None if share is None else 100 * share
        yield Target(what, figure, bound, unit="%", at_least=True)
