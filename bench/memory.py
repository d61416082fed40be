"""Measure peak memory: of the first photo of a process, and of many photos."""

import itertools
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from bench import ROOT
from bench.corpus import is_progressive
from bench.rounds import PYTHON_PATH
from bench.section import Figures, Run, table
from bench.targets import Target
from bench.thumbnail import ENVIRONMENT, python

TITLE = "Memory"
COLD: Final = {"12 MP": "12mp-1.jpg", "48 MP": "48mp.jpg", "progressive": "progressive-1.jpg"}
MANY: Final = 1000
FEW: Final = 200
SETTLED: Final = "100"  # after this many photos memory should not grow
PLAIN: Final = frozenset({".jpeg", ".jpg", ".png", ".webp"})
BASELINE: Final = "baseline JPEG, PNG, WebP"
PROGRESSIVE: Final = "progressive JPEG too"


def peak_of(what: str, photos: Sequence[Path], *, settings: bool = True) -> Any:  # noqa: ANN401  # JSON
    """Return what `bench.workers.peak` measures of photos, in a process of its own.

    Args:
        what: handler, tag or core.
        photos: one after the other.
        settings: whether the allocator and libvips are set as in the images.
    """
    done = subprocess.run(  # noqa: S603  # our own code
        [*python("peak"), what, *map(str, photos)],
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


def measure(run: Run) -> Figures:
    """Measure each case in its own process."""
    many, few = run.some(MANY, FEW), FEW
    real = run.corpus.real()
    advance = run.progress("memory", 2 * (1 + len(COLD)) + 4)

    def peak(what: str, photos: Sequence[Path], *, settings: bool = True) -> Any:  # noqa: ANN401  # JSON
        found = peak_of(what, photos, settings=settings)
        advance()
        return found

    def cycle(photos: Sequence[Path], count: int) -> list[Path]:
        return list(itertools.islice(itertools.cycle(photos), count))

    plain = [path for path in real if path.suffix.lower() in PLAIN]
    baseline = [path for path in plain if not is_progressive(path)]
    return {
        "cold": {
            what: {
                "empty": peak(what, [])["marks"]["empty"],
                **{
                    name: peak(what, [run.corpus.made / file])["marks"]["1"]
                    for name, file in COLD.items()
                },
            }
            for what in ("handler", "core")
        },
        "many": {
            BASELINE: peak("core", cycle(baseline, many)),
            "the same, allocator as it comes": peak("core", cycle(baseline, few), settings=False),
            PROGRESSIVE: peak("core", cycle(plain, many)),
            "HEIC, AVIF and all others too": peak("core", cycle(real, few)),
        },
    }


def page(figures: Figures) -> Iterator[str]:
    """Yield the tables."""
    yield "The first photo of a process, in MB above the memory of the process before it. The"
    yield "handler makes both default renditions, the core one JPEG within 256 × 256 px."
    yield ""
    rows = [
        [
            f"{what} ({cold['empty']['peak_mb']:.0f} MB empty)",
            *(f"{cold[name]['peak_mb'] - cold['empty']['peak_mb']:.0f}" for name in COLD),
        ]
        for what, cold in figures["cold"].items()
    ]
    yield from table(["MB over the empty process", *COLD], rows)
    yield "Many real photos in one process, one after the other, with the core: the peak so far in"
    yield f"MB, with libraries. Allocator: {_settings()}, as in the images. Every"
    yield "decoder holds all coefficients of a progressive JPEG, 3 bytes for each pixel, and all"
    yield "pixels of a HEIC or AVIF, for HDR as floating point numbers."
    yield ""
    marks = sorted({mark for one in figures["many"].values() for mark in one["marks"]}, key=_order)
    rows = [
        [name, *(_peak(one, mark) for mark in marks), str(one["refused"])]
        for name, one in figures["many"].items()
    ]
    header = ["peak, MB", *("empty" if mark == "empty" else f"{mark}" for mark in marks), "refused"]
    yield from table(header, rows)


def _settings() -> str:
    return " ".join(f"`{name}={value}`" for name, value in ENVIRONMENT)


def _order(mark: str) -> int:
    return 0 if mark == "empty" else int(mark)


def _peak(one: Figures, mark: str) -> str:
    return f"{one['marks'][mark]['peak_mb']:.0f}" if mark in one["marks"] else ""


def targets(figures: Figures) -> Iterator[Target]:
    """Yield the targets for peaks and for growth."""
    cold = figures["cold"]["handler"]
    for name in ("12 MP", "48 MP"):
        above = cold[name]["peak_mb"] - cold["empty"]["peak_mb"]
        yield Target(f"peak of a cold {name} photo over the empty handler", above, 40, unit="MB")
    held = (
        "libjpeg holds all coefficients of a progressive JPEG, 3 bytes for each pixel: 72 MB for"
        " the largest of these photos, of 24 megapixels. All peers do the same."
    )
    for what in (BASELINE, PROGRESSIVE):
        marks = figures["many"][what]["marks"]
        for count in (FEW, MANY):
            peak = marks.get(str(count), {}).get("peak_mb")
            why = held if what == PROGRESSIVE else ""
            yield Target(f"peak over {count:,} photos, {what}", peak, 52, unit="MB", why=why)
        last = max((mark for mark in marks if mark != "empty"), key=int)
        grown = 100 * (marks[last]["peak_mb"] / marks[SETTLED]["peak_mb"] - 1)
        yield Target(f"growth of that from photo {SETTLED} to {last}, {what}", grown, 10, unit="%")
