"""Measure the CPU time of warm functions by kind of photo, and the thumbnail of a download."""

from collections.abc import Iterator
from typing import Final

from bench.rounds import ENVIRONMENT, OPERATIONS, Tool, interleave, mean, workers
from bench.section import Figures, Run, Target, cell, digits, failures, prose, table
from gallery import costs

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
OTHERS: Final = (".webp", ".avif", ".heic")
GET, THEN, ARRIVING = "get", "get-then", "as-it-arrives"
DOWNLOADED: Final = {name: KINDS[name] for name in ("JPEG, baseline", "JPEG, progressive", "HEIC")}
BOUNDS: Final = {"40": 1.05, "80": 1.35}  # by MB/s


def measure(run: Run) -> Figures:
    """Time the functions on photos of each kind, and GET and thumbnail at each rate."""
    names = [*STEPS, *(f"{name} {rate}" for rate in BOUNDS for name in (GET, THEN, ARRIVING))]
    tools = [
        # Rekognition reads JPEG and PNG: Tag decodes only the others.
        Tool(name, OPERATIONS, name, "", ENVIRONMENT, OTHERS if name == "tag" else "")
        for name in names
    ]
    steps, downloads = tools[: len(STEPS)], tools[len(STEPS) :]
    rounds = run.some(5, 1)
    found = []
    for what, asked, kinds in (("CPU", steps, KINDS), ("streaming", downloads, DOWNLOADED)):
        photos = run.corpus.of(*(start for starts in kinds.values() for start in starts))
        advance = run.progress(f"functions: {what}", (rounds + 1) * len(photos))
        with workers() as running:
            found.append(interleave(running, asked, photos, rounds, advance))
    # Other work on the machine only adds to a wall time.
    least = {
        name: {photo: min(one.wall_ms for one in each) for photo, each in samples.items()}
        for name, samples in found[1].samples.items()
    }
    return {
        "ms": found[0].ms(),
        "failed": found[0].failed | found[1].failed,
        "streaming": {
            f"{name} {rate}": {
                photo: ms / least[f"{GET} {rate}"][photo]
                for photo, ms in least[f"{name} {rate}"].items()
                if photo in least[f"{GET} {rate}"]
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
        rows.append([kind, *("" if value is None else digits(value) for value in values)])
    yield from table(["ms of CPU", *(step.capitalize() for step in STEPS)], rows)
    yield from prose(
        f"[Costs](operations.md#costs) are computed with {costs.CPU_MS['extract']} ms for Extract"
        f" and {costs.CPU_MS['thumbnail']} ms for Thumbnail."
    )
    yield from failures(figures["failed"])
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
