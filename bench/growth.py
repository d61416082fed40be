"""Measure time and cost by the number of photos, and a page of an album by the table's size."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from bench import ROOT
from bench.pipeline import drive
from bench.section import Figures, Run, prose, table
from bench.targets import Target
from gallery import backfill, costs, queries
from gallery.quotas import DEFAULT_QUOTAS
from gallery.read_units import read_units
from gallery.table import Table
from local.functions import InProcess
from local.stack import Stack
from shared.keys import album_prefix

TITLE = "Growth"
PHOTOS: Final = (1, 10, 100, 1_000)
LARGE: Final = 10_000  # takes half an hour: only with `large`
ROWS: Final = (100, 1_000, 10_000)
MILLION: Final = 1_000_000
COMPUTED: Final = (1, 10, 100, 1_000, 10_000, 100_000, MILLION)
OWNER, ALBUM = "ada", "2016"
WRITES_AT_ONCE: Final = 25  # BatchWriteItem takes no more
ASKS: Final = 15


def measure(run: Run) -> Figures:
    """Process copies of a small photo, and query tables of several sizes."""
    photo = ROOT / "local" / "photos" / "rocket.jpg"
    counts = [*PHOTOS[: run.some(len(PHOTOS), 2)], *([LARGE] if run.large else [])]
    advance = run.progress("growth: photos", sum(counts))
    with tempfile.TemporaryDirectory() as folder:
        copies = _distinct(photo, Path(folder), max(counts))
        runs = {str(count): drive(copies[:count], advance) for count in counts}
    sizes = ROWS[: run.some(len(ROWS), 2)]
    pages = _pages(photo, sizes, run.progress("growth: rows", sizes[-1]))
    return {"runs": runs, "pages": pages}


def _distinct(photo: Path, folder: Path, count: int) -> list[Path]:
    """Write distinct copies of a photo: Tag would reuse the labels of equal ones."""
    body = photo.read_bytes()
    copies = [folder / f"{number}.jpg" for number in range(count)]
    for number, copy in enumerate(copies):
        copy.write_bytes(body + bytes(number))  # after the end of the picture
    return copies


def _pages(photo: Path, sizes: tuple[int, ...], advance: Callable[[], None]) -> Figures:
    """Return the time and read units of a page of 50 photos, by the table's number of photos."""
    found: Figures = {}
    with Stack.start(functions=InProcess()) as stack:
        key = f"uploads/{OWNER}/{ALBUM}/photo.jpg"
        stack.wait_for(key, stack.upload(key, photo.read_bytes()))
        names = {"pk": {"S": OWNER}, "sk": {"S": f"photo#{ALBUM}/photo.jpg"}}
        row = stack.dynamodb.get_item(TableName=stack.table, Key=names)["Item"]
        gallery = Table(stack.dynamodb, stack.table)
        read: list[Any] = []

        def keep(parsed: dict[str, Any], **_: object) -> None:
            read.append(parsed["Items"])

        written = 0
        for size in sizes:
            for first in range(written, size, WRITES_AT_ONCE):
                rows = [_copy(row, number) for number in range(first, first + WRITES_AT_ONCE)]
                stack.dynamodb.batch_write_item(
                    RequestItems={stack.table: [{"PutRequest": {"Item": one}} for one in rows]}
                )
                for _ in rows:
                    advance()
            written = size
            spent = []
            stack.dynamodb.meta.events.register("after-call.dynamodb.Query", keep)
            for _ in range(ASKS):
                started = time.perf_counter()
                queries.album(gallery, OWNER, ALBUM)
                spent.append((time.perf_counter() - started) * 1e3)
            stack.dynamodb.meta.events.unregister("after-call.dynamodb.Query", keep)
            found[str(size)] = {
                "ms": statistics.median(spent),
                "read_units": read_units(read[-1], consistent=False),
                "queries": len(read) / ASKS,
            }
            read.clear()
    return found


def _copy(row: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the row of another photo of the same album, a second later."""
    minutes, seconds = divmod(number, 60)
    at = f"2016-04-{1 + minutes // 1440:02}T{minutes // 60 % 24:02}:{minutes % 60:02}:{seconds:02}"
    return row | {
        "sk": {"S": f"photo#{ALBUM}/{number}.jpg"},
        "key": {"S": f"uploads/{OWNER}/{ALBUM}/{number}.jpg"},
        "sort_time": {"S": at},
        "album_key": {"S": f"{album_prefix(ALBUM)}#{at}#{number:016}"},
        "time_key": {"S": f"time#{at}#{number:016}"},
    }


def seconds(photos: int, *, labeler: str) -> float:
    """Return the seconds of a backfill in AWS, by default quotas and the project's estimates."""
    at_once = DEFAULT_QUOTAS.invocations_at_once
    rate = min(backfill.rates(at_once, DEFAULT_QUOTAS, labeler=labeler).values())
    return costs.seconds_each(labeler=labeler) + (photos - 1) / rate


def usd(photos: int, *, labeler: str) -> float:
    """Return the cost of new photos in USD."""
    each = sum(item.usd for item in costs.thousand_photos(labeler=labeler)) / costs.PHOTOS
    return photos * each


def page(figures: Figures) -> Iterator[str]:
    """Yield the tables and the plot."""
    yield from prose(
        "Copies of one small photo: measured in the embedded AWS of this machine, and **computed**"
        " for AWS from default quotas, prices and the estimates of `gallery/costs.py`, for"
        " `make backfill` with Lambda's default concurrency. Time is linear once a quota limits it;"
        f' cost is always linear. `make bench BENCH="growth large"` measures {LARGE:,} photos.'
    )
    yield "![Time and cost against the number of photos](performance-growth.svg)"
    yield ""
    runs = figures["runs"]
    counts = sorted({*COMPUTED, *map(int, runs)})
    rows = []
    for count in counts:
        run = runs.get(str(count))
        rows.append(
            [
                f"{count:,}",
                f"{run['seconds']:,.1f}" if run else "",
                f"{run['functions_cpu_seconds'] * 1000:,.0f}" if run else "",
                *(
                    text
                    for labeler in ("rekognition", "embedded")
                    for text in (
                        f"{seconds(count, labeler=labeler):,.0f}",
                        f"{usd(count, labeler=labeler):,.4g}",
                    )
                ),
            ]
        )
    header = ["photos", "here, s", "CPU ms of functions, each", "AWS, Rekognition, s", "USD"]
    yield from table([*header, "AWS, label model, s", "USD"], rows)
    yield from prose(
        "A page of 50 photos, by the number of photos in the album. The time is that of the"
        " emulator, which scans all rows of an owner; DynamoDB finds the first by its key. The read"
        " units that DynamoDB would charge do not grow."
    )
    rows = [
        [f"{int(size):,}", f"{one['queries']:.0f}", f"{one['read_units']:g}", f"{one['ms']:,.0f}"]
        for size, one in figures["pages"].items()
    ]
    yield from table(["photos", "queries", "read units", "emulator, ms"], rows)


def targets(figures: Figures) -> Iterator[Target]:
    """Yield the target for read units."""
    pages = [one["read_units"] for one in figures["pages"].values()]
    yield Target("read units of a page, largest table / smallest", pages[-1] / pages[0], 1)
