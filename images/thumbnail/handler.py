"""Thumbnail step: write the renditions of a photo.

In       contracts.ThumbnailRequest
Out      contracts.ThumbnailResult
Ends in  InvalidRequestError; BadKeyError, ForeignBucketError, ArchivedPhotoError,
         CustomerKeyError, EmptyPhotoError, PhotoTooLargeError, UnsupportedTypeError,
         TooManyPixelsError, TooComplexError, TruncatedPhotoError, UnreadablePhotoError;
         PhotoGoneError, SupersededError, StorageUnavailableError; AccessDeniedError,
         DeadlineExceededError
Reads    PHOTOS_BUCKET, DERIVED_BUCKET, RENDITIONS, KEEP_COPYRIGHT
"""

import logging
import math
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec

import shared.cold_start
from shared.aws import MAX_CONNECTIONS
from shared.contracts import (
    Rendition,
    ThumbnailRequest,
    ThumbnailResult,
    dump,
    parse,
)
from shared.deadline import deadline_of
from shared.keys import derived_key, refuse_reference
from shared.s3 import photo_store
from shared.settings import keep_copyright, photos_bucket, renditions_json
from shared.storage import PhotoStore
from shared.versions import VERSIONS
from thumbnail.credit import credit_xmp
from thumbnail.render import render
from thumbnail.renditions import EXTENSIONS, MIME_TYPES, RenditionSpec, parse_renditions

shared.cold_start.over()

VERSION: Final = VERSIONS["thumbnail"]

log = logging.getLogger(__name__)


def handle(event: Mapping[str, object], context: object) -> dict[str, object]:
    """Convert Lambda's JSON event, run the step, and return JSON."""
    request = parse(ThumbnailRequest, event)
    result = run(
        request,
        photo_store(),
        parse_renditions(renditions_json()),
        photos_bucket=photos_bucket(),
        keep_copyright=keep_copyright(),
        deadline=deadline_of(context),
    )
    return dump(result)


def run(  # noqa: PLR0913  # all but the first three by name
    request: ThumbnailRequest,
    store: PhotoStore,
    renditions: Mapping[str, RenditionSpec],
    *,
    photos_bucket: str,
    keep_copyright: bool = False,
    deadline: float = math.inf,
) -> ThumbnailResult:
    """Write all `renditions` of one photo, or none if the photo is refused.

    Of a raw photo only the preview is read and shown.

    With `keep_copyright`, each of them states the photo's creator and copyright. The same version
    of a photo, with the same credit, gives the same keys and bytes, so a retry is harmless.
    """
    started = time.perf_counter()
    photo, preview = request.photo, request.preview
    refuse_reference(photo, photos_bucket=photos_bucket)
    xmp = credit_xmp(request.creator, request.copyright) if keep_copyright else b""
    with store.stream(photo, preview) as stream:
        rendered = render(
            stream.hashed(),
            renditions,
            orientation=preview.orientation if preview else None,
            xmp=xmp,
            deadline=deadline,
        )
        sha256 = stream.sha256()

    def write(name: str) -> Rendition:
        encoded, spec = rendered.renditions[name], renditions[name]
        image_format = spec.format
        recipe = f"{VERSION} {msgspec.json.encode(spec).decode()}{xmp.decode()}"
        rendition = Rendition(
            key=derived_key(photo, name, EXTENSIONS[image_format], recipe=recipe),
            width_px=encoded.width_px,
            height_px=encoded.height_px,
            bytes=len(encoded.body),
            mime_type=MIME_TYPES[image_format],
            thumbhash=encoded.thumbhash,
        )
        store.write(rendition.key, encoded.body, rendition.mime_type)
        return rendition

    # At the same time: everything else waits for S3's last answer. An error is raised after it.
    with ThreadPoolExecutor(MAX_CONNECTIONS) as pool:
        written = dict(zip(rendered.renditions, pool.map(write, rendered.renditions), strict=True))
    log.info(
        "renditions written",
        extra={
            "photo_key": photo.key,
            "photo_bytes": stream.total_bytes,
            "rendition_bytes": {name: rendition.bytes for name, rendition in written.items()},
            "truncated": rendered.truncated,
            "duration_ms": round((time.perf_counter() - started) * 1000),
        },
    )
    return ThumbnailResult(
        renditions=written, sha256=sha256, version=VERSION, truncated=rendered.truncated
    )
