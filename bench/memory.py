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
Peaks in MiB, each of a new process. Thumbnail makes both default renditions, and Tag the JPEG for
Rekognition. *Usual* are photos of 8 bits, in Thumbnail. *Largest* are files with the most pixels,
samples and bits that are accepted. They have one color, so they are short; what is *needed* is the
larger of their two peaks, the length of the longest file that is accepted (three times for HEIC and
AVIF), and 20 MiB for Lambda's runtime."""
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


def peak_of(what: str, photos: Sequence[Path]) -> Any:  # noqa: ANN401  # JSON
    """Return what `bench.workers.peak` measures of photos in a row, in a process of its own."""
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
            **dict(ENVIRONMENT),
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
        BASELINE: (baseline, many),
        "progressive JPEG too": (plain, many),
        "HEIC, AVIF and all others too": (real, SETTLED),
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
    for name, (photos, count) in cases.items():
        cycle = list(itertools.islice(itertools.cycle(photos), count))
        figures["many"][name] = peak_of("core", cycle)
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
        small, large = [*sorted(usual.get(way, {}).values()), None, None][:2]
        costs_of = figures["largest"][way]
        peaks = [costs_of[step]["peak_mib"] for step in STEPS]
        pixels = WAYS[way].max_megapixels
        rows.append(
            [
                WAYS[way].name,
                *(cell(one, ".0f") for one in (small, large)),
                str(pixels),
                *(f"{peak:,.0f}" for peak in peaks),
                f"{(max(peaks) - empty) * 2**20 / 1e6 / pixels:.1f}",
                f"{max(costs_of[step]['cpu_s'] for step in STEPS):.1f}",
                f"**{needed:,.0f}**",
            ]
        )
    header = ["", "usual, 12 MP", "usual, 48 MP", "largest, MP", "in Thumbnail", "in Tag"]
    yield from table([*header, "bytes a pixel", "CPU, s", "needed"], rows)
    yield from prose(
        f"{empty:.0f} MiB of each peak are there before the photo. libjpeg holds all coefficients"
        " of a progressive JPEG, at least 3 bytes for each pixel; decoders of HEIC and AVIF hold"
        " all pixels. HEIC's encoders are GPL, so only a real photo is measured."
    )
    yield from _sets_the_memory(figures, need)
    yield from prose(
        "Many real photos in one process, one after the other, to a JPEG within 256 × 256 px: the"
        " peak so far, without AWS's clients."
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
        f"`workflow/memory_mb.json` gives Thumbnail {deployed['thumbnail']:,} MiB, and Tag"
        f" {deployed['tag']:,}: one processor core, and enough for each kind of photo. (The label"
        f" model by itself needs {costs.NEEDS_MB['tag, label model']:,}.) Less would suffice if the"
        " most demanding kinds were refused. The cost is that of both functions for"
        f" {costs.PHOTOS:,} photos, by `gallery/costs.py`, and not measured: with less memory,"
        " waiting costs less, and computing takes longer for the same price."
    )
    usual = max(peak for by_size in figures["usual"].values() for peak in by_size.values())
    sizes = {
        "deployed": deployed["thumbnail"],
        **{f"suffices for {WAYS[way].name}, and those below": size for way, size in need.items()},
        "suffices for usual photos up to 48 MP only": usual + RUNTIME_MIB,
    }
    rows = []
    for name, size in sizes.items():
        memory = math.ceil(size)
        usd = sum(costs.lambda_usd(step, memory=memory) for step in ("thumbnail", "tag"))
        ms = costs.billed_seconds("thumbnail", memory) * 1000
        rows.append([name, f"{memory:,}", f"{ms:,.0f}", f"{usd * costs.PHOTOS:.4f}"])
    yield from table(["memory", "MiB", "Thumbnail, ms billed", "USD"], rows)


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
