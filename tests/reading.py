"""Run the Extract step on a file in memory."""

from typing import Any

from extract.handler import run
from fakes import KEY, PHOTOS_BUCKET, MemoryPhotoStore, stored
from shared.contracts import ExtractRequest, ExtractResult, Metadata, dump


def extracted(data: bytes, key: str = KEY) -> ExtractResult:
    return extracted_with_reads(data, key)[0]


def extracted_with_reads(data: bytes, key: str = KEY) -> tuple[ExtractResult, MemoryPhotoStore]:
    store, photo = stored(data, key)
    return run(ExtractRequest(photo=photo), store, photos_bucket=PHOTOS_BUCKET), store


def metadata_of(data: bytes) -> Metadata:
    return extracted(data).metadata


def plain_metadata_of(data: bytes) -> dict[str, Any]:
    return dump(metadata_of(data))
