"""Edits: a person's metadata over the extracted one. The workflow never overwrites them.

The edits are one attribute of the photo's row. Publish writes the edits that it has read, on the
condition that nobody has changed them since. This module also deletes the label rows that an edit
hides, and writes those that it shows again.
"""

from typing import Final

import msgspec

from gallery import records
from gallery.records import Edits, Photo
from gallery.table import ConflictError, Row, Table
from shared.contracts import dump
from shared.keys import label_of, photo_sort_key
from shared.rows import LabelRow, PhotoRow, read

ATTEMPTS: Final = 4  # an edit conflicts with a photo that is published at the same moment


def edit(table: Table, owner: str, key: str, edits: Edits) -> Photo:
    """Replace a photo's edits by `edits`, and return the photo as it is then.

    Raises:
        ValueError: `key` is not that of a photo of `owner`, or an edit is too long.
        LookupError: there is no such photo, or it was deleted.
        gallery.table.ConflictError: the photo changed during each of `ATTEMPTS` attempts.
    """
    sort_key = photo_sort_key(owner, key)
    edits = records.tidy(edits)
    for attempt in range(1, ATTEMPTS + 1):
        row = table.photo(owner, sort_key)
        if row is None or row.status == "DELETED":
            raise LookupError(f"{owner!r} has no photo {key!r}")
        try:
            return _write(table, row, edits)
        except ConflictError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError


def _write(table: Table, row: PhotoRow, edits: Edits) -> Photo:
    """Write `edits` if the photo is still as in `row`."""
    stored = records.encoded(edits)
    previous = set(records.decoded(row.edits).hidden_labels)
    hidden = set(edits.hidden_labels)
    label_keys = {label_of(label_key): label_key for label_key in row.label_keys or []}
    table.write(
        {"pk": row.pk, "sk": row.sk},
        changes={"edits": stored},
        # label_keys change only with the execution, or with the status when it publishes.
        unchanged={
            "edits": row.edits,
            "execution_arn": row.execution_arn,
            "status": row.status,
        },
        put=[
            _label_row(row, label_keys[name])
            for name in sorted((previous - hidden) & label_keys.keys())
        ],
        delete=[
            {"pk": row.pk, "sk": label_keys[name]}
            for name in sorted((hidden - previous) & label_keys.keys())
        ],
    )
    return records.photo(msgspec.structs.replace(row, edits=stored))


def _label_row(photo: PhotoRow, label_key: str) -> Row:
    """Return the row of a label, as the state machine writes it."""
    thumb = photo.renditions.get("thumb")
    taken = photo.taken_at
    row = {
        "pk": photo.pk,
        "sk": label_key,
        "label": label_of(label_key),
        "photo": photo.sk,
        "width_px": photo.width_px,
        "height_px": photo.height_px,
        "precision": taken.precision if taken is not None and taken.plausible else None,
        "thumb": thumb,
    }
    return dump(read(LabelRow, row))
