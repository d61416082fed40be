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
    Person,
    Place,
    Precision,
    Px,
    Rating,
    Rendition,
    Sha256,
    SortTime,
    TakenAt,
    Terms,
    UtcTime,
)

Status = Literal["PROCESSING", "READY", "REJECTED", "FAILED", "DELETED"]


class PhotoFacts(Contract, frozen=True, kw_only=True):
    """The attributes of a photo's row that a gallery shows. Only `status` is always there."""

    status: Status  # result; while PROCESSING, most values are of the one before
    uploaded_at: UtcTime | None = None  # S3's LastModified; of a photo never read, the event's
    version_id: str | None = None  # S3 version; absent in a bucket without versioning
    bytes: Count | None = None  # size of the object
    reason: str | None = None  # REJECTED: a code of errors.py; FAILED: the error's name
    step: str | None = None  # the state in which processing ended as REJECTED or FAILED
    error: str | None = None  # the error's message, at most 500 characters
    format: str | None = None  # JPEG, PNG, WEBP, GIF, TIFF, AVIF or HEIC; NEF, DNG and other raws
    mime_type: str | None = None  # such as image/jpeg
    width_px: Px | None = None  # width as displayed
    height_px: Px | None = None  # height as displayed
    orientation: Orientation | None = None  # as in EXIF; absent: 1, upright
    taken_at: TakenAt | None = None  # time by the camera's clock
    location: Location | None = None  # position in WGS 84
    place: Place | None = None  # place of the position, in words
    camera: Camera | None = None  # camera, lens and exposure
    title: str | None = None  # from the file
    description: str | None = None  # from the file
    keywords: list[str] = msgspec.field(default_factory=list)  # from the file
    creator: str | None = None  # from the file
    copyright: str | None = None  # from the file
    rating: Rating | None = None  # 1 to 5 stars, or -1: rejected; absent: not rated
    people: list[Person] = msgspec.field(default_factory=list)  # named in the file
    sources: dict[str, str] | None = None  # of fields that only an archive states: TAKEOUT
    sort_time: SortTime | None = None  # with edits: taken by the camera's clock, or uploaded in UTC
    labels: list[Label] = msgspec.field(default_factory=list)  # most confident first
    labels_status: LabelsStatus | None = None  # READY, SKIPPED:…, FAILED:… or PENDING:…
    labels_model: str | None = None  # model that made them, such as rekognition 3.0
    renditions: Mapping[str, Rendition] = msgspec.field(default_factory=dict)  # by name
    truncated: bool = False  # the file is cut or damaged; what is missing is gray
    versions: dict[str, Count] = msgspec.field(default_factory=dict)  # code of each function


class IndexedPhoto(PhotoFacts, frozen=True, kw_only=True):
    """A photo in the index by_album or by_time: its keys, and the attributes projected there."""

    pk: str  # the owner; `/` for an object without an owner
    sk: str  # photo#<album>/<file>
    key: str  # key of the object, exactly as S3 names it
    album_key: str | None = None  # <album digest>#<sort time>#<key digest>: in the index by_album
    time_key: str | None = None  # time#…, problem#… or trash#<time>#<key digest>: in by_time
    edits: str | None = None  # JSON: what a person wrote; see Edits in gallery/records.py


class PhotoRow(IndexedPhoto, frozen=True, kw_only=True):
    """One photo of one owner, whatever its status."""

    bucket: str  # bucket of the object
    etag: str | None = None  # ETag of the object, without quotes
    sequencer: str  # S3's order of the photo's events, padded to 32 digits
    claimed_version: str  # version ID, else ETag, that is or was last processed
    execution_arn: str  # execution that holds, or last held, the photo
    updated_at: UtcTime  # time of the state machine's last write
    sha256: Sha256 | None = None  # hash of the photo's bytes; of a raw photo, its preview's
    content_key: str | None = None  # <bytes>#<SHA-256>#<key digest>: in the index by_content
    terms: Terms | None = None  # what the photo can be found by, without edits
    edited_terms: str | None = None  # JSON: Terms of the edited fields, as far as they are known
    found_by: list[str] | None = None  # <kind>#<text> of each of the photo's term rows
    terms_left_out: Count | None = None  # number of terms without a row
    label_keys: list[str] | None = None  # of earlier releases, for found_by: whole sort keys
    month_key: str | None = None  # sort key of the month's row that counts the photo
    thumbhash: str | None = None  # DELETED: that of the rendition, which is deleted
    processing_shard: str | None = None  # in the index processing, if PROCESSING


class TermRow(Contract, frozen=True):
    """One term by which a photo is found: a label, a name, a place, a word and so on."""

    pk: str  # the owner
    sk: str  # <kind>#<text, folded>#<sort time>#<key digest>; all kinds are in terms.py
    photo: str  # sort key of the photo's row
    width_px: Px  # width of the photo
    height_px: Px  # height of the photo
    precision: Precision | None = None  # of the sort time; absent: a full time
    thumb: Rendition | None = None  # rendition of the photo
    text: str | None = None  # as it is written; absent if the folded one is the same
    label: str | None = None  # of earlier releases: the text, folded


class AlbumRow(Contract, frozen=True):
    """A part of an album's count: the photos whose key digests begin with one hex digit."""

    pk: str  # the owner
    sk: str  # album#<album digest>#<first digit of the key digests>
    album: str  # path of the album; empty for photos directly below their owner
    photos: int  # number of READY photos in this part
    cover: str | None = None  # of shard 0: sort key of the photo that a person chose


class MonthRow(Contract, frozen=True):
    """A part of a month's count: the photos whose key digests begin with one hex digit."""

    pk: str  # the owner
    sk: str  # month#<yyyy-mm>#<first digit of the key digests>
    photos: int  # number of READY photos whose sort time is in the month, in this part


class OwnerRow(Contract, frozen=True):
    """The user that an owner is, as API Gateway knows the caller: no user can write it."""

    pk: str  # the owner: an identity of the identity pool
    sk: str  # owner
    login: str  # <provider>,<provider>:CognitoSignIn:<sub of the user>
    seen_at: UtcTime  # time of the last sign-in with a password in the page


RowT = TypeVar("RowT", bound=Contract)


def read(kind: type[RowT], row: Mapping[str, Any]) -> RowT:
    """Return a row's plain values, as items.plain makes them, as a `kind`.

    Raises:
        msgspec.ValidationError: an attribute is missing, unknown or of another type.
    """
    return msgspec.convert(row, kind, strict=False)  # not strict: 1 and 0 are flags
