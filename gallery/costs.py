"""Costs of a deployment: idle, per thousand photos and visits, and to keep photos.

List prices of us-east-1 as of `PRICES_OF`, without free tiers. Nothing was measured in AWS. Each
constant is marked as counted (tests/gallery/test_costs.py compares it with the code), measured, or
estimated. CPU times are of one core of a 2-core x86-64 machine, for baseline JPEGs of phones and
cameras, of 12 megapixels; docs/performance.md has other kinds of photos.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gallery.shell import LABELERS, print_json, print_stdout, whole_number
from shared.limits import MAX_TERM_ROWS

ROOT: Final = Path(__file__).parents[1]
_MEMORY: Final = ROOT / "workflow" / "memory_mb.json"
CORE_MB: Final = 1769  # with it Lambda gives one core; with less memory, a share of one
PRICES_OF: Final = "June 2026"
PHOTOS: Final = 1000
VISITS: Final = 1000
HOURS: Final = 730  # in a month

# Sources: the services' pages, aws.amazon.com/<service>/pricing.
USD: Final = {
    "Lambda, GB-second on arm64": 0.0000133334,
    "Lambda, GB-second on x86_64": 0.0000166667,
    "Lambda, request": 0.20 / 1e6,
    "Step Functions, transition": 0.025 / 1e3,
    "Step Functions Express, request": 1.00 / 1e6,
    "Step Functions Express, GB-second": 0.00001667,
    "EventBridge, event from S3": 1.00 / 1e6,
    "EventBridge, custom event": 1.00 / 1e6,
    "DynamoDB, write unit": 0.625 / 1e6,
    "DynamoDB, read unit": 0.125 / 1e6,
    "DynamoDB, GB-month": 0.25,
    "DynamoDB, GB-month of point-in-time recovery": 0.20,
    "S3, PUT": 0.005 / 1e3,
    "S3, GET": 0.0004 / 1e3,
    "S3, GB-month": 0.023,
    "S3, GB to the internet": 0.09,
    "CloudFront, request": 0.01 / 1e4,
    "CloudFront, GB to the internet": 0.085,
    "Rekognition, DetectLabels": 1.00 / 1e3,
    "CloudWatch, metric of an alarm, month": 0.10,
    "CloudWatch, dashboard, month": 3.00,
    "CloudWatch, custom metric, month": 0.30,
    "CloudWatch, PutMetricData": 0.01 / 1e3,
    "CloudWatch Logs, GB": 0.50,
    "X-Ray, trace": 5.00 / 1e6,
    "ECR, GB-month": 0.10,
    "KMS, key, month": 1.00,
    "KMS, request": 0.03 / 1e4,
}

# Counted in a run: the states that a photo enters, and the requests to S3.
TRANSITIONS: Final = 8
RENDITIONS: Final = 2
GETS: Final = 3  # one by Extract, one by Thumbnail, one by Rekognition or the label model
ALARM_METRICS: Final = 23  # metrics of all alarms
WATCH_SHARDS: Final = 16  # of workflow/watch.json.tftpl
WATCH_MINUTES: Final = 15

# Counted: what the page reads before an upload. A new file takes one Query of by_content; a file
# that is there takes two, and its record. tests/web/test_uploads.py counts the requests.
ASK_READ_UNITS: Final = {"new": 0.5, "there": 2.0}

# At most, with an empty cache: the page's files, and their size compressed. Tests hold both:
# tests/web/test_visits.py and tests/web/test_weight.py.
VISIT_FILES: Final = 25
VISIT_KB: Final = 117

# Measured: CPU milliseconds of a warm function, by `make bench BENCH=functions` (the geometric mean
# of the five photos of "JPEG, baseline") and, of the label model, by `python -m models.bench`.
CPU_MS: Final = {"extract": 1, "thumbnail": 301, "tag": 1, "tag, label model": 137}

# Measured: peak memory in MB; a function with less would be killed. Thumbnail needs 95 for a photo
# of 12 megapixels; Thumbnail and Tag need the rest for the largest AVIF that is accepted.
NEEDS_MB: Final = {"extract": 75, "thumbnail": 1700, "tag": 1720, "tag, label model": 1765}
MEMORY_SIZES_MB: Final = (128, 256, 512, 1024, 1280, 1536, CORE_MB, 3008)  # to compare

# Estimates.
WAIT_MS: Final = {"extract": 60, "thumbnail": 160, "tag": 600, "tag, label model": 80}
COLD_SHARE: Final = 0.01  # AWS: "under 1 %" of invocations
COLD_MS: Final = 1500
STATES_SECONDS: Final = 0.5  # of one photo, without its functions
PHOTO_MB: Final = 4.0
RENDITIONS_MB: Final = 0.25
RECORD_KB: Final = 4
LABELED_RECORD_KB: Final = 3  # of a photo that can be found by labels only
INDEXED_KB: Final = 1  # of a record, in each of the indexes by_album and by_time
TERM_ROWS: Final = {"label": 15, "position and place": 4, "camera": 1}  # of half a KB each
FULL_RECORD_KB: Final = 6  # of a photo with MAX_TERM_ROWS terms
THUMBS_SEEN: Final = 50  # in one visit
THUMB_KB: Final = 25
PHOTOS_OPENED: Final = 5
LARGE_KB: Final = 225
VISIT_READ_UNITS: Final = 30
LOG_KB: Final = 5  # three functions, a few lines each
IMAGES_GB: Final = 0.6  # three images, compressed, and a few older ones that share layers
WATCH_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Item:
    """One line of a table of costs."""

    service: str
    what: str
    usd: float


def memory_mb() -> dict[str, int]:
    """Return the default memory of each function, from which Terraform reads it too."""
    return dict(json.loads(_MEMORY.read_text()))


def billed_seconds(step: str, memory: int) -> float:
    """Return the estimated duration of one invocation of a step."""
    working = CPU_MS[step] * max(1.0, CORE_MB / memory)
    return (working + WAIT_MS[step] + COLD_SHARE * COLD_MS) / 1000


def lambda_usd(step: str, *, architecture: str = "arm64", memory: int | None = None) -> float:
    """Return the cost of one invocation of a step with `memory` MB, or with its default."""
    memory = memory or memory_mb()[step.partition(",")[0]]
    gb_seconds = billed_seconds(step, memory) * memory / 1024
    return gb_seconds * USD[f"Lambda, GB-second on {architecture}"] + USD["Lambda, request"]


def cheapest_mb(step: str) -> int:
    """Return the memory size, of those that suffice, with the lowest cost of an invocation.

    Computing costs the same with any share of a core, since less takes longer. Waiting costs more
    with more memory.
    """
    enough = [size for size in MEMORY_SIZES_MB if size >= NEEDS_MB[step]]
    return min(enough, key=lambda size: lambda_usd(step, memory=size))


def steps(labeler: str) -> tuple[str, str, str]:
    """Return the three steps; the last depends on the labeler."""
    return "extract", "thumbnail", "tag, label model" if labeler == "embedded" else "tag"


def seconds_each(*, labeler: str) -> float:
    """Return the estimated duration of one execution; Thumbnail and Tag run in parallel."""
    memory = memory_mb()
    extract, thumbnail, tag = (
        billed_seconds(step, memory[step.partition(",")[0]]) for step in steps(labeler)
    )
    return STATES_SECONDS + extract + max(thumbnail, tag)


def states_usd(workflow: str, *, labeler: str) -> float:
    """Return the cost of Step Functions for one photo: by transition, or (Express) by time."""
    if workflow == "standard":
        return TRANSITIONS * USD["Step Functions, transition"]
    # Charged in steps of 64 MB; an execution needs less than one step.
    gb_seconds = seconds_each(labeler=labeler) * 64 / 1024
    per_second = USD["Step Functions Express, GB-second"]
    return USD["Step Functions Express, request"] + gb_seconds * per_second


def owner_write_units(
    *, record_kb: int = RECORD_KB, term_rows: int = sum(TERM_ROWS.values())
) -> int:
    """Return the write units of one photo in the table itself, all in its owner's partition.

    Claim writes a row of under 1 KB. Publish writes the photo, the counts of its album and month,
    and its term rows in a transaction, which doubles the units:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
    """
    return 1 + 2 * (record_kb + 2 + term_rows)


def write_units() -> int:
    """Return the write units of one photo, in the table and its indexes.

    The index `processing` gets the photo at Claim and loses it at Publish. by_album and by_time get
    the photo, and by_content its keys. It is not documented whether a transaction doubles the units
    of indexes; they are written after it, so they count once here.
    """
    return owner_write_units() + 1 + 2 * INDEXED_KB + 1 + 1


def thousand_photos(
    *, labeler: str, architecture: str = "arm64", workflow: str = "standard"
) -> list[Item]:
    """Return the costs of a thousand new photos, each READY at the first try."""
    compute = sum(lambda_usd(step, architecture=architecture) for step in steps(labeler))
    states = f"{TRANSITIONS} transitions" if workflow == "standard" else "Express, by its time"
    each = {
        ("Step Functions", states): states_usd(workflow, labeler=labeler),
        ("Lambda", f"three functions, {architecture}"): compute,
        ("DynamoDB", f"{write_units()} write units, half a read unit"): write_units()
        * USD["DynamoDB, write unit"]
        + 0.5 * USD["DynamoDB, read unit"],
        ("S3", f"{1 + RENDITIONS} PUT, {GETS} GET"): (1 + RENDITIONS) * USD["S3, PUT"]
        + GETS * USD["S3, GET"],
        ("EventBridge", "one event from S3, if charged"): USD["EventBridge, event from S3"],
        ("EventBridge", "one event to other systems"): USD["EventBridge, custom event"],
        ("CloudWatch Logs", f"{LOG_KB} kB"): LOG_KB / 1e6 * USD["CloudWatch Logs, GB"],
        ("X-Ray", "one trace, at most"): USD["X-Ray, trace"],
    }
    if labeler == "rekognition":
        each["Rekognition", "one DetectLabels"] = USD["Rekognition, DetectLabels"]
    return [Item(service, what, PHOTOS * usd) for (service, what), usd in each.items()]


def idle_month() -> list[Item]:
    """Return the costs of a month without new photos."""
    runs = HOURS * 60 / WATCH_MINUTES
    watch = (
        USD["Step Functions Express, request"]
        + WATCH_SECONDS * 64 / 1024 * USD["Step Functions Express, GB-second"]
        + WATCH_SHARDS / 2 * USD["DynamoDB, read unit"]
        + USD["CloudWatch, PutMetricData"]
    )
    return [
        Item("CloudWatch", "one dashboard", USD["CloudWatch, dashboard, month"]),
        Item(
            "CloudWatch",
            f"alarms on {ALARM_METRICS} metrics",
            ALARM_METRICS * USD["CloudWatch, metric of an alarm, month"],
        ),
        Item("CloudWatch", "one custom metric", USD["CloudWatch, custom metric, month"]),
        Item("Step Functions", f"the watch, every {WATCH_MINUTES} minutes", runs * watch),
        Item("ECR", f"about {IMAGES_GB} GB of images", IMAGES_GB * USD["ECR, GB-month"]),
    ]


def thousand_visits() -> list[Item]:
    """Return the costs of a thousand visits to the gallery, each with an empty cache."""
    pictures = THUMBS_SEEN + PHOTOS_OPENED
    pictures_gb = (THUMBS_SEEN * THUMB_KB + PHOTOS_OPENED * LARGE_KB) / 1e6
    each = {
        ("CloudFront", f"at most {VISIT_FILES} requests, {VISIT_KB} kB"): VISIT_FILES
        * USD["CloudFront, request"]
        + VISIT_KB / 1e6 * USD["CloudFront, GB to the internet"],
        ("S3", f"{pictures} GET"): pictures * USD["S3, GET"],
        ("S3", f"{pictures_gb * 1000:.1f} MB to the internet"): pictures_gb
        * USD["S3, GB to the internet"],
        ("DynamoDB", f"{VISIT_READ_UNITS} read units"): VISIT_READ_UNITS
        * USD["DynamoDB, read unit"],
    }
    return [Item(service, what, VISITS * usd) for (service, what), usd in each.items()]


def kept_month() -> list[Item]:
    """Return the costs of keeping a thousand photos for a month."""
    gigabytes = PHOTOS * (PHOTO_MB + RENDITIONS_MB) / 1e3
    # a record is in the table and in two indexes; its keys, a quarter of a KB, are in by_content
    rows_gb = PHOTOS * (RECORD_KB + 2 * INDEXED_KB + 0.25 + sum(TERM_ROWS.values()) / 2) / 1e6
    rows_usd = USD["DynamoDB, GB-month"] + USD["DynamoDB, GB-month of point-in-time recovery"]
    return [
        Item("S3", f"{gigabytes:.2f} GB", gigabytes * USD["S3, GB-month"]),
        Item("DynamoDB", f"{rows_gb * 1000:.0f} MB, and its recovery", rows_gb * rows_usd),
    ]


def tables() -> str:
    """Return the section of docs/operations.md that is generated from this file."""
    rekognition, embedded = (
        thousand_photos(labeler=labeler) for labeler in ("rekognition", "embedded")
    )
    arm64, x86_64 = (
        sum(item.usd for item in thousand_photos(labeler="rekognition", architecture=name))
        for name in ("arm64", "x86_64")
    )
    memory = memory_mb()
    rows = [
        f"| {step} | {memory[step.partition(',')[0]]:,} | {CPU_MS[step]:.0f} | {WAIT_MS[step]} |"
        f" {billed_seconds(step, memory[step.partition(',')[0]]) * 1000:.0f} |"
        for step in CPU_MS
    ]
    return "\n".join(
        [
            f"**{PHOTOS:,} new photos**, each READY at the first try:",
            "",
            *_table(rekognition),
            "",
            f'With `labeler = "embedded"`: **{_usd(sum(item.usd for item in embedded))}**.',
            f"On x86_64 the functions cost {_usd(x86_64 - arm64)} more.",
            "",
            "Before an upload the page asks `by_content` whether the gallery has the file.",
            f"A new file takes {_asked('new')}; one that is there, and is not sent, takes",
            f"{_asked('there')}.",
            "",
            "**A month without new photos**:",
            "",
            *_table(idle_month()),
            "",
            f"With a KMS key of your own: {_usd(USD['KMS, key, month'])} more,",
            f"and {_usd(USD['KMS, request'] * 1e4)} for 10,000 requests.",
            "",
            f"**{VISITS:,} visits**, each to {THUMBS_SEEN} photos, {PHOTOS_OPENED} of them opened:",
            "",
            *_table(thousand_visits()),
            "",
            "Without visits CloudFront costs nothing.",
            "",
            f"**A month of keeping {PHOTOS:,} photos** of {PHOTO_MB:.0f} MB:",
            "",
            *_table(kept_month()),
            "",
            *_write_units(),
            "",
            *_standard_or_express(),
            "",
            "| step | memory, MB | CPU, measured, ms | waiting, estimated, ms | billed, ms |",
            "|---|---:|---:|---:|---:|",
            *rows,
        ]
    )


def _write_units() -> list[str]:
    labels = TERM_ROWS["label"]
    kinds = {
        f"{labels} labels only": (LABELED_RECORD_KB, {"label": labels}),
        "usual": (RECORD_KB, TERM_ROWS),
        "every term": (FULL_RECORD_KB, {"of all kinds": MAX_TERM_ROWS}),
    }
    rows = [
        f"| {name}: {', '.join(f'{kind} {count}' for kind, count in terms.items())} | 1 |"
        f" {2 * record_kb} | 4 | {2 * sum(terms.values())} |"
        f" **{owner_write_units(record_kb=record_kb, term_rows=sum(terms.values()))}** |"
        for name, (record_kb, terms) in kinds.items()
    ]
    in_indexes = write_units() - owner_write_units()
    return [
        f"**Write units of a photo** in the table; {in_indexes} more are in its indexes. A",
        f"transaction doubles those of the photo, of {LABELED_RECORD_KB}, {RECORD_KB} or",
        f"{FULL_RECORD_KB} KB, of the counts of album and month, and of its term rows:",
        "",
        *("| a photo and its term rows | Claim | photo | counts | terms | together |",),
        *("|---|---:|---:|---:|---:|---:|", *rows),
    ]


def _standard_or_express() -> list[str]:
    standard, express = (
        PHOTOS * states_usd(workflow, labeler="rekognition") for workflow in ("standard", "express")
    )
    return [
        "**Standard or Express.** The workflow of a photo is a Standard one:",
        "",
        *("| | Standard | Express |", "|---|---|---|"),
        f"| Step Functions, {PHOTOS:,} photos | USD {standard:.3f} | USD {express:.3f} |",
        "| an execution lasts at most | a year; here 36 hours | 5 minutes |",
        "| a photo waits for a quota | for hours | for minutes, and then it is FAILED |",
        "| an execution runs | exactly once | at least once: labels may be paid twice |",
        "| an execution that died | a status and an event, which redrive takes | logs |",
        "| history | 90 days | in logs, which are paid |",
        "",
        "The rows after the first are",
        "[AWS's](https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html).",
    ]


def _table(items: Sequence[Item]) -> list[str]:
    rows = [f"| {item.service} | {item.what} | {item.usd:.3f} |" for item in items]
    total = f"| **all** | | **{sum(item.usd for item in items):.2f}** |"
    return ["| | | USD |", "|---|---|---:|", *rows, total]


def _asked(file: str) -> str:
    """Return the read units of the page's question about one file, and the cost of a thousand."""
    units = ASK_READ_UNITS[file]
    usd = PHOTOS * units * USD["DynamoDB, read unit"]
    return f"{units:g} read units (USD {usd:.5f} for {PHOTOS:,})"


