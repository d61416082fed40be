"""What people write over what was extracted: it survives whatever the workflow writes.

The edits are one attribute of the photo's row. Publish carries it over, on the condition that it
is still what Claim has seen; here, a change takes along the label rows that it hides or shows.
"""

from typing import Final

from gallery import records
from gallery.records import Edits, Photo
from gallery.table import ConflictError, Row, Table
from shared.keys import label_of, photo_sort_key

ATTEMPTS: Final = 4  # an edit loses against a photo that is published at the same moment


def edit(table: Table, owner: str, key: str, edits: Edits) -> Photo:
    """Put `edits` in the place of those that a photo has, and return the photo as it is then.

    Raises:
        ValueError: `key` is not that of a photo of `owner`, or an edit is too long.
        LookupError: there is no such photo, or it was deleted.
        gallery.table.ConflictError: the photo changed again and again meanwhile.
    """
    sort_key = photo_sort_key(owner, key)
    edits = records.tidy(edits)
    for attempt in range(1, ATTEMPTS + 1):
        row = table.get(owner, sort_key)
        if row is None or row["status"] == "DELETED":
            raise LookupError(f"{owner!r} has no photo {key!r}")
        try:
            return _write(table, row, edits)
        except ConflictError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError


def _write(table: Table, row: Row, edits: Edits) -> Photo:
    """Write `edits` if the photo is still as in `row`."""
    stored = records.encoded(edits)
    before, after = (set(it.hidden_labels) for it in (records.edits_of(row), edits))
    label_keys = {label_of(label_key): label_key for label_key in row.get("label_keys", [])}
    table.write(
        {"pk": row["pk"], "sk": row["sk"]},
        changes={"edits": stored},
        unchanged={
            name: row.get(name) for name in ("edits", "execution_arn", "label_keys", "status")
        },
        put=[
            _label_row(row, label_keys[name])
            for name in sorted((before - after) & label_keys.keys())
        ],
        delete=[
            {"pk": row["pk"], "sk": label_keys[name]}
            for name in sorted((after - before) & label_keys.keys())
        ],
    )
    edited = {name: value for name, value in row.items() if name != "edits"}
    return records.photo(edited if stored is None else {**edited, "edits": stored})


def _label_row(photo: Row, label_key: str) -> Row:
    """Return the row of a label, as the state machine writes it (Ready)."""
    thumb = photo["renditions"].get("thumb")
    return {
        "pk": photo["pk"],
        "sk": label_key,
        "label": label_of(label_key),
        "photo": photo["sk"],
        "width_px": photo["width_px"],
        "height_px": photo["height_px"],
        **({} if thumb is None else {"thumb": thumb}),
    }
