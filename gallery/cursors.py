"""Cursors: where a page ended, as text that means something to the same question alone.

A cursor is neither secret nor signed: it needs no key to be kept. It holds no owner; the partition
is always that of the question, and a position outside of the question's range is refused. So the
worst that a forged one can do is to begin its maker's own answer somewhere else.
"""

import base64
import binascii
import hashlib

import msgspec

from gallery.table import Question, Rows

_CHECK_BYTES = 9


def cursor(question: Question, found: Rows) -> str | None:
    """Return the cursor of the page behind `found`; None where there is no more."""
    return at(question, found.last[question.range_key], found.last["sk"]) if found.more else None


def at(question: Question, range_key: str, sort_key: str) -> str:
    """Return the cursor of the page behind the row with these keys."""
    position = msgspec.json.encode([range_key, sort_key])
    return base64.urlsafe_b64encode(_check(question, position) + position).decode().rstrip("=")


def start(question: Question, cursor: str | None) -> dict[str, str] | None:
    """Return the keys of the row behind which the page of `cursor` begins.

    Raises:
        ValueError: `cursor` was not made by this question.
    """
    if cursor is None:
        return None
    refusal = ValueError(f"the cursor {cursor!r} was not made by this question")
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        check, position = text[:_CHECK_BYTES], text[_CHECK_BYTES:]
        range_key, sort_key = msgspec.json.decode(position, type=tuple[str, str])
    except (binascii.Error, UnicodeError, ValueError, msgspec.DecodeError) as error:
        raise refusal from error
    if check != _check(question, position):
        raise refusal
    if not question.low.encode() <= range_key.encode() <= question.high.encode():
        raise refusal
    return {"pk": question.owner, "sk": sort_key, question.range_key: range_key}


def _check(question: Question, position: bytes) -> bytes:
    asked = msgspec.json.encode(question)
    return hashlib.sha256(asked + b"\n" + position).digest()[:_CHECK_BYTES]
