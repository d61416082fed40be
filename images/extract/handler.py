"""Extract step: read a photo's type, size and metadata, but not its pixels.

Of a raw photo it also finds the JPEG preview that the other steps read in its place.

In       contracts.ExtractRequest; contracts.EditRequest, of an edit
Out      contracts.ExtractResult; contracts.EditResult
Ends in  InvalidRequestError; BadKeyError, ForeignBucketError, ArchivedPhotoError,
         CustomerKeyError, EmptyPhotoError, PhotoTooLargeError, UnsupportedTypeError,
         RawWithoutPreviewError, TooManyPixelsError, TooComplexError, TruncatedPhotoError,
         UnreadablePhotoError; PhotoGoneError, SupersededError, StorageUnavailableError,
         AccessDeniedError, DeadlineExceededError
Reads    PHOTOS_BUCKET
"""

import logging
import math
import time
from collections.abc import Mapping
from typing import Final

import shared.cold_start
from extract.metadata import read_metadata
from extract.place import place_at
from formats import (
    MIME_TYPES,
    SIDEWAYS,
    SNIFF_BYTES,
    PartialFile,
    Raw,
    Structure,
    Tiff,
    orientation_of,
    read_tiff,
    refuse_costly,
    sniff,
    survey,
)
from shared import sidecars
from shared.contracts import (
    Edited,
    EditRequest,
    EditResult,
    ExtractRequest,
    ExtractResult,
    ImageFacts,
    Location,
    PhotoRef,
    Preview,
    dump,
    parse,
)
from shared.deadline import deadline_of, refuse_late
from shared.errors import (
    RawWithoutPreviewError,
    TooComplexError,
    TruncatedPhotoError,
    UnreadablePhotoError,
)
from shared.keys import SORT_TIME_CHARACTERS, refuse_reference, split_upload_key
from shared.limits import MIN_PREVIEW_PX, refuse_bytes, refuse_pixels, refuse_unsupported
from shared.s3 import photo_store
from shared.settings import photos_bucket
from shared.storage import PhotoStore
from shared.terms import edited_terms, terms_of
from shared.versions import VERSIONS

shared.cold_start.over()

VERSION: Final = VERSIONS["extract"]

HEAD_BYTES: Final = 131_072  # has the size and EXIF of 98 % of JPEGs
WHOLE_BYTES: Final = 262_144  # up to this size, one request for all is quicker than two
AHEAD_BYTES: Final = 1_048_576  # the least that a later request asks for
MAX_WHOLE_BYTES: Final = 33_554_432  # that are read at once: the memory holds them twice
PART_BYTES: Final = 131_072  # the least that a request for a part of a raw photo asks for
MAX_READS: Final = 8  # of a larger file, or of a raw photo: a camera's takes one to four

log = logging.getLogger(__name__)


def handle(event: Mapping[str, object], context: object) -> dict[str, object]:
    """Convert Lambda's JSON event, run the step, and return JSON."""
    if "photo" not in event and "edited" in event:
        return dump(read_edits(parse(EditRequest, event).edited))
    request = parse(ExtractRequest, event)
    result = run(
        request, photo_store(), photos_bucket=photos_bucket(), deadline=deadline_of(context)
    )
    return dump(result)


def read_edits(edited: Edited) -> EditResult:
    """Return the place of a position that a person wrote, and the terms of all that they wrote."""
    place = None
    if (position := edited.position) is not None:
        place = place_at(Location(latitude=position.latitude, longitude=position.longitude))
    return EditResult(terms=edited_terms(edited, place), place=place)


def run(
    request: ExtractRequest,
    store: PhotoStore,
    *,
    photos_bucket: str,
    deadline: float = math.inf,
) -> ExtractResult:
    """Read one photo's facts and metadata with few ranged requests; see `_survey`."""
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
    preview = _preview(structure.raw, structure, image) if structure.raw else None
    file_name = split_upload_key(photo.key).file
    metadata = read_metadata(
        structure,
        tiff,
        chunk.modified,
        file_name=file_name,
        sidecar=sidecars.read(chunk.sidecar),
    )
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
    taken = metadata.taken_at if metadata.taken_at and metadata.taken_at.plausible else None
    return ExtractResult(
        image=image,
        metadata=metadata,
        uploaded_at=chunk.modified,
        sort_time=(taken.local if taken else chunk.modified)[:SORT_TIME_CHARACTERS],
        version=VERSION,
        precision=taken.precision if taken else None,
        preview=preview,
        terms=terms_of(metadata),
        edited_terms=read_edits(request.edited).terms if request.edited else None,
    )


