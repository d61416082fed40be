"""Reconcile: compare the photos bucket, the table and the derived objects of each owner.

The photos bucket decides. With --repair, a photo with a wrong record is reprocessed
(gallery/reprocess.py): its record then matches the bucket, or becomes a tombstone. Renditions and
term rows that no record names are deleted, and wrong photo counts of albums and months are
corrected.

Bucket and table list photos in the same order, so each is read once, side by side. Memory: the keys
of an owner's renditions and term rows, about 6 KB for each photo.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from gallery import records
from gallery.backfill import add_max_concurrency, paced
from gallery.deployment import Deployment, add_deployment_arguments, add_owner_argument
from gallery.reprocess import Job, start
from gallery.shell import print_json, print_stderr, print_stdout
from gallery.table import ConflictError, Query
from gallery.times import LONGEST_EXECUTION
from shared.errors import BadKeyError
from shared.keys import (
    album_sort_key,
    layout,
    photo_key,
    photo_sort_key,
    split_upload_key,
    within,
)
from shared.terms import KINDS
from shared.text import escaped

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from gallery.buckets import Bucket, Refusal, Version
    from gallery.table import Row, Table

# Longer than any execution runs, and than S3 usually takes to deliver an event. A difference that
# is younger may be about to disappear.
SETTLED: Final = LONGEST_EXECUTION + timedelta(minutes=5)

MISSING: Final = "missing"  # an object has no record, or a record no rendition or term row
ORPHANED: Final = "orphaned"  # a record has no object, or a rendition or term row no record
STALE: Final = "stale"  # a record is of another version than the object, or a count is wrong
STUCK: Final = "stuck"  # a photo is PROCESSING for longer than any execution runs

# The sequencer of a photo without a record: lower than any of S3's, which have 18 digits.
_NO_EVENT: Final = "0" * 32

# The attributes of a photo's row that are compared.
_RECORD: Final = (
    *("album_key", "edits", "etag", "found_by", "label_keys", "month_key", "renditions"),
    *("sequencer", "sort_time", "status", "updated_at", "version_id"),
)


class Finding(NamedTuple):
    """One difference."""

    kind: str  # MISSING, ORPHANED, STALE or STUCK
    what: str  # the key of an object, or owner and sort key of a row
    why: str


class Count(NamedTuple):
    """The photo count that the row of an album or of a month should have."""

    sort_key: str
    album: str | None  # None: the row is of a month
    photos: int
    was: int | None = None  # None: there is no row


@dataclass
class Report:
    """The differences among an owner's photos, and their repair."""

    findings: list[Finding] = field(default_factory=list)
    photos: int = 0  # objects and records that were compared
    jobs: dict[str, Job] = field(default_factory=dict)  # by key: a photo is reprocessed once
    objects: list[str] = field(default_factory=list)  # derived objects without a record
    term_rows: list[Row] = field(default_factory=list)  # term rows without a record
    counts: list[Count] = field(default_factory=list)

    def add_reprocessing(self, kind: str, key: str, why: str, row: Row | None) -> None:
        """Add a finding that a reprocessing of the photo repairs."""
        self.findings.append(Finding(kind, key, why))
        self.jobs[key] = Job(key, row["sequencer"] if row else _NO_EVENT)


