"""Print the peak memory after several numbers of photos, as a JSON object.

    python -m bench.workers.peak handler|tag|core [PHOTO…]

`handler` makes the default renditions with the code and the clients of the step; `tag` makes the
JPEG that Rekognition gets, with the clients, too; `core` makes one JPEG within 256 x 256 px.
Refused photos are counted. The seconds of CPU are those of all photos together.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BufferedReader
from pathlib import Path

from shared.contracts import PhotoRef, Preview, ThumbnailRequest
from shared.errors import PhotoError
from shared.storage import PhotoStream
from thumbnail.render import render
from thumbnail.renditions import DEFAULT_RENDITIONS, RenditionSpec

MARKS = (1, 100, 1000)  # numbers of photos after which memory is read
FIT = RenditionSpec(fit="inside", width_px=256, height_px=256, format="jpeg", quality=80)


def _stream(file: BufferedReader) -> PhotoStream:
    return PhotoStream(file.read, os.fstat(file.fileno()).st_size)


class Disk:
    """`shared.storage.PhotoStore` that reads files and drops all that is written."""

    @contextmanager
    def stream(self, photo: PhotoRef, _preview: Preview | None = None) -> Iterator[PhotoStream]:
        """Open the file that the key names: as little in memory as over a network."""
        with Path(photo.key.partition("/ada")[2]).open("rb") as file:
            yield _stream(file)

    def write(self, *_: object) -> None:
        """Drop the rendition."""


def peak_mib() -> float:
    """Return the peak so far, which the kernel counts from the start of this program."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def step(what: str) -> Callable[[Path], object]:
    """Return the function that processes a photo; import only what it needs, which counts too."""
    if what == "core":
        return lambda path: _of_stream(path, lambda stream: render(stream, {"fit": FIT}))
    from shared.s3 import photo_store  # noqa: PLC0415  # see above

    photo_store()
    if what == "tag":
        from tag.jpeg import upright_jpeg  # noqa: PLC0415  # as above
        from tag.rekognition import SENT_SIDE_PX  # noqa: PLC0415  # as above

        return lambda path: _of_stream(path, partial(upright_jpeg, side_px=SENT_SIDE_PX))
    from thumbnail import handler  # noqa: PLC0415  # as above

    return lambda path: handler.run(
        ThumbnailRequest(photo=PhotoRef(bucket="photos", key=f"uploads/ada{path}")),
        Disk(),  # type: ignore[arg-type]  # Thumbnail streams and writes alone
        DEFAULT_RENDITIONS,
        photos_bucket="photos",
    )


def _of_stream(path: Path, process: Callable[[PhotoStream], object]) -> None:
    with path.open("rb") as file:
        process(_stream(file))


def main() -> None:
    """Process the photos, and print the memory."""
    what, *photos = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    process = step(what)
    peaks = {"empty": peak_mib()}
    refused = 0
    started = time.process_time()
    for number, path in enumerate(photos, 1):
        try:
            process(Path(path))
        except PhotoError:
            refused += 1
        if number in MARKS or number == len(photos):
            peaks[str(number)] = peak_mib()
    cpu_s = time.process_time() - started
    print(json.dumps({"peaks": peaks, "refused": refused, "cpu_s": cpu_s}))  # noqa: T201  # what it is for


if __name__ == "__main__":
    main()
