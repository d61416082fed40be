"""Give: hand photos over from one owner to another, of this deployment or of another one.

Each photo is

1. announced: a row DELETED of the new owner has the labels of the photo, so that Tag reuses them
   instead of paying for them again, and its edits, which every write of the workflow keeps;
2. copied by S3, with its metadata and tags, to a key that has no object;
3. waited for, until the workflow has made the copy READY with the same bytes;
4. given the edits that a person has made meanwhile, and its place as the cover of its album;
5. deleted at its old key, if S3 still has that very photo and that very copy. In a bucket with
   versions this is a delete marker: the photo is in the trash of its old owner.

Wherever this stops, the photo is there once or twice, and no more is lost than a person sees in
the trash. The next run finds the copy by its bytes and goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from gallery import records
from gallery.backfill import add_max_concurrency, copies_usd, paced
from gallery.buckets import ChangedError
from gallery.costs import USD
from gallery.deployment import Deployment, add_deployment_arguments
from gallery.editing import EditError
from gallery.records import Edits
from gallery.shell import UsageError, print_stderr, print_stdout, progress
from gallery.table import ConflictError, Query
from shared.keys import (
    ANNOUNCED_CONTENT,
    UPLOADS_PREFIX,
    album_sort_key,
    split_upload_key,
    within,
)
from shared.rows import PhotoRow, read
from shared.sidecars import SIDECAR
from shared.versions import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gallery.buckets import Bucket, Version
    from gallery.editing import Editor
    from gallery.table import Row, Table

MAX_KEY_BYTES: Final = (
    1024  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
)
MAX_NAMES: Final = 100  # of photos with one name in one album
READY_SECONDS: Final = 3600.0  # a burst may take longer: the next run waits again
DELETED_SECONDS: Final = 60.0  # from S3's event to the row
LOOK_AGAIN_SECONDS: Final = 0.4  # the first pause between two reads of a row
LOOK_AGAIN_MAX_SECONDS: Final = 10.0

DELETED_TRANSITIONS: Final = 10  # counted: states that the deletion of a photo enters
LISTS: Final = 4  # of versions, for each photo

_ANNOUNCEMENT: Final = "announced"  # in the place of an execution and of a version
_NO_EVENT: Final = "0" * 32  # lower than any sequencer of S3: every event of the copy is newer
_SHARE_DAYS: Final = Path(__file__).parents[1] / "workflow" / "shares.json"

# What the announcement has of the photo. Tag reads the labels, Claim the edits.
_ANNOUNCED: Final = (
    *("bytes", "edited_terms", "edits", "labels", "labels_model", "orientation"),
    *("sha256", "versions"),
)

# Why a photo stays with its old owner.
COLLISION: Final = "collision"  # the new owner has another photo of this name
NOT_READY: Final = "not ready"  # the photo is REJECTED, FAILED or PROCESSING
UNPROCESSED: Final = "unprocessed"  # its copy is
EDITED: Final = "edited"  # both owners have edited it
CHANGED: Final = "changed"  # somebody changed it meanwhile
MISSING: Final = "missing"  # the row has no object


class StaysError(Exception):
    """The photo stays where it was; nothing of it is lost."""

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True)
class Side:
    """An owner, and the table and the photos bucket of the deployment."""

    table: Table
    photos: Bucket
    owner: str

    def key(self, path: str) -> str:
        """Return the key of the photo at <album>/<file>."""
        return f"{UPLOADS_PREFIX}{self.owner}/{path}"

    def photo(self, path: str) -> PhotoRow | None:
        """Return the row of the photo at `path`; None if there is none."""
        return self.table.photo(self.owner, f"photo#{path}")

    def rows(self) -> Iterator[Row]:
        """Yield the rows of all photos, whatever their status."""
        return self.table.every(self.having("photo"))

    def covers(self) -> dict[str, str]:
        """Return the path of the photo that was chosen as the cover, by album."""
        rows = self.table.every(self.having("album"), "album", "cover")
        return {row["album"]: row["cover"].removeprefix("photo#") for row in rows if "cover" in row}

    def having(self, prefix: str) -> Query:
        """Return the query of the rows with sort keys that begin with `prefix`#."""
        low, high = within(prefix)
        return Query(owner=self.owner, index=None, range_key="sk", low=low, high=high)


class Given(NamedTuple):
    """What became of a photo."""

    path: str
    to: str | None  # its path now; None if it stays
    why: str = ""  # it stays, or is given under another name
    message: str = ""


