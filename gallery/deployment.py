"""The deployed gallery that a command works on: one way to name it, and its parts.

Each command has `--deployment`. Names of buckets, table and state machines come from Terraform's
outputs (gallery/outputs.py).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from gallery.buckets import Bucket
from gallery.editing import Editor
from gallery.outputs import ROOT_CONFIGURATION, Outputs, read_outputs
from gallery.shell import CommandError, UsageError, print_stderr, session_for
from gallery.table import Table
from shared.errors import BadKeyError
from shared.keys import UPLOADS, layout, split_upload_key, use_layout
from shared.text import escaped

if TYPE_CHECKING:
    import argparse

    import boto3
    from mypy_boto3_stepfunctions import SFNClient

VARIABLE: Final = "GALLERY_DEPLOYMENT"


def add_deployment_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments that name a deployment."""
    command.add_argument(
        "--deployment",
        default=os.environ.get(VARIABLE) or str(ROOT_CONFIGURATION),
        metavar="PATH|NAME",
        help="folder of the Terraform configuration, a file with the JSON of"
        " `terraform output -json`, or a name of `saved --save NAME` (default: the environment"
        f" variable {VARIABLE}, else terraform/ of this repository)",
    )
    command.add_argument(
        "--terraform",
        default="terraform",
        metavar="PROGRAM",
        help="what prints a folder's outputs (default: %(default)s)",
    )


def add_owner_argument(command: argparse.ArgumentParser) -> None:
    """Add the argument that limits a command to one owner."""
    command.add_argument("--owner", metavar="ID", help="only the photos of this owner")


@dataclass(frozen=True)
class Deployment:
    """A deployed gallery. Its clients are in its region, with the credentials of the shell."""

    outputs: Outputs
    session: boto3.Session

    def __post_init__(self) -> None:
        """Use the layout of the keys in its bucket: a command works on one deployment."""
        use_layout(self.outputs.key_layout or UPLOADS)

    @classmethod
    def of(cls, given: argparse.Namespace, *, changes: str | None = None) -> Deployment:
        """Return the deployment that the arguments name.

        Args:
            given: the command line.
            changes: what the command does to originals, such as "import sends photos".

        Raises:
            gallery.shell.CommandError: it is not to be found, or the command `changes` photos and
                the bucket is an adopted one; the message says what to do.
        """
        outputs = read_outputs(given.deployment, terraform=given.terraform)
        if changes is not None and outputs.key_layout is not None:
            raise CommandError(
                f"{changes}, and the gallery only reads {outputs.photos_bucket}, which is adopted."
                " Use a deployment without adopted_bucket"
            )
        return cls(outputs, session_for(outputs.state_machine_arn))

    @cached_property
    def table(self) -> Table:
        """The gallery's table."""
        return Table(self.session.client("dynamodb"), self.outputs.table)

    @cached_property
    def photos(self) -> Bucket:
        """The bucket of the originals."""
        return self._bucket(self.outputs.photos_bucket)

    @cached_property
    def derived(self) -> Bucket:
        """The bucket of the renditions."""
        return self._bucket(self.outputs.derived_bucket)

    @cached_property
    def logs(self) -> Bucket:
        """The bucket of lists of photos to process, and of results."""
        return self._bucket(self.outputs.logs_bucket)

    @cached_property
    def shares(self) -> Bucket | None:
        """The bucket of shared photos; None if shares are off."""
        name = self.outputs.shares_bucket
        return None if name is None else self._bucket(name)

    @cached_property
    def stepfunctions(self) -> SFNClient:
        """Step Functions."""
        return self.session.client("stepfunctions")

    @cached_property
    def editor(self) -> Editor:
        """What makes edits."""
        return Editor(self.stepfunctions, self.outputs.edit_arn, self.table)

    def owners(self, named: str | None, *, renditions: bool = False) -> list[str]:
        """Return the owner that is named, or all that have photos or, with `renditions`, these.

        A folder that cannot be an owner's is reported and left out: its objects are in no album.

        Raises:
            UsageError: the name cannot be an owner's.
        """
        keys = layout()
        if named is not None:
            if not _is_owner(named):
                rule = keys.owner or f"a folder below {keys.prefix or 'the bucket'}"
                raise UsageError(f"--owner must be {rule}, got {named!r}")
            return [named]
        names = self.photos.folders(keys.prefix) if keys.owner is None else [keys.owner]
        folders = {name: keys.folder_of(name) for name in names}
        if renditions:
            folders = {name: f"{name}/" for name in self.derived.folders("")} | folders
        for name in sorted(folders):
            if not _is_owner(name):
                print_stderr(f"skipped, not the folder of an owner: {escaped(folders[name])}")
        return sorted(filter(_is_owner, folders))

    def _bucket(self, name: str) -> Bucket:
        return Bucket(self.session.client("s3"), name)


def _is_owner(name: str) -> bool:
    """Return whether the workflow accepts an owner of this name."""
    try:
        return split_upload_key(f"{layout().folder_of(name)}photo").owner == name
    except (BadKeyError, ValueError):
        return False
