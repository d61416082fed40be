"""Albums: print the albums of each owner, with their numbers of photos and their covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gallery import queries
from gallery.deployment import Deployment, add_deployment_arguments, add_owner_argument
from gallery.shell import print_json, print_stderr, print_stdout
from shared.text import escaped

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from gallery.records import Album
    from gallery.table import Table


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_owner_argument(command)
    command.add_argument("--json", action="store_true", help="print a JSON object for each album")
    add_deployment_arguments(command)


def run(given: argparse.Namespace) -> int:
    """Print the albums, in the order of their paths."""
    deployment = Deployment.of(given)
    for owner in deployment.owners(given.owner):
        albums = sorted(albums_of(deployment.table, owner), key=lambda album: album.path)
        for album in albums:
            if given.json:
                line = {"owner": owner, **msgspec.to_builtins(album)}
                print_json(line)
            else:
                print_stdout(f"{album.photos:>9,}  {owner}/{album.path}")
        photos = sum(album.photos for album in albums)
        print_stderr(f"{escaped(owner)}: {len(albums):,} albums, {photos:,} photos")
    return 0


def albums_of(table: Table, owner: str) -> Iterator[Album]:
    """Yield all albums of an owner."""
    cursor: str | None = None
    while True:
        page = queries.albums(table, owner, limit=queries.MAX_LIMIT, cursor=cursor)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return
