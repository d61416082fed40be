"""Measure, and write docs/performance.md.

    python -m bench [quick|large] [SECTION…] [--photos FOLDER]

Without SECTION all are measured. The other sections keep their last figures.
"""

import argparse
import datetime as dt
import os
import platform
import re
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

import local  # noqa: F401  # puts images/ on the path, as the handlers' imports want it
from bench import ROOT, corpus, report
from bench.peers import gather
from bench.plots import draw
from bench.results import load, save
from bench.section import Run

SHIPPED = ROOT / "local" / "photos"


def main() -> None:
    """Parse the command line, measure, and write the results and the page."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.partition("\n")[0])
    parser.add_argument("what", nargs="*", metavar="WHAT", help="quick, large, or sections")
    photos = os.environ.get("BENCH_PHOTOS") or SHIPPED
    parser.add_argument("--photos", type=Path, default=photos, help="a folder of real photos")
    given = parser.parse_args()
    quick, large = "quick" in given.what, "large" in given.what
    named = [name for name in given.what if name not in {"quick", "large"}]
    chosen = named or list(report.SECTIONS)
    if unknown := set(chosen) - set(report.SECTIONS):
        parser.error(f"expected {', '.join(report.SECTIONS)}, got {', '.join(unknown)}")
    started = time.monotonic()
    console = Console(stderr=True)
    peers = gather()
    for name, why in peers.skipped.items():
        console.print(f"skipped: {name}, {why}")
    with Progress(
        TextColumn("{task.description:32}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    ) as progress:

        def task(what: str, total: int) -> Callable[[], None]:
            number = progress.add_task(what, total=total)
            return lambda: progress.advance(number)

        run = Run(corpus.make(given.photos), peers, quick, large, task)
        source = "`local/photos`" if given.photos == SHIPPED else "a folder of real ones"
        for name in chosen:
            when = {
                "date": dt.datetime.now(dt.UTC).date().isoformat(),
                "load": os.getloadavg()[0],
                "machine": machine(),
            }
            figures = report.SECTIONS[name].measure(run)
            results = load()  # keeps the figures of the other sections
            results[name] = figures
            results["about"] = {
                "source": source,
                "photos": corpus.facts(run.corpus),
                "versions": peers.versions,
                "skipped": peers.skipped,
                "sections": {
                    **results.get("about", {}).get("sections", {}),
                    name: {**when, "quick": quick},
                },
            }
            save(results)
    draw(load())
    report.PAGE.write_text(report.page(load()))
    minutes = (time.monotonic() - started) / 60
    console.print(f"written: {report.PAGE.relative_to(ROOT)}, after {minutes:.1f} minutes")


def machine() -> str:
    """Return the number and the model of this machine's cores."""
    cpuinfo = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.*)", cpuinfo.read_text()) if cpuinfo.exists() else None
    return f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}"


if __name__ == "__main__":
    main()
