"""The deployed gallery that reprocess and reconcile work on: its arguments and its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gallery.backfill import add_max_concurrency
from gallery.buckets import Bucket
from gallery.shell import UsageError, print_stderr, session_for, state_machine_arn
from gallery.table import Table
from shared.errors import BadKeyError
from shared.keys import UPLOADS_PREFIX, split_upload_key
from shared.text import escaped

if TYPE_CHECKING:
    import argparse

    import boto3
    from mypy_boto3_stepfunctions import SFNClient


def add_deployment_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments that name a deployment and its part to work on."""
    for name, content in {
        "--table": "photos and their labels",
        "--photos-bucket": "originals",
        "--logs-bucket": "for the list of photos to reprocess, and the results",
    }.items():
        command.add_argument(name, required=True, metavar="NAME", help=content)
    command.add_argument(
        "--reprocess-arn",
        type=state_machine_arn,
        required=True,
        metavar="ARN",
        help="state machine that reprocesses photos",
    )
    command.add_argument("--owner", help="only the photos of this owner")
    add_max_concurrency(command)


@dataclass(frozen=True)
class Deployment:
    """A deployed gallery, as the command's arguments name it."""

    given: argparse.Namespace
    session: boto3.Session

    @classmethod
    def of(cls, given: argparse.Namespace) -> Deployment:
        """Return the deployment that the arguments name."""
        return cls(given, session_for(given.reprocess_arn))

    @property
    def table(self) -> Table:
        """The gallery's table."""
        return Table(self.session.client("dynamodb"), self.given.table)

    @property
    def photos(self) -> Bucket:
        """The bucket of the originals."""
        return self.bucket(self.given.photos_bucket)

    @property
    def logs(self) -> Bucket:
        """The bucket of lists and results."""
        return self.bucket(self.given.logs_bucket)

    @property
    def stepfunctions(self) -> SFNClient:
        """Step Functions, in the region of the reprocessing."""
        return self.session.client("stepfunctions")

    def bucket(self, name: str) -> Bucket:
        """Return the bucket of that name."""
        return Bucket(self.session.client("s3"), name)

    def owners(self, *, renditions: Bucket | None = None) -> list[str]:
        """Return the owner that was named, or all that have photos or, if given, `renditions`.

        Raises:
            UsageError: the name cannot be an owner's.
        """
        return owners_of(self.photos, self.given.owner, renditions=renditions)


def owners_of(photos: Bucket, named: str | None, *, renditions: Bucket | None = None) -> list[str]:
    """Return the owner that was named, or all that have `photos` or, if given, `renditions`.

    A folder that cannot be an owner's is reported and left out: its objects are in no album.

    Raises:
        UsageError: the name cannot be an owner's.
    """
    if named is not None:
        if not _is_owner(named):
            raise UsageError(f"--owner must be a folder below {UPLOADS_PREFIX}, got {named!r}")
        return [named]
    folders = {name: f"{UPLOADS_PREFIX}{name}/" for name in photos.folders(UPLOADS_PREFIX)}
    if renditions is not None:
        folders = {name: f"{name}/" for name in renditions.folders("")} | folders
    for name in sorted(folders):
        if not _is_owner(name):
            print_stderr(f"skipped, not the folder of an owner: {escaped(folders[name])}")
    return sorted(filter(_is_owner, folders))


def _is_owner(name: str) -> bool:
    """Return whether the workflow accepts an owner of this name."""
    try:
        return split_upload_key(f"{UPLOADS_PREFIX}{name}/photo").owner == name
    except BadKeyError:
        return False
