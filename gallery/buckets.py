"""The S3 adapter of the commands."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Required, TypedDict

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import (
        GetObjectOutputTypeDef,
        HeadObjectOutputTypeDef,
        ObjectIdentifierTypeDef,
    )

MAX_DELETED: Final = 1000  # keys in one DeleteObjects

# Characters that the XML of DeleteObjects cannot represent, though a key may have them.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Version(TypedDict, total=False):
    Key: Required[str]
    VersionId: str
    IfMatch: str


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of an object, or a delete marker, which has no bytes."""

    key: str
    id: str  # "null" in a bucket without versions
    etag: str = ""  # without quotes
    size_bytes: int = 0
    modified: datetime = field(compare=False)  # S3 answers a copy with another precision
    is_latest: bool
    is_marker: bool = False

    @property
    def version_id(self) -> str | None:
        """The version id; None in a bucket without versions."""
        return None if self.id == "null" else self.id

    @property
    def version(self) -> str:
        """The version as rows name it: the id; in a bucket without versions the ETag."""
        return self.version_id or self.etag


class ChangedError(Exception):
    """S3 has another object than the request expects, or has one where it expects none."""


class Refusal(NamedTuple):
    """An object that S3 did not delete."""

    key: str
    code: str  # S3's error code, such as AccessDenied


class Bucket:
    """A bucket. Errors of the service are botocore's ClientError."""

    def __init__(self, s3: S3Client, name: str) -> None:
        self._s3 = s3
        self.name = name

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield what follows `prefix` in names of folders: whole names, if it ends in a slash."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=prefix, Delimiter="/"
        )
        for page in pages:
            for found in page.get("CommonPrefixes", []):
                yield found["Prefix"].removeprefix(prefix).removesuffix("/")

    def objects(self, prefix: str) -> Iterator[Version]:
        """Yield the current object of each key below `prefix`, sorted by the keys' UTF-8 bytes."""
        return (one for one in self.versions(prefix) if one.is_latest and not one.is_marker)

    def get(self, found: Version) -> GetObjectOutputTypeDef:
        """Return S3's answer with the bytes of an object, in the version that was listed.

        S3 answers 412 if a bucket without versions has other bytes by then.
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        return self._s3.get_object(Bucket=self.name, **_version(found))

    def head(self, found: Version) -> HeadObjectOutputTypeDef:
        """Return the same answer without the bytes."""
        return self._s3.head_object(Bucket=self.name, **_version(found))

    def versions(self, prefix: str) -> Iterator[Version]:
        """Yield all versions and delete markers of the keys below `prefix`.

        Each page has its versions first, sorted by key and the newest first, then its markers.
        """
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=self.name, Prefix=prefix
        )
        for page in pages:
            for one in page.get("Versions", []):
                yield Version(
                    key=one["Key"],
                    id=one["VersionId"],
                    etag=one["ETag"].strip('"'),
                    size_bytes=one["Size"],
                    modified=one["LastModified"],
                    is_latest=one["IsLatest"],
                )
            for marker in page.get("DeleteMarkers", []):
                yield Version(
                    key=marker["Key"],
                    id=marker["VersionId"],
                    modified=marker["LastModified"],
                    is_latest=marker["IsLatest"],
                    is_marker=True,
                )

    def sha256(self, version: Version) -> str:
        """Return the SHA-256 of a version, of which it reads all bytes."""
        body = self._s3.get_object(Bucket=self.name, Key=version.key, VersionId=version.id)["Body"]
        digest = hashlib.sha256()
        for piece in body.iter_chunks(1024 * 1024):
            digest.update(piece)
        return digest.hexdigest()

    def copy_from(self, source: Bucket, version: Version, key: str) -> Version:
        """Let S3 copy a version, with its metadata and tags, to a key without an object.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html

        Raises:
            ChangedError: `key` has an object, or the version is gone.
        """
        try:
            made = self._s3.copy_object(
                Bucket=self.name,
                Key=key,
                CopySource={"Bucket": source.name, "Key": version.key, "VersionId": version.id},
                CopySourceIfMatch=version.etag,
                IfNoneMatch="*",
            )
        except ClientError as error:
            raise _unless_changed(error, key) from error
        result = made["CopyObjectResult"]
        return Version(
            key=key,
            id=made.get("VersionId", "null"),
            etag=result["ETag"].strip('"'),
            size_bytes=version.size_bytes,
            modified=result["LastModified"],
            is_latest=True,
        )

    def delete_unchanged(self, version: Version) -> None:
        """Delete the current version of an object: in a bucket with versions, by a delete marker.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html

        Raises:
            ChangedError: another version is current.
        """
        try:
            self._s3.delete_object(Bucket=self.name, Key=version.key, IfMatch=f'"{version.etag}"')
        except ClientError as error:
            raise _unless_changed(error, version.key) from error

    def delete_versions(self, versions: Sequence[Version]) -> list[Refusal]:
        """Delete versions and delete markers for good, and return those that S3 did not delete."""
        return self._delete([{"Key": one.key, "VersionId": one.id} for one in versions])

    def abort_uploads(self, prefix: str) -> int:
        """Abort the unfinished uploads in parts below `prefix`, and return how many there were."""
        found = [
            upload
            for page in self._s3.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.name, Prefix=prefix
            )
            for upload in page.get("Uploads", [])
        ]
        for one in found:
            self._s3.abort_multipart_upload(
                Bucket=self.name, Key=one["Key"], UploadId=one["UploadId"]
            )
        return len(found)

    def put(self, key: str, body: bytes) -> None:
        """Put an object."""
        self._s3.put_object(Bucket=self.name, Key=key, Body=body)

    def delete(self, keys: Sequence[str]) -> list[Refusal]:
        """Delete any number of objects, and return those that S3 did not delete."""
        return self._delete([{"Key": key} for key in keys])

    def _delete(self, named: Sequence[ObjectIdentifierTypeDef]) -> list[Refusal]:
        """Delete objects or versions of them, and return those that S3 did not delete.

        S3 answers 200 to DeleteObjects even if it refuses every key.
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
        """
        refused: list[Refusal] = []
        in_xml = [one for one in named if not _NOT_XML.search(one["Key"])]
        for one in named:
            if _NOT_XML.search(one["Key"]):
                request: Any = {"Bucket": self.name, **one}
                self._s3.delete_object(**request)
        for start in range(0, len(in_xml), MAX_DELETED):
            answer = self._s3.delete_objects(
                Bucket=self.name,
                Delete={"Objects": in_xml[start : start + MAX_DELETED], "Quiet": True},
            )
            refused += [Refusal(one["Key"], one["Code"]) for one in answer.get("Errors", [])]
        return refused


def _version(found: Version) -> _Version:
    """Return the arguments that name an object in the version that was listed."""
    if found.version_id is None:
        return {"Key": found.key, "IfMatch": f'"{found.etag}"'}
    return {"Key": found.key, "VersionId": found.version_id}


def _unless_changed(error: ClientError, key: str) -> Exception:
    """Return ChangedError if S3 refuses since an object changed, else `error` itself."""
    code = error.response["Error"]["Code"]
    gone = code in (
        "PreconditionFailed",
        "ConditionalRequestConflict",
        "NoSuchKey",
        "NoSuchVersion",
    )
    return ChangedError(key) if gone else error
