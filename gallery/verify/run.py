"""One run of verify: the deployment, the owner, what was uploaded, and the waiting."""

from __future__ import annotations

import os
import re
import socket
import time
import uuid
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from botocore.config import Config
from botocore.loaders import create_loader

from gallery.table import Query, Table
from gallery.verify.photos import BY_NAME, MadePhoto
from shared.keys import UPLOADS_PREFIX, photo_key, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import boto3

    from gallery.outputs import Outputs
    from gallery.table import Row

Found = TypeVar("Found")

# Identity IDs, the owners of a gallery, are <region>:<UUID>. So no user has this prefix.
OWNER_PREFIX: Final = "verify-"
OWNER: Final = re.compile(f"{OWNER_PREFIX}[0-9a-f]{{16}}")

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
PID_NAMESPACE: Final = Path("/proc/self/ns/pid")

AT_ONCE: Final = 16  # uploads
CLIENT_CONFIG: Final = Config(
    retries={"mode": "standard", "total_max_attempts": 4}, max_pool_connections=AT_ONCE
)

SIGNATURE: Final = Config(signature_version="s3v4")

LONGEST_WAIT_SECONDS: Final = 5.0  # between two polls
TOLD_EVERY_SECONDS: Final = 10.0
_EVERY_SORT_KEY: Final = (" ", "\U0010ffff")


class DifferentError(Exception):
    """A check found something else than it expects; the message says what came."""


class NotTriedError(Exception):
    """A check cannot be done here; the message says why."""


class Marker(msgspec.Struct, frozen=True):
    """The content of a run's marker object."""

    place: str  # where the process runs: see `place`
    pid: int
    executions: list[str]  # ARNs of its backfills and reprocessings


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds, for the slow parts of AWS."""

    events: float = 900.0  # S3 documents about five minutes; AWS names no maximum
    photo: float = 600.0  # until a photo's record is complete, retries included
    quiet: float = 20.0  # without any change, before rows are deleted: S3's events may be late
    messages: int = 1  # with any wait SQS asks all of its servers, without one only a few
    first_wait: float = 0.5  # the waits grow by half, up to `LONGEST_WAIT_SECONDS`


@dataclass
class Run:
    """A run of verify. It touches only the objects and rows of its own `owner`."""

    outputs: Outputs
    session: boto3.Session
    deployment: Path  # of which `outputs` are
    terraform: str
    owner: str
    tell: Callable[[str], None]  # prints progress
    patience: Patience = field(default_factory=Patience)
    abort_backfill: bool = False
    versions: dict[str, str] = field(default_factory=dict)  # by key: the last one that was put
    uploaded: dict[str, float] = field(default_factory=dict)  # by key: when, by `time.monotonic`
    complete: dict[str, float] = field(default_factory=dict)  # by key: when its row was complete
    executions: list[str] = field(default_factory=list)  # ARNs of backfills and reprocessings
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:  # noqa: ANN401  # one of boto3's generated classes
        """Return the client of a service."""
        if service not in self._clients:
            create: Any = self.session.client  # overloaded for each literal name
            # boto3 still presigns URLs of us-east-1 by Signature Version 2, which S3 refuses for
            # every bucket made since 2020.
            config = CLIENT_CONFIG.merge(SIGNATURE) if service == "s3" else CLIENT_CONFIG
            self._clients[service] = create(service, config=config)
        return self._clients[service]

    @cached_property
    def table(self) -> Table:
        """The gallery's table."""
        return Table(self.client("dynamodb"), self.outputs.table)

    @property
    def prefix(self) -> str:
        """The prefix of all keys of this run. With nothing behind it, it is the run's marker."""
        return f"{UPLOADS_PREFIX}{self.owner}/"

    @property
    def emulator(self) -> str | None:
        """The address of the emulator that stands for AWS; None in AWS itself."""
        endpoint: str = self.client("dynamodb").meta.endpoint_url
        return None if is_aws(endpoint) else endpoint

    def mark(self) -> None:
        """Write the marker by which a later run finds what a killed one left behind.

        It is a folder marker: the workflow ignores its key, because it is no photo's.
        """
        marker = Marker(place(), os.getpid(), self.executions)
        self.client("s3").put_object(
            Bucket=self.outputs.photos_bucket, Key=self.prefix, Body=msgspec.json.encode(marker)
        )

    def wait(self, what: str, look: Callable[[], Found | None], seconds: float) -> Found | None:
        """Return what `look` finds, polled with growing pauses; None after `seconds`."""
        started = told = time.monotonic()
        pause = self.patience.first_wait
        while True:
            found = look()
            now = time.monotonic()
            if found is not None or now - started >= seconds:
                return found
            if now - told >= TOLD_EVERY_SECONDS:
                self.tell(f"{what}: {now - started:.0f} s of at most {seconds:.0f} s")
                told = now
            time.sleep(min(pause, max(0.0, started + seconds - now)))
            pause = min(pause * 1.5, LONGEST_WAIT_SECONDS)

    def all_rows(self) -> list[Row]:
        """Return the current rows of this run's owner, of all kinds."""
        low, high = _EVERY_SORT_KEY
        query = Query(owner=self.owner, index=None, range_key="sk", low=low, high=high)
        return list(self.table.every(query))

    def photo_rows(self) -> dict[str, Row]:
        """Return the rows of this run's photos by the keys of their objects."""
        low, high = within("photo")
        query = Query(owner=self.owner, index=None, range_key="sk", low=low, high=high)
        return {photo_key(self.owner, row["sk"]): row for row in self.table.every(query)}

    def await_photos(self, names: Iterable[str]) -> dict[str, list[Row]]:
        """Wait until the records of uploaded photos are complete, and return them by name.

        Raises:
            DifferentError: one is not complete within `patience.photo`.
        """
        photos = [BY_NAME[name] for name in names]
        wanted = {key: photo for photo in photos for key in photo.keys(self.owner)}
        rows: dict[str, Row] = {}

        def look() -> bool | None:
            rows.update(self.photo_rows())
            for key, row in rows.items():
                if key not in self.complete and self._is_complete(key, row):
                    self.complete[key] = time.monotonic()
            return True if wanted.keys() <= self.complete.keys() else None

        if look() is None:
            what = f"waiting for {', '.join(photo.name for photo in photos)}"
            since = min(self.uploaded[key] for key in wanted)
            left = max(0.0, since + self.patience.photo - time.monotonic())
            self.wait(what, look, left)
        for key in wanted.keys() - self.complete.keys():
            seconds = time.monotonic() - self.uploaded[key]
            came = describe(rows[key]) if key in rows else "no record"
            raise DifferentError(f"{came} after {seconds:.0f} s: {key}")
        return {photo.name: [rows[key] for key in photo.keys(self.owner)] for photo in photos}

    def _is_complete(self, key: str, row: Row) -> bool:
        photo = self.photo_of(key)
        if photo is None or row["status"] == "PROCESSING":
            return False
        if photo.deleted:
            return bool(row["status"] == "DELETED")
        return bool(row["claimed_version"] == self.versions.get(key))

    def photo_of(self, key: str) -> MadePhoto | None:
        """Return the photo that was uploaded to `key`; None if none was."""
        found = (one for one in BY_NAME.values() if key in one.keys(self.owner))
        return next(found, None) if key in self.uploaded else None

    def seconds_of(self, line: str, *, since: float) -> float:
        """Return the duration of a line: of a photo, from its upload to its complete record."""
        keys = BY_NAME[line].keys(self.owner) if line in BY_NAME else []
        if keys and self.complete.keys() >= set(keys):
            return max(self.complete[key] - self.uploaded[key] for key in keys)
        return time.monotonic() - since

    def name_execution(self, state_machine_arn: str) -> str:
        """Return the name of an execution that the caller is about to start.

        It is noted before it is started. So it is found and stopped, and its results are removed,
        even if this process ends at any moment after.
        """
        name = f"{self.owner}-{len(self.executions)}"
        executions = state_machine_arn.replace(":stateMachine:", ":execution:")
        self.executions.append(f"{executions}:{name}")
        self.mark()
        return name

    def await_execution(self, arn: str, what: str) -> Row:
        """Wait until an execution has ended, and return Step Functions' description of it.

        Raises:
            DifferentError: it still runs after `patience.photo`.
        """
        stepfunctions = self.client("stepfunctions")

        def look() -> Row | None:
            described: Row = stepfunctions.describe_execution(executionArn=arn)
            return None if described["status"] == "RUNNING" else described

        ended = self.wait(f"waiting for the {what}", look, self.patience.photo)
        if ended is None:
            raise DifferentError(f"it still runs after {self.patience.photo:.0f} s: {arn}")
        return ended


