"""What other systems are told of a photo: the detail of the gallery's events on EventBridge.

workflow/expressions/announcement.jsonata makes it. docs/events.md and docs/events.schema.json are
generated from this file. No step reads it, and it has no personal data but the object's key.
"""

from typing import Annotated, Final, Literal

import msgspec

from shared.contracts import Contract, UtcTime

Status = Literal["DELETED", "FAILED", "READY", "REJECTED"]
Cause = Literal["Object Created", "Object Deleted", "Reprocess Requested"]
KeyDigest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{24}$")]
Sequencer = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-F]+0*$", min_length=32)]

DETAIL_TYPES: Final[dict[Status, str]] = {
    "DELETED": "Photo Deleted",
    "FAILED": "Photo Failed",
    "READY": "Photo Ready",
    "REJECTED": "Photo Rejected",
}


class PhotoEvent(Contract, frozen=True, kw_only=True):
    """A row of a photo was written. The row itself has everything else."""

    status: Status  # of the row; one for each detail-type
    owner: str  # partition key of the row
    bucket: str  # of the object
    key: str  # of the object, as S3 names it; its row is photo#<key after the owner's folder>
    photo: KeyDigest  # digest of the key, the same in all keys of indexes
    version: (
        str  # S3's version ID, else the ETag; empty if the event that was processed had neither
    )
    sequencer: Sequencer  # S3's order of the photo's events, padded to compare as text
    code: str | None = None  # REJECTED: a code of errors.py; FAILED: the error's name
    cause: Cause  # what began the processing
    execution_arn: str  # of the execution that wrote the row; it sends one event
    written_at: UtcTime  # after the row was written
