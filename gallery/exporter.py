"""The work of an export: originals with XMP sidecars, manifest and checksums, in a local folder.

The folder is a BagIt bag (RFC 8493). While an export is unfinished, it has a folder `.export` and
no manifest; running the command again goes on. A file gets its name once it is whole, and only
files with the right checksum count as fetched. docs/archives.md describes the folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import math
import os
import shutil
import stat
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from gallery import queries, xmp
from gallery.costs import USD
from gallery.filenames import Paths
from gallery.manifests import (
    BAGIT,
    CHECKSUMS,
    DATA,
    FORMAT_VERSION,
    MANIFEST,
    SIDECAR_SUFFIX,
    TAG_CHECKSUMS,
    WORK,
    ExportedAlbum,
    ExportedPhoto,
    LeftOut,
    LeftOutReason,
    Manifest,
    Scope,
    read_manifest,
)
from gallery.shell import CommandError
from gallery.table import Query
from shared.errors import BadKeyError
from shared.keys import layout, photo_key, photo_sort_key, split_upload_key, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gallery.buckets import Bucket, Version
    from gallery.table import Table
    from shared.rows import PhotoRow

JOURNAL: Final = "journal.jsonl"  # in WORK: the scope, then each photo that is whole
FETCHES_AT_ONCE: Final = 8
ATTEMPTS: Final = 3  # to read one object
CHUNK_BYTES: Final = 1_048_576
LISTED_AT_ONCE: Final = 1000  # keys of one LIST
MBIT_PER_SECOND: Final = 100  # of the estimate of time
ROW_READ_UNITS: Final = 1  # of a consistent read of a row of up to 4 KB

# A row's SHA-256 is that of the whole file; of a raw photo it is that of its preview.
HASHED_FORMATS: Final = frozenset({"AVIF", "GIF", "HEIC", "JPEG", "PNG", "TIFF", "WEBP"})

# S3 says which objects are archived: their class stays the same while they are restored.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, images/shared/s3.py
_REASONS: Final[Mapping[str, LeftOutReason]] = {
    "AccessDenied": "DENIED",
    "InvalidObjectState": "ARCHIVED",
    "InvalidRequest": "CUSTOMER_KEY",  # S3 asks for the key
    "NoSuchKey": "CHANGED",
    "NoSuchVersion": "CHANGED",
    "PreconditionFailed": "CHANGED",
    "404": "CHANGED",  # an answer to HEAD has no error code
    "403": "DENIED",
    "412": "CHANGED",
}


class _About(NamedTuple):
    """What S3 says of an object beside its bytes."""

    content_type: str | None
    metadata: dict[str, str]


class _DifferentError(Exception):
    """The bytes that were read do not have the size or the checksum that they should."""


@dataclass(frozen=True)
class Original:
    """A photo to export."""

    found: Version
    path: str  # relative to the folder
    renamed: bool


@dataclass
class Plan:
    """What an export would do. Sizes are compared, checksums are not."""

    originals: list[Original] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    bytes: int = 0  # of all originals
    photos_to_fetch: int = 0
    bytes_to_fetch: int = 0
    listed: int = 0  # objects

    @property
    def usd(self) -> float:
        """The cost at list prices, outside of the bucket's region."""
        return (
            math.ceil(self.listed / LISTED_AT_ONCE) * USD["S3, PUT"]  # charged as a LIST
            + self.photos_to_fetch * USD["S3, GET"]
            + self.bytes_to_fetch / 1e9 * USD["S3, GB to the internet"]
            + len(self.originals) * ROW_READ_UNITS * USD["DynamoDB, read unit"]
        )

    @property
    def hours(self) -> float:
        """The time that the bytes take with `MBIT_PER_SECOND`."""
        return self.bytes_to_fetch * 8 / (MBIT_PER_SECOND * 1e6) / 3600


@dataclass
class Done:
    """What an export did."""

    manifest: Manifest
    fetched: int
    leftovers: list[str]  # paths of files that an earlier export wrote, and this one does not have


