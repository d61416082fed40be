"""The port of an import: an archive yields entries, each a file that may become a photo.

Archives: a folder (folder.py), a bucket (s3.py), Google Takeout (takeout.py), and what
`gallery export` wrote (exported.py). gallery/importing.py sends their entries.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from shared.keys import UPLOADS_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime
    from typing import BinaryIO

    from gallery.records import Edits
    from shared.contracts import Sidecar


class S3Source(NamedTuple):
    """An object that S3 copies itself, in the version that was listed."""

    bucket: str
    key: str
    etag: str  # with quotes, as S3 writes it


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file of an archive."""

    path: str  # of the file, relative to the archive, as a person finds it there; for messages
    folder: str  # becomes the album: in NFC, with "/", without a slash at its ends; may be empty
    name: str  # of the file in the gallery, in NFC
    size_bytes: int
    modified: datetime | None  # None if the archive does not tell
    open: Callable[[], AbstractContextManager[BinaryIO]]  # each call reads from the first byte
    sidecar: Sidecar | None = None  # what the archive says of the photo; the file outranks it
    edits: Edits | None = None  # what a person wrote in the gallery that was exported
    is_cover: bool = False  # a person chose the photo as the cover of its album
    sha256: str | None = None  # of the bytes, in hex, if the archive states it; it is verified
    source: S3Source | None = None  # then S3 copies the object, and `open` is for its hash

    def key(self, owner: str, album: str = "") -> str:
        """Return uploads/<owner>/<album>/<folder>/<name>. It is not checked."""
        parts = (owner, album, self.folder, self.name)
        return UPLOADS_PREFIX + "/".join(part for part in parts if part)


class Archive(Protocol):
    """Where photos come from."""

    def entries(self) -> Iterator[Entry]:
        """Yield the files that may be photos, in the order in which copies are preferred.

        If two entries have the same bytes, the first one becomes the photo.

        Raises:
            gallery.shell.CommandError: the archive cannot be read at all.
        """
        ...

    def left_out(self) -> Mapping[str, int]:
        """Return how many files were left out, by the reason in plain words.

        Complete once all entries were read.
        """
        ...


def normal(path: str) -> str:
    """Return a path of an archive as in keys: in NFC, without empty parts, "." and "..".

    The page does the same: albumName in web/src/files.ts.
    """
    parts = (part.strip() for part in unicodedata.normalize("NFC", path).split("/"))
    return "/".join(part for part in parts if part not in {"", ".", ".."})


def normal_name(name: str) -> str:
    """Return a file's name as in keys: macOS writes names in NFD, and other systems in NFC."""
    return unicodedata.normalize("NFC", name)