def _usd(amount: float) -> str:
    return f"USD {amount:.2f}"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    command.add_argument(
        "--photos",
        type=whole_number(0),
        default=PHOTOS,
        metavar="N",
        help=f"new photos, of {PHOTO_MB:.0f} MB (default: %(default)s)",
    )
    command.add_argument(
        "--visits",
        type=whole_number(0),
        default=0,
        metavar="N",
        help="visits to the page in a month (default: %(default)s)",
    )
    command.add_argument(
        "--labeler", choices=LABELERS, default="rekognition", help="default: %(default)s"
    )
    command.add_argument(
        "--architecture", choices=("arm64", "x86_64"), default="arm64", help="default: %(default)s"
    )
    command.add_argument("--json", action="store_true", help="print USD as a JSON object")


def run(given: argparse.Namespace) -> int:
    """Print what the photos cost once, and what a gallery of them costs each month."""
    new = thousand_photos(labeler=given.labeler, architecture=given.architecture)
    once = _total(new) * given.photos / PHOTOS
    month = {
        "idle": _total(idle_month()),
        "kept": _total(kept_month()) * given.photos / PHOTOS,
        "visits": _total(thousand_visits()) * given.visits / VISITS,
    }
    if given.json:
        figures = {"prices_of": PRICES_OF, "once": once, "month": month}
        print_json(figures)
        return 0
    print_stdout(f"once, {given.photos:,} new photos, {given.labeler}: {_usd(once)}")
    print_stdout(f"each month: {_usd(sum(month.values()))}")
    print_stdout(f"  alarms, dashboard and images: {_usd(month['idle'])}")
    print_stdout(f"  {given.photos:,} photos kept: {_usd(month['kept'])}")
    print_stdout(f"  {given.visits:,} visits: {_usd(month['visits'])}")
    print_stdout(f"list prices of us-east-1, {PRICES_OF}; docs/operations.md has each service")
    return 0


def _total(items: Sequence[Item]) -> float:
    return sum(item.usd for item in items)
