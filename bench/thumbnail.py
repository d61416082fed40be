"""Compare the thumbnail core with the limit, its peers, and the original's command."""

import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from bench import ROOT
from bench.peers import LIMIT, NODE, Peers
from bench.rounds import Samples, Tool, Workers, cpu_ms, interleave, workers
from bench.section import Figures, Run, table
from bench.stats import geometric_mean, median_ratio
from bench.targets import Target
from local.functions import IMAGE_ENVIRONMENT

TITLE = "Thumbnail core"
OURS: Final = "this project"
REFERENCE: Final = "limit: libjpeg-turbo, 1/8"
SHARP: Final = "sharp"
DRAFT: Final = "Pillow, draft"
FULL: Final = "Pillow, full decode"
ALONE: Final = "libvips, 1/8 decode alone"
PILLOW_ALONE: Final = "Pillow, 1/8 decode alone"
SQUARE: Final = "this project, 200 px"
ORIGINAL: Final = "the original's ImageMagick, 200 px"
BOTH, ONE_BY_ONE = "both", "one-by-one"
BOTH_DECODED, ONE_BY_ONE_DECODED = "both, decoded", "one-by-one, decoded"

# The photos of each column, by prefix. One in eight of `mixed` is progressive.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "12 MP": ("12mp",),
    "24 MP": ("24mp",),
    "48 MP": ("48mp",),
    "baseline": ("12mp", "24mp", "48mp"),
    "progressive": ("progressive",),
    "mixed": ("12mp", "24mp", "48mp", "progressive-1"),
}
OTHERS: Final[Mapping[str, tuple[str, ...]]] = {
    "PNG": ("png",),
    "WebP": ("webp",),
    "AVIF": ("avif",),
    "HEIC": ("heic",),
}
# Tools that are compared with each other in the same round.
PAIRS: Final = (
    (OURS, SHARP),
    (OURS, DRAFT),
    (SQUARE, ORIGINAL),
    (BOTH, ONE_BY_ONE),
    (BOTH_DECODED, ONE_BY_ONE_DECODED),
    (BOTH_DECODED, BOTH),
)
ENVIRONMENT: Final = tuple(IMAGE_ENVIRONMENT.items())


def python(module: str) -> tuple[str, ...]:
    """Return the command of a worker in bench/workers/."""
    return (sys.executable, "-m", f"bench.workers.{module}")


