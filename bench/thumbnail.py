"""Compare the thumbnail core with the limit, its peers, and the original's command."""

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from bench import ROOT
from bench.peers import LIMIT, NODE, Peers, environment_of
from bench.rounds import (
    ENVIRONMENT,
    OPERATIONS,
    Measured,
    Tool,
    Workers,
    interleave,
    mean,
    programs,
    workers,
)
from bench.section import OURS, Figures, Run, Target, bold, cell, digits, failures, prose, table

TITLE = "Thumbnail core"
TEXT = """\
In process and warm, from the file in memory to a JPEG of quality 80 within 256 × 256 px. CPU time
as a multiple of the limit in the same round. ssimulacra2 compares the pictures before encoding with
Pillow's full decode (100: equal, 90: a trained eye sees a difference side by side); bytes are a
thumbnail's mean."""
REFERENCE: Final = "limit: libjpeg-turbo, 1/8"
SHARP: Final = "sharp"
DRAFT: Final = "Pillow, draft"
FULL: Final = "Pillow, full decode"
ALONE: Final = "libvips, 1/8 decode alone"
PILLOW_ALONE: Final = "Pillow, 1/8 decode alone"
SQUARE: Final = "this project, 200 px"
ORIGINAL: Final = "the original's ImageMagick, 200 px"

# The photos of each column, by prefix. One in eight of `mixed` is progressive.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "12 MP": ("12mp",),
    "24 MP": ("24mp",),
    "48 MP": ("48mp",),
    "baseline": ("12mp", "24mp", "48mp"),
    "progressive": ("progressive",),
    "mixed": ("12mp", "24mp", "48mp", "progressive-1"),
}
BASELINE: Final = ("12 MP", "24 MP", "48 MP", "baseline")
OTHERS: Final[Mapping[str, tuple[str, ...]]] = {
    name: (name.lower(),) for name in ("PNG", "WebP", "AVIF", "HEIC")
}
JPEG: Final = ".jpg"

NODE_WORKER: Final = ("node", str(ROOT / "bench" / "workers" / "node.mjs"), str(NODE))


def library(name: str) -> tuple[str, ...]:
    """Return the worker of a Python peer."""
    return (sys.executable, "-m", "bench.workers.libraries", name)


# In process: each makes a JPEG of quality 80 within 256 x 256 px, or only decodes.
CORE: Final = (
    Tool(REFERENCE, (str(LIMIT),), "eighth", only=JPEG),
    Tool(OURS, OPERATIONS, "fit", "fit-png", ENVIRONMENT),
    Tool(SHARP, NODE_WORKER, "fit", "fit-png"),
    Tool("OpenCV, 1/8", library("opencv"), "reduced", "reduced-png", only=JPEG),
    Tool("libvips, thumbnail_buffer", library("vips"), "buffer", "buffer-png"),
    Tool(ALONE, library("vips"), "eighth", environment=ENVIRONMENT, only=JPEG),
    Tool(PILLOW_ALONE, library("pillow"), "eighth", only=JPEG),
    Tool(DRAFT, library("pillow"), "draft", "draft-png"),
    Tool(FULL, library("pillow"), "full", "full-png"),
)
# Whole programs: the program, and its arguments with the format as {0}.
_FIT: Final = ("-auto-orient", "-thumbnail", "256x256", "-quality", "80", "{0}:-")
_SCALE: Final = "scale=256:256:force_original_aspect_ratio=decrease"
COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    # The command of gm(…).toBuffer() in https://github.com/deanmoses/tacocat-gallery-aws.
    ORIGINAL: (
        *("ImageMagick", "-", "-auto-orient", "-resize", "200x200^", "-gravity", "Center"),
        *("-extent", "200x200", "-interlace", "Line", "-quality", "85", "+profile", "*", "jpg:-"),
    ),
    "ImageMagick": ("ImageMagick", "-define", "jpeg:size=512x512", "-", *_FIT),
    "GraphicsMagick": ("GraphicsMagick", "convert", "-size", "512x512", "-", *_FIT),
    "vipsthumbnail": ("vipsthumbnail", "stdin", "-s", "256x256>", "-o", ".{0}[Q=80,strip]"),
    "FFmpeg": (
        *("FFmpeg", "-v", "error", "-i", "{{photo}}", "-frames:v", "1", "-vf", _SCALE),
        *("-f", "image2pipe", "-c:v", "{0}", "-q:v", "3", "-"),
    ),
}


def tools(peers: Peers) -> list[Tool]:
    """Return the available libraries."""
    missing = {REFERENCE: "libjpeg-turbo" in peers.skipped, SHARP: SHARP in peers.skipped}
    return [tool for tool in CORE if not missing.get(tool.name)]


