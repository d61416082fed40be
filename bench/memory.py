"""Measure peak memory: of usual photos and the largest accepted, by way of decoding; of many."""

import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from bench import ROOT
from bench.corpus import is_progressive, megapixels
from bench.rounds import ENVIRONMENT, PYTHON_PATH
from bench.section import Figures, Run, Target, cell, prose, table
from gallery import costs
from shared.limits import WAYS

TITLE = "Memory"
TEXT = """\
Peaks of fresh processes, in MiB. Thumbnail makes both default renditions with the clients of the
step; Tag makes the JPEG for Rekognition. The largest accepted files have the most samples and bits
of their way, and one color, so they are short: a longer one takes its own length in addition, a
HEIC or an AVIF three times."""
USUAL: Final = {  # photos of the corpus by way: of 12 and of 48 megapixels
    "JPEG": ("12mp-1.jpg", "48mp.jpg"),
    "PROGRESSIVE_JPEG": ("progressive-1.jpg", "large-progressive.jpg"),
    "PNG": ("png.png", "large-png.png"),
    "WEBP": ("webp.webp", "large-webp.webp"),
    "HEIC": ("heic-1.heic",),
    "AVIF": ("avif.avif", "large-avif.avif"),
}
STEPS: Final = {"handler": "thumbnail", "tag": "tag"}  # by what bench.workers.peak calls them
MAX_SECONDS: Final = 25
RUNTIME_MIB: Final = 20  # of Lambda's runtime in the same process, which is not measured
COPIES: Final = {"HEIC": 3, "AVIF": 3}  # of the file in memory while it is decoded
MANY: Final = 1000
SETTLED: Final = 100  # after this many photos memory should not grow
PLAIN: Final = frozenset({".jpeg", ".jpg", ".png", ".webp"})
BASELINE: Final = "baseline JPEG, PNG, WebP"


def peak_of(what: str, photos: Sequence[Path], *, settings: bool = True) -> Any:  # noqa: ANN401  # JSON
    """Return what `bench.workers.peak` measures of photos, in a process of its own.

    Args:
        what: handler, tag or core.
        photos: one after the other.
        settings: whether the allocator and libvips are set as in the images.
    """
    done = subprocess.run(  # noqa: S603  # our own code
        [sys.executable, "-m", "bench.workers.peak", what, *map(str, photos)],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": PYTHON_PATH,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "DERIVED_BUCKET": "derived",
            **(dict(ENVIRONMENT) if settings else {}),
        },
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout)


def cost(photo: Path, step: str) -> Figures:
    """Return the peak memory in MiB and the seconds of CPU of a step with one photo.

    Raises:
        AssertionError: the step refuses the photo.
    """
    found = peak_of(step, [photo])
    if found["refused"]:
        raise AssertionError(f"{step} refuses the photo: {found['refused']}")
    return {"peak_mib": found["peaks"]["1"], "cpu_s": found["cpu_s"]}


def needed_mib(way: str, peak_mib: float) -> float:
    """Return the memory that the longest file of a way needs, from the peak of a short one."""
    return peak_mib + COPIES.get(way, 1) * WAYS[way].max_bytes / 2**20 + RUNTIME_MIB


def largest(way: str) -> bytes:
    """Return the largest accepted file of a way, which tools/largest.py has made."""
    packed = (ROOT / "bench" / "data" / f"{way}.zlib").read_bytes()
    return zlib.decompress(zlib.decompress(packed))


def measure(run: Run) -> Figures:
    """Measure each case in its own process."""
    real = run.corpus.real()
    usual = {way: [run.corpus.made / name for name in names] for way, names in USUAL.items()}
    present = {way: [path for path in each if path.exists()] for way, each in usual.items()}
    many = run.some(MANY, SETTLED)
    plain = [path for path in real if path.suffix.lower() in PLAIN]
    baseline = [path for path in plain if not is_progressive(path)]
    cases = {
        BASELINE: (baseline, many, True),
        "the same, allocator as it comes": (baseline, SETTLED, False),
        "progressive JPEG too": (plain, many, True),
        "HEIC, AVIF and all others too": (real, SETTLED, True),
    }
    total = sum(map(len, present.values())) + len(WAYS) * len(STEPS) + len(cases)
    advance = run.progress("memory", total)
    figures: Figures = {"empty": peak_of("handler", [])["peaks"]["empty"]}
    figures["usual"] = {way: {} for way in present}
    for way, photos in present.items():
        for photo in photos:
            figures["usual"][way][f"{megapixels(photo):.0f}"] = cost(photo, "handler")["peak_mib"]
            advance()
    figures["largest"] = {way: {} for way in WAYS}
    with tempfile.NamedTemporaryFile() as file:
        for way, by_step in figures["largest"].items():
            Path(file.name).write_bytes(largest(way))
            for step in STEPS:
                by_step[step] = cost(Path(file.name), step)
                advance()
    figures["many"] = {}
    for name, (photos, count, settings) in cases.items():
        cycle = list(itertools.islice(itertools.cycle(photos), count))
        figures["many"][name] = peak_of("core", cycle, settings=settings)
        advance()
    return figures