def _first_read_bytes(photo: PhotoRef) -> int:
    small = photo.bytes is not None and photo.bytes <= WHOLE_BYTES
    return WHOLE_BYTES if small else HEAD_BYTES


def _survey(
    photo: PhotoRef, store: PhotoStore, file: PartialFile, image_format: str, *, deadline: float
) -> Structure:
    """Parse the structure; if bytes are missing, read where it points to, then the whole photo.

    Of a raw photo, and of any over `MAX_WHOLE_BYTES`, only where it points to: at most `MAX_READS`
    ranged requests are made instead of three. Metadata behind them is not found.

    Raises:
        TooComplexError: a raw photo's parts are in too many places.
    """
    structure = survey(file, image_format)
    for number in range(1, MAX_READS):
        if structure.missing is None:
            break
        refuse_late(deadline, "reading the metadata")
        first, last = structure.missing
        if structure.is_scattered:
            last = max(last, first + PART_BYTES - 1)
        elif number == 1 or file.total_bytes > MAX_WHOLE_BYTES:
            last = max(last, first + AHEAD_BYTES - 1)
        else:
            first, last = 0, file.total_bytes - 1
        last = min(last, file.total_bytes - 1)
        file.add(first, store.read(photo, first, last).body)
        structure = survey(file, image_format)
    if structure.is_scattered and structure.missing is not None:
        raise TooComplexError(
            f"the parts of the {image_format} are in more than {MAX_READS} places"
        )
    return structure


def _facts(structure: Structure, tiff: Tiff, image_format: str, size: int) -> ImageFacts:
    """Return what the picture is.

    Raises:
        UnsupportedTypeError: the decoder does not show it.
        UnreadablePhotoError, PhotoTooLargeError, TooManyPixelsError, TooComplexError: see
            `refuse_costly`.
        RawWithoutPreviewError, TruncatedPhotoError: see `_raw_size`.
    """
    refuse_unsupported(structure.unsupported)
    if structure.raw is not None:
        image_format = structure.raw.format
        width_px, height_px = _raw_size(structure, structure.raw)
    else:
        width_px, height_px = refuse_costly(structure, image_format, size)
    orientation = structure.orientation or orientation_of(tiff)
    if orientation in SIDEWAYS:
        width_px, height_px = height_px, width_px
    return ImageFacts(
        format=image_format,
        mime_type=MIME_TYPES[image_format],
        bytes=size,
        width_px=width_px,
        height_px=height_px,
        orientation=orientation,
    )


def _raw_size(structure: Structure, raw: Raw) -> tuple[int, int]:
    """Return width and height of a raw photo in pixels, before orientation. Nobody decodes it.

    Raises:
        UnreadablePhotoError: it has no size.
        RawWithoutPreviewError: it has no preview that is large enough.
        TruncatedPhotoError: it has one, behind the end of the file.
        PhotoTooLargeError, TooManyPixelsError: its preview is larger than any JPEG may be.
    """
    if raw.preview is None and raw.is_cut_off:
        raise TruncatedPhotoError(f"the {raw.format} file ends before its preview does")
    if raw.preview is None:
        raise RawWithoutPreviewError(
            f"a {raw.format} without a JPEG preview of at least {MIN_PREVIEW_PX:,} px"
        )
    refuse_bytes(raw.preview.last - raw.preview.first + 1, "JPEG")
    refuse_pixels(raw.width_px, raw.height_px, "JPEG")
    if structure.width_px is None or structure.height_px is None:
        raise UnreadablePhotoError(f"a {raw.format} in which no picture was found")
    return structure.width_px, structure.height_px


def _preview(raw: Raw, structure: Structure, image: ImageFacts) -> Preview | None:
    """Return where the preview of a raw photo is, and how it is to be turned."""
    if raw.preview is None:
        return None
    first, last = raw.preview
    # Some software that writes DNGs turns the preview, and leaves the sensor's data as they are.
    is_upright = image.orientation in SIDEWAYS and _is_turned(raw, structure)
    return Preview(first=first, last=last, orientation=1 if is_upright else image.orientation)


def _is_turned(raw: Raw, structure: Structure) -> bool:
    """Return whether one of the raw photo and its preview is wide, and the other one high.

    Only where the raw photo states the orientation, and not the preview.
    """
    if structure.orientation is None:
        return False
    width_px, height_px = structure.width_px or 0, structure.height_px or 0
    return (width_px - height_px) * (raw.width_px - raw.height_px) < 0
