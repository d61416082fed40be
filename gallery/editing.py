"""Edits: a person's metadata over the extracted one. The workflow never overwrites them.

The state machine workflow/edit.json.tftpl makes every edit: the page asks for one through API
Gateway, and this module starts it directly. docs/decisions/0020 says why.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from gallery import queries
from gallery.shell import CommandError
from gallery.table import ConflictError, Table
from shared.keys import photo_sort_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_stepfunctions import SFNClient

    from gallery.records import Edits, Photo


class EditError(CommandError):
    """The state machine itself failed; the message is its error and cause."""


@dataclass(frozen=True)
class Editor:
    """Makes edits in a gallery."""

    stepfunctions: SFNClient
    arn: str  # of the Express state machine
    table: Table

    def edit(self, owner: str, key: str, edits: Edits) -> Photo:
        """Replace a photo's edits by `edits`, and return the photo as it is then.

        Raises:
            ValueError: `key` is not that of a photo of `owner`, or an edit breaks a rule.
            LookupError: there is no such photo, or it was deleted.
            gallery.table.ConflictError: the photo changed during each attempt.
            EditError: the state machine failed.
        """
        path = photo_sort_key(owner, key).removeprefix("photo#")
        self.request(owner, {"path": path, **_whole(edits)})
        photo = queries.photo(self.table, owner, key)
        if photo is None:
            raise LookupError(f"{owner!r} has no photo {key!r}")
        return photo

    def request(self, owner: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Make one edit, as the page asks for it, and return the body of the answer.

        Raises:
            As `edit`.
        """
        answer = self.stepfunctions.start_sync_execution(
            stateMachineArn=self.arn, input=json.dumps({"owner": owner, "request": request})
        )
        if answer["status"] != "SUCCEEDED":
            raise EditError(f"{answer.get('error', answer['status'])}: {answer.get('cause', '')}")
        output = json.loads(answer["output"])
        body: dict[str, Any] = output["body"]
        match output["status"]:
            case 400:
                raise ValueError(body["message"])
            case 404:
                raise LookupError(body["message"])
            case 409:
                raise ConflictError(body["message"])
        return body


def in_nfc(value: Any) -> Any:  # noqa: ANN401  # JSON
    """Return `value` with all texts in NFC, which the state machine cannot make."""
    match value:
        case str():
            return unicodedata.normalize("NFC", value)
        case list():
            return [in_nfc(one) for one in value]
        case dict():
            return {name: in_nfc(one) for name, one in value.items()}
    return value


def _whole(edits: Edits) -> dict[str, Any]:
    """Return the request that replaces all edits of a photo by `edits`."""
    fields = in_nfc(msgspec.to_builtins(edits))
    names = ("title", "description", "keywords", "taken", "location")
    return {
        **{name: fields.get(name) for name in names},
        "hidden_labels": fields.get("hidden_labels", []),
        **dict.fromkeys(edits.removed, "removed"),
    }
