"""What the deployment costs: idle, for each thousand photos and visits, and to keep them.

Prices are list prices of us-east-1, of `PRICES_OF`, without free tiers. Measured here, not in AWS:
the CPU time of each step, on one core of a 2-core x86-64 machine, by

    python -m gallery.costs PHOTO…

over three JPEGs of phones and cameras, 9 to 12 megapixels. What is counted is held to the code by
tests/tools/test_costs.py; what is marked as an estimate is one.
"""

import re
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from shared.contracts import ExtractRequest, PhotoRef, ThumbnailRequest
from shared.storage import Chunk, PhotoStream

ROOT: Final = Path(__file__).parents[1]
VARIABLES: Final = ROOT / "terraform" / "variables.tf"
CORE_MB: Final = 1769  # at which Lambda gives one core; less memory is a smaller share of it
PRICES_OF: Final = "June 2026"
PHOTOS: Final = 1000
VISITS: Final = 1000
HOURS: Final = 730  # in a month

# Sources: the services' own pages, aws.amazon.com/<service>/pricing.
USD: Final = {
    "Lambda, GB-second on arm64": 0.0000133334,
    "Lambda, GB-second on x86_64": 0.0000166667,
    "Lambda, request": 0.20 / 1e6,
    "Step Functions, transition": 0.025 / 1e3,
    "Step Functions Express, request": 1.00 / 1e6,
    "Step Functions Express, GB-second": 0.00001667,
    "EventBridge, event from S3": 1.00 / 1e6,
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
    "CloudWatch, metric of our own, month": 0.30,
    "CloudWatch, PutMetricData": 0.01 / 1e3,
    "CloudWatch Logs, GB": 0.50,
    "X-Ray, trace": 5.00 / 1e6,
    "ECR, GB-month": 0.10,
    "KMS, key, month": 1.00,
    "KMS, request": 0.03 / 1e4,
}

# Counted: the states that a photo enters on its way to READY, and what they ask for.
TRANSITIONS: Final = 10
RENDITIONS: Final = 2
GETS: Final = 4  # Extract twice, Thumbnail, and Rekognition or the label model
ALARM_METRICS: Final = 21  # one for each metric that an alarm looks at
WATCH_SHARDS: Final = 16  # of workflow/watch.json.tftpl
WATCH_MINUTES: Final = 15

VISIT_FILES: Final = 5  # of the page, with an empty cache

# Measured: the page's files in kB, compressed (tests/web/test_visits.py).
VISIT_KB: Final = 176

# Measured: CPU milliseconds, warm, the median of three photos (see above).
CPU_MS: Final = {"extract": 1, "thumbnail": 450, "tag": 1, "tag, label model": 137}

# Measured: MB that a function may come to hold, so that less would end it. A photo of 12 megapixels
# takes Thumbnail 95; the largest AVIF that is accepted takes it, and Tag, 1,260.
NEEDS_MB: Final = {"extract": 75, "thumbnail": 1260, "tag": 1260, "tag, label model": 1260}
MEMORY_SIZES_MB: Final = (128, 256, 512, 1024, 1280, 1536, CORE_MB, 3008)  # those looked at

# Estimates.
WAIT_MS: Final = {"extract": 60, "thumbnail": 160, "tag": 600, "tag, label model": 80}
COLD_SHARE: Final = 0.01  # "under 1 %" of invocations, says AWS
COLD_MS: Final = 1500
STATES_SECONDS: Final = 0.5  # what the states of one photo take beside its functions
PHOTO_MB: Final = 4.0
RENDITIONS_MB: Final = 0.25
RECORD_KB: Final = 4
INDEXED_KB: Final = 2  # of a record, in each of the indexes by_album and by_time
LABEL_ROWS: Final = 15  # of half a KB
THUMBS_SEEN: Final = 50  # in one visit
THUMB_KB: Final = 25
PHOTOS_OPENED: Final = 5
LARGE_KB: Final = 225
VISIT_READ_UNITS: Final = 30
LOG_KB: Final = 5  # three functions, a few lines each
IMAGES_GB: Final = 0.6  # three images, compressed, and a few older ones, which share layers
WATCH_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Item:
    """One line of a table of costs."""

    service: str
    what: str
    usd: float


