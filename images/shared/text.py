"""Clean texts and numbers from a file before they are stored, and keys before they are printed.

Never raises.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from shared.limits import MAX_LABEL_CHARACTERS

_LINE_BREAKS: Final = re.compile(r"\r\n|[\t\n\x0b\x0c\r\x85\u2028\u2029]")
# C0, DEL and C1; bidi controls, which reorder the text around them on a page; the byte order mark;
# halves of surrogate pairs, which no encoding can write; two codes that no XML may contain.
_HARMFUL: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)
# Windows-1252 has characters where Latin-1 has C1 control characters: quotes, dashes, the euro.
_WINDOWS_1252: Final = {
    code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)
}
_MAX_RAW_LABEL_CHARACTERS: Final = 1_024  # of a label; the rest is ignored
_MAX_RAW_CHARACTERS: Final = 65_536  # of a text; the rest is ignored
_MAX_COMPOSED: Final = 4  # code points that NFC makes one character of


def text(value: str | bytes | None, max_characters: int) -> str | None:
    """Return `value` as one clean line of at most `max_characters`; None if it is blank.

    The text ends at the first NUL. Control characters and bidi controls are removed, and the rest
    is normalized to NFC. Bytes are decoded as UTF-8, or else as Windows-1252.
    """
    if value is None:
        return None
    whole = decode(value) if isinstance(value, bytes) else value
    line = _LINE_BREAKS.sub(" ", whole[:_MAX_RAW_CHARACTERS].partition("\0")[0])
    # Sorting n marks that follow one letter takes n² steps.
    kept = _HARMFUL.sub("", line).strip()[: max_characters * _MAX_COMPOSED]
    cleaned = unicodedata.normalize("NFC", kept).strip()
    return cleaned[:max_characters].strip() or None


def decode(value: bytes) -> str:
    """Decode `value` up to its first NUL, as UTF-8 or else as Windows-1252."""
    value = value.partition(b"\0")[0]
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1").translate(_WINDOWS_1252)


def escaped(value: str) -> str:
    """Return `value` on one line, without characters that control a terminal.

    Control, format and unassigned characters, bidi controls among them, separators other than a
    space, and halves of surrogate pairs are escaped as in a Python string.
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in value
    )


def first(values: Iterable[str | bytes | None], max_characters: int) -> str | None:
    """Return the first of `values` that is not blank, cleaned as by `text`; or None."""
    return next((kept for value in values if (kept := text(value, max_characters))), None)


def distinct(values: Iterable[str | bytes], max_characters: int, limit: int) -> list[str]:
    """Return the first `limit` of `values`, without blank ones and repetitions in any case."""
    kept: dict[str, str] = {}
    for value in values:
        if len(kept) == limit:
            break
        if (cleaned := text(value, max_characters)) is not None:
            kept.setdefault(cleaned.casefold(), cleaned)
    return list(kept.values())


def positive(value: float | None, *, below: float = 1e6) -> float | None:
    """Return `value` with 9 digits if it is between 0 and `below`; None otherwise, as for NaN."""
    if value is None or not 0 < value < below:
        return None
    return float(f"{value:.9g}")


def fold_label(name: str) -> str:
    """Return `name` in a form that is the same for all spellings by case and normalization.

    Source: Unicode 3.13, D145, canonical caseless matching; here in NFC.
    """
    caseless = unicodedata.normalize("NFD", name).casefold()
    return unicodedata.normalize("NFC", caseless)[:MAX_LABEL_CHARACTERS].strip()


def clean_label(name: str) -> str:
    """Return `name` on one line of at most `MAX_LABEL_CHARACTERS`, in NFC.

    Control, format and unassigned characters and halves of surrogate pairs are removed.
    """
    shown = "".join(
        character
        for character in name[:_MAX_RAW_LABEL_CHARACTERS]
        if character.isspace() or not unicodedata.category(character).startswith("C")
    )
    line = " ".join(unicodedata.normalize("NFC", shown).split())
    return line[:MAX_LABEL_CHARACTERS].strip()
