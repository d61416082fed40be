"""Plan an import: find the files of an archive with contents that the gallery does not have.

Nothing is sent here. What is there already is found by its content, so an import can be interrupted
at any point and run again: it keeps no state of its own.
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from gallery.costs import USD
from gallery.table import Query
from shared.errors import BadKeyError
from shared.keys import UPLOADS_PREFIX, photo_key, sha256_of, split_upload_key
from shared.limits import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator
    from typing import BinaryIO

    from mypy_boto3_s3 import S3Client

    from gallery.archives.base import Archive, Entry
    from gallery.records import Edits
    from gallery.table import Table

SHA256: Final = "sha256"  # x-amz-meta-sha256: of the whole object, however it was sent

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
MAX_KEY_BYTES: Final = 1024
ROWS_AT_ONCE: Final = 20_000  # a Query ends at 1 MB before that
READ_BYTES: Final = 1_048_576


@dataclass
class Planned:
    """A file that will be sent."""

    entry: Entry
    key: str
    sha256: str | None = None  # once it is known


@dataclass
class Plan:
    """What an import will do, and what it found out for that."""

    to_send: list[Planned] = field(default_factory=list)
    bytes: int = 0  # to send
    known: int = 0  # files with a content that the gallery has
    copies: int = 0  # files with the content of a file before them
    renamed: dict[str, str] = field(default_factory=dict)  # path -> key; the name was taken
    refused: dict[str, str] = field(default_factory=dict)  # path -> why
    unread: dict[str, str] = field(default_factory=dict)  # path -> why it could not be compared
    left_out: dict[str, int] = field(default_factory=dict)  # why -> how many
    edits: dict[str, Edits] = field(default_factory=dict)  # by key, of photos that have none yet
    covers: list[str] = field(default_factory=list)  # keys of known photos
    read_units: float = 0.0
    lists: int = 0  # of the bucket, of 1,000 keys each
    downloaded_bytes: int = 0  # of a source bucket, to compare

    @property
    def usd(self) -> float:
        """The cost of making the plan. S3 charges a list as a PUT."""
        return self.read_units * USD["DynamoDB, read unit"] + self.lists * USD["S3, PUT"]


class Gallery:
    """What an owner has: the contents by the table's index, the keys by a list of the bucket.

    The index has photos that are READY; a list of 1,000 keys costs as much as a PUT. Both together
    are read once: of 100,000 photos with 2,000 read units and 100 lists, for less than a cent.
    """

    def __init__(self, table: Table, s3: S3Client, bucket: str, owner: str) -> None:
        self._s3 = s3
        self.bucket = bucket
        self.keys: set[str] = set()
        self._contents: dict[tuple[int, str], str] = {}  # size and SHA-256 -> key
        self._by_size: defaultdict[int, dict[str, str]] = defaultdict(dict)  # key -> ETag
        self.read_units = 0.0
        self.lists = 0
        for key, size, etag in self._listed(f"{UPLOADS_PREFIX}{owner}/"):
            self.keys.add(key)
            self._by_size[size][key] = etag
        for row in self._rows(table, owner):
            size = int(row["content_key"].partition("#")[0])
            self._contents[size, sha256_of(row["content_key"])] = photo_key(owner, row["sk"])

    def has_size(self, size: int) -> bool:
        """Return whether any photo has so many bytes. No other can have the same content."""
        return size in self._by_size

    def find_copy(self, size: int, etag: str) -> str | None:
        """Return the key of a photo with this size and ETag, as a copy by S3 has; nothing is read.

        The ETag is the MD5, or that of the parts' MD5s; with a KMS key it is no other object's.
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
        """
        found = (key for key, other in self._by_size.get(size, {}).items() if other == etag)
        return next(found, None)

    def find(self, entry: Entry, sha256: str) -> str | None:
        """Return the key of a photo with the bytes of `entry`; None if there is none.

        Photos that are not READY, and raw photos, of which the index has the preview's hash, are
        asked one by one, if they have the same size.
        """
        found = self._contents.get((entry.size_bytes, sha256))
        others = self._by_size.get(entry.size_bytes, {})
        if found is not None and found in others:  # else it was deleted or replaced since
            return found
        return next((key for key in others if self._is(key, entry, sha256)), None)

    def has(self, key: str, entry: Entry, sha256: str) -> bool:
        """Return whether the photo with that key has an entry's bytes."""
        if key not in self._by_size.get(entry.size_bytes, {}):
            return False
        known = self._contents.get((entry.size_bytes, sha256))
        return known == key or self._is(key, entry, sha256)

    def _is(self, key: str, entry: Entry, sha256: str) -> bool:
        """Return whether an object has an entry's bytes: by what S3 keeps, else by reading it."""
        # HeadObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
        head = self._s3.head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")
        etag = head["ETag"].strip('"')
        # Of an object in parts, it is of the parts' checksums, and the ETag has their number:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
        if (whole := head.get("ChecksumSHA256")) and "-" not in etag:
            return base64.b64decode(whole).hex() == sha256
        if (stated := head["Metadata"].get(SHA256)) is not None:
            return stated == sha256
        if head.get("ServerSideEncryption", "AES256") == "AES256":
            first = self._s3.head_object(Bucket=self.bucket, Key=key, PartNumber=1)
            return etag == etag_of(entry, first["ContentLength"] if "-" in etag else None)
        body: Any = self._s3.get_object(Bucket=self.bucket, Key=key)["Body"]
        return hashed(body) == sha256

    def _listed(self, prefix: str) -> Iterator[tuple[str, int, str]]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix
        )
        for page in pages:
            self.lists += 1
            for found in page.get("Contents", []):
                yield found["Key"], found["Size"], found["ETag"]

    def _rows(self, table: Table, owner: str) -> Iterator[dict[str, Any]]:
        query = Query(
            owner=owner, index="by_content", range_key="content_key", low="0", high=":"
        )  # content keys begin with a digit, and ":" follows "9"
        start: dict[str, Any] | None = None
        while True:
            found = table.query(query, start=start, limit=ROWS_AT_ONCE)
            self.read_units += found.read_units
            yield from found.rows
            if not found.more:
                return
            start = found.last


