"""Show: print the records of photos, with edits merged over what was extracted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from gallery import queries
from gallery.deployment import Deployment, add_deployment_arguments
from gallery.shell import CommandError, print_stdout
from shared.errors import BadKeyError
from shared.keys import split_upload_key
from shared.labels import reading_order

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from gallery.records import Photo


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    command.add_argument(
        "keys", nargs="+", metavar="KEY", help="of a photo: uploads/<owner>/<album>/<file>"
    )
    command.add_argument("--json", action="store_true", help="print a JSON object for each photo")
    add_deployment_arguments(command)


def run(given: argparse.Namespace) -> int:
    """Print each photo; return 1 if one has no record."""
    table = Deployment.of(given).table
    for key in given.keys:
        photo = queries.photo(table, owner_of(key), key)
        if photo is None:
            raise CommandError(f"{key} has no record")
        print_photo(photo, as_json=given.json)
    return 0


def owner_of(key: str) -> str:
    """Return the owner of a photo.

    Raises:
        CommandError: `key` is not that of a photo.
    """
    try:
        return split_upload_key(key).owner
    except BadKeyError as error:
        raise CommandError(f"{key!r} is not the key of a photo: {error}") from error


def print_photo(photo: Photo, *, as_json: bool) -> None:
    """Print a photo as one line of JSON, or as a line for each fact."""
    if as_json:
        print_stdout(msgspec.json.encode(photo).decode())
        return
    print_stdout(photo.key)
    for name, text in _facts(photo):
        print_stdout(f"  {name:<14} {text}")


def _facts(photo: Photo) -> Iterator[tuple[str, str]]:
    facts = msgspec.to_builtins(photo)
    labels = reading_order(photo.labels)
    facts["labels"] = [f"{label.name} {label.confidence:.0f} %" for label in labels]
    for name, value in facts.items():
        if name != "key" and value not in (None, [], {}):
            yield name, _text(value)


def _text(value: Any) -> str:  # noqa: ANN401  # JSON
    match value:
        case str():
            return value
        case list() if all(isinstance(one, str) for one in value):
            return ", ".join(value)
        case dict():
            return ", ".join(f"{name}: {_text(one)}" for name, one in value.items())
    return json.dumps(value, ensure_ascii=False)
