"""Tag step: label what a photo shows.

In       contracts.TagRequest
Out      contracts.TagResult
Ends in  InvalidRequestError; BadKeyError, ForeignBucketError, ArchivedPhotoError,
         CustomerKeyError, TooComplexError; LabelsThrottledError, LabelsUnavailableError,
         StorageUnavailableError; PhotoGoneError, SupersededError; AccessDeniedError,
         DeadlineExceededError
Reads    PHOTOS_BUCKET, TABLE, LABELER, MAX_LABELS, MIN_CONFIDENCE
"""

import logging
import math
import time
from collections.abc import Mapping
from functools import cache
from typing import Final

import shared.cold_start
from shared.contracts import TagRequest, TagResult, dump, parse
from shared.deadline import deadline_of
from shared.errors import LabelsRefusedError, RejectedError
from shared.keys import refuse_reference
from shared.s3 import photo_store
from shared.settings import labeler_settings, photos_bucket
from shared.storage import PhotoStore
from shared.versions import VERSIONS
from tag.aws import records, rekognition
from tag.labels import Labeler, Labels, tag_result
from tag.records import Records
from tag.rekognition import RekognitionLabeler
from tag.same_bytes import labels_of_same_bytes

shared.cold_start.over()

VERSION: Final = VERSIONS["tag"]

log = logging.getLogger(__name__)


def handle(event: Mapping[str, object], context: object) -> dict[str, object]:
    """Convert Lambda's JSON event, run the step, and return JSON."""
    request = parse(TagRequest, event)
    result = run(
        request,
        photo_store(),
        labeler(),
        records(),
        photos_bucket=photos_bucket(),
        deadline=deadline_of(context),
    )
    return dump(result)


@cache
def labeler() -> Labeler:
    """Return the labeler that the setting LABELER names.

    Raises:
        LookupError: no labeler has that name.
    """
    settings = labeler_settings()
    match settings.labeler:
        case "rekognition":
            return RekognitionLabeler(
                rekognition(),
                max_labels=settings.max_labels,
                min_confidence=settings.min_confidence,
            )
        case "embedded":
            # Imported here: a function that uses Rekognition does not pay for it.
            from tag.embedded.labeler import EmbeddedLabeler, load_model  # noqa: PLC0415

            return EmbeddedLabeler(
                load_model(),
                max_labels=settings.max_labels,
                min_confidence=settings.min_confidence,
            )
    raise LookupError(f"LABELER is {settings.labeler!r}, expected rekognition or embedded")


def run(  # noqa: PLR0913  # four ports, and two more by name
    request: TagRequest,
    store: PhotoStore,
    labeler: Labeler,
    records: Records,
    *,
    photos_bucket: str,
    deadline: float = math.inf,
) -> TagResult:
    """Label one photo. If the labeler can never label it, the status is FAILED:<code>."""
    started = time.perf_counter()
    refuse_reference(request.photo, photos_bucket=photos_bucket)
    known = None
    if not request.relabel:
        known = labels_of_same_bytes(request, store, labeler, records, version=VERSION)
    try:
        labels = known or labeler.label(
            request.photo, request.image, store, preview=request.preview, deadline=deadline
        )
    except LabelsRefusedError as error:
        labels = Labels(status=f"FAILED:{error}")
    except RejectedError as error:  # Extract and Thumbnail reject photos; Tag only omits labels
        labels = Labels(status=f"FAILED:{error.code}")
    result = tag_result(labels, version=VERSION)
    log.info(
        "photo labeled",
        extra={
            "photo_key": request.photo.key,
            "labels": len(result.labels),
            "labels_status": result.labels_status,
            "labels_reused": known is not None,
            "duration_ms": round((time.perf_counter() - started) * 1000),
        },
    )
    return result
