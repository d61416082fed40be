"""Write what a person wrote in the gallery that was exported: edits, and covers of albums.

What a person wrote in this gallery stays: a photo that has edits, and an album that has a cover.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gallery.editing import EditError
from gallery.table import ConflictError
from shared.keys import album_prefix, photo_sort_key, split_upload_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gallery.editing import Editor
    from gallery.records import Edits

WAIT_SECONDS: Final = 5.0  # between two looks at photos that are not processed yet


@dataclass
class Restored:
    """What was not written."""

    late: list[str] = field(default_factory=list)  # keys: not processed yet
    refused: dict[str, str] = field(default_factory=dict)  # key -> why


def restore(  # noqa: PLR0913  # all but the first four by name
    editor: Editor,
    owner: str,
    edits: Mapping[str, Edits],
    covers: Iterable[str],
    *,
    attempts: int,
    sleep: Callable[[float], None] = time.sleep,
) -> Restored:
    """Write edits once the photos have rows, and covers once they are READY.

    Args:
        editor: makes the edits.
        owner: of the photos.
        edits: by the key of the photo.
        covers: keys of photos; each becomes the cover of its album.
        attempts: to look for photos that are not processed yet.
        sleep: waits so many seconds.
    """
    done = Restored()
    work: list[tuple[str, Edits | None]] = [*edits.items(), *((key, None) for key in covers)]
    for attempt in range(attempts):
        if not work:
            break
        if attempt:
            sleep(WAIT_SECONDS)
        waiting = []
        for key, one in work:
            try:
                is_done = _edit(editor, owner, key, one) if one else _cover(editor, owner, key)
            except (ConflictError, EditError, LookupError, ValueError) as error:
                done.refused[key] = str(error)
                continue
            if not is_done:
                waiting.append((key, one))
        work = waiting
    done.late = sorted({key for key, _ in work})
    return done


def _edit(editor: Editor, owner: str, key: str, edits: Edits) -> bool:
    """Edit a photo, unless it has edits; return False if it has no row yet."""
    row = editor.table.photo(owner, photo_sort_key(owner, key))
    if row is None or row.status == "DELETED":  # it was deleted before the import
        return False
    if row.edits is None:
        editor.edit(owner, key, edits)
    return True


def _cover(editor: Editor, owner: str, key: str) -> bool:
    """Choose a photo as its album's cover, unless it has one; return False if it is not READY."""
    photo = photo_sort_key(owner, key)
    row = editor.table.photo(owner, photo)
    if row is None or (row.status in ("PROCESSING", "DELETED") and row.album_key is None):
        return False
    album = split_upload_key(key).album
    counts = editor.table.get(owner, f"album#{album_prefix(album)}#0")  # the row with the cover
    if counts is None or "cover" not in counts:
        editor.request(owner, {"album": album, "cover": photo.removeprefix("photo#")})
    return True