class Exporter:
    """Exports the photos of `owners` into a folder."""

    def __init__(
        self, table: Table, photos: Bucket, owners: Sequence[str], folder: Path, album: str | None
    ) -> None:
        self._table = table
        self._photos = photos
        self._owners = owners
        self._folder = folder
        self._album = album
        self._work = folder / WORK
        self._lock = threading.Lock()
        self._fetched = 0
        self._numbers = itertools.count()  # of temporary files
        self._known: dict[str, ExportedPhoto] = {}  # by key: whole files of an earlier run

    def plan(self, scope: Scope) -> Plan:
        """List the photos, and compare them with what is in the folder. Writes nothing.

        Raises:
            CommandError: the folder has other files, or an export of another scope.
        """
        self._known = _known(self._folder, scope)
        plan = Plan()
        paths = Paths(SIDECAR_SUFFIX)
        for owner in self._owners:
            prefix = _prefix(owner, self._album)
            for found in self._photos.objects(prefix):
                plan.listed += 1
                self._add(plan, paths, found)
            plan.left_out += [
                LeftOut(key=key, reason="DELETED")
                for key in _trash(self._table, owner)
                if key.startswith(prefix)
            ]
        return plan

    def run(self, plan: Plan, scope: Scope, done: Callable[[float], None]) -> Done:
        """Fetch what is not there, write sidecars, manifest and checksums.

        Args:
            plan: of the same folder, just made.
            scope: as for `plan`.
            done: is called with 1 after each photo, by several threads.

        Raises:
            CommandError: the local file system refuses; running again goes on.
        """
        try:
            return self._run(plan, scope, done)
        except OSError as error:
            if isinstance(error, BotoCoreError):  # a broken connection is both
                raise
            raise CommandError(
                f"{error.filename or self._folder}: {error.strerror or error}. Run the same command"
                " again to go on"
            ) from error

    def _run(self, plan: Plan, scope: Scope, done: Callable[[float], None]) -> Done:
        self._begin(scope)
        photos: list[ExportedPhoto] = []
        left_out = list(plan.left_out)
        with (self._work / JOURNAL).open("ab", buffering=0) as journal:

            def export(original: Original) -> ExportedPhoto | LeftOut:
                result = self._photo(original)
                if isinstance(result, ExportedPhoto):
                    with self._lock:
                        journal.write(msgspec.json.encode(result) + b"\n")
                done(1)
                return result

            threads = ThreadPoolExecutor(FETCHES_AT_ONCE)
            try:
                for result in threads.map(export, plan.originals):
                    if isinstance(result, ExportedPhoto):
                        photos.append(result)
                    else:
                        left_out.append(result)
            finally:  # also after Ctrl-C: what has not begun does not begin
                threads.shutdown(cancel_futures=True)
        manifest = Manifest(
            format="gallery-export",
            version=FORMAT_VERSION,
            made_at=_utc(datetime.now(UTC)),
            scope=scope,
            photos=photos,
            albums=list(self._albums(photos)),
            left_out=left_out,
        )
        self._finish(manifest)
        return Done(manifest, self._fetched, sorted(_files(self._folder / DATA) - _paths(photos)))

    def _add(self, plan: Plan, paths: Paths, found: Version) -> None:
        """Add an object to the plan, or to what is left out."""
        try:
            key = split_upload_key(found.key)
        except BadKeyError:
            plan.left_out.append(LeftOut(key=found.key, reason="FOLDER"))
            return
        names = (key.owner, *(key.album.split("/") if key.album else ()), key.file)
        folder, _, rest = paths.of(names).partition("/")
        path = f"{DATA}/{folder}/{rest}"
        original = Original(found, path, renamed=rest != "/".join(names[1:]))
        plan.originals.append(original)
        plan.bytes += found.size_bytes
        known = self._known.get(found.key)
        is_other = known is not None and not _is_version(known, found)
        if is_other or _size(self._folder / path) != found.size_bytes:
            plan.photos_to_fetch += 1
            plan.bytes_to_fetch += found.size_bytes

    def _begin(self, scope: Scope) -> None:
        """Mark the export as unfinished."""
        self._work.mkdir(parents=True, exist_ok=True)
        for stale in self._work.iterdir():
            if stale.name not in {JOURNAL, MANIFEST}:
                stale.unlink()
        if (self._folder / MANIFEST).exists():
            (self._folder / MANIFEST).replace(self._work / MANIFEST)
        for name in (TAG_CHECKSUMS, CHECKSUMS):
            (self._folder / name).unlink(missing_ok=True)
        journal = self._work / JOURNAL
        lines = [scope, *self._known.values()]  # without a last line that is not whole
        self._write(journal, b"".join(msgspec.json.encode(one) + b"\n" for one in lines))

    def _finish(self, manifest: Manifest) -> None:
        """Write the files beside the data. With the manifest the export is finished."""
        folder = self._folder
        self._write(folder / BAGIT, b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
        sums = {photo.path: photo.sha256 for photo in manifest.photos}
        sums |= {photo.sidecar: photo.sidecar_sha256 for photo in manifest.photos}
        self._write(folder / CHECKSUMS, _checksums(sums))
        encoded = msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
        tags = {name: _sha256(folder / name) for name in (BAGIT, CHECKSUMS)}
        tags[MANIFEST] = hashlib.sha256(encoded).hexdigest()
        self._write(folder / TAG_CHECKSUMS, _checksums(tags))
        self._write(folder / MANIFEST, encoded)
        shutil.rmtree(self._work)

    def _photo(self, original: Original) -> ExportedPhoto | LeftOut:
        """Make the files of one photo what they should be."""
        found, file = original.found, self._folder / original.path
        owner = split_upload_key(found.key).owner
        row = self._table.photo(owner, photo_sort_key(owner, found.key))
        described = row is not None and (row.version_id or row.etag) == found.version
        in_row = _hash_in_row(row) if described else None
        known = self._known.get(found.key)
        if known is not None and not _is_version(known, found):
            known = None
        expected = in_row if in_row is not None or known is None else known.sha256
        try:
            if expected is not None and _has(file, found.size_bytes, expected):
                sha256, about = expected, known or self._about(found)
            else:
                sha256, about = self._fetch(found, file, in_row)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            # KMS.DisabledException and so on: the key cannot be used.
            reason = "DENIED" if code.startswith("KMS.") else _REASONS.get(code)
            if reason is None:
                raise
            return LeftOut(key=found.key, reason=reason)
        except _DifferentError:
            return LeftOut(key=found.key, reason="DIFFERENT")
        sidecar = xmp.write(row, described=described)
        sidecar_sha256 = hashlib.sha256(sidecar).hexdigest()
        sidecar_path = original.path + SIDECAR_SUFFIX
        if not _has(self._folder / sidecar_path, len(sidecar), sidecar_sha256):
            self._write(self._folder / sidecar_path, sidecar)
        return ExportedPhoto(
            path=original.path,
            key=found.key,
            bytes=found.size_bytes,
            sha256=sha256,
            sidecar=sidecar_path,
            sidecar_sha256=sidecar_sha256,
            etag=found.etag,
            uploaded_at=_utc(found.modified),
            version_id=found.version_id,
            status=None if row is None else row.status if described else "PROCESSING",
            reason=row.reason if row is not None and described else None,
            renamed=original.renamed,
            content_type=about.content_type,
            metadata=about.metadata,
        )

    def _about(self, found: Version) -> _About:
        answer = self._photos.head(found)
        return _About(answer.get("ContentType"), dict(answer["Metadata"]))

    def _fetch(self, found: Version, file: Path, sha256: str | None) -> tuple[str, _About]:
        """Fetch an object into a file, and return its checksum and what S3 says of it.

        Raises:
            ClientError: S3 refuses.
            BotoCoreError: the connection broke during each attempt.
            _DifferentError: the bytes are not those that the row, or the list, tells of.
        """
        for attempt in range(ATTEMPTS):
            answer = self._photos.get(found)
            try:
                with self._temporary(file) as temporary:
                    fetched = _copy(answer["Body"].iter_chunks(CHUNK_BYTES), temporary)
                    if fetched != (found.size_bytes, sha256 or fetched[1]):
                        raise _DifferentError  # noqa: TRY301  # the next attempt may succeed
            except (BotoCoreError, _DifferentError):
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                with self._lock:
                    self._fetched += 1
                return fetched[1], _About(answer.get("ContentType"), dict(answer["Metadata"]))
        raise AssertionError  # the last attempt returns or raises

    def _albums(self, photos: Sequence[ExportedPhoto]) -> Iterator[ExportedAlbum]:
        """Yield the albums of exported photos."""
        keys = (split_upload_key(photo.key) for photo in photos)
        counts = Counter((key.owner, key.album) for key in keys)
        covers = {
            (row["pk"], row["album"]): photo_key(row["pk"], row["cover"])
            for owner in self._owners
            for row in self._table.every(_all_albums(owner), "album", "cover")
            if "cover" in row
        }
        for (owner, path), count in sorted(counts.items()):
            cover = covers.get((owner, path))
            yield ExportedAlbum(owner=owner, path=path, photos=count, cover=cover)

    def _write(self, file: Path, content: bytes) -> None:
        """Write a small file. It has its name only once it is whole."""
        with self._temporary(file) as temporary:
            temporary.write(content)

    @contextlib.contextmanager
    def _temporary(self, file: Path) -> Iterator[BinaryIO]:
        """Yield a temporary file, which becomes `file` if no error is raised."""
        path = self._work / f"{next(self._numbers)}.part"
        try:
            with path.open("xb") as temporary:
                yield temporary
            file.parent.mkdir(parents=True, exist_ok=True)
            path.replace(file)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _known(folder: Path, scope: Scope) -> dict[str, ExportedPhoto]:
    """Return the photos that earlier runs wrote into a folder, by key.

    Raises:
        CommandError: the folder has other files, or an export of another scope.
    """
    try:
        if not folder.exists() or not any(folder.iterdir()):
            return {}
        work = folder / WORK
        if not work.exists() and not (folder / MANIFEST).exists():
            raise CommandError(f"{folder} has files, but no export: choose another folder")
        known: dict[str, ExportedPhoto] = {}
        for path in (work / MANIFEST, folder / MANIFEST):
            if path.exists():
                manifest = read_manifest(path)
                _refuse_other(folder, manifest.scope, scope)
                known |= {photo.key: photo for photo in manifest.photos}
        if (work / JOURNAL).exists():
            lines = (work / JOURNAL).read_bytes().split(b"\n")
            _refuse_other(folder, msgspec.json.decode(lines[0], type=Scope), scope)
            for line in lines[1:-1]:  # each whole line ends in a line feed
                photo = msgspec.json.decode(line, type=ExportedPhoto)
                known[photo.key] = photo
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise CommandError(f"{folder / WORK / JOURNAL}: {error}. Choose another folder") from error
    return known


def _refuse_other(folder: Path, there: Scope, scope: Scope) -> None:
    if there != scope:
        raise CommandError(
            f"{folder} has an export of {_in_words(there)}, not of {_in_words(scope)}:"
            " choose another folder"
        )


def _in_words(scope: Scope) -> str:
    owner = "all owners" if scope.owner is None else f"the owner {scope.owner!r}"
    album = "" if scope.album is None else f"the album {scope.album!r} of "
    return f"{album}{owner} in the bucket {scope.bucket}"


def _prefix(owner: str, album: str | None) -> str:
    """Return the beginning of the keys to export; an album includes the albums within it."""
    return layout().folder_of(owner) + ("" if album is None else f"{album}/")


def _all_albums(owner: str) -> Query:
    low, high = within("album")
    return Query(owner=owner, index=None, range_key="sk", low=low, high=high)


def _trash(table: Table, owner: str) -> Iterator[str]:
    """Yield the keys of the photos of an owner that were deleted and can be restored."""
    cursor: str | None = None
    while True:
        page = queries.trash(table, owner, limit=queries.MAX_LIMIT, cursor=cursor)
        yield from (photo.key for photo in page.items)
        cursor = page.cursor
        if cursor is None:
            return


def _is_version(photo: ExportedPhoto, found: Version) -> bool:
    """Return whether an exported photo is of the version that was listed."""
    listed = (found.version_id, found.etag, found.size_bytes)
    return (photo.version_id, photo.etag, photo.bytes) == listed


def _hash_in_row(row: PhotoRow | None) -> str | None:
    """Return the SHA-256 of a photo's bytes; None if its row does not have it."""
    return row.sha256 if row is not None and row.format in HASHED_FORMATS else None


def _size(file: Path) -> int | None:
    """Return the size of a file; None if it is absent, or no regular file."""
    try:
        found = file.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _has(file: Path, size: int, sha256: str) -> bool:
    """Return whether a file has these bytes."""
    return _size(file) == size and _sha256(file) == sha256


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _copy(chunks: Iterator[bytes], file: BinaryIO) -> tuple[int, str]:
    """Write chunks into a file, and return their size and SHA-256."""
    size, sha256 = 0, hashlib.sha256()
    for chunk in chunks:
        file.write(chunk)
        sha256.update(chunk)
        size += len(chunk)
    return size, sha256.hexdigest()


def _checksums(sums: Mapping[str, str]) -> bytes:
    """Return checksums by path, as sha256sum writes them in binary mode."""
    lines = (f"{sums[path]}  {path}\n" for path in sorted(sums))
    return "".join(lines).encode()


def _files(folder: Path) -> set[str]:
    """Return the files below the folder DATA, by their path in the export."""
    root = folder.parent
    return {
        (Path(parent) / name).relative_to(root).as_posix()
        for parent, _, names in os.walk(folder)
        for name in names
    }


def _paths(photos: Sequence[ExportedPhoto]) -> set[str]:
    return {path for photo in photos for path in (photo.path, photo.sidecar)}


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
