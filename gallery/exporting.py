"""Export photos: originals with XMP sidecars, a manifest and checksums, into a local folder.

Lists the photos, prints how many there are, what they cost and how long they take, and fetches
them, unless it is a dry run. gallery/exporter.py does the work.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gallery.deployment import Deployment, add_deployment_arguments, add_owner_argument
from gallery.exporter import MBIT_PER_SECOND, Exporter
from gallery.manifests import CHECKSUMS, Scope
from gallery.shell import CommandError, UsageError, print_stderr, print_stdout, progress

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from gallery.exporter import Done, Plan
    from gallery.manifests import LeftOut

LEFTOVERS_NAMED: Final = 10
UNREAD: Final = frozenset(
    {"CHANGED", "CUSTOMER_KEY", "DENIED", "DIFFERENT"}
)  # the exit status is 1


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    command.add_argument(
        "folder",
        type=Path,
        metavar="FOLDER",
        help="a new or empty folder; or one with an export of the same photos, which is completed:"
        " photos that are there with the right checksum are not fetched again",
    )
    add_deployment_arguments(command)
    add_owner_argument(command)
    command.add_argument(
        "--album",
        metavar="PATH",
        help="only this album of --owner, and the albums within it",
    )
    command.add_argument("--dry-run", action="store_true", help="print the figures, fetch nothing")
    command.add_argument("--json", action="store_true", help="print the result as JSON")


def run(given: argparse.Namespace) -> int:
    """List the photos, print the figures, and export. Exit with 1 if a photo could not be read."""
    album = (given.album or "").strip("/") or None
    if album is not None and given.owner is None:
        raise UsageError("--album needs --owner: albums belong to their owner")
    deployment = Deployment.of(given)
    scope = Scope(
        bucket=deployment.photos.name,
        owner=given.owner,
        album=album,
        layout=deployment.outputs.key_layout,
    )
    exporter = Exporter(
        deployment.table, deployment.photos, deployment.owners(given.owner), given.folder, album
    )
    plan = exporter.plan(scope)
    tell = print_stderr if given.json else print_stdout
    tell(
        f"{len(plan.originals):,} photos ({plan.bytes / 1e9:,.2f} GB),"
        f" {plan.photos_to_fetch:,} of them to fetch ({plan.bytes_to_fetch / 1e9:,.2f} GB)"
    )
    tell(
        f"about USD {plan.usd:,.2f} at list prices, of which transfer is free within the bucket's"
        f" region, and {plan.hours:,.1f} hours with {MBIT_PER_SECOND} Mbit/s"
    )
    for reason, count in _reasons(plan.left_out).items():
        tell(f"left out: {count:,} {reason}")
    figures = {
        "photos": len(plan.originals),
        "bytes": plan.bytes,
        "photos_to_fetch": plan.photos_to_fetch,
        "bytes_to_fetch": plan.bytes_to_fetch,
        "usd": round(plan.usd, 6),
        "hours": round(plan.hours, 3),
        "left_out": _reasons(plan.left_out),
    }
    if given.dry_run:
        if given.json:
            print_stdout(json.dumps(figures))
        return 0
    _refuse_full_disk(given.folder, plan)
    with progress("photos exported", len(plan.originals)) as done:
        result = exporter.run(plan, scope, done)
    return _report(given, figures, result)


def _report(given: argparse.Namespace, figures: dict[str, Any], result: Done) -> int:
    """Print what was done, and return the exit status."""
    manifest = result.manifest
    unread = [one for one in manifest.left_out if one.reason in UNREAD]
    for one in unread:
        print_stderr(f"left out, {one.reason}: {one.key}")
    for path in result.leftovers[:LEFTOVERS_NAMED]:
        print_stderr(f"of an earlier export, not in this one: {path}")
    if len(result.leftovers) > LEFTOVERS_NAMED:
        print_stderr(f"and {len(result.leftovers) - LEFTOVERS_NAMED:,} more")
    if given.json:
        done = {
            "photos": len(manifest.photos),
            "bytes": sum(photo.bytes for photo in manifest.photos),
            "fetched": result.fetched,
            "renamed": sum(photo.renamed for photo in manifest.photos),
            "left_out": _reasons(manifest.left_out),
            "leftovers": len(result.leftovers),
        }
        print_stdout(json.dumps(figures | done))
    else:
        print_stdout(
            f"exported {len(manifest.photos):,} photos, of which {result.fetched:,} were fetched;"
            f" `cd {given.folder} && sha256sum -c {CHECKSUMS}` checks them"
        )
        for reason, count in _reasons(manifest.left_out).items():
            print_stdout(f"left out: {count:,} {reason}")
    return int(bool(unread))


def _reasons(left_out: Sequence[LeftOut]) -> dict[str, int]:
    return dict(sorted(Counter(one.reason for one in left_out).items()))


def _refuse_full_disk(folder: Path, plan: Plan) -> None:
    """Raise CommandError if the photos do not fit on the disk."""
    existing = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    free = shutil.disk_usage(existing).free
    if plan.bytes_to_fetch > free:
        raise CommandError(
            f"{folder}: {plan.bytes_to_fetch / 1e9:,.2f} GB to fetch, and {free / 1e9:,.2f} GB free"
        )
