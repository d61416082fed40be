"""Bucket, table and derived objects compared, owner by owner; what does not agree, and its repair.

The photos bucket has the last word. A photo whose record is wrong is reprocessed
(gallery/reprocess.py): its record then says what the bucket holds, or becomes a tombstone.
Renditions and label rows that no record names are deleted, and wrong album counts are corrected.

Listing and table come in the same order, so each is read once, side by side. What is remembered of
an owner meanwhile are the keys of its renditions and label rows: some 3 KB a photo.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from gallery import records
from gallery.reprocess import Job
from gallery.table import ConflictError, Question
from shared.keys import (
    UPLOADS_PREFIX,
    album_sort_key,
    label_of,
    photo_key,
    photo_sort_key,
    split_upload_key,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gallery.buckets import Bucket, Object
    from gallery.table import Row, Table

# Longer than any execution (statemachine.json.tftpl), and than an event is on its way as a rule:
# what is younger may be about to agree.
SETTLED: Final = timedelta(minutes=65)

MISSING: Final = "missing"  # an object that has no record, or a record's renditions or label rows
ORPHANED: Final = "orphaned"  # a record whose object is gone, a rendition or label row of no record
STALE: Final = "stale"  # a record of another version than the bucket's, or a wrong count
STUCK: Final = "stuck"  # PROCESSING, longer than any execution lasts

# The sequencer of what has no record: lower than any of S3's, which have 18 digits.
_NO_EVENT: Final = "0" * 32

_RECORD: Final = (
    *("album_key", "claimed", "edits", "execution_arn", "key", "label_keys", "renditions"),
    *("sequencer", "status", "updated_at", "version_id", "etag"),
)


class Finding(NamedTuple):
    """One thing that does not agree."""

    kind: str  # MISSING, ORPHANED, STALE or STUCK
    what: str  # the key of an object, or owner and sort key of a row
    why: str


class Count(NamedTuple):
    """What a row of an album's count should say."""

    sort_key: str
    album: str
    photos: int
    was: int | None  # None: there is no such row


@dataclass
class Report:
    """What is wrong with an owner's photos, and what would put it right."""

    findings: list[Finding] = field(default_factory=list)
    photos: int = 0  # objects and records that were compared
    reprocess: dict[str, Job] = field(default_factory=dict)  # by key: a photo is made anew once
    objects: list[str] = field(default_factory=list)  # derived, of no record
    label_rows: list[Row] = field(default_factory=list)  # of no record
    counts: list[Count] = field(default_factory=list)

    def anew(self, kind: str, key: str, why: str, row: Row | None) -> None:
        """Note a finding that a reprocessing puts right."""
        self.findings.append(Finding(kind, key, why))
        self.reprocess[key] = Job(key, row["sequencer"] if row else _NO_EVENT)


