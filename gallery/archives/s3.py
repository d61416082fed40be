"""Photos in a bucket. It is only read: S3 itself copies the objects."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from gallery.archives.base import Entry, S3Source, normal, normal_name
from gallery.archives.folder import REASONS, SYSTEM_FOLDERS
from gallery.backfill import ARCHIVED
from gallery.shell import UsageError
from shared.not_photos import is_system_folder, why_left_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

SCHEME: Final = "s3://"
NOT_RESTORED: Final = "archived objects: restore them first"


class Objects:
    """The objects below a prefix; the rest of their keys has the albums. See base.Archive."""

    def __init__(self, s3: S3Client, bucket: str, prefix: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = prefix
        self._left_out: Counter[str] = Counter()

    def entries(self) -> Iterator[Entry]:
        """Yield the objects that may be photos, sorted by key."""
        self._left_out.clear()
        system_folders: set[str] = set()
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix, OptionalObjectAttributes=["RestoreStatus"]
        )
        for page in pages:
            for found in page.get("Contents", []):
                key = found["Key"]
                *folders, name = key.removeprefix(self._prefix).split("/")
                system = next((at for at, one in enumerate(folders) if is_system_folder(one)), None)
                if not name:  # a folder's marker
                    continue
                if system is not None:
                    system_folders.add("/".join(folders[: system + 1]))
                elif (why := why_left_out(name)) is not None:
                    self._left_out[REASONS[why]] += 1
                elif found.get("StorageClass") in ARCHIVED and not _is_restored(found):
                    self._left_out[NOT_RESTORED] += 1
                else:
                    yield Entry(
                        path=key,
                        folder=normal("/".join(folders)),
                        name=normal_name(name),
                        size_bytes=found["Size"],
                        modified=found["LastModified"],
                        open=partial(self._open, key, found["ETag"]),
                        source=S3Source(self._bucket, key, found["ETag"]),
                    )
        self._left_out[SYSTEM_FOLDERS] += len(system_folders)

    def left_out(self) -> Mapping[str, int]:
        """Return the numbers of objects and folders that were left out, by reason."""
        return self._left_out

    def _open(self, key: str, etag: str) -> AbstractContextManager[BinaryIO]:
        body = self._s3.get_object(Bucket=self._bucket, Key=key, IfMatch=etag)["Body"]
        return closing(cast("BinaryIO", body))


def _is_restored(found: ObjectTypeDef) -> bool:
    """Return whether an archived object can be read: its class stays the same.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreStatus.html
    """
    return "RestoreExpiryDate" in found.get("RestoreStatus", {})


def bucket_and_prefix(address: str) -> tuple[str, str]:
    """Return the bucket and the prefix of s3://BUCKET/PREFIX; the prefix is that of a folder.

    Raises:
        UsageError: it has no bucket.
    """
    bucket, _, prefix = address.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise UsageError(f"must be s3://BUCKET or s3://BUCKET/PREFIX, got {address}")
    return bucket, prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
