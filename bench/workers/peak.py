"""Print the peak memory after several numbers of photos, as a JSON object.

    python -m bench.workers.peak handler|core [PHOTO…]

`handler` makes the default renditions with the code and the clients of the step; `core` makes one
JPEG within 256 x 256 px. Refused photos are counted.
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

MARKS = (1, 100, 200, 1000)  # numbers of photos after which memory is read
KIB_IN_A_MB = 976.6


def _stream(file: BufferedReader) -> PhotoStream:
    return PhotoStream(file.read, os.fstat(file.fileno()).st_size)


class Disk:
    """`shared.storage.PhotoStore` that reads files and drops all that is written."""

    @contextmanager
    def stream(self, photo: PhotoRef) -> Iterator[PhotoStream]:
        """Open the file that the key names: as little in memory as over a network."""
        with Path(photo.key.partition("/ada")[2]).open("rb") as file:
            yield _stream(file)

    def write(self, *_: object) -> None:
        """Drop the rendition."""


def memory_mb(name: str) -> float:
    """Return a value of /proc/self/status in MB: VmHWM is the peak so far, VmRSS the present."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{name}:")[2].split()[0]) / KIB_IN_A_MB


def main() -> None:
    """Process the photos, and print the memory."""
    what, *photos = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    if what == "handler":
        from shared.s3 import photo_store  # noqa: PLC0415  # the core needs no AWS
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
                    render,
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
