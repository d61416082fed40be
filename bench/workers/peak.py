"""The most memory that a process has held, at some points of its life: one JSON object.

    python -m bench.workers.peak handler|core [PHOTO…]

`handler` makes the default renditions through the step's own code, its clients made; `core` makes
one JPEG within 256 x 256 px. Photos are taken as they come; what is refused is counted.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from bench.workers.ours import FIT
from shared.contracts import PhotoRef, ThumbnailRequest
from shared.errors import PhotoError
from shared.storage import PhotoStream
from thumbnail.render import render
from thumbnail.renditions import DEFAULT_RENDITIONS

MARKS = (1, 100, 200, 1000)  # photos after which to look
KIB_IN_A_MB = 976.6


def _stream(file: BufferedReader) -> PhotoStream:
    return PhotoStream(file.read, os.fstat(file.fileno()).st_size)


class Disk:
    """`shared.storage.PhotoStore` whose photos are files, and which forgets what is written."""

    @contextmanager
    def stream(self, photo: PhotoRef) -> Iterator[PhotoStream]:
        """Open the file that the key names: as little in memory as over a network."""
        with Path(photo.key.partition("/ada")[2]).open("rb") as file:
            yield _stream(file)

    def write(self, *_: object) -> None:
        """Forget it."""


def memory_mb(name: str) -> float:
    """Return a line of Linux's book on this process: VmHWM is the most so far, VmRSS is now."""
    book = Path("/proc/self/status").read_text()
    return int(book.partition(f"{name}:")[2].split()[0]) / KIB_IN_A_MB


def main() -> None:
    """Take the photos, and print what it took."""
    what, *photos = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    if what == "handler":
        from shared.s3 import photo_store  # noqa: PLC0415  # the core knows no AWS
        from thumbnail import handler  # noqa: PLC0415  # as above

        photo_store()
    found = {"empty": {"peak_mb": memory_mb("VmHWM"), "now_mb": memory_mb("VmRSS")}}
    refused = 0
    for number, path in enumerate(photos, 1):
        try:
            if what == "handler":
                ref = PhotoRef(bucket="photos", key=f"uploads/ada{path}")
                handler.run(
                    ThumbnailRequest(photo=ref),
                    Disk(),  # type: ignore[arg-type]  # Thumbnail streams and writes alone
                    DEFAULT_RENDITIONS,
                    photos_bucket="photos",
                )
            else:
                with Path(path).open("rb") as file:
                    render(_stream(file), {"fit": FIT})
        except PhotoError:
            refused += 1
        if number in MARKS or number == len(photos):
            found[str(number)] = {"peak_mb": memory_mb("VmHWM"), "now_mb": memory_mb("VmRSS")}
    print(json.dumps({"marks": found, "refused": refused}))  # noqa: T201  # what it is for


if __name__ == "__main__":
    main()
