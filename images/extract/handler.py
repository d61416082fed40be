"""Extract step: read a photo's type, size and metadata, but not its pixels.

In       contracts.ExtractRequest
Out      contracts.ExtractResult
Ends in  InvalidRequestError; BadKeyError, ForeignBucketError, ArchivedPhotoError,
         CustomerKeyError, EmptyPhotoError, PhotoTooLargeError, UnsupportedTypeError,
         TooManyPixelsError, TooComplexError, UnreadablePhotoError; PhotoGoneError,
         SupersededError, StorageUnavailableError, AccessDeniedError, DeadlineExceededError
Reads    PHOTOS_BUCKET
"""

import logging
import math
import time
from collections.abc import Mapping
from typing import Final

import shared.cold_start
from extract.metadata import read_metadata
from formats import (
    MIME_TYPES,
    SNIFF_BYTES,
    PartialFile,
    Structure,
    Tiff,
    orientation_of,
    read_tiff,
    sniff,
    survey,
)
from shared.contracts import (
    ExtractRequest,
    ExtractResult,
    ImageFacts,
    Metadata,
    PhotoRef,
    dump,
    parse,
)
from shared.deadline import cpu_limit, deadline_of, refuse_late
from shared.errors import UnreadablePhotoError
from shared.keys import refuse_reference
from shared.limits import refuse_bytes, refuse_pixels, refuse_scans
from shared.s3 import photo_store
from shared.settings import photos_bucket
from shared.storage import PhotoStore
from shared.versions import VERSIONS

shared.cold_start.over()

VERSION: Final = VERSIONS["extract"]

HEAD_BYTES: Final = 131_072  # has the size and EXIF of 98 % of JPEGs
WHOLE_BYTES: Final = 262_144  # up to this size, one request for all is quicker than two
AHEAD_BYTES: Final = 1_048_576  # the least that the second request asks for
_FIRST_SIDEWAYS: Final = 5  # EXIF orientations 5 to 8 swap width and height

log = logging.getLogger(__name__)


def handle(event: Mapping[str, object], context: object) -> dict[str, object]:
    """Convert Lambda's JSON event, run the step, and return JSON."""
    request = parse(ExtractRequest, event)
    deadline = deadline_of(context)
    with cpu_limit(deadline):
        result = run(request, photo_store(), photos_bucket=photos_bucket(), deadline=deadline)
    return dump(result)


def run(
    request: ExtractRequest,
    store: PhotoStore,
    *,
    photos_bucket: str,
    deadline: float = math.inf,
) -> ExtractResult:
    """Read one photo's facts and metadata with at most three ranged requests."""
    started = time.perf_counter()
    photo = request.photo
    refuse_reference(photo, photos_bucket=photos_bucket)
    if photo.bytes is not None:
        refuse_bytes(photo.bytes)
    chunk = store.read(photo, 0, _first_read_bytes(photo) - 1)
    refuse_bytes(chunk.total_bytes)
    image_format = sniff(chunk.body[:SNIFF_BYTES])
    file = PartialFile(chunk.total_bytes, chunk.body)
    structure = _survey(photo, store, file, image_format, deadline=deadline)
    block = structure.exif or b""
    tiff = read_tiff(PartialFile(len(block), block))
    image = _facts(structure, tiff, image_format, chunk.total_bytes)
    metadata = read_metadata(structure, tiff, chunk.modified)
    log.info(
        "metadata extracted",
        extra={
            "photo_key": photo.key,
            "photo_bytes": image.bytes,
            "photo_format": image.format,
            "bytes_read": file.known_bytes,
            "duration_ms": round((time.perf_counter() - started) * 1000),
        },
    )
    return ExtractResult(
        image=image,
        metadata=metadata,
        uploaded_at=chunk.modified,
        sort_time=sort_time(metadata, chunk.modified),
        version=VERSION,
    )


def sort_time(metadata: Metadata, uploaded_at: str) -> str:
    """Return the time that photos are sorted by, in whole seconds; see contracts.ExtractResult."""
    taken = metadata.taken_at
    if taken is not None and taken.plausible:
        return (taken.utc or taken.local)[: len("2016-04-09T14:08:13")]
    return uploaded_at[: len("2016-04-09T14:08:13")]


def _first_read_bytes(photo: PhotoRef) -> int:
    small = photo.bytes is not None and photo.bytes <= WHOLE_BYTES
    return WHOLE_BYTES if small else HEAD_BYTES


def _survey(
    photo: PhotoRef, store: PhotoStore, file: PartialFile, image_format: str, *, deadline: float
) -> Structure:
    """Parse the structure; if bytes are missing, read where it points to, then the whole photo."""
    structure = survey(file, image_format)
    if structure.missing is not None:
        refuse_late(deadline, "reading the metadata")
        first, last = structure.missing
        last = min(max(last, first + AHEAD_BYTES - 1), file.total_bytes - 1)
        file.add(first, store.read(photo, first, last).body)
        structure = survey(file, image_format)
    if structure.missing is not None:
        refuse_late(deadline, "reading the whole photo")
        file.add(0, store.read(photo, 0, file.total_bytes - 1).body)
        structure = survey(file, image_format)
    return structure


def _facts(structure: Structure, tiff: Tiff, image_format: str, size: int) -> ImageFacts:
    """Return what the picture is.

    Raises:
        UnreadablePhotoError: it has no size.
        TooManyPixelsError, TooComplexError: it would take too long to decode.
    """
    width_px, height_px = structure.width_px, structure.height_px
    if width_px is None or height_px is None:
        raise UnreadablePhotoError(f"a {image_format} in which no picture was found")
    refuse_pixels(width_px, height_px)
    refuse_scans(structure.scans, width_px * height_px)
    orientation = structure.orientation or orientation_of(tiff)
    if orientation >= _FIRST_SIDEWAYS:
        width_px, height_px = height_px, width_px
    return ImageFacts(
        format=image_format,
        mime_type=MIME_TYPES[image_format],
        bytes=size,
        width_px=width_px,
        height_px=height_px,
        orientation=orientation,
    )