@dataclass
class Plan:
    """What a hand-over would do."""

    photos: int = 0  # READY: they are given
    bytes: int = 0
    labeled: int = 0  # of these: photos that the labeler is called for
    covers: int = 0  # chosen by a person
    edited: int = 0
    collisions: list[str] = field(default_factory=list)  # paths that the new owner has
    stay: Counter[str] = field(default_factory=Counter)  # other photos, by status
    trash: int = 0  # photos in the trash, which stay there


@dataclass(frozen=True)
class Giving:
    """Hands photos over from one owner to another."""

    source: Side
    target: Side
    editor: Editor  # of the new owner's deployment
    rename: bool = False  # a photo gets a number if its name is taken
    ready_seconds: float = READY_SECONDS
    scale: float = 1.0  # of all pauses; tests wait less

    def plan(self) -> Plan:
        """Return what would be done, by the rows of both owners; change nothing."""
        plan = Plan(covers=len(self.source.covers()))
        taken = {
            row["sk"]: (row.get("bytes"), row.get("etag"))
            for row in self.target.table.every(
                self.target.having("photo"),
                "bytes",
                "etag",
                "status",
            )
            if row["status"] != "DELETED"
        }
        for row in self.source.rows():
            if row["status"] == "DELETED":
                plan.trash += "time_key" in row
            elif row["status"] != "READY":
                plan.stay[row["status"]] += 1
            else:
                plan.photos += 1
                plan.bytes += row["bytes"]
                plan.edited += "edits" in row
                plan.labeled += not _has_labels(row)
                if taken.get(row["sk"], (row["bytes"], row["etag"])) != (row["bytes"], row["etag"]):
                    plan.collisions.append(row["sk"].removeprefix("photo#"))
        return plan

    def all(self, *, at_once: int) -> Iterator[Given]:
        """Give every photo, `at_once` at a time; yield what became of each."""
        covers = self.source.covers()
        rows = (row for row in self.source.rows() if row["status"] != "DELETED")
        with ThreadPoolExecutor(at_once) as pool:
            # No more rows in memory than are worked on.
            while some := list(islice(rows, at_once * 4)):
                yield from pool.map(lambda row: self.one(row, covers), some)

    def one(self, row: Row, covers: dict[str, str]) -> Given:
        """Give one photo; its row is as it was read."""
        path = row["sk"].removeprefix("photo#")
        if row["status"] != "READY":
            return Given(path, None, NOT_READY, f"it is {row['status']}")
        try:
            to = self._give(row, path, covers)
        except StaysError as error:
            return Given(path, None, error.why, str(error))
        except (ChangedError, ConflictError) as error:
            return Given(path, None, CHANGED, f"changed meanwhile: {error}")
        return Given(path, to, "" if to == path else "renamed")

    def _give(self, row: Row, path: str, covers: dict[str, str]) -> str:
        photo = read(PhotoRow, row)
        version = _current(self.source.photos, self.source.key(path))
        if version is None:
            raise StaysError(MISSING, "it has no object")
        if version.version not in (photo.version_id, photo.etag):
            raise StaysError(CHANGED, "the bucket has a version that is not processed yet")
        to, copy = self._place(path, version)
        if copy is None:
            copy = self._copy(row, to, version)
        self._await_ready(photo, to, copy)
        given = self._give_edits(path, to)
        self._give_cover(path, to, covers)
        if _current(self.target.photos, copy.key) != copy:
            raise StaysError(CHANGED, "its copy was changed or deleted")
        self.source.photos.delete_unchanged(version)
        self._give_last_edits(path, to, given)
        return to

    def _place(self, path: str, version: Version) -> tuple[str, Version | None]:
        """Return the path of the new owner for a photo, and the copy that is there already."""
        for number in range(1, MAX_NAMES + 1):
            to = path if number == 1 else _numbered(path, number)
            key = self.target.key(to)
            if len(key.encode()) > MAX_KEY_BYTES:
                raise StaysError(COLLISION, f"its key would have over {MAX_KEY_BYTES} bytes")
            versions = _versions(self.target.photos, key)
            newest = next((one for one in versions if not one.is_marker), None)
            if newest is None:
                return to, None
            is_same = self._is_same(version, newest)
            if is_same and not newest.is_latest:
                return to, None
            if is_same and self._says_as_much(version, newest):
                return to, newest
            if not self.rename and is_same:
                raise StaysError(COLLISION, f"the new owner's lacks x-amz-meta-{SIDECAR}")
            if not self.rename:
                is_trash = not any(one.is_latest and not one.is_marker for one in versions)
                where = "the trash of the new owner has" if is_trash else "the new owner has"
                raise StaysError(COLLISION, f"{where} another photo of this name")
        raise StaysError(COLLISION, f"the new owner has {MAX_NAMES} photos of this name")

    def _is_same(self, one: Version, other: Version) -> bool:
        """Return whether two versions have the same bytes, which are read if ETags do not tell.

        The ETag of an upload in parts is no hash of its bytes:
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
        """
        if one.size_bytes != other.size_bytes:
            return False
        return one.etag == other.etag or (
            self.source.photos.sha256(one) == self.target.photos.sha256(other)
        )

    def _copy(self, row: Row, to: str, version: Version) -> Version:
        """Announce a photo, and let S3 copy it.

        Raises:
            ChangedError: the photo is gone, or the new owner has got another one of this name.
        """
        announced = self._announce(row, to)
        try:
            return self.target.photos.copy_from(self.source.photos, version, self.target.key(to))
        except ChangedError:
            # S3 may have copied it, and the answer was lost: botocore then sends the request again.
            there = _current(self.target.photos, self.target.key(to))
            if there is not None and self._is_same(version, there):
                return there
            self._retract(to, announced)
            raise

    def _says_as_much(self, one: Version, other: Version) -> bool:
        """Return whether the object `other` has what an archive says of the photo `one`."""
        said = self.source.photos.head(one)["Metadata"].get(SIDECAR)
        return said is None or said == self.target.photos.head(other)["Metadata"].get(SIDECAR)

    def _announce(self, row: Row, to: str) -> str:
        """Write the row that Claim and Tag find before the copy has any other.

        Returns its time.
        """
        key = self.target.key(to)
        changes = {name: row.get(name) for name in _ANNOUNCED}
        if "content_key" in row:
            changes["content_key"] = row["content_key"].rpartition("#")[0] + ANNOUNCED_CONTENT
        before = self.target.table.get(self.target.owner, f"photo#{to}")
        if before is None:
            changes |= {
                "bucket": self.target.photos.name,
                "claimed_version": _ANNOUNCEMENT,
                "execution_arn": _ANNOUNCEMENT,
                "key": key,
                "sequencer": _NO_EVENT,
                "status": "DELETED",
            }
            unchanged: Row = {"pk": None}
        else:  # a photo of this name was deleted, or an earlier run has stopped here
            unchanged = {"status": "DELETED", "updated_at": before["updated_at"]}
            if "edits" in before and before["claimed_version"] != _ANNOUNCEMENT:
                del changes["edits"], changes["edited_terms"]  # theirs: _give_edits merges both
            else:
                changes["claimed_version"] = _ANNOUNCEMENT
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        self.target.table.write(
            {"pk": self.target.owner, "sk": f"photo#{to}"},
            changes={**changes, "updated_at": now},
            unchanged=unchanged,
        )
        return now

    def _retract(self, to: str, announced: str) -> None:
        """Take an announced photo out of the index of contents: there will be no copy."""
        with contextlib.suppress(ConflictError):  # another photo has got the name meanwhile
            self.target.table.write(
                {"pk": self.target.owner, "sk": f"photo#{to}"},
                changes={"content_key": None},
                unchanged={"status": "DELETED", "updated_at": announced},
            )

    def _await_ready(self, photo: PhotoRow, to: str, copy: Version) -> None:
        """Wait until the workflow has made a copy READY, with the bytes of the photo."""

        def is_ended(row: PhotoRow | None) -> bool:
            return (
                row is not None
                and row.claimed_version == copy.version
                and row.status not in ("PROCESSING", "DELETED")
            )

        row = self._settled(self.target, to, self.ready_seconds, is_ended)
        if row is None or not is_ended(row):
            raise StaysError(UNPROCESSED, "its copy is not processed yet; run the command again")
        if row.status != "READY":
            why = row.reason or "no reason"
            raise StaysError(UNPROCESSED, f"its copy is {row.status}: {why}")
        if (row.bytes, row.sha256) != (photo.bytes, photo.sha256):
            raise StaysError(UNPROCESSED, "its copy has other bytes")

    def _give_edits(self, path: str, to: str) -> Edits:
        """Give the copy the edits that it lacks, and return those of the photo."""
        row, copy = self.source.photo(path), self.target.photo(to)
        if row is None or copy is None:
            raise StaysError(CHANGED, "its row is gone")
        edits, there = records.decoded(row.edits), records.decoded(copy.edits)
        wanted = merged(edits, there)
        if wanted is None:
            raise StaysError(EDITED, "both owners have edited it, in different ways")
        if _facts(wanted) != _facts(there):
            self._edit(to, wanted)
        return edits

    def _give_last_edits(self, path: str, to: str, given: Edits) -> None:
        """Give the copy what a person has edited until the photo's row was DELETED."""
        gone = self._settled(
            self.source, path, DELETED_SECONDS, lambda row: row is None or row.status == "DELETED"
        )
        if gone is None:
            return
        last, copy = records.decoded(gone.edits), self.target.photo(to)
        if _facts(last) != _facts(given) and copy is not None:
            wanted = merged(last, records.decoded(copy.edits), was=given)
            if wanted is not None:
                self._edit(to, wanted)

    def _edit(self, to: str, edits: Edits) -> None:
        try:
            self.editor.edit(self.target.owner, self.target.key(to), edits)
        except (EditError, LookupError, ValueError) as error:
            raise StaysError(CHANGED, f"its edits could not be given: {error}") from error

    def _give_cover(self, path: str, to: str, covers: dict[str, str]) -> None:
        """Make a copy the cover of its album, as the photo is, unless the new owner has chosen."""
        album = split_upload_key(self.source.key(path)).album
        if covers.get(album) != path:
            return
        first = f"{album_sort_key(album, path).rpartition('#')[0]}#0"  # the row with the cover
        chosen = (self.target.table.get(self.target.owner, first) or {}).get("cover")
        if chosen is None:
            with contextlib.suppress(LookupError, ValueError):  # deleted meanwhile; too long a name
                self.editor.request(self.target.owner, {"album": album, "cover": to})

    def _settled(
        self,
        side: Side,
        path: str,
        patience_seconds: float,
        is_wanted: Callable[[PhotoRow | None], bool],
    ) -> PhotoRow | None:
        """Read a row until it is as wanted, or until the time is over."""
        until = time.monotonic() + patience_seconds
        pause_seconds = LOOK_AGAIN_SECONDS
        while True:
            row = side.photo(path)
            if is_wanted(row) or time.monotonic() >= until:
                return row
            time.sleep(pause_seconds * self.scale)
            pause_seconds = min(pause_seconds * 1.2, LOOK_AGAIN_MAX_SECONDS)