def plan(  # noqa: PLR0913  # all but the first two by name
    archive: Archive,
    gallery: Gallery,
    *,
    owner: str,
    album: str,
    keep_copies: bool = False,
    on_entry: Callable[[], None] = lambda: None,
) -> Plan:
    """Decide what to send, without sending anything.

    A file is read only if another one has its size; an object only if a photo has its size and
    another ETag.

    Args:
        archive: has the files.
        gallery: what the owner has.
        owner: of the photos.
        album: of all albums; "" for none.
        keep_copies: send a file even if another key has its content, since a gallery that was
            exported had both.
        on_entry: is called for each file.
    """
    itself = partial(_itself, gallery, owner, album)
    find: Callable[[Entry, str], str | None] = itself if keep_copies else gallery.find
    made = Plan(read_units=gallery.read_units, lists=gallery.lists)
    taken = set(gallery.keys)
    by_size: defaultdict[int, list[Planned]] = defaultdict(list)
    for entry in archive.entries():
        on_entry()
        same_size = by_size[entry.size_bytes]
        problem = refusal(entry, entry.key(owner, album))
        try:
            found = Compared() if problem else compared(entry, gallery, same_size, find)
        except (OSError, BotoCoreError, ClientError) as error:
            made.unread[entry.path] = str(error)
            continue
        if problem is not None:
            made.refused[entry.path] = problem
            continue
        if entry.source is not None and found.sha256 is not None:
            made.downloaded_bytes += entry.size_bytes
        if found.key is not None:
            made.known += 1
            if entry.edits is not None:
                made.edits[found.key] = entry.edits
            made.covers += [found.key] * entry.is_cover
            continue
        if found.is_copy and not keep_copies:
            made.copies += 1
            continue
        key = free_key(entry, owner, album, taken)
        if key != entry.key(owner, album):
            made.renamed[entry.path] = key
        taken.add(key)
        planned = Planned(entry, key, found.sha256)
        same_size.append(planned)
        made.to_send.append(planned)
        made.bytes += entry.size_bytes
    made.left_out = {why: count for why, count in sorted(archive.left_out().items()) if count}
    return made


