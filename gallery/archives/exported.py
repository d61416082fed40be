"""An archive that `gallery export` wrote: its photos, and what a person wrote in the gallery.

Nothing in the folder is trusted: paths stay in it, links are not followed, sizes and parts are
bounded, XML has no entities, and checksums are compared.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from gallery import xmp
from gallery.archives.base import Entry
from gallery.manifests import MANIFEST, WORK, read_manifest
from gallery.records import Edits
from gallery.shell import CommandError
from shared import sidecars
from shared.errors import BadKeyError
from shared.keys import UPLOADS, Layout, UploadKey, split_upload_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from gallery.manifests import ExportedPhoto

ABSENT: Final = "not in the folder, or of another size than in the manifest"
NO_KEY: Final = "the manifest has no key of a photo for it"
CHANGED: Final = "the XMP sidecar was changed or damaged: photo without its edits"

# Not on Windows, which has no such flags. A pipe is not opened: the type is checked before.
_OPEN: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def is_export(folder: Path) -> bool:
    """Return whether a folder is an export, even an unfinished one."""
    return (folder / MANIFEST).is_file() or (folder / WORK).is_dir()


class Exported:
    """An exported folder, as a `gallery.archives.base.Archive`."""

    def __init__(self, folder: Path, owner: str | None = None) -> None:
        """Read the manifest.

        Args:
            folder: of the export.
            owner: of the photos to import; None if the export has those of one owner only.

        Raises:
            CommandError: it is no finished export, or does not say which owner to import.
        """
        self._folder = folder
        try:
            manifest = read_manifest(folder / MANIFEST)
        except OSError as error:
            unfinished = ": the export is unfinished: run `export` again"
            why = unfinished if (folder / WORK).is_dir() else f": {error.strerror}"
            raise CommandError(f"{folder / MANIFEST}{why}") from error
        self._photos: dict[str, list[tuple[UploadKey, ExportedPhoto]]] = {}
        self._without_key = 0
        for photo in manifest.photos:
            key = _key(photo.key, manifest.scope.layout or UPLOADS)
            if key is None:
                self._without_key += 1
            else:
                self._photos.setdefault(key.owner, []).append((key, photo))
        self._left_out: Counter[str] = Counter()
        self._owner = self._chosen(owner)
        self._covers = {
            album.cover
            for album in manifest.albums
            if album.cover is not None and album.owner == self._owner
        }

    @property
    def owners(self) -> list[str]:
        """The owners that have photos in the export."""
        return sorted(self._photos)

    def entries(self) -> Iterator[Entry]:
        """Yield the photos of the owner, with what a person wrote."""
        self._left_out.clear()
        self._left_out.update({NO_KEY: self._without_key} if self._without_key else {})
        for key, photo in self._photos.get(self._owner, []):
            path = self._folder / photo.path
            if _regular_size(self._folder, path) != photo.bytes:
                self._left_out[ABSENT] += 1
                continue
            yield Entry(
                path=photo.path,
                folder=key.album,
                name=key.file,
                size_bytes=photo.bytes,
                modified=_time(photo.uploaded_at),
                open=partial(_opened, path),
                edits=self._edits(photo),
                is_cover=photo.key in self._covers,
                sidecar=sidecars.read(photo.metadata.get(sidecars.SIDECAR)),
                sha256=photo.sha256,
            )

    def left_out(self) -> Mapping[str, int]:
        """Return how many files were left out, by the reason."""
        return self._left_out

    def _chosen(self, owner: str | None) -> str:
        if owner is None and len(self._photos) <= 1:
            return next(iter(self._photos), "")
        if owner is None or owner not in self._photos:
            names = ", ".join(map(repr, self.owners))
            which = "several owners" if owner is None else f"no photo of {owner!r}"
            raise CommandError(f"{self._folder} has {which}; choose one of {names}")
        return owner

    def _edits(self, photo: ExportedPhoto) -> Edits | None:
        path = self._folder / photo.sidecar
        size = _regular_size(self._folder, path)
        if size is None or size > xmp.MAX_SIDECAR_BYTES:
            self._left_out[CHANGED] += 1
            return None
        with _opened(path) as file:
            document = file.read(xmp.MAX_SIDECAR_BYTES)
        try:
            if hashlib.sha256(document).hexdigest() != photo.sidecar_sha256:
                raise xmp.SidecarError(CHANGED)  # noqa: TRY301  # as any other fault of it
            edits = xmp.read(document)
        except xmp.SidecarError:
            self._left_out[CHANGED] += 1
            return None
        return edits if edits != Edits() else None


def _key(text: str, keys: Layout) -> UploadKey | None:
    """Return the parts of a photo's key; None if it is no such key."""
    try:
        return split_upload_key(text, keys)
    except BadKeyError:
        return None


def _time(text: str) -> datetime | None:
    """Return a time of the manifest; None for a day or an hour that does not exist."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _regular_size(folder: Path, path: Path) -> int | None:
    """Return the size of a regular file in `folder`; None for links, also in folders, and pipes."""
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or not path.resolve().is_relative_to(folder.resolve()):
            return None
    except (OSError, ValueError):  # a name that this file system does not accept
        return None
    return found.st_size


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with os.fdopen(os.open(path, _OPEN), "rb") as file:
        yield file
