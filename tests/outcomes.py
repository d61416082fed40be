"""What a stack makes of the photos of `make demo`: their records and renditions."""

from dataclasses import dataclass
from typing import Any

from deployment import NO_PHOTO, READY
from local.stack import Stack
from shared.items import plain

PHOTOS = sorted([NO_PHOTO, *READY])
# Fields that differ between two executions or two uploads.
OF_ITS_OWN = (
    "album_key",  # holds sort_time
    "claimed_version",
    "execution_arn",
    "sequencer",
    "sort_time",  # the time of the upload, if the photo has no time
    "time_key",  # holds sort_time
    "updated_at",
    "uploaded_at",
    "version_id",
)


@dataclass(frozen=True)
class Outcome:
    """One photo, as the stack has published it."""

    record: dict[str, Any]  # without OF_ITS_OWN
    renditions: dict[str, bytes]


def outcomes(stack: Stack, *, timeout_seconds: float) -> dict[str, Outcome]:
    """Upload the photos, wait for their executions, and return the outcome of each file.

    Raises:
        TimeoutError: executions still run after `timeout_seconds`.
    """
    for photo in PHOTOS:
        stack.upload(f"uploads/ada/{photo.name}", photo.read_bytes())
    stack.wait_until_idle(timeout_seconds=timeout_seconds)
    return {photo.name: _outcome(stack, photo.name) for photo in PHOTOS}


def _outcome(stack: Stack, name: str) -> Outcome:
    key = {"pk": {"S": "ada"}, "sk": {"S": f"photo#{name}"}}
    record = plain(stack.dynamodb.get_item(TableName=stack.table, Key=key)["Item"])
    for field in OF_ITS_OWN:
        record.pop(field, None)
    bodies = {
        rendition: stack.s3.get_object(Bucket=stack.derived_bucket, Key=facts.pop("key"))["Body"]
        for rendition, facts in record.get("renditions", {}).items()
    }
    return Outcome(record, {rendition: body.read() for rendition, body in bodies.items()})