def merged(edits: Edits, there: Edits, *, was: Edits | None = None) -> Edits | None:
    """Return the edits of a copy that has those of the photo; None if both have another value.

    Args:
        edits: of the photo.
        there: of the copy. What a person has edited there is never overwritten.
        was: edits of the photo that the copy was given; a field that still has this value may
            change.
    """
    fields: dict[str, object] = {}
    removed = []
    for name in ("title", "description", "keywords", "taken", "location"):
        wanted, now = _value(edits, name), _value(there, name)
        if was is not None and now == _value(was, name):
            now = None
        if wanted is not None and now is not None and wanted != now:
            return None
        value = wanted if now is None else now
        if value == "removed" and name in ("taken", "location"):
            removed.append(name)
        elif value is not None:
            fields[name] = value
    shown = {*was.hidden_labels}.difference(edits.hidden_labels) if was is not None else set()
    hidden = dict.fromkeys([*there.hidden_labels, *edits.hidden_labels])
    return msgspec.convert(
        {
            **msgspec.to_builtins(fields),
            "hidden_labels": [one for one in hidden if one not in shown],
            "removed": removed,
        },
        Edits,
    )


def _value(edits: Edits, name: str) -> object:
    return "removed" if name in edits.removed else getattr(edits, name)


def _facts(edits: Edits) -> Edits:
    """Return edits in one form: without the words that the state machine finds for a position."""
    return msgspec.structs.replace(
        edits,
        place=None,
        hidden_labels=sorted(edits.hidden_labels),
        removed=sorted(edits.removed),
    )


