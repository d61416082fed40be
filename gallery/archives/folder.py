"""A folder of photos: its folders become albums."""

from __future__ import annotations

import os
import stat
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from gallery.archives.base import Entry, normal, normal_name
from gallery.shell import CommandError
from shared.not_photos import Why, is_system_folder, why_left_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REASONS: Final[Mapping[Why, str]] = {
    "VIDEO": "videos",
    "SIDECAR": "files with metadata beside photos",
    "OTHER": "files of other kinds",
    "SYSTEM": "hidden files and those of other programs",
}
SYSTEM_FOLDERS: Final = "folders that are hidden or belong to other programs"
LINKS: Final = "links to folders"
SPECIAL: Final = "pipes, sockets, devices and broken links"
UNREADABLE: Final = "folders and files that cannot be read"


class Folder:
    """A folder of photos; links to folders are not followed. See base.Archive."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._left_out: Counter[str] = Counter()

    def entries(self) -> Iterator[Entry]:
        """Yield the files that may be photos, folder by folder, sorted by name."""
        self._left_out.clear()
        for folder, files in walk(self._root, self._left_out):
            for path in files:
                why = why_left_out(path.name)
                if why is not None:
                    self._left_out[REASONS[why]] += 1
                elif (entry := entry_of(path, self._root, folder, self._left_out)) is not None:
                    yield entry

    def left_out(self) -> Mapping[str, int]:
        """Return the numbers of files and folders that were left out, by reason."""
        return self._left_out


def walk(root: Path, left_out: Counter[str]) -> Iterator[tuple[str, list[Path]]]:
    """Yield each folder below `root`, relative to it, and its files; count what is left out.

    Raises:
        CommandError: `root` is no folder that can be read.
    """
    if not root.is_dir():
        raise CommandError(f"{root} is no folder")

    def refused(error: OSError) -> None:
        if error.filename == str(root):
            raise CommandError(f"{root}: {error.strerror}") from error
        left_out[UNREADABLE] += 1

    for parent, folders, files in os.walk(root, onerror=refused):
        kept = [name for name in folders if not is_system_folder(name)]
        left_out[SYSTEM_FOLDERS] += len(folders) - len(kept)
        links = {name for name in kept if Path(parent, name).is_symlink()}
        left_out[LINKS] += len(links)
        folders[:] = sorted(name for name in kept if name not in links)
        relative = Path(parent).relative_to(root).as_posix()
        yield ("" if relative == "." else relative), [Path(parent, name) for name in sorted(files)]


def entry_of(path: Path, root: Path, folder: str, left_out: Counter[str]) -> Entry | None:
    """Return the entry of a file; None, and count it, if it is none or cannot be read."""
    try:
        facts = path.stat()
    except OSError:
        left_out[SPECIAL] += 1
        return None
    if not stat.S_ISREG(facts.st_mode):  # reading it may never end
        left_out[SPECIAL] += 1
        return None
    return Entry(
        path=path.relative_to(root).as_posix(),
        folder=normal(folder),
        name=normal_name(path.name),
        size_bytes=facts.st_size,
        modified=datetime.fromtimestamp(facts.st_mtime, UTC),
        open=partial(_opened, path),
    )


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")