@dataclass(frozen=True)
class Reconciling:
    """The three that are to agree, for one owner."""

    table: Table
    photos: Bucket
    derived: Bucket
    owner: str
    settled: timedelta = SETTLED

    def compare(self) -> Report:
        """Read all of the three, and change nothing."""
        report = Report()
        now = datetime.now(UTC)
        counted_before = self._counts()
        renditions: dict[str, str] = {}  # key of each that is named, and of its photo
        label_keys: dict[str, str] = {}  # sort key of each that is named, and of its photo
        albums: dict[str, Count] = {}
        for found, row in self._side_by_side():
            report.photos += 1
            self._judge(found, row, now, report)
            if row is None:
                continue
            key = photo_key(self.owner, row["sk"])
            renditions |= {one["key"]: key for one in row.get("renditions", {}).values()}
            hidden = records.edits_of(row).hidden_labels
            label_keys |= {
                one: key for one in row.get("label_keys", []) if label_of(one) not in hidden
            }
            if "album_key" in row:
                album = split_upload_key(key).album
                sort_key = album_sort_key(album, key)
                photos = albums[sort_key].photos if sort_key in albums else 0
                albums[sort_key] = Count(sort_key, album, photos + 1, None)
        self._renditions(renditions, now, report)
        self._label_rows(label_keys, report)
        self._albums(albums, counted_before, report)
        return report

    def repair(self, report: Report) -> None:
        """Delete what no record names, and count albums again. The caller starts reprocessing."""
        self.derived.delete(report.objects)
        for row in report.label_rows:
            photo = self.table.get(self.owner, row["photo"])
            if photo is not None and (
                row["sk"] in photo.get("label_keys", [])  # published since it was compared
                or self._is_running(photo, datetime.now(UTC))  # may be about to publish it
            ):
                continue
            unchanged = (
                {"pk": None}
                if photo is None
                else {name: photo[name] for name in ("execution_arn", "status")}
            )
            with suppress(ConflictError):  # the next run finds it again, if it is still there
                self.table.write(
                    {"pk": self.owner, "sk": row["photo"]},
                    changes={},
                    unchanged=unchanged,
                    delete=[{"pk": self.owner, "sk": row["sk"]}],
                )
        for count in report.counts:
            with suppress(ConflictError):  # as above
                self.table.write(
                    {"pk": self.owner, "sk": count.sort_key},
                    changes={"album": count.album, "photos": count.photos},
                    unchanged={"photos": count.was},
                )

    def _side_by_side(self) -> Iterator[tuple[Object | None, Row | None]]:
        """Yield each photo's object and record, None where there is none, in order of keys."""
        objects = (
            one
            for one in self.photos.objects(f"{UPLOADS_PREFIX}{self.owner}/")
            if not one.key.endswith("/")  # a folder's marker is no photo
        )
        rows = self.table.every(self._within("photo"), *_RECORD)
        found, row = next(objects, None), next(rows, None)
        while found is not None or row is not None:
            of_row = photo_key(self.owner, row["sk"]) if row is not None else None
            if found is not None and (of_row is None or found.key < of_row):
                yield found, None
                found = next(objects, None)
            elif found is None or of_row != found.key:
                yield None, row
                row = next(rows, None)
            else:
                yield found, row
                found, row = next(objects, None), next(rows, None)

    def _judge(self, found: Object | None, row: Row | None, now: datetime, report: Report) -> None:
        """Note what is wrong between an object and its record."""
        if row is not None and row["status"] == "PROCESSING":
            if not self._is_running(row, now):
                why = f"PROCESSING since {row['updated_at']}"
                report.anew(STUCK, photo_key(self.owner, row["sk"]), why, row)
        elif found is None:
            if row is not None and row["status"] != "DELETED":
                key = photo_key(self.owner, row["sk"])
                report.anew(ORPHANED, key, f"{row['status']}, and no object", row)
        elif now - found.modified <= self.settled:
            pass  # its event may be on its way
        elif row is None or row["status"] == "DELETED":
            why = "no record" if row is None else "its record says DELETED"
            report.anew(MISSING, found.key, why, row)
        elif found.version not in (row.get("version_id"), row.get("etag")):
            report.anew(STALE, found.key, f"the bucket has version {found.version}", row)

    def _is_running(self, row: Row, now: datetime) -> bool:
        """Return whether an execution may be working on the photo of a row."""
        claimed_at = datetime.fromisoformat(row["updated_at"])
        return row["status"] == "PROCESSING" and now - claimed_at <= self.settled

    def _renditions(self, named: dict[str, str], now: datetime, report: Report) -> None:
        """Compare the derived objects with those that records name."""
        missing = dict(named)
        for found in self.derived.objects(f"{self.owner}/"):
            if missing.pop(found.key, None) is None and now - found.modified > self.settled:
                why = "a rendition that no record names"
                report.findings.append(Finding(ORPHANED, found.key, why))
                report.objects.append(found.key)
        for rendition, key in missing.items():
            self._incomplete(key, rendition, report)

    def _label_rows(self, named: dict[str, str], report: Report) -> None:
        """Compare the label rows with those that records name."""
        missing = dict(named)
        for row in self.table.every(self._within("label"), "photo"):
            if missing.pop(row["sk"], None) is None:
                where, why = f"{self.owner} {row['sk']}", "a label's row that no record names"
                report.findings.append(Finding(ORPHANED, where, why))
                report.label_rows.append(row)
        for label_key, key in missing.items():
            self._incomplete(key, label_key, report)

    def _incomplete(self, key: str, part: str, report: Report) -> None:
        """Note that a part of a photo is missing, if its record still names it."""
        if key in report.reprocess:
            return
        row = self.table.get(self.owner, photo_sort_key(self.owner, key))
        if row is None or row["status"] == "PROCESSING":
            return
        named = {one["key"] for one in row.get("renditions", {}).values()}
        if part in named.union(row.get("label_keys", [])):
            report.anew(MISSING, key, f"without its {part}", row)

    def _albums(self, right: dict[str, Count], before: dict[str, Row], report: Report) -> None:
        """Compare the albums' counts, where they have not changed while records were read."""
        after = self._counts()
        for sort_key in {*right, *after}:
            row = after.get(sort_key)
            count = right.get(sort_key) or Count(sort_key, (row or {})["album"], 0, None)
            was = row["photos"] if row else None
            if row == before.get(sort_key) and (was or 0) != count.photos:
                where = f"{self.owner} {sort_key}"
                report.findings.append(
                    Finding(STALE, where, f"counts {was or 0} photos of {count.photos}")
                )
                report.counts.append(count._replace(was=was))

    def _counts(self) -> dict[str, Row]:
        rows = self.table.every(self._within("album"), "album", "photos")
        return {row["sk"]: row for row in rows}

    def _within(self, prefix: str) -> Question:
        low, high = within(prefix)
        return Question(owner=self.owner, index=None, range_key="sk", low=low, high=high)