def shares_of(shares: Bucket, owner: str) -> int:
    """Return the number of links that an owner has shared and that have not expired."""
    days = json.loads(_SHARE_DAYS.read_text(encoding="utf-8"))["days"]
    return sum(1 for one in days for _ in shares.folders(f"shares/{one}/{owner}/"))


def _has_labels(row: Row) -> bool:
    """Return whether Tag of this release reuses the labels of a row."""
    return "labels_model" in row and row.get("versions", {}).get("tag") == VERSIONS["tag"]


def _versions(bucket: Bucket, key: str) -> list[Version]:
    """Return the versions of one key, the newest first of each kind."""
    found = []
    for one in bucket.versions(key):
        if one.key == key:
            found.append(one)
        elif one.key > key:
            break  # the prefix also matches longer keys, which S3 lists after this one
    return found


def _current(bucket: Bucket, key: str) -> Version | None:
    return next(
        (one for one in _versions(bucket, key) if one.is_latest and not one.is_marker), None
    )


def _numbered(path: str, number: int) -> str:
    """Return a path with a number before its extension, as the page writes it: a (2).jpg."""
    album, slash, file = path.rpartition("/")
    stem, dot, extension = file.rpartition(".")
    name = f"{stem} ({number}){dot}{extension}" if stem else f"{file} ({number})"
    return f"{album}{slash}{name}"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_deployment_arguments(command)
    command.add_argument("old", metavar="OLD", help="the owner who has the photos")
    command.add_argument("new", metavar="NEW", help="the owner who gets them")
    command.add_argument(
        "--to",
        metavar="DEPLOYMENT",
        help="the deployment of NEW, such as one in another region (default: that of OLD)",
    )
    command.add_argument(
        "--rename",
        action="store_true",
        help="if NEW has the name of a photo already, give it a number; without it the photo stays",
    )
    add_max_concurrency(command)
    command.add_argument("--dry-run", action="store_true", help="print the figures, give nothing")
    command.add_argument("--json", action="store_true", help="print one object for each photo")


