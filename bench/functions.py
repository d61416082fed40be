"""Measure warm functions by kind of photo, and with the download; compute what photos cost."""

from collections.abc import Iterator
from typing import Final

from bench.rounds import ENVIRONMENT, OPERATIONS, Tool, interleave, mean, workers
from bench.section import Figures, Run, Target, cell, digits, prose, table
from gallery import backfill, costs
from gallery.quotas import DEFAULT_QUOTAS

TITLE = "Functions"
TEXT = """\
CPU milliseconds of a warm function for one photo of 12 megapixels, without waiting for AWS. Tag
makes a JPEG for Rekognition of what Rekognition does not read; the label model is measured by
`python -m models.bench`.

Below: the minimum wall time of GET and thumbnail, as a multiple of the GET alone. In place of S3, a
stream sends the first byte after 15 ms, then at the given rate. Progressive JPEG and HEIC are
decoded after the last byte: the first scans of a progressive file suffice only for an eighth of its
size."""
STEPS: Final = ("extract", "thumbnail", "tag")
KINDS: Final = {
    "JPEG, baseline": ("12mp",),
    "JPEG, progressive": ("progressive",),
    **{name: (name.lower(),) for name in ("PNG", "WebP", "AVIF", "HEIC")},
}
SENT_AS_THEY_ARE: Final = ("JPEG", "PNG")  # Rekognition reads them
LABELERS: Final = {"rekognition": "Rekognition", "embedded": "label model"}
GET, THEN, ARRIVING = "get", "get-then", "as-it-arrives"
DOWNLOADED: Final = {name: KINDS[name] for name in ("JPEG, baseline", "JPEG, progressive", "HEIC")}
BOUNDS: Final = {"40": 1.05, "80": 1.35}  # by MB/s
COUNTS: Final = (1, 1_000, 100_000, 1_000_000)


def measure(run: Run) -> Figures:
    """Time the functions on photos of each kind, and GET and thumbnail at each rate."""
    names = [*STEPS, *(f"{name} {rate}" for rate in BOUNDS for name in (GET, THEN, ARRIVING))]
    steps, downloads = (
        [Tool(name, OPERATIONS, name, environment=ENVIRONMENT) for name in some]
        for some in (names[: len(STEPS)], names[len(STEPS) :])
    )
    rounds = run.some(5, 1)
    found = []
    for what, tools, kinds in (("CPU", steps, KINDS), ("streaming", downloads, DOWNLOADED)):
        photos = run.corpus.of(*(start for starts in kinds.values() for start in starts))
        advance = run.progress(f"functions: {what}", (rounds + 1) * len(photos))
        with workers() as running:
            found.append(interleave(running, tools, photos, rounds, advance))
    # Other work on the machine only adds to a wall time.
    least = {
        name: {photo: min(one.wall_ms for one in each) for photo, each in samples.items()}
        for name, samples in found[1].samples.items()
    }
    return {
        "ms": found[0].ms(),
        "streaming": {
            f"{name} {rate}": {
                photo: ms / least[f"{GET} {rate}"][photo]
                for photo, ms in least[f"{name} {rate}"].items()
            }
            for rate in BOUNDS
            for name in (THEN, ARRIVING)
        },
    }


def tables(figures: Figures) -> Iterator[str]:
    """Yield the table."""
    rows = []
    for kind, starts in KINDS.items():
        values = [mean(figures["ms"][step], starts) for step in STEPS]
        if kind.startswith(SENT_AS_THEY_ARE):
            values[-1] = None
        rows.append([kind, *("" if value is None else digits(value) for value in values)])
    yield from table(["ms of CPU", *(step.capitalize() for step in STEPS)], rows)
    yield from prose(
        f"`gallery/costs.py` reckons with {costs.CPU_MS['extract']} ms for Extract and"
        f" {costs.CPU_MS['thumbnail']} for Thumbnail."
    )
    rows = [
        [
            f"{kind}, {rate} MB/s",
            *(
                cell(mean(figures["streaming"][f"{how} {rate}"], starts))
                for how in (THEN, ARRIVING)
            ),
        ]
        for rate in BOUNDS
        for kind, starts in DOWNLOADED.items()
    ]
    yield from table(["× GET alone", "GET, then thumbnail", "**as the function does**"], rows)


def targets(figures: Figures) -> Iterator[Target]:
    """Yield the targets for baseline JPEG."""
    why = (
        "after the last byte a part is still to be decoded, resized and encoded. For a small file"
        " this is a larger share."
    )
    for rate, bound in BOUNDS.items():
        ratio = mean(figures["streaming"][f"{ARRIVING} {rate}"], KINDS["JPEG, baseline"])
        what = f"GET and thumbnail / GET at {rate} MB/s, baseline"
        yield Target(what, ratio, bound, why=why)


def totals() -> dict[tuple[str, str], dict[str, float]]:
    """Return the USD of a thousand photos by service, for each labeler and kind of workflow."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for labeler in LABELERS:
        for workflow in ("standard", "express"):
            by_service = found.setdefault((labeler, workflow), {})
            for item in costs.thousand_photos(labeler=labeler, workflow=workflow):
                by_service[item.service] = by_service.get(item.service, 0) + item.usd
    return found


def seconds(photos: int, *, labeler: str) -> float:
    """Return the seconds of a backfill in AWS, by default quotas and the project's estimates."""
    at_once = DEFAULT_QUOTAS.invocations_at_once
    rate = min(backfill.rates(at_once, DEFAULT_QUOTAS, labeler=labeler).values())
    return costs.seconds_each(labeler=labeler) + (photos - 1) / rate


def computed() -> Iterator[str]:
    """Yield what is not measured: requests, USD, time by the number of photos, by memory."""
    yield "## Requests and cost"
    yield ""
    yield from prose(
        "Computed by `gallery/costs.py`, which says of every figure whether it is counted, measured"
        f" or estimated; list prices of us-east-1, {costs.PRICES_OF}, arm64. Extract reads 0.13 MB"
        f" of a photo of {costs.PHOTO_MB:.0f} MB, Thumbnail and the labeler all of it;"
        f" {costs.RENDITIONS_MB} MB are written."
    )
    each = totals()
    services = dict.fromkeys(service for found in each.values() for service in found)
    rows = [
        [service, *(f"{found.get(service, 0):.3f}" for found in each.values())]
        for service in services
    ]
    rows.append(["**all**", *(f"**{sum(found.values()):.2f}**" for found in each.values())])
    header = [f"{LABELERS[labeler]}, {workflow.title()}" for labeler, workflow in each]
    yield from table(["USD for 1,000 photos", *header], rows)
    yield from prose(
        "Express is for comparison: it may run an execution twice, and keeps no history. Cost is"
        " linear in the number of photos. Time is, once a quota limits it: for `make backfill` with"
        " Lambda's default concurrency, estimated for Standard:"
    )
    rows = [
        [
            f"{count:,}",
            *(
                text
                for labeler in LABELERS
                for text in (
                    f"{seconds(count, labeler=labeler):,.0f}",
                    f"{count * sum(each[labeler, 'standard'].values()) / costs.PHOTOS:,.4g}",
                )
            ),
        ]
        for count in COUNTS
    ]
    header = [f"{name}, {unit}" for name in LABELERS.values() for unit in ("s", "USD")]
    yield from table(["photos", *header], rows)
