"""Cursors: the position where a page ended, as text that is valid for the same query only.

A cursor is neither secret nor signed, so no key has to be kept. It names no owner: the partition is
always the query's, and a position outside of the query's range is refused. A forged cursor can
only start its maker's own query at another of its rows.
"""

import base64
import binascii
import hashlib
from typing import Protocol, TypeVar

import msgspec

from gallery.table import Query, Rows

_CHECK_BYTES = 9

PositionT = TypeVar("PositionT")


class Bounds(Protocol):
    """A query whose positions are between two texts."""

    @property
    def low(self) -> str:
        """The least position."""

    @property
    def high(self) -> str:
        """The greatest position."""


def cursor(query: Query, found: Rows) -> str | None:
    """Return the cursor of the page after `found`; None if `found` is the last."""
    return at(query, found.last[query.range_key], found.last["sk"]) if found.more else None


def at(query: Query, range_key: str, sort_key: str) -> str:
    """Return the cursor of the page that starts after the row with these keys."""
    return _encoded(query, [range_key, sort_key])


def at_end(search: object, end: str) -> str:
    """Return the cursor of the page of a search that starts at `end`."""
    return _encoded(search, [end])


def start(query: Query, cursor: str | None) -> dict[str, str] | None:
    """Return the keys of the row after which the page of `cursor` starts; None for the first page.

    Raises:
        ValueError: `cursor` was not made by this query.
    """
    if cursor is None:
        return None
    range_key, sort_key = _decoded(query, cursor, tuple[str, str])
    _refuse_outside(query, range_key, cursor)
    return {"pk": query.owner, "sk": sort_key, query.range_key: range_key}


def end(search: Bounds, cursor: str) -> str:
    """Return the end at which the page of `cursor` starts.

    Raises:
        ValueError: `cursor` was not made by this search.
    """
    [position] = _decoded(search, cursor, tuple[str])
    _refuse_outside(search, position, cursor)
    return position


def _encoded(query: object, position: list[str]) -> str:
    encoded = msgspec.json.encode(position)
    return base64.urlsafe_b64encode(_check(query, encoded) + encoded).decode().rstrip("=")


def _decoded(query: object, cursor: str, kind: type[PositionT]) -> PositionT:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        check, position = text[:_CHECK_BYTES], text[_CHECK_BYTES:]
        if check != _check(query, position):
            raise _refusal(cursor)
        return msgspec.json.decode(position, type=kind)
    except (binascii.Error, UnicodeError, ValueError, msgspec.DecodeError) as error:
        raise _refusal(cursor) from error


def _refuse_outside(query: Bounds, position: str, cursor: str) -> None:
    if not query.low.encode() <= position.encode() <= query.high.encode():
        raise _refusal(cursor)


def _refusal(cursor: str) -> ValueError:
    return ValueError(f"the cursor {cursor!r} is not of this query")


def _check(query: object, position: bytes) -> bytes:
    encoded = msgspec.json.encode(query)
    return hashlib.sha256(encoded + b"\n" + position).digest()[:_CHECK_BYTES]