def program_tools(peers: Peers) -> list[Tool]:
    """Return the available programs."""
    commands = {}
    for name, [program, *arguments] in COMMANDS.items():
        if program in peers.programs:
            for suffix, kind in (("", "jpg"), ("-png", "png")):
                made = "mjpeg" if (kind, program) == ("jpg", "FFmpeg") else kind
                filled = [word.format(made) for word in arguments]
                commands[name + suffix] = [peers.programs[program], *filled]
    return [
        Tool(name, programs(commands), name, f"{name}-png", environment_of(commands[name][0]))
        for name in COMMANDS
        if name in commands
    ]


def measure(run: Run) -> Figures:
    """Time all tools on all photos, and measure the quality of their pictures."""
    jpegs = run.corpus.of("12mp", "24mp", "48mp", "progressive")
    others = run.corpus.of(*(start for [start] in OTHERS.values()))
    core, whole = tools(run.peers), program_tools(run.peers)
    square = Tool(SQUARE, OPERATIONS, "square", environment=ENVIRONMENT)
    compared = [tool for tool in (*core, *whole) if tool.lossless and tool.name != ORIGINAL]
    measured = Measured()
    with workers() as running:
        for what, asked, photos, rounds in (
            ("JPEG", core, jpegs, run.some(11, 1)),
            ("other formats", [*core, *whole], others, run.some(5, 1)),
            ("whole programs", [square, *whole], jpegs, run.some(3, 1)),
        ):
            advance = run.progress(f"thumbnail: {what}", (rounds + 1) * len(photos))
            measured.add(interleave(running, asked, photos, rounds, advance))
        photos = [*jpegs, *others]
        advance = run.progress("thumbnail: quality", len(photos))
        scores = quality_scores(running, compared, photos, measured, advance)
    names = list(measured.samples)
    return {
        "ms": measured.ms(),
        "bytes": {
            tool: {photo: found[photo][-1].bytes for photo in found}
            for tool, found in measured.samples.items()
        },
        "to_limit": {tool.name: measured.ratios(tool.name, REFERENCE) for tool in core},
        "to_original": {name: measured.ratios(name, ORIGINAL) for name in names},
        "to_draft": {name: measured.ratios(name, DRAFT) for name in names},
        "ours_to_sharp": measured.ratios(OURS, SHARP),
        "quality": scores,
        "failed": measured.failed,
    }


def quality_scores(
    running: Workers,
    tools: Sequence[Tool],
    photos: Sequence[Path],
    measured: Measured,
    advance: Callable[[], None],
) -> dict[str, dict[str, float]]:
    """Return each tool's ssimulacra2 score by photo: before encoding, against a full decode.

    A picture of another size is no thumbnail of the photo, and its time is left out. It may differ
    from the reference by a pixel; then it has no score.
    """
    from ssimulacra2 import compute_ssimulacra2  # noqa: PLC0415  # of the group bench

    reference = next(tool for tool in tools if tool.name == FULL)
    scores: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        best, made = Path(folder, "best.png"), Path(folder, "made.png")
        for photo in photos:
            advance()
            if "error" in running.ask(reference, reference.lossless, photo, best):
                continue
            for tool in tools:
                if tool is reference or photo.name not in measured.samples.get(tool.name, {}):
                    continue
                answer = running.ask(tool, tool.lossless, photo, made)
                if "error" in answer:
                    measured.fail(tool.name, photo.name, answer["error"])
                    continue
                size, wanted = png_size(made), png_size(best)
                if max(abs(one - other) for one, other in zip(size, wanted, strict=True)) > 1:
                    measured.fail(tool.name, photo.name, f"makes {size[0]} × {size[1]} px of it")
                elif size == wanted:
                    score = float(compute_ssimulacra2(str(best), str(made)))
                    scores.setdefault(tool.name, {})[photo.name] = score
    return scores


def png_size(png: Path) -> tuple[int, int]:
    """Return the width and height in a PNG's header."""
    header = png.read_bytes()[16:24]
    return int.from_bytes(header[:4]), int.from_bytes(header[4:])


def score(by_photo: Mapping[str, float], starts: Sequence[str]) -> float | None:
    """Return the mean score over the photos of a column; None if there are none."""
    chosen = [value for photo, value in by_photo.items() if photo.startswith(tuple(starts))]
    return statistics.fmean(chosen) if chosen else None


