"""Measure, and write docs/performance.md.

    python -m bench [quick] [SECTION…] [--photos FOLDER]
    python -m bench page

Without SECTION all are measured. With `page` nothing is: it is written from the last figures. What
is not measured, on this processor or on others, keeps its last figures.
"""

import argparse
import datetime as dt
import os
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from bench import ROOT, corpus, report
from bench.peers import gather, processor
from bench.plots import draw
from bench.section import REST_SAMPLES, Run, rest, wait_for_rest

SHIPPED = ROOT / "local" / "photos"


def main() -> None:
    """Parse the command line, measure, and write the results and the page."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.partition("\n")[0])
    parser.add_argument("what", nargs="*", metavar="WHAT", help="quick, sections, or page")
    parser.add_argument("--photos", type=Path, default=SHIPPED, help="a folder of real photos")
    given = parser.parse_args()
    if given.what == ["page"]:
        write()
        return
    quick = "quick" in given.what
    chosen = [name for name in given.what if name != "quick"] or list(report.SECTIONS)
    if unknown := set(chosen) - set(report.SECTIONS):
        parser.error(f"expected {', '.join(report.SECTIONS)}, got {', '.join(unknown)}")
    started = time.monotonic()
    console = Console(stderr=True)
    peers = gather()
    for name, why in peers.skipped.items():
        console.print(f"skipped: {name}, {why}")
    with Progress(console=console) as progress:

        def task(what: str, total: int) -> Callable[[], None]:
            number = progress.add_task(what, total=total)
            return lambda: progress.advance(number)

        run = Run(corpus.make(given.photos), peers, quick, task)
        source = "`local/photos`" if given.photos == SHIPPED else "a folder of real ones"
        for name in chosen:
            busy_before = wait_for_rest(run.some(REST_SAMPLES, 1))
            began = time.monotonic()
            figures = report.SECTIONS[name].measure(run)
            minutes = (time.monotonic() - began) / 60
            busy_cores = max(busy_before, wait_for_rest(1))  # something may have begun meanwhile
            console.print(f"{name}: {minutes:.1f} minutes, {rest(busy_cores)}")
            results = report.load().get(processor(), {})  # keeps the figures of the other sections
            results[name] = figures
            results["about"] = {
                "processor": processor(),
                "cores": os.cpu_count(),
                "source": source,
                "versions": peers.versions,
                "skipped": peers.skipped,
                "sections": {
                    **results.get("about", {}).get("sections", {}),
                    name: {
                        "date": dt.datetime.now(dt.UTC).date().isoformat(),
                        "busy_cores": busy_cores,
                        "minutes": minutes,
                        "quick": quick,
                    },
                },
            }
            report.save(results)
    write()
    minutes = (time.monotonic() - started) / 60
    console.print(f"written: {report.PAGE.relative_to(ROOT)}, after {minutes:.1f} minutes")


def write() -> None:
    """Write the page and its pictures from the results."""
    results = report.load()
    draw(results)
    report.PAGE.write_text(report.page(results))


if __name__ == "__main__":
    main()
