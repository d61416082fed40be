"""The rows of the table: one type for each kind, with every attribute that it can have.

statemachine.json.tftpl and gallery/ write them. The table in docs/architecture.md and the types of
the page (web/src/rows.gen.ts) are generated from this file by `make docs`. A flag is the number 1
or 0 in the table, so rows are read with `read`. Absent beats null.

Only gallery/, local/ and tests import this module: no step pays for it at a cold start.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import msgspec

from shared.contracts import (
    Camera,
    Contract,
    Count,
    Label,
    LabelsStatus,
    Location,
    Orientation,
    Px,
    Rendition,
    Sha256,
    SortTime,
    TakenAt,
    UtcTime,
)

Status = Literal["PROCESSING", "READY", "REJECTED", "FAILED", "DELETED"]


class PhotoFacts(Contract, frozen=True, kw_only=True):
    """The attributes of a photo's row that a gallery shows. Only `status` is always there."""

    status: Status  # while PROCESSING, most attributes are of the previous version
    uploaded_at: UtcTime | None = None  # the time of the event
    version_id: str | None = None  # absent in a bucket without versioning
    bytes: Count | None = None  # size of the object
    reason: str | None = None  # REJECTED: a code of errors.py; FAILED: the error's name
    step: str | None = None  # the state in which processing ended as REJECTED or FAILED
    error: str | None = None  # the error's message, at most 500 characters
    format: str | None = None  # JPEG, PNG, WEBP, GIF, TIFF, AVIF or HEIC
    mime_type: str | None = None  # of the format
    width_px: Px | None = None  # as displayed
    height_px: Px | None = None  # as displayed
    orientation: Orientation | None = None  # as in EXIF; absent: 1, upright
    taken_at: TakenAt | None = None  # by the camera's clock
    location: Location | None = None  # in WGS 84
    camera: Camera | None = None  # with lens and exposure
    title: str | None = None  # from the file, as are description and keywords
    description: str | None = None
    keywords: list[str] = msgspec.field(default_factory=list)
    sort_time: SortTime | None = None  # taken in UTC, else locally, else uploaded: for sorting only
    labels: list[Label] = msgspec.field(default_factory=list)  # best first
    labels_status: LabelsStatus | None = None  # READY, SKIPPED:…, FAILED:… or PENDING:…
    labels_model: str | None = None  # such as rekognition 3.0
    renditions: Mapping[str, Rendition] = msgspec.field(default_factory=dict)  # by name: thumb, …
    truncated: bool = False  # the file ends early; the missing part is gray
    versions: dict[str, Count] = msgspec.field(default_factory=dict)  # of the code of each step


class IndexedPhoto(PhotoFacts, frozen=True, kw_only=True):
    """A photo in the index by_album or by_time: its keys, and the attributes projected there."""

    pk: str  # the owner; `/` for an object without an owner
    sk: str  # photo#<album>/<file>
    key: str  # of the object, exactly as S3 names it
    album_key: str | None = None  # <album digest>#<sort time>#<key digest>: in the index by_album
    time_key: str | None = None  # time#… or problem#<sort time>#<key digest>: in the index by_time
    edits: str | None = None  # JSON: a person's title, description, keywords and hidden labels


class PhotoRow(IndexedPhoto, frozen=True, kw_only=True):
    """One photo of one owner, whatever its status."""

    bucket: str  # that the event names
    etag: str | None = None  # of the object, without quotes
    sequencer: str  # S3's order of the photo's events, padded to 32 digits
    claimed_version: str  # version id, else ETag, that is or was last processed
    execution_arn: str  # of the execution that has, or last had, the photo
    updated_at: UtcTime  # of the last write by the state machine
    sha256: Sha256 | None = None  # of the photo's bytes
    content_key: str | None = None  # <bytes>#<SHA-256>#<key digest>: in the index by_content
    label_keys: list[str] | None = None  # the sort keys of its label rows
    processing_shard: str | None = None  # while PROCESSING: in the index processing


class LabelRow(Contract, frozen=True):
    """One label, or ancestor of a label, by which a photo is found."""

    pk: str  # the owner
    sk: str  # label#<label>#<sort time>#<key digest>
    label: str  # folded
    photo: str  # the sort key of the photo's row
    width_px: Px  # of the photo
    height_px: Px  # of the photo
    thumb: Rendition | None = None  # as in the photo's row


class AlbumRow(Contract, frozen=True):
    """A part of an album's count: the photos whose key digests begin with one hex digit."""

    pk: str  # the owner
    sk: str  # album#<album digest>#<first digit of the key digests>
    album: str  # its path; empty for photos directly below their owner
    photos: int  # READY photos of this part


RowT = TypeVar("RowT", bound=Contract)


def read(kind: type[RowT], row: Mapping[str, Any]) -> RowT:
    """Return a row's plain values, as items.plain makes them, as a `kind`.

    Raises:
        msgspec.ValidationError: an attribute is missing, unknown or of another type.
    """
    return msgspec.convert(row, kind, strict=False)  # not strict: 1 and 0 are flags