def tables(figures: Figures) -> Iterator[str]:
    """Yield the tables."""
    limit = figures["ms"].get(REFERENCE, {})
    rows = [
        [f"{REFERENCE}, ms", *(cell(mean(limit, each), ".1f") for each in COLUMNS.values())]
        + [""] * 3
    ]
    for tool, ratios in figures["to_limit"].items():
        scores, made = figures["quality"].get(tool, {}), figures["bytes"].get(tool, {})
        sizes = [made[photo] for photo in made if photo.endswith(JPEG)]
        if tool != REFERENCE:
            rows.append(
                [
                    bold(tool),
                    *(cell(mean(ratios, starts)) for starts in COLUMNS.values()),
                    cell(score(scores, COLUMNS["mixed"]), ".1f"),
                    cell(score(scores, COLUMNS["progressive"]), ".1f"),
                    f"{statistics.fmean(sizes):,.0f}" if any(sizes) else "",
                ]
            )
    header = ["× the limit, CPU", *COLUMNS, "ssimulacra2, mixed", "progressive", "bytes"]
    yield from table(header, rows)
    yield from prose(
        "Whole programs with their start, and the photo on standard input; ImageMagick and"
        " GraphicsMagick get a size hint. This project makes the original's picture (200 × 200 px,"
        " cropped, quality 85) in process."
    )
    rows = [
        [bold(tool), *(cell(mean(ratios, starts)) for starts in COLUMNS.values())]
        for tool, ratios in figures["to_original"].items()
        if tool in {SQUARE, *COMMANDS}
    ]
    yield from table(["× the original, CPU", *COLUMNS], rows)
    yield from _other_formats(figures)


def _other_formats(figures: Figures) -> Iterator[str]:
    yield from prose(
        "Other formats, 12 MP: libraries in process, then whole programs. CPU time as a multiple of"
        " Pillow, draft, which reads HEIC by pi-heif-decoder; the same in milliseconds; and"
        " ssimulacra2. HEICs are real photos, of 12 MP if there are any; vipsthumbnail decodes only"
        " their preview, if that is large enough."
    )
    rows = []
    for tool in [*(one.name for one in CORE if not one.only), *COMMANDS]:
        ratios, ms, scores = (figures[kind].get(tool, {}) for kind in ("to_draft", "ms", "quality"))
        values = []
        for starts in OTHERS.values():
            found = (
                (mean(ratios, starts), " ×"),
                (mean(ms, starts), " ms"),
                (score(scores, starts), ""),
            )
            values.append(", ".join(f"{digits(one)}{unit}" for one, unit in found if one))
        if any(values) and tool != ORIGINAL:
            rows.append([bold(tool), *values])
    yield from table(["CPU, ssimulacra2", *OTHERS], rows)
    yield from failures(figures["failed"])


def targets(figures: Figures) -> Iterator[Target]:
    """Yield the targets for CPU time and quality."""
    ours = figures["to_limit"].get(OURS, {})
    to_sharp, to_draft = figures["ours_to_sharp"], figures["to_draft"].get(OURS, {})
    alone, theirs = (
        mean(figures["to_limit"].get(name, {}), COLUMNS["baseline"])
        for name in (ALONE, PILLOW_ALONE)
    )
    decoder = (
        f"libvips decodes a baseline JPEG at an eighth in {cell(alone)} × the limit, Pillow's newer"
        f" libjpeg-turbo in {cell(theirs)} ×; the rest is resizing, encoding and calls from Python."
        " Pillow is not used: it does not report data that ends in the middle of a photo, two"
        " images would need its libraries for this alone, and renditions of 1,600 px need more than"
        " an eighth."
    )
    for name, starts, bound, stretch in (
        ("12 MP baseline", COLUMNS["12 MP"], 1.30, 1.0),
        ("24 and 48 MP", ("24mp", "48mp"), 1.20, None),
        ("progressive", COLUMNS["progressive"], 0.55, None),
        ("mixed set", COLUMNS["mixed"], 1.10, None),
    ):
        what = f"thumbnail, {name} / limit"
        yield Target(what, mean(ours, starts), bound, stretch=stretch, why=decoder)
    sharp = [mean(to_sharp, COLUMNS[name]) for name in BASELINE]
    worst = max((one for one in sharp if one is not None), default=None)
    calls = (
        "sharp decodes by libvips too, in the same time. [Decision"
        " 35](decisions/0035-where-a-thumbnails-time-goes.md) has the time of each other part."
    )
    yield Target("thumbnail / sharp, worst baseline column", worst, 0.97, why=calls)
    yield Target("thumbnail / sharp, mixed set", mean(to_sharp, COLUMNS["mixed"]), 0.92, why=calls)
    yield Target("thumbnail / Pillow with draft", mean(to_draft, COLUMNS["mixed"]), 0.88)
    square = mean(figures["to_original"].get(SQUARE, {}), COLUMNS["mixed"])
    yield Target("thumbnail / the original's recipe", square, 0.09)
    heic = mean(to_draft, OTHERS["HEIC"])
    yield Target("thumbnail of a HEIC / Pillow with pi-heif-decoder", heic, 1.0)
    quality = score(figures["quality"].get(OURS, {}), COLUMNS["mixed"])
    yield Target("quality, mean ssimulacra2", quality, 90, unit="", at_least=True)
