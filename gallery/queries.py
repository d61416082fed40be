"""The queries of a gallery. Each page is one DynamoDB Query of one partition, never a Scan.

gallery/search.py finds photos by what they show and state. docs/architecture.md has the read units
of each query. A page has at most `limit` results. It may have fewer although more follow: the last
page is the one whose cursor is None.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final, TypeVar

from gallery import cursors, records
from gallery.records import (
    Album,
    Copies,
    Month,
    Page,
    Photo,
    Picture,
    Problem,
    Trashed,
)
from gallery.table import Query, Row, Table
from shared.keys import (
    ALBUM_SHARDS,
    ANNOUNCED_CONTENT,
    album_prefix,
    month_of,
    photo_sort_key,
    within,
)
from shared.rows import AlbumRow, PhotoRow, read

MAX_LIMIT: Final = 100
DEFAULT_LIMIT: Final = 50
MAX_COUNTED: Final = 20_000  # rows of months; a Query ends at 1 MB before that
MAX_COMPARED: Final = 1000  # photos; their keys are a quarter of the 1 MB that a Query reads

Item = TypeVar("Item")


def photo(table: Table, owner: str, key: str) -> Photo | None:
    """Return the current record of a photo, whatever its status; None if there never was one.

    Raises:
        ValueError: `key` is not that of a photo of `owner`.
    """
    row = table.photo(owner, photo_sort_key(owner, key))
    return None if row is None else records.photo(row)


def album(  # noqa: PLR0913  # all but the first three by name
    table: Table,
    owner: str,
    path: str,
    *,
    newest_first: bool = False,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Picture]:
    """Return the photos of an album, without those of albums within it, in order of time.

    Raises:
        ValueError: `limit` is not 1 to `MAX_LIMIT`, or `cursor` is not of this query.
    """
    query = _of_album(owner, path, newest_first=newest_first)
    return _page(table, query, records.picture, limit=limit, cursor=cursor)


def between(  # noqa: PLR0913  # all but the first four by name
    table: Table,
    owner: str,
    start: datetime,
    end: datetime,
    *,
    newest_first: bool = False,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Picture]:
    """Return the photos of all albums from `start` to before `end`, in order of time.

    A photo's time is that of the camera's clock, wherever it was; an undated photo's is that of its
    upload, in UTC. So `start` and `end` have no time zone.

    Raises:
        ValueError: as `album`, `start` or `end` has a time zone, or `start` is not before `end`.
    """
    low, high = sort_time(start), sort_time(end)
    if low >= high:
        raise ValueError(f"the time {low} is not before {high}")
    query = Query(
        owner=owner,
        index="by_time",
        range_key="time_key",
        low=f"time#{low}",
        high=f"time#{high}",
        newest_first=newest_first,
    )
    return _page(table, query, records.picture, limit=limit, cursor=cursor)


def problems(
    table: Table,
    owner: str,
    *,
    newest_first: bool = True,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Problem]:
    """Return the photos that were rejected or failed, in order of their upload.

    Photos without an owner are in the partition of the owner "/".

    Raises:
        ValueError: as `album`.
    """
    low, high = within("problem")
    query = Query(
        owner=owner,
        index="by_time",
        range_key="time_key",
        low=low,
        high=high,
        newest_first=newest_first,
    )
    return _page(table, query, records.problem, limit=limit, cursor=cursor)


def trash(
    table: Table,
    owner: str,
    *,
    newest_first: bool = True,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Trashed]:
    """Return the photos that were deleted and can be restored, in order of their deletion.

    Raises:
        ValueError: as `album`.
    """
    low, high = within("trash")
    query = Query(
        owner=owner,
        index="by_time",
        range_key="time_key",
        low=low,
        high=high,
        newest_first=newest_first,
    )
    return _page(table, query, records.trashed, limit=limit, cursor=cursor)


def months(table: Table, owner: str) -> Page[Month]:
    """Return all months that have photos, the newest first, with their numbers of photos.

    This is one Query; of over some 10,000 rows, one for each megabyte of them.
    """
    low, high = within("month")
    query = Query(owner=owner, index=None, range_key="sk", low=low, high=high, newest_first=True)
    counts: Counter[str] = Counter()
    start: dict[str, str] | None = None
    read_units, more = 0.0, True
    while more:
        found = table.query(query, start=start, limit=MAX_COUNTED)
        for row in found.rows:
            counts[month_of(row["sk"])] += row["photos"]
        read_units += found.read_units
        start, more = found.last, found.more
    return Page(
        items=[Month(month=month, photos=count) for month, count in counts.items() if count > 0],
        cursor=None,
        read_units=read_units,
    )


def albums(
    table: Table, owner: str, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Album]:
    """Return the albums that have photos, in the order of their digests, each with its cover.

    A page is one Query, and one more of a single row for each cover. A cover that was chosen and is
    READY no more costs another one.

    Raises:
        ValueError: as `album`.
    """
    low, high = within("album")
    query = Query(owner=owner, index=None, range_key="sk", low=low, high=high)
    # One row more than the page needs: it shows that the album before it is complete.
    start = _start(query, limit, cursor)
    found = table.query(query, start=start, limit=limit * ALBUM_SHARDS + 1)
    counts = [read(AlbumRow, row) for row in found.rows]
    groups = [list(rows) for _, rows in groupby(counts, key=_album_of)]
    more = found.more or len(groups) > limit
    # A response that ends early, at 1 MB, ends within an album.
    complete = groups[: min(limit, len(groups) - found.more)]
    answers, read_units = [], found.read_units
    for rows in complete:
        photos = sum(row.photos for row in rows)
        if photos > 0:
            cover, units = _cover(table, rows)
            read_units += units
            answers.append(Album(path=rows[0].album, photos=photos, cover=cover))
    last = complete[-1][-1].sk if complete else ""
    return Page(
        items=answers,
        cursor=cursors.at(query, last, last) if more else None,
        read_units=read_units,
    )


def _cover(table: Table, rows: Sequence[AlbumRow]) -> tuple[Picture | None, float]:
    """Return the cover of an album, and the read units of the queries for it."""
    owner, path = rows[0].pk, rows[0].album
    chosen = next((row.cover for row in rows if row.cover is not None), None)
    read_units = 0.0
    if chosen is not None:
        itself = Query(owner=owner, index=None, range_key="sk", low=chosen, high=chosen)
        found = table.query(itself, start=None, limit=2)  # there is one: nothing is left to read
        read_units += found.read_units
        for row in found.rows:
            if row.get("album_key", "").startswith(f"{album_prefix(path)}#"):  # not DELETED since
                return records.picture(row, PhotoRow), read_units
    newest = table.query(_of_album(owner, path, newest_first=True), start=None, limit=1)
    return next(map(records.picture, newest.rows), None), read_units + newest.read_units


def copies(
    table: Table, owner: str, *, limit: int = MAX_COMPARED, cursor: str | None = None
) -> Page[Copies]:
    """Return the photos that an owner has more than once, whatever their names and albums.

    Args:
        table: the gallery's table.
        owner: the owner of the photos.
        limit: photos to compare for a page, 2 to `MAX_COMPARED`; most have no copy.
        cursor: of the previous page.

    Raises:
        ValueError: `limit` is out of range, or `cursor` is not of this query.
    """
    if not 2 <= limit <= MAX_COMPARED:  # noqa: PLR2004  # one alone is never equal to another
        raise ValueError(f"limit is 2 to {MAX_COMPARED}, got {limit}")
    query = Query(
        owner=owner, index="by_content", range_key="content_key", low="0", high=":"
    )  # content keys begin with a digit, and ":" follows "9"
    found = table.query(query, start=cursors.start(query, cursor), limit=limit)
    rows, read_units = found.rows, found.read_units
    while found.more and _content_of(rows[0]) == _content_of(rows[-1]):  # more copies than `limit`
        found = table.query(query, start=found.last, limit=limit)
        rows, read_units = rows + found.rows, read_units + found.read_units
    groups = [list(same) for _, same in groupby(rows, key=_content_of)]
    if found.more:
        groups.pop()  # the next page begins with it, and has all of it
    last = groups[-1][-1] if groups else {}
    return Page(
        items=[records.copies(same) for same in map(_present, groups) if len(same) > 1],
        cursor=cursors.at(query, last["content_key"], last["sk"]) if found.more else None,
        read_units=read_units,
    )


def _present(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of photos, without those that `give` has announced and not copied yet."""
    return [row for row in rows if not row["content_key"].endswith(ANNOUNCED_CONTENT)]