def needs(figures: Figures) -> dict[str, float]:
    """Return by way the memory that its largest accepted file needs, the most demanding first."""
    found = {
        way: needed_mib(way, max(each[step]["peak_mib"] for step in STEPS))
        for way, each in figures["largest"].items()
    }
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def tables(figures: Figures) -> Iterator[str]:
    """Yield the tables."""
    usual, empty = figures["usual"], figures["empty"]
    need = needs(figures)
    rows = []
    for way, needed in need.items():
        sizes = {int(size): peak for size, peak in usual.get(way, {}).items()}
        small, *large = [sizes[size] for size in sorted(sizes)] or [None]
        of_usual = None
        if small is not None and large:
            of_usual = (large[-1] - small) * 1.048576 / (max(sizes) - min(sizes))
        costs_of = figures["largest"][way]
        peaks = [costs_of[step]["peak_mib"] for step in STEPS]
        seconds = max(costs_of[step]["cpu_s"] for step in STEPS)
        pixels = WAYS[way].max_megapixels
        rows.append(
            [
                WAYS[way].name,
                *(cell(one, ".0f") for one in (small, *(large or [None]))),
                cell(of_usual, ".1f"),
                str(pixels),
                *(f"{peak:,.0f}" for peak in peaks),
                f"{(max(peaks) - empty) * 1.048576 / pixels:.1f}",
                f"**{needed:,.0f}**",
                f"{seconds:.1f}",
            ]
        )
    header = ["", "12 MP", "48 MP", "bytes a pixel", "largest accepted, MP", "Thumbnail", "Tag"]
    yield from table([*header, "bytes a pixel", "needed", "s of CPU"], rows)
    yield from prose(
        f"12 and 48 MP: usual photos, 8 bit, in Thumbnail, of which {empty:.0f} MiB are there"
        f" before the photo; HEIC has no free encoder, so only a real one. Needed: the larger peak,"
        f" the longest file that is accepted, and {RUNTIME_MIB} MiB for Lambda's runtime. libjpeg"
        " holds all coefficients of a progressive JPEG, at least 3 bytes for each pixel; decoders"
        " of HEIC and AVIF hold all pixels."
    )
    yield from _sets_the_memory(figures, need)
    yield from prose(
        "Many real photos in one process, one after the other, to a JPEG within 256 × 256 px: the"
        " peak so far, with libraries."
    )
    marks = ["empty", "1", str(SETTLED), str(MANY)]
    rows = [
        [name, *(cell(one["peaks"].get(mark), ".0f") for mark in marks), str(one["refused"])]
        for name, one in figures["many"].items()
    ]
    yield from table(["peak, MiB", *marks, "refused"], rows)


def _sets_the_memory(figures: Figures, need: dict[str, float]) -> Iterator[str]:
    """Yield what the functions would need and cost without the most demanding ways."""
    deployed = costs.memory_mb()
    yield from prose(
        f"What sets the memory of Thumbnail ({deployed['thumbnail']:,} MiB) and of Tag"
        f" ({deployed['tag']:,}; the label model by itself needs"
        f" {costs.NEEDS_MB['tag, label model']:,}): each line accepts no file of the ways in the"
        " lines above it. The cost is of"
        f" both functions for {costs.PHOTOS:,} photos, by `gallery/costs.py`: with less memory"
        " waiting costs less, and computing takes longer, for the same price."
    )
    smallest = max(peak for by_size in figures["usual"].values() for peak in by_size.values())
    sizes = {f"for {WAYS[way].name}": size for way, size in need.items()}
    sizes["for usual photos up to 48 MP alone"] = smallest + RUNTIME_MIB
    rows = []
    for number, (name, size) in enumerate(sizes.items()):
        memory = math.ceil(size) if number else deployed["thumbnail"]
        usd = sum(costs.lambda_usd(step, memory=memory) for step in ("thumbnail", "tag"))
        ms = costs.billed_seconds("thumbnail", memory) * 1000
        rows.append(
            [name, f"{size:,.0f}", f"{memory:,}", f"{ms:,.0f}", f"{usd * costs.PHOTOS:.4f}"]
        )
    yield from table(["memory", "needed", "MiB", "Thumbnail, ms billed", "USD"], rows)


def targets(figures: Figures) -> Iterator[Target]:
    """Yield the targets for peaks, for growth, and for the deployed memory."""
    usual, empty = figures["usual"]["JPEG"], figures["empty"]
    for name, peak in zip(("12 MP", "48 MP"), usual.values(), strict=False):
        yield Target(f"peak of a baseline JPEG of {name} over none", peak - empty, 40, "MiB")
    peaks = figures["many"][BASELINE]["peaks"]
    last = peaks.get(str(MANY))
    yield Target(f"peak over {MANY:,} photos, {BASELINE}", last, 50, "MiB")
    grown = last and 100 * (last / peaks[str(SETTLED)] - 1)
    yield Target(f"growth of that from photo {SETTLED} to {MANY:,}", grown, 10, "%")
    deployed = costs.memory_mb()
    for step, name in STEPS.items():
        found = figures["largest"]
        need = max(needed_mib(way, each[step]["peak_mib"]) for way, each in found.items())
        seconds = max(each[step]["cpu_s"] for each in found.values())
        title = name.capitalize()
        yield Target(f"{title} needs, largest accepted files", need, deployed[name], "MiB")
        yield Target(f"CPU of {title}, largest accepted files", seconds, MAX_SECONDS, "s")
