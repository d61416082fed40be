"""Reprocess: select photos, and start one execution that reprocesses all of them.

workflow/reprocess.json.tftpl sends each photo through the gallery's own state machine: a person's
edits stay, labels are copied from a photo of the same bytes, and a photo that was READY stays as it
was if the reprocessing fails.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from gallery.backfill import add_max_concurrency, paced, reprocess_usd
from gallery.deployment import Deployment, add_deployment_arguments, add_owner_argument
from gallery.shell import UsageError, print_json, print_stderr, print_stdout
from gallery.table import Query
from shared.errors import RejectedError
from shared.keys import photo_key, split_upload_key, within
from shared.text import escaped
from shared.versions import VERSIONS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_stepfunctions import SFNClient

    from gallery.buckets import Bucket
    from gallery.table import Row, Table

FOLDER: Final = "reprocess/"  # in the logs bucket: the list of photos, and the results

# Nothing is left to reprocess, or an execution works on the photo already.
_NOT_SELECTED: Final = frozenset({"DELETED", "PROCESSING"})

# The attributes of a photo's row that are read.
_RECORD: Final = ("key", "reason", "sequencer", "sha256", "status", "versions")


class Job(msgspec.Struct, frozen=True, omit_defaults=True):
    """One photo to reprocess, as workflow/reprocess.json.tftpl reads it."""

    key: str
    sequencer: str  # of its record: a photo claimed by a newer event needs no reprocessing
    relabel: bool = False  # call the labeler even if a photo of the same bytes has labels


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which photos to reprocess: those that meet any of the first four conditions."""

    older: Mapping[str, int] = field(default_factory=dict)  # a step's result is of a lower version
    failed: bool = False
    rejected: str | None = None  # for this reason
    everything: bool = False
    album: str | None = None  # only photos of this album, without the albums below it

    def includes(self, row: Row) -> bool:
        """Return whether the photo of a row is selected; a missing result is older than any."""
        if row["status"] in _NOT_SELECTED:
            return False
        if self.album is not None and split_upload_key(row["key"]).album != self.album:
            return False
        versions = row.get("versions", {})
        return (
            self.everything
            or (self.failed and row["status"] == "FAILED")
            or (self.rejected is not None and row.get("reason") == self.rejected)
            or any(versions.get(step, -1) < version for step, version in self.older.items())
        )


@dataclass
class Tally:
    """The selected photos, counted."""

    photos: int = 0
    labeled: int = 0  # of these: photos that the labeler is called for


def jobs(
    table: Table, owner: str, selection: Selection, *, relabel: bool, tally: Tally
) -> Iterator[Job]:
    """Yield the selected photos of an owner, and count them in `tally`."""
    low, high = within("photo")
    photos = Query(owner=owner, index=None, range_key="sk", low=low, high=high)
    for row in table.every(photos, *_RECORD):
        if selection.includes(row):
            tally.photos += 1
            known = "sha256" in row and row.get("versions", {}).get("tag") == VERSIONS["tag"]
            tally.labeled += relabel or not known
            yield Job(photo_key(owner, row["sk"]), row["sequencer"], relabel)


def items_key(name: str) -> str:
    """Return the key of the list of an execution of that name, in the logs bucket."""
    return f"{FOLDER}{name}.json"


def start(  # noqa: PLR0913  # all that one execution needs
    stepfunctions: SFNClient,
    reprocess_arn: str,
    logs: Bucket,
    work: Sequence[Job],
    *,
    at_once: int,
    name: str | None = None,
) -> str:
    """Write `work` as a list to the logs bucket, and start one execution that reprocesses it.

    Returns its ARN.

    Args:
        stepfunctions: in the region of the state machine.
        reprocess_arn: of the state machine that reprocesses photos.
        logs: the bucket of lists and results.
        work: the photos.
        at_once: how many of them to process at the same time.
        name: of the execution; None: a new one.

    Raises:
        ClientError: S3 or Step Functions refuses.
    """
    name = name or str(uuid.uuid4())
    items = items_key(name)
    logs.put(items, msgspec.json.encode(work))
    options = {"items": items, "max_concurrency": at_once}
    return stepfunctions.start_execution(
        stateMachineArn=reprocess_arn, name=name, input=json.dumps(options)
    )["executionArn"]


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_deployment_arguments(command)
    add_owner_argument(command)
    add_max_concurrency(command)
    command.add_argument(
        "--older",
        choices=tuple(VERSIONS),
        action="append",
        default=[],
        help="photos without a result of this step, or with one of older code; repeatable",
    )
    command.add_argument("--failed", action="store_true", help="photos that are FAILED")
    command.add_argument(
        "--rejected",
        choices=sorted(error.code for error in RejectedError.__subclasses__()),
        metavar="REASON",
        help="photos that are REJECTED for this reason: ARCHIVED, after they are restored",
    )
    command.add_argument("--album", metavar="PATH", help="only photos of this album")
    command.add_argument("--everything", action="store_true", help="all photos")
    command.add_argument(
        "--relabel",
        action="store_true",
        help="call the labeler even if a photo of the same bytes has labels",
    )
    command.add_argument("--dry-run", action="store_true", help="print the figures, start nothing")
    command.add_argument(
        "--json", action="store_true", help="print one JSON object, and the figures to stderr"
    )


def run(given: argparse.Namespace) -> int:
    """Select photos, print the figures, and start the reprocessing."""
    some = bool(given.older or given.failed or given.rejected)
    if not (some or given.everything or given.album is not None):
        raise UsageError(
            "select photos with --older, --failed, --rejected, --album or --everything"
        )
    deployment = Deployment.of(given)
    selection = Selection(
        older={step: VERSIONS[step] for step in given.older},
        failed=given.failed,
        rejected=given.rejected,
        everything=given.everything or not some,
        album=given.album,
    )
    tally = Tally()
    work: list[Job] = []
    for owner in deployment.owners(given.owner):
        work += jobs(deployment.table, owner, selection, relabel=given.relabel, tally=tally)
        print_stderr(f"{escaped(owner)}: {tally.photos:,} photos so far")
    usd = reprocess_usd(tally.photos, tally.labeled, labeler=given.labeler)
    at_once, hours, limit = paced(given, deployment.session, tally.photos)
    report = print_stderr if given.json else print_stdout
    report(
        f"{tally.photos:,} photos, {tally.labeled:,} of them to be labeled:"
        f" about USD {usd:,.2f} and {hours:,.1f} hours ({limit})"
    )
    arn = None
    if work and not given.dry_run:
        arn = start(
            deployment.stepfunctions,
            deployment.outputs.reprocess_arn,
            deployment.logs,
            work,
            at_once=at_once,
        )
        report(f"started: {arn}")
    if given.json:
        costs = {"usd": usd, "hours": hours, "limit": limit}
        print_json(
            {"photos": tally.photos, "labeled": tally.labeled, **costs, "execution_arn": arn}
        )
    return 0
