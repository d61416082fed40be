"""Measure the whole pipeline on the embedded AWS, and compute its cost with gallery/costs.py."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from bench.section import Figures, Run, prose, table
from bench.stats import percentile
from bench.targets import Target
from gallery import costs
from local.functions import InProcess
from local.process import Photo, process
from local.stack import Stack

TITLE = "Whole pipeline"
PHOTOS: Final = 100
PLAIN: Final = frozenset({".jpeg", ".jpg", ".png", ".webp"})
FUNCTION_STATES: Final = ("Extract", "Thumbnail", "Tag")
LABELERS: Final = ("rekognition", "embedded")


def measure(run: Run) -> Figures:
    """Process real photos, as many at once as the machine can."""
    plain = [path for path in run.corpus.real() if path.suffix.lower() in PLAIN]
    count = run.some(PHOTOS, 20)
    advance = run.progress("pipeline", count)
    return drive([plain[number % len(plain)] for number in range(count)], advance)


def drive(photos: Sequence[Path], advance: Callable[[], None]) -> Figures:
    """Process `photos` in a new embedded AWS, without labels, and return times and counts."""
    import psutil  # noqa: PLC0415  # of the group bench

    me = psutil.Process()
    numbered = [Photo(path, Path(str(number), path.name)) for number, path in enumerate(photos)]
    documents: list[dict[str, Any]] = []
    with (
        tempfile.TemporaryDirectory() as output,
        Stack.start(functions=InProcess()) as stack,
    ):
        before, children = _cpu_seconds(me), _children_seconds(me)
        started = time.perf_counter()
        for document in process(stack, numbered, output=Path(output)):
            documents.append(document)
            advance()
        elapsed = time.perf_counter() - started
        own, functions = _cpu_seconds(me) - before, _children_seconds(me) - children
    durations = [one["duration_ms"] for one in documents]
    return {
        "photos": len(documents),
        "ready": sum(one["status"] == "READY" for one in documents),
        "mean_bytes": statistics.fmean(path.stat().st_size for path in photos),
        "seconds": elapsed,
        "functions_cpu_seconds": functions / len(documents),
        "rest_cpu_seconds": own / len(documents),
        "transitions": statistics.fmean(len(one["states_ms"]) for one in documents),
        "median_ms": statistics.median(durations),
        "p95_ms": percentile(durations, 0.95),
        "states_ms": {
            state: statistics.median(
                one["states_ms"][state] for one in documents if state in one["states_ms"]
            )
            for state in FUNCTION_STATES
        },
    }


def _cpu_seconds(process: Any) -> float:  # noqa: ANN401  # psutil's
    used = process.cpu_times()
    return float(used.user + used.system)


def _children_seconds(process: Any) -> float:  # noqa: ANN401  # as above
    return sum(_cpu_seconds(child) for child in process.children(recursive=True))


def page(figures: Figures) -> Iterator[str]:
    """Yield the measured and the computed tables."""
    rate = figures["photos"] / figures["seconds"]
    yield from prose(
        f"{figures['photos']} real JPEGs, PNGs and WebPs with a mean of"
        f" {figures['mean_bytes'] / 1e6:.2f} MB, in the embedded AWS with the handlers in worker"
        " processes, without labels. No queue grows; emulating AWS takes most of the CPU time."
    )
    rows = [
        ["executions a second", f"{rate:.2f}"],
        ["CPU seconds of the functions, each photo", f"{figures['functions_cpu_seconds']:.3f}"],
        ["CPU seconds of the emulation, each photo", f"{figures['rest_cpu_seconds']:.3f}"],
        ["states entered, each photo", f"{figures['transitions']:.1f}"],
        ["an execution, median, ms", f"{figures['median_ms']:,.0f}"],
        ["an execution, 95th percentile, ms", f"{figures['p95_ms']:,.0f}"],
        *([f"{state}, median, ms", f"{ms:,.0f}"] for state, ms in figures["states_ms"].items()),
    ]
    yield from table(["", ""], rows)
    yield from costs_page()


def costs_page() -> Iterator[str]:
    """Yield requests, bytes, USD and memory by gallery/costs.py."""
    yield "### Requests and cost"
    yield ""
    yield from prose(
        "By `gallery/costs.py`, which says of every figure whether it is counted, measured or"
        f" estimated; list prices of us-east-1, {costs.PRICES_OF}, arm64. A photo that is READY"
        f" at the first try enters {costs.TRANSITIONS} states, and takes {costs.GETS} GETs,"
        f" {1 + costs.RENDITIONS} PUTs with its own upload, and {costs.write_units()} write units."
        f" Extract reads 0.13 MB of a photo of {costs.PHOTO_MB:.0f} MB, Thumbnail and the labeler"
        f" all of it; {costs.RENDITIONS_MB} MB are written."
    )
    items = {
        (labeler, workflow): costs.thousand_photos(labeler=labeler, workflow=workflow)
        for labeler in LABELERS
        for workflow in ("standard", "express")
    }
    services = list(dict.fromkeys(item.service for item in items["rekognition", "standard"]))
    rows = [
        [
            service,
            *(
                f"{sum(item.usd for item in each if item.service == service):.3f}"
                for each in items.values()
            ),
        ]
        for service in services
    ]
    rows.append(
        ["**all**", *(f"**{sum(item.usd for item in each):.2f}**" for each in items.values())]
    )
    header = [f"{labeler}, {workflow.title()}" for labeler, workflow in items]
    yield from table(["USD for 1,000 photos", *header], rows)
    yield from prose(
        "Express is for comparison: it may run an execution twice, and keeps no history."
    )
    yield from prose(
        "Billed milliseconds and millionths of a USD for one invocation, by the function's memory."
        " Bold: the cheapest sufficient size; *: the deployed size. With more memory waiting costs"
        " more; computing takes less time for the same cost, up to one core at 1,769 MB."
    )
    deployed = costs.memory_mb()
    rows = []
    for step in costs.NEEDS_MB:
        cells = []
        for size in costs.MEMORY_SIZES_MB:
            if size < costs.NEEDS_MB[step]:
                cells.append("")
                continue
            ms = costs.billed_seconds(step, size) * 1000
            text = f"{ms:,.0f}: {costs.lambda_usd(step, memory=size) * 1e6:.2f}"
            text = f"**{text}**" if size == costs.cheapest_mb(step) else text
            cells.append(text + (" *" if size == deployed[step.partition(",")[0]] else ""))
        rows.append([step, *cells])
    yield from table(["MB", *(f"{size:,}" for size in costs.MEMORY_SIZES_MB)], rows)


def targets(_: Figures) -> Iterator[Target]:
    """Yield none: an emulator has no targets."""
    return iter(())
