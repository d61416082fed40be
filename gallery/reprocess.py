"""Photos made anew: which ones, and one execution that works through all of them.

Each goes through the gallery's own state machine, as workflow/reprocess.json.tftpl asks: a person's
edits survive, labels of the same bytes are taken over, and a photo that was READY stays as it was
where the reprocessing fails.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from gallery.table import Query
from shared.keys import photo_key, split_upload_key, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mypy_boto3_stepfunctions import SFNClient

    from gallery.buckets import Bucket
    from gallery.table import Row, Table

PARTS: Final = ("extract", "thumbnail", "tag")  # as `versions` of a record names them
FOLDER: Final = "reprocess/"  # of lists and results, in the logs bucket

_NOBODYS: Final = frozenset(
    {"DELETED", "PROCESSING"}
)  # there is nothing to reprocess, or it is reprocessed


class Job(msgspec.Struct, frozen=True, omit_defaults=True):
    """One photo to make anew, as workflow/reprocess.json.tftpl reads it."""

    key: str
    sequencer: str  # of its record: whoever has claimed it since does the work anyway
    relabel: bool = False  # even where the same bytes have labels


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which photos: those that any of the first three names, of an album or of all."""

    older: Mapping[str, int] = field(default_factory=dict)  # part: made by code before that version
    failed: bool = False
    everything: bool = False
    album: str | None = None  # that album alone; not the albums within it

    def fits(self, row: Row) -> bool:
        """Say whether the photo of a row is wanted; a part that is missing is older than any."""
        if row["status"] in _NOBODYS:
            return False
        if self.album is not None and split_upload_key(row["key"]).album != self.album:
            return False
        versions = row.get("versions", {})
        return (
            self.everything
            or (self.failed and row["status"] == "FAILED")
            or any(versions.get(part, -1) < version for part, version in self.older.items())
        )


def code_versions() -> dict[str, int]:
    """Return the version of each part that the code here makes."""
    from extract import handler as extract  # noqa: PLC0415  # the steps bring libvips along
    from tag import handler as tag  # noqa: PLC0415  # as above
    from thumbnail import handler as thumbnail  # noqa: PLC0415  # as above

    return {"extract": extract.VERSION, "thumbnail": thumbnail.VERSION, "tag": tag.VERSION}


@dataclass
class Found:
    """How many photos are to be made anew, and of how many the labels have to be paid again."""

    photos: int = 0
    labeled: int = 0


def jobs(table: Table, owner: str, wanted: Wanted, *, relabel: bool, found: Found) -> Iterator[Job]:
    """Yield the photos of an owner that are wanted, and count them in `found`."""
    low, high = within("photo")
    photos = Query(owner=owner, index=None, range_key="sk", low=low, high=high)
    tag_version = code_versions()["tag"]
    for row in table.every(photos, "key", "sequencer", "sha256", "status", "versions"):
        if wanted.fits(row):
            found.photos += 1
            known = "sha256" in row and row.get("versions", {}).get("tag") == tag_version
            found.labeled += relabel or not known
            yield Job(photo_key(owner, row["sk"]), row["sequencer"], relabel)


def start(
    work: Iterable[Job],
    *,
    logs: Bucket,
    stepfunctions: SFNClient,
    state_machine_arn: str,
    max_concurrency: int,
) -> str:
    """Write `work` as a list, start one execution of reprocess.json.tftpl for it, return its ARN.

    Errors of the services are botocore's ClientError.
    """
    items = f"{FOLDER}{uuid.uuid4()}.json"
    logs.put(items, msgspec.json.encode(list(work)))
    started = stepfunctions.start_execution(
        stateMachineArn=state_machine_arn,
        input=json.dumps({"items": items, "max_concurrency": max_concurrency}),
    )
    return started["executionArn"]
