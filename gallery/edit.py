"""Edit: change what a photo shows, as its owner does in the page; the file stays as it is.

What an option does not name stays. The rules are those of the page: the state machine
workflow/edit.json.tftpl checks them.
"""

from __future__ import annotations

import argparse
import json
import re
from typing import TYPE_CHECKING, Any, Final

from gallery import queries
from gallery.deployment import Deployment, add_deployment_arguments
from gallery.editing import in_nfc
from gallery.find import start_of
from gallery.shell import CommandError, UsageError, print_stdout
from gallery.show import owner_of, print_photo
from gallery.table import ConflictError
from shared.keys import photo_sort_key

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS: Final = ("title", "description", "keywords", "taken", "location")
PRECISION: Final = {4: "year", 7: "month", 10: "day"}  # by the characters of a time
LISTS: Final = {
    "--add-keyword": ("add_keywords", "TEXT", "a keyword that the photo gets"),
    "--remove-keyword": ("remove_keywords", "TEXT", "a keyword that it loses"),
    "--hide-label": ("hide_labels", "NAME", "a wrong label; its more general ones stay"),
    "--show-label": ("show_labels", "NAME", "a label that was hidden"),
}
_POSITION: Final = re.compile(r"(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)", re.ASCII)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    command.add_argument("key", metavar="KEY", help="uploads/<owner>/<album>/<file>")
    command.add_argument("--title", metavar="TEXT", help="the title; an empty one removes it")
    command.add_argument("--description", metavar="TEXT", help="as --title")
    for option, (field, metavar, content) in LISTS.items():
        command.add_argument(
            option,
            dest=field,
            action="append",
            metavar=metavar,
            help=f"{content}; repeatable",
        )
    command.add_argument(
        "--taken",
        type=_taken,
        metavar="TIME",
        help="year, month, day or time by the camera's clock: 1965, 1965-08, 2016-04-09T14:08;"
        " or removed, if the file's is wrong and nobody knows",
    )
    command.add_argument(
        "--location",
        type=_location,
        metavar="LATITUDE,LONGITUDE",
        help="position in degrees, such as 36.14,-5.35; or removed, as with --taken",
    )
    command.add_argument(
        "--as-in-file",
        action="append",
        choices=FIELDS,
        default=[],
        help="undo all edits of this field; repeatable",
    )
    command.add_argument(
        "--dry-run", action="store_true", help="print what would be asked for, change nothing"
    )
    command.add_argument("--json", action="store_true", help="print the photo as JSON")
    add_deployment_arguments(command)


def run(given: argparse.Namespace) -> int:
    """Make the edit, and print the photo as it is then."""
    deployment = Deployment.of(given)  # says what the layout of the keys is
    owner = owner_of(given.key)
    path = photo_sort_key(owner, given.key).removeprefix("photo#")
    changes = _changes(given)
    if given.dry_run:
        print_stdout(json.dumps({"path": path, **changes}, ensure_ascii=False))
        return 0
    try:
        deployment.editor.request(owner, {"path": path, **changes})
    except (ValueError, LookupError, ConflictError) as error:
        raise CommandError(f"{given.key}: {error.args[0]}") from error
    photo = queries.photo(deployment.table, owner, given.key)
    if photo is None:
        raise CommandError(f"{given.key} was deleted meanwhile")
    print_photo(photo, as_json=given.json)
    return 0


def _changes(given: argparse.Namespace) -> Mapping[str, Any]:
    """Return the fields of the request."""
    named = {
        name: getattr(given, name)
        for name in ("title", "description", "taken", "location")
        if getattr(given, name) is not None
    }
    lists = {
        field: getattr(given, field)
        for field, _, _ in LISTS.values()
        if getattr(given, field) is not None
    }
    if both := sorted(named.keys() & set(given.as_in_file)):
        raise UsageError(f"--{both[0]} and --as-in-file {both[0]} contradict each other")
    changes = {**named, **lists, **dict.fromkeys(given.as_in_file)}
    if not changes:
        raise UsageError("nothing to edit: name at least one change, such as --title TEXT")
    normal: dict[str, Any] = in_nfc(changes)
    return normal


def _taken(text: str) -> dict[str, str] | str:
    """Return a time as the request has it.

    Raises:
        ArgumentTypeError: it is neither a time nor the word removed.
    """
    if text == "removed":
        return text
    precision = PRECISION.get(len(text))
    return {"local": start_of(text).isoformat(), **({"precision": precision} if precision else {})}


def _location(text: str) -> dict[str, float] | str:
    """Return a position as the request has it.

    Raises:
        ArgumentTypeError: it is neither a position nor the word removed.
    """
    if text == "removed":
        return text
    found = _POSITION.fullmatch(text.replace(" ", ""))
    if found is None:
        raise argparse.ArgumentTypeError(
            f"must be LATITUDE,LONGITUDE in degrees, such as 36.14,-5.35, or removed, got {text}"
        )
    return {"latitude": float(found[1]), "longitude": float(found[2])}