@dataclass(frozen=True)
class Reconciling:
    """Table, photos and derived objects of one owner."""

    table: Table
    photos: Bucket
    derived: Bucket
    owner: str
    settled: timedelta = SETTLED

    def compare(self) -> Report:
        """Return the differences; change nothing."""
        report = Report()
        now = datetime.now(UTC)
        counts_before = self._counts()
        renditions: dict[str, str] = {}  # key of each rendition in a record: key of its photo
        terms: dict[str, str] = {}  # sort key of each term row of a record: key of its photo
        counts: dict[str, Count] = {}
        for found, row in self._side_by_side():
            report.photos += 1
            self._compare_photo(found, row, now, report)
            if row is None:
                continue
            key = photo_key(self.owner, row["sk"])
            renditions |= {one["key"]: key for one in row.get("renditions", {}).values()}
            terms |= dict.fromkeys(records.term_sort_keys(row), key)
            for sort_key, album in _counted_in(row, key):
                photos = counts[sort_key].photos if sort_key in counts else 0
                counts[sort_key] = Count(sort_key, album, photos + 1)
        self._compare_renditions(renditions, now, report)
        self._compare_term_rows(terms, report)
        self._compare_counts(counts, counts_before, report)
        return report

    def repair(self, report: Report) -> list[Refusal]:
        """Delete what no record names, and correct counts. The caller reprocesses `report.jobs`.

        Returns the renditions that S3 did not delete.
        """
        refused = self.derived.delete(report.objects)
        for row in report.term_rows:
            photo = self.table.get(self.owner, row["photo"])
            if photo is not None and (
                row["sk"] in records.term_sort_keys(photo)  # published since it was compared
                or self._is_running(photo, datetime.now(UTC))  # may be about to publish it
            ):
                continue
            unchanged = (
                {"pk": None}
                if photo is None
                else {name: photo[name] for name in ("execution_arn", "status")}
            )
            with suppress(ConflictError):  # changed meanwhile: the next run compares it again
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
                    changes={
                        "photos": count.photos,
                        **({} if count.album is None else {"album": count.album}),
                    },
                    unchanged={"photos": count.was},
                )
        return refused

    def _side_by_side(self) -> Iterator[tuple[Version | None, Row | None]]:
        """Yield each photo's object and record in the order of keys; None for a missing one."""
        objects = (
            one for one in self.photos.objects(layout().folder_of(self.owner)) if _is_photo(one.key)
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

    def _compare_photo(
        self, found: Version | None, row: Row | None, now: datetime, report: Report
    ) -> None:
        """Add the difference between an object and its record, if there is one."""
        if row is not None and row["status"] == "PROCESSING":
            if not self._is_running(row, now):
                why = f"PROCESSING since {row['updated_at']}"
                report.add_reprocessing(STUCK, photo_key(self.owner, row["sk"]), why, row)
        elif found is None:
            if row is not None and row["status"] != "DELETED":
                key = photo_key(self.owner, row["sk"])
                report.add_reprocessing(ORPHANED, key, f"{row['status']}, and no object", row)
        elif now - found.modified <= self.settled:
            pass  # S3 may be about to deliver its event
        elif row is None or row["status"] == "DELETED":
            why = "no record" if row is None else "its record says DELETED"
            report.add_reprocessing(MISSING, found.key, why, row)
        elif found.version not in (row.get("version_id"), row.get("etag")):
            report.add_reprocessing(
                STALE, found.key, f"the bucket has version {found.version}", row
            )

    def _is_running(self, row: Row, now: datetime) -> bool:
        """Return whether an execution may be working on the photo of a row."""
        claimed_at = datetime.fromisoformat(row["updated_at"])
        return row["status"] == "PROCESSING" and now - claimed_at <= self.settled

    def _compare_renditions(self, named: dict[str, str], now: datetime, report: Report) -> None:
        """Compare the derived objects with the renditions that records name."""
        missing = dict(named)
        for found in self.derived.objects(f"{self.owner}/"):
            if missing.pop(found.key, None) is None and now - found.modified > self.settled:
                why = "a rendition that no record names"
                report.findings.append(Finding(ORPHANED, found.key, why))
                report.objects.append(found.key)
        for rendition, key in missing.items():
            self._add_missing(key, rendition, rendition, report)

    def _compare_term_rows(self, named: dict[str, str], report: Report) -> None:
        """Compare the term rows with those that records name."""
        missing = dict(named)
        rows = (self.table.every(self._within(kind), "photo") for kind in KINDS)
        for row in chain.from_iterable(rows):
            if missing.pop(row["sk"], None) is None:
                # Not its text, which may be the name of a person or of a place.
                kind = row["sk"].partition("#")[0]
                where, why = (
                    photo_key(self.owner, row["photo"]),
                    f"a {kind} row that no record names",
                )
                report.findings.append(Finding(ORPHANED, where, why))
                report.term_rows.append(row)
        for sort_key, key in missing.items():
            self._add_missing(key, sort_key, f"{sort_key.partition('#')[0]} row", report)

    def _add_missing(self, key: str, part: str, what: str, report: Report) -> None:
        """Add that a rendition or term row is missing, if the photo's record still names it."""
        if key in report.jobs:
            return
        row = self.table.get(self.owner, photo_sort_key(self.owner, key))
        if row is None or row["status"] == "PROCESSING":
            return
        named = {one["key"] for one in row.get("renditions", {}).values()}
        if part in named.union(records.term_sort_keys(row)):
            report.add_reprocessing(MISSING, key, f"without its {what}", row)

    def _compare_counts(
        self, right: dict[str, Count], before: dict[str, Row], report: Report
    ) -> None:
        """Compare the counts that did not change while the records were read."""
        after = self._counts()
        for sort_key in {*right, *after}:
            row = after.get(sort_key)
            count = right.get(sort_key) or Count(sort_key, (row or {}).get("album"), 0)
            was = row["photos"] if row else None
            if row == before.get(sort_key) and (was or 0) != count.photos:
                where = f"{self.owner} {sort_key}"
                report.findings.append(
                    Finding(STALE, where, f"counts {was or 0} photos of {count.photos}")
                )
                report.counts.append(count._replace(was=was))

    def _counts(self) -> dict[str, Row]:
        albums = self.table.every(self._within("album"), "album", "photos")
        months = self.table.every(self._within("month"), "photos")
        return {row["sk"]: row for row in (*albums, *months)}

    def _within(self, prefix: str) -> Query:
        low, high = within(prefix)
        return Query(owner=self.owner, index=None, range_key="sk", low=low, high=high)


def _is_photo(key: str) -> bool:
    """Return whether a key is a photo's: no folder marker, and short enough for a row."""
    try:
        split_upload_key(key)
    except BadKeyError:
        return False
    return True


def _counted_in(row: Row, key: str) -> Iterator[tuple[str, str | None]]:
    """Yield the sort key of each row that counts the photo, and its album if it is an album's."""
    if "album_key" in row:
        album = split_upload_key(key).album
        yield album_sort_key(album, key), album
    if "month_key" in row:  # a photo that an earlier release has published has none
        yield row["month_key"], None


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_deployment_arguments(command)
    add_owner_argument(command)
    add_max_concurrency(command)
    command.add_argument(
        "--settled",
        type=float,
        default=SETTLED / timedelta(minutes=1),
        metavar="MINUTES",
        help="ignore differences that are younger (default: %(default)g)",
    )
    command.add_argument("--repair", action="store_true", help="repair the differences")
    command.add_argument(
        "--json", action="store_true", help="print a JSON object for each difference"
    )


def run(given: argparse.Namespace) -> int:
    """Print the differences, and repair them with --repair; return 1 if there are any left."""
    deployment = Deployment.of(given)
    kinds: Counter[str] = Counter()
    work: list[Job] = []
    is_repaired = given.repair
    for owner in deployment.owners(given.owner, renditions=True):
        reconciling = Reconciling(
            deployment.table,
            deployment.photos,
            deployment.derived,
            owner,
            settled=timedelta(minutes=given.settled),
        )
        report = reconciling.compare()
        for kind, what, why in report.findings:
            if given.json:
                print_json({"owner": owner, "kind": kind, "what": what, "why": why})
            else:
                print_stdout(f"{kind}: {what}: {why}")
        kinds.update(finding.kind for finding in report.findings)
        print_stderr(
            f"{escaped(owner)}: {report.photos:,} photos, {len(report.findings):,} findings"
        )
        if given.repair:
            for key, code in reconciling.repair(report):
                print_stderr(f"not deleted: {key}: {code}")
                is_repaired = False
        work += report.jobs.values()
    tell = print_stderr if given.json else print_stdout
    tell(", ".join(f"{count:,} {kind}" for kind, count in kinds.items()) or "all agree")
    if work and given.repair:
        at_once, _, _ = paced(given, deployment.session, len(work))
        arn = start(
            deployment.stepfunctions,
            deployment.outputs.reprocess_arn,
            deployment.logs,
            work,
            at_once=at_once,
        )
        tell(f"started: {arn}")
    return 0 if is_repaired or not kinds else 1