class Compared(NamedTuple):
    """What is known of an entry's content."""

    sha256: str | None = None  # if it was read
    key: str | None = None  # of the photo in the gallery that has the same bytes
    is_copy: bool = False  # whether an entry before it has the same bytes


def compared(
    entry: Entry,
    gallery: Gallery,
    same_size: list[Planned],
    find: Callable[[Entry, str], str | None],
) -> Compared:
    """Compare an entry with the gallery, and with the entries before it of the same size.

    Raises:
        OSError, BotoCoreError, ClientError: the entry cannot be read.
    """
    size, source = entry.size_bytes, entry.source
    if source is not None:
        if (key := gallery.find_copy(size, source.etag)) is not None:
            return Compared(key=key)
        sources = (one.entry.source for one in same_size)
        if any(one is not None and one.etag == source.etag for one in sources):
            return Compared(is_copy=True)
    if not gallery.has_size(size) and (source is not None or not same_size):
        return Compared()
    sha256 = sha256_of_entry(entry)
    if (key := find(entry, sha256)) is not None:
        return Compared(sha256, key)
    return Compared(sha256, is_copy=_is_among(same_size, sha256))


def refusal(entry: Entry, key: str) -> str | None:
    """Return why the gallery does not take a file; None if it does. As refusalOf of the page."""
    try:
        split_upload_key(key)
    except BadKeyError as error:
        return str(error)
    if len(key.encode()) > MAX_KEY_BYTES:
        return f"its key would have {len(key.encode()):,} bytes; S3 allows {MAX_KEY_BYTES:,}"
    if entry.size_bytes == 0:
        return "it is empty"
    if entry.size_bytes > MAX_BYTES:
        return f"it has {entry.size_bytes:,} bytes; at most {MAX_BYTES:,} are allowed"
    return None


def free_key(entry: Entry, owner: str, album: str, taken: Container[str]) -> str:
    """Return the entry's key; with a number if the name is taken: a (2).jpg, as the page does."""
    return next(key for key in _keys(entry, owner, album) if key not in taken)


def _keys(entry: Entry, owner: str, album: str) -> Iterator[str]:
    """Yield the entry's key, then the same with numbers."""
    key = entry.key(owner, album)
    yield key
    stem, dot, extension = entry.name.rpartition(".")
    for number in count(2):
        name = f"{stem} ({number}).{extension}" if stem and dot else f"{entry.name} ({number})"
        yield f"{key.rpartition('/')[0]}/{name}"


def _itself(gallery: Gallery, owner: str, album: str, entry: Entry, sha256: str) -> str | None:
    """Return the key under which an earlier import has sent the entry; None if none has."""
    for key in _keys(entry, owner, album):
        if key not in gallery.keys:
            return None
        if gallery.has(key, entry, sha256):
            return key
    return None


def sha256_of_entry(entry: Entry) -> str:
    """Return the SHA-256 of an entry's bytes, in hex, by reading them."""
    with entry.open() as file:
        return hashed(file)


def etag_of(entry: Entry, part_bytes: int | None) -> str:
    """Return the ETag that S3 gives an entry's bytes, without quotes, by reading them.

    Args:
        entry: what is read.
        part_bytes: of each part of an upload but the last one; None: it was sent in one piece.
    """
    digests = []
    with entry.open() as file:
        while chunk := file.read(entry.size_bytes if part_bytes is None else part_bytes):
            digests.append(hashlib.md5(chunk, usedforsecurity=False))
    if part_bytes is None:
        return digests[0].hexdigest()
    whole = hashlib.md5(b"".join(one.digest() for one in digests), usedforsecurity=False)
    return f"{whole.hexdigest()}-{len(digests)}"


def hashed(file: BinaryIO) -> str:
    """Return the SHA-256 of all that is left of a file, in hex."""
    digest = hashlib.sha256()
    while chunk := file.read(READ_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _is_among(planned: list[Planned], sha256: str) -> bool:
    for one in planned:
        if one.sha256 is None:
            try:
                one.sha256 = sha256_of_entry(one.entry)
            except (OSError, BotoCoreError, ClientError):  # told when it is to be sent
                continue
        if one.sha256 == sha256:
            return True
    return False
