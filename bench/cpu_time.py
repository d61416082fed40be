"""CPU time of a warm Extract and a warm Thumbnail, for `CPU_MS` of gallery/costs.py.

    python -m bench.cpu_time PHOTO…

Prints the medians for each photo. The label model has its own benchmark, models/bench.py.
"""

import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import local  # noqa: F401  # puts images/ on the path, as the handlers' imports want it
from extract import handler as extract
from shared.contracts import ExtractRequest, PhotoRef, ThumbnailRequest
from shared.storage import Chunk, PhotoStream
from thumbnail import handler as thumbnail
from thumbnail.render import render
from thumbnail.renditions import DEFAULT_RENDITIONS


@dataclass(frozen=True)
class _OnePhoto:
    """A `shared.storage.PhotoStore` that holds one photo, and discards what is written."""

    body: bytes

    def read(self, _: PhotoRef, first: int, last: int) -> Chunk:
        return Chunk(self.body[first : last + 1], len(self.body), "2026-01-01T00:00:00Z")

    @contextmanager
    def stream(self, _: PhotoRef) -> Iterator[PhotoStream]:
        yield PhotoStream(BytesIO(self.body).read, len(self.body))

    def write(self, key: str, body: bytes, mime_type: str) -> None:
        """Discard it."""


def measure(photo: Path, *, rounds: int = 9) -> Mapping[str, float]:
    """Return the CPU milliseconds of a warm Extract and a warm Thumbnail of one photo."""
    store = _OnePhoto(photo.read_bytes())
    ref = PhotoRef(bucket="photos", key="uploads/ada/photo.jpg")

    def run_extract() -> None:
        extract.run(ExtractRequest(photo=ref), store, photos_bucket=ref.bucket)

    def run_thumbnail() -> None:
        request = ThumbnailRequest(photo=ref)
        thumbnail.run(request, store, render, DEFAULT_RENDITIONS, photos_bucket=ref.bucket)

    work = {"extract": run_extract, "thumbnail": run_thumbnail}
    spent: dict[str, list[float]] = {step: [] for step in work}
    for _ in range(rounds + 1):
        for step, run in work.items():
            started = time.process_time()
            run()
            spent[step].append((time.process_time() - started) * 1000)
    return {step: statistics.median(each[1:]) for step, each in spent.items()}


def main() -> None:
    """Print the medians for each photo."""
    for name in sys.argv[1:]:
        figures = (f"{step} {ms:.1f} ms" for step, ms in measure(Path(name)).items())
        print(f"{name}: {', '.join(figures)}")  # noqa: T201  # what it is for


if __name__ == "__main__":
    main()