def programs(commands: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the command of the worker that runs programs."""
    return (*python("programs"), json.dumps(commands))


def is_jpeg(name: str) -> bool:
    """Return whether a photo of the corpus is a JPEG."""
    return name.endswith(".jpg")


def tools(peers: Peers) -> list[Tool]:
    """Return the available tools for a JPEG of quality 80 within 256 x 256 px."""
    node = ("node", str(ROOT / "bench" / "workers" / "node.mjs"), str(NODE))
    found = [
        Tool(OURS, python("ours"), "fit", "fit-png", ENVIRONMENT),
        Tool("OpenCV, 1/8", python("opencv"), "reduced", "reduced-png", only=is_jpeg),
        Tool("libvips, thumbnail_buffer", python("vips"), "buffer", "buffer-png"),
        Tool(ALONE, python("vips"), "eighth", environment=ENVIRONMENT, only=is_jpeg),
        Tool(PILLOW_ALONE, python("pillow"), "eighth", only=is_jpeg),
        Tool(DRAFT, python("pillow"), "draft", "draft-png"),
        Tool(FULL, python("pillow"), "full", "full-png"),
    ]
    if "libjpeg-turbo" in peers.versions:
        found.insert(0, Tool(REFERENCE, (str(LIMIT),), "eighth", only=is_jpeg))
    if SHARP in peers.versions:
        found.insert(2, Tool(SHARP, node, "fit", "fit-png"))
    return found


def program_tools(peers: Peers) -> list[Tool]:
    """Return whole programs with the photo on standard input, and our core for the same picture."""
    fit = ["-auto-orient", "-thumbnail", "256x256", "-quality", "80"]
    # The command of gm(…).toBuffer() in https://github.com/deanmoses/tacocat-gallery-aws.
    recipe = ["-auto-orient", "-resize", "200x200^", "-gravity", "Center", "-extent", "200x200"]
    recipe += ["-interlace", "Line", "-quality", "85", "+profile", "*", "jpg:-"]
    commands = {
        ORIGINAL: ["ImageMagick", "-", *recipe],
        "ImageMagick, size hint": [
            *("ImageMagick", "-define", "jpeg:size=512x512", "-", *fit, "jpg:-")
        ],
        "GraphicsMagick, size hint": [
            *("GraphicsMagick", "convert", "-size", "512x512", "-", *fit, "jpg:-")
        ],
        "vipsthumbnail": [*("vipsthumbnail", "stdin", "-s", "256x256>", "-o", ".jpg[Q=80,strip]")],
    }
    able = {
        name: [peers.programs[program], *arguments]
        for name, [program, *arguments] in commands.items()
        if program in peers.programs
    }
    return [
        Tool(SQUARE, python("ours"), "square", environment=ENVIRONMENT),
        *(Tool(name, programs(able), name, environment=peers.environment) for name in able),
    ]


def measure(run: Run) -> Figures:
    """Time all tools on all photos, and measure the quality of their pictures."""
    jpegs = run.corpus.of("12mp", "24mp", "48mp", "progressive")
    others = run.corpus.of(*(start for [start] in OTHERS.values()))
    renditions = [
        Tool(name, python("ours"), name, environment=ENVIRONMENT)
        for name in (BOTH, ONE_BY_ONE, BOTH_DECODED, ONE_BY_ONE_DECODED)
    ]
    core, whole = tools(run.peers), program_tools(run.peers)
    samples: dict[str, Samples] = {}
    with workers() as running:
        for what, asked, photos, rounds in (
            ("JPEG", core, jpegs, run.some(11, 3)),
            ("other formats", core, others, run.some(5, 1)),
            ("whole programs", whole, jpegs, run.some(3, 1)),
            ("two renditions", renditions, jpegs, run.some(3, 1)),
        ):
            advance = run.progress(f"thumbnail: {what}", (rounds + 1) * len(photos))
            for tool, found in interleave(running, asked, photos, rounds, advance).items():
                samples.setdefault(tool, {}).update(found)
        advance = run.progress("thumbnail: quality", len(jpegs))
        scores = quality_scores(running, core, jpegs, advance)
    return {
        "ms": {
            tool: {photo: statistics.median(cpu_ms(found, photo)) for photo in found}
            for tool, found in samples.items()
        },
        "bytes": {
            tool: {photo: found[photo][-1].bytes for photo in found}
            for tool, found in samples.items()
        },
        "to_limit": {tool.name: _ratios(samples, tool.name, REFERENCE) for tool in core},
        "to_original": {tool.name: _ratios(samples, tool.name, ORIGINAL) for tool in whole},
        "to_draft": {tool.name: _ratios(samples, tool.name, DRAFT) for tool in core},
        "pairs": {f"{ours} / {theirs}": _ratios(samples, ours, theirs) for ours, theirs in PAIRS},
        "quality": scores,
    }


def _ratios(samples: Mapping[str, Samples], ours: str, theirs: str) -> dict[str, float]:
    """Return by photo the median ratio of CPU times, for photos that both tools read."""
    one, other = samples.get(ours, {}), samples.get(theirs, {})
    return {
        photo: median_ratio(cpu_ms(one, photo), cpu_ms(other, photo))
        for photo in one
        if len(one[photo]) == len(other.get(photo, ()))
    }


def quality_scores(
    running: Workers, tools: Sequence[Tool], photos: Sequence[Path], advance: Callable[[], None]
) -> dict[str, dict[str, float]]:
    """Return each tool's ssimulacra2 score by photo: before encoding, against a full decode."""
    from ssimulacra2 import compute_ssimulacra2  # noqa: PLC0415  # of the group bench

    by_name = {tool.name: tool for tool in tools}
    reference = by_name[FULL]
    scores: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        best, made = Path(folder, "best.png"), Path(folder, "made.png")
        for photo in photos:
            running.ask(reference, reference.lossless, photo, best)
            for tool in tools:
                if tool.lossless and tool is not reference:
                    answer = running.ask(tool, tool.lossless, photo, made)
                    if "error" not in answer and _size(made) == _size(best):
                        score = float(compute_ssimulacra2(str(best), str(made)))
                        scores.setdefault(tool.name, {})[photo.name] = score
            advance()
    return scores


def _size(png: Path) -> bytes:
    """Return the bytes of width and height in a PNG's header."""
    return png.read_bytes()[16:24]


def mean(by_photo: Mapping[str, float], starts: Sequence[str]) -> float | None:
    """Return the geometric mean over the photos of a column; None if there are none."""
    chosen = [value for photo, value in by_photo.items() if photo.startswith(tuple(starts))]
    return geometric_mean(chosen) if chosen else None


def _score(by_photo: Mapping[str, float], starts: Sequence[str]) -> float | None:
    chosen = [value for photo, value in by_photo.items() if photo.startswith(tuple(starts))]
    return statistics.fmean(chosen) if chosen else None


def _cell(figure: float | None, shape: str = "{:.2f}") -> str:
    return "" if figure is None else shape.format(figure)


def _bold(name: str) -> str:
    return f"**{name}**" if name.startswith(OURS) else name


def page(figures: Figures) -> Iterator[str]:
    """Yield the tables."""
    yield "In process and warm, from the file in memory to a JPEG of quality 80 within 256 × 256"
    yield "px. CPU time as a multiple of the limit in the same round; milliseconds are those of the"
    yield "limit. ssimulacra2 compares the pictures before encoding with Pillow's full decode (100:"
    yield "equal, 90: a trained eye sees a difference side by side); bytes are a thumbnail's mean."
    yield ""
    yield "![CPU time of each tool against the limit](performance-thumbnail.svg)"
    yield ""
    limit = figures["ms"].get(REFERENCE, {})
    rows = [
        [
            f"{REFERENCE}, ms",
            *(_cell(mean(limit, starts), "{:.1f}") for starts in COLUMNS.values()),
            *("", "", ""),
        ]
    ]
    for tool, ratios in figures["to_limit"].items():
        if tool == REFERENCE:
            continue
        scores = figures["quality"].get(tool, {})
        made = figures["bytes"][tool]
        sizes = [made[photo] for photo in made if is_jpeg(photo)]
        rows.append(
            [
                _bold(tool),
                *(_cell(mean(ratios, starts)) for starts in COLUMNS.values()),
                _cell(_score(scores, COLUMNS["mixed"]), "{:.1f}"),
                _cell(_score(scores, COLUMNS["progressive"]), "{:.1f}"),
                f"{statistics.fmean(sizes):,.0f}" if any(sizes) else "",
            ]
        )
    header = ["× the limit, CPU", *COLUMNS, "ssimulacra2, mixed", "progressive", "bytes"]
    yield from table(header, rows)
    yield "Whole programs with their start, and the photo on standard input. This project makes the"
    yield "original's picture (200 × 200 px, cropped, quality 85) in process."
    yield ""
    rows = [
        [_bold(tool), *(_cell(mean(ratios, starts)) for starts in COLUMNS.values())]
        for tool, ratios in figures["to_original"].items()
    ]
    yield from table(["× the original, CPU", *COLUMNS], rows)
    yield "Other formats, 12 MP (HEIC: the largest real one), as a multiple of Pillow's time; this"
    yield "project in milliseconds too. The peers do not read HEIC: their wheels lack HEVC."
    yield ""
    rows = [
        [_bold(tool), *(_cell(mean(ratios, starts)) for starts in OTHERS.values())]
        for tool, ratios in figures["to_draft"].items()
        if any(mean(ratios, starts) is not None for starts in OTHERS.values())
        and tool not in {REFERENCE, FULL}
    ]
    ours = figures["ms"][OURS]
    rows.append(
        ["**this project**, ms", *(_cell(mean(ours, s), "{:.0f}") for s in OTHERS.values())]
    )
    yield from table(["× Pillow, CPU", *OTHERS], rows)
    pairs = figures["pairs"]
    share = mean(pairs[f"{BOTH_DECODED} / {BOTH}"], COLUMNS["mixed"])
    decoded = mean(pairs[f"{BOTH_DECODED} / {ONE_BY_ONE_DECODED}"], COLUMNS["mixed"])
    if share is not None and decoded is not None:
        yield "Decoding once for both default renditions (WebP, 400 and 1,600 px) takes"
        yield f"{decoded:.2f} of the time of decoding for each. But decoding is only {share:.0%} of"
        yield "the work; the rest is encoding, which each rendition needs."
        yield ""


def targets(figures: Figures) -> Iterator[Target]:
    """Yield the targets for CPU time and quality."""
    ours = figures["to_limit"].get(OURS, {})
    pairs = {name: mean(found, COLUMNS["mixed"]) for name, found in figures["pairs"].items()}
    large = mean(ours, ("24mp", "48mp"))
    baseline = mean(ours, COLUMNS["12 MP"])
    quality = _score(figures["quality"].get(OURS, {}), COLUMNS["mixed"])
    alone, theirs = (
        mean(figures["to_limit"].get(name, {}), COLUMNS["baseline"])
        for name in (ALONE, PILLOW_ALONE)
    )
    decoder = (
        f"libvips decodes a baseline JPEG at an eighth in {_cell(alone)} × the limit,"
        f" Pillow's newer libjpeg-turbo in {_cell(theirs)} ×; the rest is resizing, encoding and"
        " calls from Python. Pillow is not used: it does not report data that ends in the middle of"
        " a photo, two images would need its libraries for this alone, and renditions of 1,600 px"
        " need more than an eighth."
    )
    progressive = mean(ours, COLUMNS["progressive"])
    mixed = mean(ours, COLUMNS["mixed"])
    yield Target("thumbnail, 12 MP baseline / limit", baseline, 1.30, stretch=1.0, why=decoder)
    yield Target("thumbnail, 24 and 48 MP / limit", large, 1.20, why=decoder)
    yield Target("thumbnail, progressive / limit", progressive, 0.55, why=decoder)
    yield Target("thumbnail, mixed set / limit", mixed, 1.10, why=decoder)
    sharp = (
        "sharp uses the same libvips. Calls from Python add a millisecond or two for each photo."
    )
    yield Target("thumbnail / sharp", pairs[f"{OURS} / {SHARP}"], 0.92, why=sharp)
    yield Target("thumbnail / Pillow with draft", pairs[f"{OURS} / {DRAFT}"], 0.88)
    yield Target("thumbnail / the original's recipe", pairs[f"{SQUARE} / {ORIGINAL}"], 0.09)
    decoded = mean(figures["pairs"][f"{BOTH_DECODED} / {ONE_BY_ONE_DECODED}"], COLUMNS["mixed"])
    encoding = (
        "most of the work is encoding, which each rendition needs. Without encoding it would be"
        f" {_cell(decoded)}: the large rendition needs all pixels of 12 MP, and only the decoding"
        " of the small one, at a quarter of the size, is saved."
    )
    both = pairs[f"{BOTH} / {ONE_BY_ONE}"]
    yield Target("both renditions / one by one", both, 0.6, why=encoding)
    yield Target("quality, mean ssimulacra2", quality, 90, unit="", at_least=True)
