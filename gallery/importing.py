"""Import: send the photos of a folder, a bucket, a Google Takeout or an export to the gallery.

gallery/archives/ has the archives, what is sent of them, and how. docs/archives.md says what
becomes of each file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botocore.config import Config

from gallery.archives.base import normal
from gallery.archives.exported import Exported, is_export
from gallery.archives.folder import Folder
from gallery.archives.plan import Gallery, plan
from gallery.archives.restore import restore
from gallery.archives.s3 import SCHEME, Objects, bucket_and_prefix
from gallery.archives.send import SENDERS, Import, Pace, Sender
from gallery.archives.takeout import Takeout
from gallery.backfill import add_max_concurrency, paced
from gallery.costs import PHOTOS, thousand_photos
from gallery.deployment import Deployment, add_deployment_arguments
from gallery.shell import UsageError, print_stderr, print_stdout, progress

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from gallery.archives.base import Archive
    from gallery.archives.plan import Plan
    from gallery.archives.send import Sent

EDIT_ATTEMPTS: Final = 120  # ten minutes
MAX_PATHS: Final = 20  # printed of one kind; --json has all


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_deployment_arguments(command)
    command.add_argument(
        "source",
        metavar="SOURCE",
        help="a folder, or s3://BUCKET/PREFIX, which is only read; folders below it become albums."
        " What `export` wrote is recognized: its edits and covers come back",
    )
    command.add_argument(
        "--takeout",
        action="store_true",
        help="the folder is an unpacked Google Takeout: read the JSON beside its photos",
    )
    command.add_argument(
        "--owner",
        metavar="ID",
        help="the owner that the photos get (default: the only owner of the gallery)",
    )
    command.add_argument(
        "--exported-owner",
        metavar="ID",
        help="of an export of several owners: the photos of this one",
    )
    command.add_argument(
        "--album", default="", metavar="PATH", help="put all albums below this one"
    )
    add_max_concurrency(command)
    command.add_argument("--dry-run", action="store_true", help="print the figures, send nothing")
    command.add_argument(
        "--json", action="store_true", help="print one JSON object, and the figures to stderr"
    )


def run(given: argparse.Namespace) -> int:
    """Compare, print the figures, and send what is missing."""
    deployment = Deployment.of(given, changes="import sends photos")
    owner, album = owner_of(given, deployment), normal(given.album)
    archive = archive_of(given, deployment)
    report = print_stderr if given.json else print_stdout
    s3 = deployment.session.client("s3", config=Config(max_pool_connections=4 * SENDERS))
    gallery = Gallery(deployment.table, s3, deployment.photos.name, owner)
    with progress("files compared") as add:
        made = plan(
            archive,
            gallery,
            owner=owner,
            album=album,
            keep_copies=isinstance(archive, Exported),
            on_entry=lambda: add(1),
        )
    for line in figures(made):
        report(line)
    photos = len(made.to_send)
    _, hours, limit = paced(given, deployment.session, max(photos, 1))
    dollars = photos * sum(one.usd for one in thousand_photos(labeler=given.labeler)) / PHOTOS
    report(f"about USD {dollars:,.2f}, and at least {hours:,.1f} hours ({limit})")
    if given.dry_run:
        if given.json:
            print_stdout(summary(made, None))
        return 0
    with progress("photos sent", photos) as add:
        work = Import(
            Sender(s3, deployment.photos.name),
            owner,
            album,
            taken={*gallery.keys, *(one.key for one in made.to_send)},
            on_sent=lambda: add(1),
        )
        sent = work.run(made.to_send, Pace(max(photos, 1) / hours / 3600))
    for line in outcome(sent):
        report(line)
    sent_keys = set(sent.keys)
    done = [one for one in made.to_send if one.key in sent_keys]
    restored = restore(
        deployment.editor,
        owner,
        made.edits | {one.key: one.entry.edits for one in done if one.entry.edits is not None},
        made.covers + [one.key for one in done if one.entry.is_cover],
        attempts=EDIT_ATTEMPTS,
    )
    for line in _some("its edits, or the choice as a cover, were refused", restored.refused):
        report(line)
    if restored.late:
        report(
            f"{len(restored.late):,} photos wait to be processed: run the import again for their"
            " edits and for the covers of albums"
        )
    if given.json:
        print_stdout(summary(made, sent))
    return 1 if made.unread or sent.failed or restored.refused else 0


def owner_of(given: argparse.Namespace, deployment: Deployment) -> str:
    """Return the owner that is named, else the only one.

    Raises:
        UsageError: there is none, or there are several.
    """
    owners = deployment.owners(given.owner)
    if len(owners) != 1:
        raise UsageError(f"name an --owner: the gallery has {len(owners):,}")
    return owners[0]


def archive_of(given: argparse.Namespace, deployment: Deployment) -> Archive:
    """Return the archive that the arguments name.

    Raises:
        UsageError: it is the gallery's own bucket, or a Takeout in a bucket.
    """
    if not given.source.startswith(SCHEME):
        if not given.takeout and is_export(Path(given.source)):
            return Exported(Path(given.source), given.exported_owner)
        return Takeout(Path(given.source)) if given.takeout else Folder(Path(given.source))
    if given.takeout:
        raise UsageError("--takeout needs a folder: unpack the Takeout")
    bucket, prefix = bucket_and_prefix(given.source)
    if bucket == deployment.photos.name:
        raise UsageError(f"{bucket} is the gallery's own bucket: run backfill")
    return Objects(deployment.session.client("s3"), bucket, prefix)


def figures(made: Plan) -> Iterator[str]:
    """Yield what a plan says, in lines."""
    yield (
        f"{len(made.to_send):,} photos to send ({made.bytes / 1e9:,.1f} GB),"
        f" {made.known:,} already in the gallery, {made.copies:,} copies of others"
    )
    for why, count in made.left_out.items():
        yield f"left out: {count:,} {why}"
    yield from _some("not sent", made.refused)
    yield from _some("not sent, cannot be compared", made.unread)
    yield from _some("the name is taken", made.renamed)
    yield (
        f"to find out what is there took {made.read_units:,.1f} read units and"
        f" {made.lists:,} lists: USD {made.usd:,.4f}"
    )
    if made.downloaded_bytes:
        yield f"and {made.downloaded_bytes / 1e9:,.1f} GB were read from the bucket"


def outcome(sent: Sent) -> Iterator[str]:
    """Yield what an import did, in lines."""
    yield f"{len(sent.keys):,} photos sent"
    yield from _some("failed", sent.failed)
    if sent.shortened:
        yield f"of {len(sent.shortened):,} photos the archive says more than S3 keeps: shortened"
    if sent.failed:
        yield "run the import again: it sends what is missing"


def summary(made: Plan, sent: Sent | None) -> str:
    """Return what `--json` prints."""
    return json.dumps(
        {
            "to_send": len(made.to_send),
            "bytes": made.bytes,
            "known": made.known,
            "copies": made.copies,
            "renamed": made.renamed,
            "refused": made.refused | made.unread,
            "left_out": made.left_out,
            "read_units": made.read_units,
            "usd_to_compare": made.usd,
            "downloaded_bytes": made.downloaded_bytes,
            **(
                {}
                if sent is None
                else {"sent": len(sent.keys), "failed": sent.failed, "shortened": sent.shortened}
            ),
        },
        ensure_ascii=False,
    )


def _some(what: str, paths: Mapping[str, str]) -> Iterator[str]:
    for path, why in list(paths.items())[:MAX_PATHS]:
        yield f"{what}: {path}: {why}"
    if len(paths) > MAX_PATHS:
        yield f"{what}: {len(paths) - MAX_PATHS:,} more; --json has all"
