"""Decode a UserComment. Many writers state one encoding and use another. Never raises.

Source: Exif 2.32, 4.6.5 D.
"""

import re
from typing import Final

from formats import ByteOrder

_CODE_BYTES: Final = 8
_PADDING: Final = b"\0 "  # of the code: some cameras write spaces
_UTF_16: Final = {"little": "utf-16-le", "big": "utf-16-be"}
_MARKS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"\xef\xbb\xbf": "utf-8"}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_MAX_JUDGED: Final = 1_000  # characters: more would not change the judgment
# Alphabets, punctuation, kana, the ideographs in use, Hangul, pictographs. In the wrong byte order,
# Latin letters become ideographs of which the low byte is 0, and most ideographs something rare.
_USUAL: Final = re.compile(
    "[\t\n\r\x20-\x7e\xa0-\u052f\u0590-\u06ff\u0900-\u0dff\u0e01-\u0e5b\u2010-\u2027\u2030-\u205e"
    "\u20a0-\u20bf\u2190-\u21ff\u2600-\u27bf\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\uff01-\uffee\U0001f300-\U0001faff]"
)


def decode_comment(value: bytes, order: ByteOrder) -> str | bytes | None:
    """Decode a UserComment that names its encoding; most others are padding or binary.

    Args:
        value: the code of the encoding, and the text.
        order: of the EXIF block, which decides where the text itself does not.

    Returns:
        Bytes where the code says ASCII: cameras write any encoding under it.
    """
    code, body = value[:_CODE_BYTES].rstrip(_PADDING), value[_CODE_BYTES:]
    if code == b"ASCII":
        return body
    return _decode_unicode(body, order) if code == b"UNICODE" else None


def _decode_unicode(body: bytes, order: ByteOrder) -> str:
    """Decode UTF-16 in either byte order, or UTF-8, which some programs write in its place."""
    for mark, encoding in _MARKS.items():
        if body.startswith(mark):
            return body.removeprefix(mark).decode(encoding, "ignore")
    if (text := _as_utf_8(body)) is not None:
        return text
    other: ByteOrder = "little" if order == "big" else "big"
    readings = [body.decode(_UTF_16[each], "ignore") for each in (order, other)]
    return max(readings, key=_share_of_usual)  # of equals the first


def _as_utf_8(body: bytes) -> str | None:
    """Return `body` as UTF-8; None if it is UTF-16, as far as one can tell."""
    padded = body.rstrip(_PADDING)
    # UTF-16 in one script repeats its high byte: kana, for example, is 0 with another letter.
    has_high_byte = len(padded) > 3 and 1 in {len(set(padded[::2])), len(set(padded[1::2]))}  # noqa: PLR2004  # two characters
    try:
        text = padded.decode()
    except UnicodeDecodeError:
        return None
    return None if has_high_byte or _CONTROL.search(text) else text


def _share_of_usual(text: str) -> float:
    judged = text.partition("\0")[0][:_MAX_JUDGED]
    usual = [
        character
        for character in _USUAL.findall(judged)
        # Ideographs of which the low byte is 0 are rare, except for the number one.
        if ord(character) & 0xFF or character in "\u3000\u4e00"
    ]
    return len(usual) / len(judged) if judged else 0.0
