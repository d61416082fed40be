"""Paths for the photos of an export: on every file system, each within its folder and each once.

A name is kept if Windows, macOS and Linux accept it. Otherwise it is changed, and the digest of the
key distinguishes it: `CON.jpg` becomes `_CON~1a2b3c4d.jpg`. The manifest has both path and key.

Windows: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
"""

import re
import unicodedata
from typing import Final

from shared.keys import digest

# Linux allows 255 bytes, Windows and macOS 255 UTF-16 units. A sidecar and a temporary file of
# another program add a suffix.
MAX_NAME_BYTES: Final = 240
MAX_SUFFIX_CHARACTERS: Final = 16  # of a name that is cut; a longer one is no file type

# Refused by Windows; "%" too, which BagIt and sha256sum would write differently.
_REFUSED: Final = re.compile(r'[<>:"/\\|?*%\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]')
_DEVICE: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.IGNORECASE
)


class Paths:
    """Assigns a path to each photo. Two photos never share one, on any file system."""

    def __init__(self, suffix: str) -> None:
        """Assign paths such that a file with the path and `suffix` is the photo's own, too."""
        self._suffix = suffix
        self._folders: dict[tuple[str, ...], str] = {(): ""}  # by the names in the key
        self._taken: set[str] = set()  # as file systems compare them

    def of(self, names: tuple[str, ...]) -> str:
        """Return the path of the photo with these names in its key: folders, and the file's own."""
        return self._take(self._folder(names[:-1]), names, self._suffix)

    def _folder(self, names: tuple[str, ...]) -> str:
        for end in range(1, len(names) + 1):
            if names[:end] not in self._folders:
                parent = self._folders[names[: end - 1]]
                self._folders[names[:end]] = self._take(parent, names[:end], "") + "/"
        return self._folders[names]

    def _take(self, parent: str, names: tuple[str, ...], suffix: str) -> str:
        """Return a path below `parent` that nothing has, and mark it as taken."""
        number = 0
        path = parent + portable(names[-1], "/".join(names))
        while not self._taken.isdisjoint(wanted := {_compared(path), _compared(path + suffix)}):
            number += 1
            path = parent + distinguished(names[-1], "/".join(names) + "/" * number)
        self._taken |= wanted
        return path


def portable(name: str, whole: str) -> str:
    """Return `name` in NFC if every file system accepts it, else a name that they do.

    Args:
        name: of a file or a folder.
        whole: the path that it ends, of which the digest is made.
    """
    kept = unicodedata.normalize("NFC", name)
    accepted = _accepted(kept)
    return kept if kept == accepted else distinguished(name, whole)


def distinguished(name: str, whole: str) -> str:
    """Return a name that every file system accepts, with a digest of `whole`."""
    accepted = _accepted(unicodedata.normalize("NFC", name))
    stem, dot, ending = accepted.rpartition(".")
    if not stem:  # no dot, or at the start only
        stem, dot, ending = accepted, "", ""
    return f"{stem}~{digest(whole)[:8]}{dot}{ending}"


def _accepted(name: str) -> str:
    """Return `name` without what a file system refuses; of the others some names become equal."""
    replaced = _REFUSED.sub("_", name)
    stripped = replaced.rstrip(". ")
    replaced = stripped + "_" * (len(replaced) - len(stripped)) or "_"
    if _DEVICE.fullmatch(replaced):
        replaced = f"_{replaced}"
    stem, dot, ending = replaced.rpartition(".")
    if not stem or len(ending) > MAX_SUFFIX_CHARACTERS:
        stem, dot, ending = replaced, "", ""
    least = len(f"~12345678{dot}{ending}".encode())
    cut = stem.encode()[: MAX_NAME_BYTES - least].decode(errors="ignore")
    return (cut.rstrip(". ") or "_") + dot + ending if cut != stem else replaced


def _compared(path: str) -> str:
    """Return a path as a file system compares it that ignores case and normalization."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())