def memory_mb() -> dict[str, int]:
    """Return the default memory of each function, as terraform/variables.tf has it.

    Raises:
        LookupError: it is not written there as expected.
    """
    _, _, behind = VARIABLES.read_text().partition('variable "memory_mb" {')
    found = re.findall(r"(\w+)\s*= optional\(number, (\d+)\)", behind.partition("\n}")[0])
    if sorted(name for name, _ in found) != ["extract", "tag", "thumbnail"]:
        raise LookupError(f"{VARIABLES}: memory_mb has no default for each function")
    return {name: int(value) for name, value in found}


def billed_seconds(step: str, memory: int) -> float:
    """Return how long one invocation of a step lasts, by our estimate."""
    working = CPU_MS[step] * max(1.0, CORE_MB / memory)
    return (working + WAIT_MS[step] + COLD_SHARE * COLD_MS) / 1000


def lambda_usd(step: str, *, architecture: str = "arm64", memory: int | None = None) -> float:
    """Return what one invocation of a step costs, with `memory` MB or those that it has."""
    memory = memory or memory_mb()[step.partition(",")[0]]
    gb_seconds = billed_seconds(step, memory) * memory / 1024
    return gb_seconds * USD[f"Lambda, GB-second on {architecture}"] + USD["Lambda, request"]


def cheapest_mb(step: str) -> int:
    """Return the size, of those that a step can do with, at which an invocation costs least.

    Below one core less memory takes longer, and costs the same; while it waits, more costs more.
    """
    enough = [size for size in MEMORY_SIZES_MB if size >= NEEDS_MB[step]]
    return min(enough, key=lambda size: lambda_usd(step, memory=size))


def steps(labeler: str) -> tuple[str, str, str]:
    """Return the three steps with a labeler: the last is its own."""
    return "extract", "thumbnail", "tag, label model" if labeler == "embedded" else "tag"


def seconds_each(*, labeler: str) -> float:
    """Return how long one photo is in work, by our estimate: Thumbnail and Tag go side by side."""
    memory = memory_mb()
    extract, thumbnail, tag = (
        billed_seconds(step, memory[step.partition(",")[0]]) for step in steps(labeler)
    )
    return STATES_SECONDS + extract + max(thumbnail, tag)


def states_usd(workflow: str, *, labeler: str) -> float:
    """Return what Step Functions takes for one photo: by transition, or (Express) by time.

    Express is for comparison: it may run an execution twice, and keeps no history.
    """
    if workflow == "standard":
        return TRANSITIONS * USD["Step Functions, transition"]
    # Metered in steps of 64 MB, of which an execution of ours stays below one.
    gb_seconds = seconds_each(labeler=labeler) * 64 / 1024
    per_second = USD["Step Functions Express, GB-second"]
    return USD["Step Functions Express, request"] + gb_seconds * per_second


def write_units() -> int:
    """Return what the table meters for one photo; each index is metered as the table is.

    Claim writes a row of under 1 KB, and it into the index `processing`. Publish writes in a
    transaction, which counts twice, but not in the indexes: the photo, its album's count, and its
    label rows; by_album and by_time take the photo, by_content its keys, and `processing` loses it.
    """
    claim = 1 + 1
    publish = 2 * (RECORD_KB + 1 + LABEL_ROWS)
    return claim + publish + 2 * INDEXED_KB + 1 + 1


def thousand_photos(
    *, labeler: str, architecture: str = "arm64", workflow: str = "standard"
) -> list[Item]:
    """Return what a thousand new photos cost that become READY at the first try."""
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
        ("EventBridge", "one event, if S3's are charged"): USD["EventBridge, event from S3"],
        ("CloudWatch Logs", f"{LOG_KB} kB"): LOG_KB / 1e6 * USD["CloudWatch Logs, GB"],
        ("X-Ray", "one trace, at most"): USD["X-Ray, trace"],
    }
    if labeler == "rekognition":
        each["Rekognition", "one DetectLabels"] = USD["Rekognition, DetectLabels"]
    return [Item(service, what, PHOTOS * usd) for (service, what), usd in each.items()]


def idle_month() -> list[Item]:
    """Return what a month without photos costs."""
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
        Item("CloudWatch", "one metric of our own", USD["CloudWatch, metric of our own, month"]),
        Item("Step Functions", f"the watch, every {WATCH_MINUTES} minutes", runs * watch),
        Item("ECR", f"about {IMAGES_GB} GB of images", IMAGES_GB * USD["ECR, GB-month"]),
    ]


