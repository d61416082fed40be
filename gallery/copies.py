"""Copies: print the photos that an owner has more than once, whatever their names and albums.

Nothing is deleted: `aws s3 rm` moves a photo to the Trash, where the page can restore it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gallery import queries
from gallery.deployment import Deployment, add_deployment_arguments, add_owner_argument
from gallery.shell import print_json, print_stderr, print_stdout
from shared.text import escaped

if TYPE_CHECKING:
    import argparse


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_owner_argument(command)
    command.add_argument(
        "--json", action="store_true", help="print a JSON object for photos with the same bytes"
    )
    add_deployment_arguments(command)


def run(given: argparse.Namespace) -> int:
    """Print the keys of each group of copies; to stderr how many bytes the copies take."""
    deployment = Deployment.of(given)
    for owner in deployment.owners(given.owner):
        photos, spare_bytes, cursor, is_read = 0, 0, None, False
        while not is_read:
            page = queries.copies(deployment.table, owner, cursor=cursor)
            for same in page.items:
                photos += len(same.keys) - 1
                spare_bytes += same.bytes * (len(same.keys) - 1)
                if given.json:
                    line = {"owner": owner, **msgspec.to_builtins(same)}
                    print_json(line)
                else:
                    print_stdout(f"{len(same.keys)} of {same.bytes:,} bytes, {same.sha256[:12]}")
                    for key in same.keys:
                        print_stdout(f"  {key}")
            cursor = page.cursor
            is_read = cursor is None
        print_stderr(f"{escaped(owner)}: {photos:,} copies, {spare_bytes / 1e6:,.1f} MB")
    return 0
