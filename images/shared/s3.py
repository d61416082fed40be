"""The S3 adapter of `storage.PhotoStore`. Its client is created at the first use."""

from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from shared.aws import BROKEN_CONNECTION, create_client, is_transient, status_of
from shared.contracts import PhotoRef, Preview
from shared.errors import (
    AccessDeniedError,
    ArchivedPhotoError,
    BadKeyError,
    CustomerKeyError,
    PhotoError,
    PhotoGoneError,
    StorageUnavailableError,
    SupersededError,
)
from shared.settings import derived_bucket
from shared.sidecars import SIDECAR
from shared.storage import Chunk, PhotoStore, PhotoStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, GetObjectRequestTypeDef

# A key names one version of one photo, so its bytes never change. `private`, because a shared cache
# would answer without checking who asks. A CDN that checks each request itself can still cache by
# its own minimum TTL.
CACHE_CONTROL = "private, max-age=31536000, immutable"


@cache
def photo_store() -> PhotoStore:
    """Return the S3 adapter, the same for all invocations."""
    return S3PhotoStore(create_client("s3"))


@dataclass(frozen=True, slots=True)
class S3PhotoStore:
    """`storage.PhotoStore` in S3. Renditions are written to `derived_bucket()`."""

    client: "S3Client"

    def read(self, photo: PhotoRef, first: int, last: int) -> Chunk:
        """Read bytes `first` to `last` with a ranged GET; see `PhotoStore.read`."""
        with _storage_errors(photo):
            try:
                answer = self._get(photo, f"bytes={first}-{last}")
            except ClientError as error:
                details: Mapping[str, Any] = error.response["Error"]
                if details["Code"] != "InvalidRange":  # 416: the range starts after the last byte
                    raise
                return Chunk(b"", int(details["ActualObjectSize"]), "")
            with closing(answer["Body"]) as body:
                total_bytes = int(answer["ContentRange"].rpartition("/")[2])
                modified = f"{answer['LastModified']:%Y-%m-%dT%H:%M:%SZ}"
                sidecar = answer["Metadata"].get(SIDECAR)
                return Chunk(body.read(), total_bytes, modified, sidecar)

    @contextmanager
    def stream(self, photo: PhotoRef, preview: Preview | None = None) -> "Iterator[PhotoStream]":
        """Open the object, or its preview with a ranged GET; see `PhotoStore.stream`."""
        byte_range = None if preview is None else f"bytes={preview.first}-{preview.last}"
        with _storage_errors(photo):
            answer = self._get(photo, byte_range)
        # Closing drops the connection: a reader that stops early does not download the rest.
        with closing(answer["Body"]) as body:

            def read(size: int) -> bytes:
                with _storage_errors(photo):
                    return body.read(None if size < 0 else size)

            yield PhotoStream(read, answer["ContentLength"])

    def write(self, key: str, body: bytes, mime_type: str) -> None:
        """Put a rendition; see `PhotoStore.write`."""
        bucket = derived_bucket()
        with _storage_errors(PhotoRef(bucket=bucket, key=key)):
            self.client.put_object(
                Bucket=bucket,
                Key=key,
                Body=body,
                ContentType=mime_type,
                CacheControl=CACHE_CONTROL,
            )

    def _get(self, photo: PhotoRef, byte_range: str | None = None) -> "GetObjectOutputTypeDef":
        request: GetObjectRequestTypeDef = {"Bucket": photo.bucket, "Key": photo.key}
        if photo.version_id is not None:
            request["VersionId"] = photo.version_id
        elif photo.etag is not None:
            request["IfMatch"] = f'"{photo.etag}"'
        if byte_range is not None:
            request["Range"] = byte_range
        return self.client.get_object(**request)


@contextmanager
def _storage_errors(photo: PhotoRef) -> "Iterator[None]":
    """Translate S3's errors to `shared.errors` by status and code, never by message."""
    where = f"{photo.bucket}/{photo.key}"
    try:
        yield
    except UnicodeEncodeError as error:  # the key has half of a surrogate pair
        raise BadKeyError(f"key {photo.key!r} is not valid Unicode") from error
    except BROKEN_CONNECTION as error:
        raise StorageUnavailableError(f"{where}: {error}") from error
    except ClientError as error:
        translated = _storage_error(error)
        if translated is None:
            raise
        advice = _ADVICE.get(translated, "")
        raise translated(f"{advice}{where}: {error}") from error


# The record of a rejected photo says first what to do: the key may be longer than the record.
_ADVICE: Final[dict[type[PhotoError], str]] = {
    ArchivedPhotoError: "restore the object, then reprocess the photo: ",
    CustomerKeyError: "upload the photo again without a customer key: ",
}


def _storage_error(error: ClientError) -> type[PhotoError] | None:
    """Return the class for S3's error; None if only a bug or a wrong deployment can cause it."""
    code = error.response["Error"]["Code"]
    if is_transient(error):
        return StorageUnavailableError
    if code == "NoSuchBucket":  # a 404 as well, but no photo was deleted
        return None
    # 403: in S3 Glacier Flexible Retrieval, Deep Archive, or an archive tier of Intelligent-Tiering
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    if code == "InvalidObjectState":
        return ArchivedPhotoError
    # 400: the GET has no key. The requests of this client have no other fault that S3 answers so.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
    if code == "InvalidRequest" and error.operation_name == "GetObject":
        return CustomerKeyError
    if code.startswith("KMS."):  # 400: the key is disabled or about to be deleted
        return AccessDeniedError
    by_status: dict[int, type[PhotoError]] = {
        HTTPStatus.FORBIDDEN: AccessDeniedError,
        HTTPStatus.NOT_FOUND: PhotoGoneError,
        HTTPStatus.METHOD_NOT_ALLOWED: PhotoGoneError,  # the version is a delete marker
        HTTPStatus.PRECONDITION_FAILED: SupersededError,
    }
    return by_status.get(status_of(error))