def _content_of(row: Row) -> str:
    """Return the content key of a row without the key digest."""
    return str(row["content_key"]).rpartition("#")[0]


def _of_album(owner: str, path: str, *, newest_first: bool) -> Query:
    low, high = within(album_prefix(path))
    return Query(
        owner=owner,
        index="by_album",
        range_key="album_key",
        low=low,
        high=high,
        newest_first=newest_first,
    )


def _album_of(row: AlbumRow) -> str:
    """Return the sort key of an album's row without its shard."""
    return row.sk.rpartition("#")[0]


def _page(
    table: Table,
    query: Query,
    record: Callable[[Row], Item],
    *,
    limit: int,
    cursor: str | None,
) -> Page[Item]:
    found = table.query(query, start=_start(query, limit, cursor), limit=limit)
    return Page(
        items=[record(row) for row in found.rows],
        cursor=cursors.cursor(query, found),
        read_units=found.read_units,
    )


def _start(query: Query, limit: int, cursor: str | None) -> dict[str, str] | None:
    if not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"limit is 1 to {MAX_LIMIT}, got {limit}")
    return cursors.start(query, cursor)


def sort_time(time: datetime) -> str:
    """Return a time as in sort keys; a fraction of a second sorts after its second.

    Raises:
        ValueError: `time` has a time zone.
    """
    if time.tzinfo is not None:
        raise ValueError(f"the time {time.isoformat()} has a time zone; photos have local times")
    return time.isoformat()
