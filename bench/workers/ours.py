"""This project without AWS, called as in the functions: `python -m bench.workers.ours`."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from typing import Final, Literal

from bench.workers import serve
from extract import handler as extract
from extract.metadata import read_metadata
from formats import SNIFF_BYTES, PartialFile, read_tiff, sniff, survey
from picture.decode import Box, decode
from shared.contracts import ExtractRequest, PhotoRef, Preview, ThumbnailRequest
from shared.storage import Chunk, PhotoStream
from tag.jpeg import upright_jpeg
from tag.rekognition import SENT_SIDE_PX
from thumbnail import handler as thumbnail
from thumbnail.render import render
from thumbnail.renditions import DEFAULT_RENDITIONS, RenditionSpec

SIDE_PX: Final = 256
SQUARE_PX: Final = 200  # the original's
HEAD_BYTES: Final = 131_072  # of Extract's first request
PHOTO: Final = PhotoRef(bucket="photos", key="uploads/ada/photo.jpg")
UPLOADED_AT: Final = "2026-01-01T00:00:00Z"
FIRST_BYTE_SECONDS: Final = 0.015  # of a GET within a region


def _spec(fit: Literal["inside", "cover"], side_px: int, quality: int) -> RenditionSpec:
    return RenditionSpec(
        fit=fit, width_px=side_px, height_px=side_px, format="jpeg", quality=quality
    )


FIT, SQUARE = _spec("inside", SIDE_PX, 80), _spec("cover", SQUARE_PX, 85)


@dataclass
class OnePhoto:
    """A `shared.storage.PhotoStore` of one photo that discards what is written."""

    body: bytes
    sizes: list[int] = field(default_factory=list)  # of each answer, in bytes

    def read(self, _: PhotoRef, first: int, last: int) -> Chunk:
        """Return a range of the photo, and record its size."""
        part = self.body[first : last + 1]
        self.sizes.append(len(part))
        return Chunk(part, len(self.body), UPLOADED_AT)

    @contextmanager
    def stream(self, _: PhotoRef, _preview: Preview | None = None) -> Iterator[PhotoStream]:
        """Yield the photo as a stream."""
        yield PhotoStream(BytesIO(self.body).read, len(self.body))

    def write(self, *_: object) -> None:
        """Discard it."""


def made(photo: bytes | PhotoStream, spec: RenditionSpec = FIT) -> bytes:
    """Return one rendition."""
    return render(photo, {"one": spec}).renditions["one"].body


def _lossless(photo: bytes) -> bytes:
    """Return the picture of `fit` before encoding; the decoder already gives the final size."""
    return bytes(decode(photo, Box(SIDE_PX, SIDE_PX)).image.pngsave_buffer(compression=1))


def metadata(photo: bytes) -> bytes:
    """Return the metadata in the first `HEAD_BYTES`: Extract without its requests."""
    head = photo[:HEAD_BYTES]
    structure = survey(PartialFile(len(photo), head), sniff(head[:SNIFF_BYTES]))
    block = structure.exif or b""
    tiff = read_tiff(PartialFile(len(block), block))
    return repr(read_metadata(structure, tiff, UPLOADED_AT, file_name="")).encode()


def _extract(photo: bytes) -> bytes:
    extract.run(ExtractRequest(photo=PHOTO), OnePhoto(photo), photos_bucket=PHOTO.bucket)
    return b""


def _thumbnail(photo: bytes) -> bytes:
    thumbnail.run(
        ThumbnailRequest(photo=PHOTO),
        OnePhoto(photo),
        DEFAULT_RENDITIONS,
        photos_bucket=PHOTO.bucket,
    )
    return b""


def _arriving(photo: bytes, rate_mb_s: float) -> PhotoStream:
    """Return a stream that sends nothing for `FIRST_BYTE_SECONDS`, and then at a steady rate."""
    body, started = BytesIO(photo), time.perf_counter()

    def read(size: int) -> bytes:
        part = body.read(size)
        due = started + FIRST_BYTE_SECONDS + body.tell() / (rate_mb_s * 1e6)
        time.sleep(max(0.0, due - time.perf_counter()))
        return part

    return PhotoStream(read, len(photo))


OPERATIONS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "fit": made,
    "fit-png": _lossless,
    "square": partial(made, spec=SQUARE),
    "metadata": metadata,
    "extract": _extract,
    "thumbnail": _thumbnail,
    "tag": partial(upright_jpeg, side_px=SENT_SIDE_PX),
    **{
        f"{name} {rate}": lambda photo, rate=rate, work=work: work(_arriving(photo, rate))  # type: ignore[misc]  # mypy infers no lambda with defaults
        for rate in (40, 80)
        for name, work in {
            "get": lambda arriving: arriving.read(),
            "get-then": lambda arriving: made(arriving.read()),
            "as-it-arrives": made,
        }.items()
    },
}


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    serve(OPERATIONS)