def thousand_visits() -> list[Item]:
    """Return what a thousand visits to the gallery cost, each with an empty cache."""
    pictures = THUMBS_SEEN + PHOTOS_OPENED
    pictures_gb = (THUMBS_SEEN * THUMB_KB + PHOTOS_OPENED * LARGE_KB) / 1e6
    each = {
        ("CloudFront", f"{VISIT_FILES} requests, {VISIT_KB} kB"): VISIT_FILES
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
    """Return what it costs in a month to keep a thousand photos."""
    gigabytes = PHOTOS * (PHOTO_MB + RENDITIONS_MB) / 1e3
    # in the table and two indexes; in by_content a quarter of a KB
    rows_gb = PHOTOS * (RECORD_KB + 2 * INDEXED_KB + 0.25 + LABEL_ROWS / 2) / 1e6
    rows_usd = USD["DynamoDB, GB-month"] + USD["DynamoDB, GB-month of point-in-time recovery"]
    return [
        Item("S3", f"{gigabytes:.2f} GB", gigabytes * USD["S3, GB-month"]),
        Item("DynamoDB", f"{rows_gb * 1000:.0f} MB, and its recovery", rows_gb * rows_usd),
    ]


def tables() -> str:
    """Return the part of docs/operations.md that is made from this file."""
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
            "**A month without a photo**:",
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
            "CloudFront costs nothing while nobody comes.",
            "",
            f"**A month of keeping {PHOTOS:,} photos** of {PHOTO_MB:.0f} MB:",
            "",
            *_table(kept_month()),
            "",
            "| step | memory, MB | CPU, measured, ms | waiting, estimated, ms | billed, ms |",
            "|---|---:|---:|---:|---:|",
            *rows,
        ]
    )


def _table(items: Sequence[Item]) -> list[str]:
    rows = [f"| {item.service} | {item.what} | {item.usd:.3f} |" for item in items]
    total = f"| **all** | | **{sum(item.usd for item in items):.2f}** |"
    return ["| | | USD |", "|---|---|---:|", *rows, total]


def _usd(amount: float) -> str:
    return f"USD {amount:.2f}"


@dataclass(frozen=True)
class _OnePhoto:
    """A `shared.storage.PhotoStore` that holds one photo, and forgets what is written."""

    body: bytes

    def read(self, _: PhotoRef, first: int, last: int) -> Chunk:
        return Chunk(self.body[first : last + 1], len(self.body))

    @contextmanager
    def stream(self, _: PhotoRef) -> Iterator[PhotoStream]:
        yield PhotoStream(BytesIO(self.body).read, len(self.body))

    def write(self, key: str, body: bytes, mime_type: str) -> None:
        """Nothing is kept."""


def measure(photo: Path, *, rounds: int = 9) -> Mapping[str, float]:
    """Return the CPU milliseconds of a warm Extract and a warm Thumbnail of one photo."""
    from extract import handler as extract  # noqa: PLC0415  # heavy, and only here
    from thumbnail import handler as thumbnail  # noqa: PLC0415  # as above
    from thumbnail.renditions import DEFAULT_RENDITIONS  # noqa: PLC0415  # as above

    store = _OnePhoto(photo.read_bytes())
    ref = PhotoRef(bucket="photos", key="uploads/ada/photo.jpg")

    def run_extract() -> None:
        request = ExtractRequest(photo=ref, uploaded_at="2026-01-01T00:00:00Z")
        extract.run(request, store, photos_bucket=ref.bucket)

    def run_thumbnail() -> None:
        request = ThumbnailRequest(photo=ref)
        thumbnail.run(request, store, DEFAULT_RENDITIONS, photos_bucket=ref.bucket)

    work = {"extract": run_extract, "thumbnail": run_thumbnail}
    spent: dict[str, list[float]] = {step: [] for step in work}
    for _ in range(rounds + 1):
        for step, run in work.items():
            started = time.process_time()
            run()
            spent[step].append((time.process_time() - started) * 1000)
    return {step: statistics.median(each[1:]) for step, each in spent.items()}


def main() -> None:
    """Print what each photo takes. The label model has its own bench, models/bench.py."""
    for name in sys.argv[1:]:
        figures = (f"{step} {ms:.1f} ms" for step, ms in measure(Path(name)).items())
        print(f"{name}: {', '.join(figures)}")  # noqa: T201  # what it is for


if __name__ == "__main__":
    main()
