"""Which files of folders are no photos, by their names. Of all others, the bytes decide.

tests/vectors.json holds this and web/src/files.ts to the same. Only gallery/, local/ and tests
import this module: no step pays for it at a cold start.
"""

from typing import Final, Literal, TypeAlias

# SYSTEM: other programs keep it beside photos, such as thumbnails of their own.
Why: TypeAlias = Literal["VIDEO", "SIDECAR", "OTHER", "SYSTEM"]

_SYSTEM_FOLDERS: Final = frozenset(
    {
        "#recycle",  # Synology
        "#snapshot",
        "$recycle.bin",  # Windows
        "@eadir",  # Synology
        "@tmp",
        "__macosx",  # ZIP files of macOS
        "lost+found",  # Linux
        "system volume information",  # Windows
    }
)
_KINDS: Final[dict[Why, frozenset[str]]] = {
    "SYSTEM": frozenset({"db", "ini"}),  # Thumbs.db, desktop.ini
    "VIDEO": frozenset(
        ["3gp", "avi", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "webm", "wmv"]
    ),
    "SIDECAR": frozenset({"aae", "json", "thm", "xmp"}),
    "OTHER": frozenset(
        {
            *("aac", "csv", "doc", "docx", "htm", "html", "jsonl", "m4a", "md", "mp3", "pdf"),
            *("rar", "txt", "wav", "xls", "xlsx", "xml", "zip"),
        }
    ),
}


def is_system_folder(name: str) -> bool:
    """Return whether a folder of this name is left out with all that is in it."""
    return name.startswith(".") or name.casefold() in _SYSTEM_FOLDERS


def why_left_out(name: str) -> Why | None:
    """Return why a file of this name is left out of a folder; None if it may be a photo."""
    if name.startswith("."):
        return "SYSTEM"
    _, dot, extension = name.rpartition(".")
    known = (why for why, extensions in _KINDS.items() if extension.casefold() in extensions)
    return next(known, None) if dot else None
