"""Cursors: the position where a page ended, as text that is valid for the same query only.

A cursor is neither secret nor signed, so no key has to be kept. It names no owner: the partition is
always the query's, and a position outside of the query's range is refused. A forged cursor can
only start its maker's own query at another of its rows.
"""

import base64
import binascii
import hashlib

import msgspec

from gallery.table import Query, Rows

_CHECK_BYTES = 9


def cursor(query: Query, found: Rows) -> str | None:
    """Return the cursor of the page after `found`; None if `found` is the last."""
    return at(query, found.last[query.range_key], found.last["sk"]) if found.more else None


def at(query: Query, range_key: str, sort_key: str) -> str:
    """Return the cursor of the page that starts after the row with these keys."""
    position = msgspec.json.encode([range_key, sort_key])
    return base64.urlsafe_b64encode(_check(query, position) + position).decode().rstrip("=")


def start(query: Query, cursor: str | None) -> dict[str, str] | None:
    """Return the keys of the row after which the page of `cursor` starts; None for the first page.

    Raises:
        ValueError: `cursor` was not made by this query.
    """
    if cursor is None:
        return None
    refusal = ValueError(f"the cursor {cursor!r} is not of this query")
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        check, position = text[:_CHECK_BYTES], text[_CHECK_BYTES:]
        range_key, sort_key = msgspec.json.decode(position, type=tuple[str, str])
    except (binascii.Error, UnicodeError, ValueError, msgspec.DecodeError) as error:
        raise refusal from error
    if check != _check(query, position):
        raise refusal
    if not query.low.encode() <= range_key.encode() <= query.high.encode():
        raise refusal
    return {"pk": query.owner, "sk": sort_key, query.range_key: range_key}


def _check(query: Query, position: bytes) -> bytes:
    encoded = msgspec.json.encode(query)
    return hashlib.sha256(encoded + b"\n" + position).digest()[:_CHECK_BYTES]