def run(given: argparse.Namespace) -> int:
    """Print the figures and give the photos; return 1 if a photo stays with its old owner."""
    source = Deployment.of(given, changes="give moves photos")
    target = source
    if given.to is not None:
        other = argparse.Namespace(deployment=given.to, terraform=given.terraform)
        target = Deployment.of(other, changes="give moves photos")
    [old], [new] = source.owners(given.old), target.owners(given.new)
    if (source.outputs.photos_bucket, old) == (target.outputs.photos_bucket, new):
        raise UsageError(f"OLD and NEW are both {old}")
    giving = Giving(
        Side(source.table, source.photos, old),
        Side(target.table, target.photos, new),
        target.editor,
        rename=given.rename,
    )
    plan = giving.plan()
    shares = 0 if source.shares is None else shares_of(source.shares, old)
    at_once, hours, limit = paced(given, target.session, plan.photos)
    dollars = usd(plan, labeler=given.labeler)
    if given.json and given.dry_run:
        figures = {**asdict(plan), "hours": hours, "shares": shares, "usd": dollars}
        print_stdout(json.dumps(figures, ensure_ascii=False))
    else:
        _print_plan(plan, shares, print_stderr if given.json else print_stdout)
        print_stderr(f"about USD {dollars:,.2f} and {hours:,.1f} hours ({limit})")
    if given.dry_run:
        return 0
    stay = 0
    with progress("photos to give", plan.photos) as add:
        for one in giving.all(at_once=at_once):
            add(1)
            stay += one.to is None
            if given.json:
                print_stdout(json.dumps(one._asdict(), ensure_ascii=False))
            elif one.to is None:
                print_stdout(f"stays: {one.path}: {one.why}: {one.message}")
            elif one.why:
                print_stdout(f"renamed: {one.path} to {one.to}")
    print_stderr(f"{stay:,} photos stay" if stay else "all photos are given")
    return 1 if stay else 0


def usd(plan: Plan, *, labeler: str) -> float:
    """Return the cost of a hand-over at list prices, if each copy is READY at the first try.

    The old rows are deleted by the workflow, too. S3 charges nothing for a deletion.
    """
    new = copies_usd(plan.photos, plan.labeled, labeler=labeler)
    deleted = plan.photos * DELETED_TRANSITIONS * USD["Step Functions, transition"]
    listed = plan.photos * LISTS * USD["S3, PUT"]  # S3 charges a LIST as a PUT
    return new + deleted + listed


def _print_plan(plan: Plan, shares: int, print_line: Callable[[str], None]) -> None:
    print_line(
        f"{plan.photos:,} photos ({plan.bytes / 1e9:,.1f} GB), {plan.edited:,} of them edited,"
        f" {plan.covers:,} chosen covers"
    )
    print_line(f"{plan.labeled:,} are labeled again: this release does not reuse their labels")
    for status, count in sorted(plan.stay.items()):
        print_line(f"{count:,} stay: {status}")
    if plan.collisions:
        print_line(
            f"{len(plan.collisions):,} have a name that the new owner has, such as"
            f" {plan.collisions[0]}: they stay, or get a number with --rename, unless their bytes"
            " are the same"
        )
    if plan.trash:
        print_line(f"{plan.trash:,} photos in the trash stay there until S3 deletes them")
    if shares:
        print_line(
            f"{shares:,} shared links stay until they expire: they are copies. Only the old owner"
            " can withdraw them"
        )