def place() -> str:
    """Return where this process runs: its ID means the same process there, and nowhere else.

    Host names are not unique, and containers on one host have the same process IDs.
    """
    parts = [socket.gethostname()]
    if BOOT_ID.exists():  # Linux
        parts += [BOOT_ID.read_text(encoding="ascii").strip(), str(PID_NAMESPACE.readlink())]
    else:
        parts.append(f"{uuid.getnode():x}")  # the address of a network interface
    return " ".join(parts)


@cache
def _domains() -> tuple[str, ...]:
    """Return the domains of AWS in all partitions, as botocore has them."""
    partitions = create_loader().load_data("partitions")["partitions"]
    names = ("dnsSuffix", "dualStackDnsSuffix")
    return tuple(f".{one['outputs'][name]}" for one in partitions for name in names)


def is_aws(url: str) -> bool:
    """Return whether a URL is of AWS itself, in any partition."""
    return (urlsplit(url).hostname or "").endswith(_domains())


def describe(row: Row) -> str:
    """Return a photo's row in a few words."""
    if row["status"] in {"REJECTED", "FAILED"}:
        error = f" in {row['step']}: {row['error']}" if "error" in row else ""
        return f"{row['status']} {row.get('reason', '')}{error}"
    if row["status"] != "READY":
        return str(row["status"])
    return (
        f"READY, {row['format']} {row['width_px']:,} × {row['height_px']:,},"
        f" labels: {len(row.get('labels', [])):,}, renditions: {len(row.get('renditions', {})):,}"
    )
