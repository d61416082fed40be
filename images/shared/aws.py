"""The AWS side: clients and settings, made at their first use and kept for the container's life.

The only file that makes clients. Importing it touches no network and no environment. Settings
are set by Terraform alone and have no defaults here, so a missing one fails at its first use,
by name. Each step reads those that it needs:

    PHOTOS_BUCKET    all three steps: the bucket whose photos are processed
    DERIVED_BUCKET   thumbnail: where renditions go
    RENDITIONS       thumbnail: which renditions, as JSON
    TABLE            tag: whose rows say what is known of the same bytes
    LABELER          tag: which labeller, such as rekognition
    MAX_LABELS       tag: labels asked for, 1 to 1,000
    MIN_CONFIDENCE   tag: per cent below which a label is not asked for, 0 to 100
"""

import logging
import os
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004  # botocore's own: no connection came about
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)

from shared.content import sha256_of, size_prefix
from shared.contracts import Label, PhotoRef
from shared.errors import (
    AccessDeniedError,
    BadKeyError,
    LabelsRefusedError,
    LabelsUnavailableError,
    PhotoError,
    PhotoGoneError,
    StorageUnavailableError,
    SupersededError,
)
from shared.items import plain
from shared.records import KnownLabels, Records, SameSize
from shared.storage import Chunk, PhotoStore, PhotoStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.response import StreamingBody
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.type_defs import DetectLabelsResponseTypeDef, ImageTypeDef
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, GetObjectRequestTypeDef

MAX_SAME_SIZE = 10  # photos of one size whose hashes are compared

log = logging.getLogger(__name__)

# Few and short attempts: Step Functions retries above, with jitter, and bills no waiting.
CLIENT_CONFIG = Config(
    connect_timeout=2,  # seconds; within a region a connection stands after milliseconds
    read_timeout=10,  # seconds between two packets
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=2,  # a step does one thing at a time
)

# What only saves money may cost no more than a second or two.
SAVING_CONFIG = CLIENT_CONFIG.merge(
    Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})
)

# The key names one version of one photo, so its bytes never change. Private: every request for
# a photo is checked, and a shared cache that keeps one would answer without asking. A CDN that
# checks for itself caches all the same, by its own minimum TTL.
CACHE_CONTROL = "private, max-age=31536000, immutable"

BROKEN_CONNECTION = (ConnectionError, HTTPClientError, IncompleteReadError, FlexibleChecksumError)

# Answered with 400 by some services, so that the status does not tell.
THROTTLED_CODES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestTimeout",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
DENIED_CODES = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "InvalidSignatureException",
        "UnrecognizedClientException",
    }
)


def photos_bucket() -> str:
    """Return the bucket whose photos are processed."""
    return os.environ["PHOTOS_BUCKET"]


def derived_bucket() -> str:
    """Return the bucket that derived objects go to."""
    return os.environ["DERIVED_BUCKET"]


def table() -> str:
    """Return the table that photos are recorded in."""
    return os.environ["TABLE"]


def renditions_json() -> str:
    """Return the configured renditions, as JSON text."""
    return os.environ["RENDITIONS"]


class LabelerSettings(NamedTuple):
    """Which labeller, and what it is asked for."""

    labeler: str
    max_labels: int
    min_confidence: float  # per cent


def labeler_settings() -> LabelerSettings:
    """Return the settings of the Tag step."""
    return LabelerSettings(
        labeler=os.environ["LABELER"],
        max_labels=int(os.environ["MAX_LABELS"]),
        min_confidence=float(os.environ["MIN_CONFIDENCE"]),
    )


@cache
def photo_store() -> PhotoStore:
    """Return the S3 adapter."""
    return S3PhotoStore(boto3.client("s3", config=CLIENT_CONFIG))


@cache
def rekognition() -> "Rekognition":
    """Return the Rekognition adapter."""
    return Rekognition(boto3.client("rekognition", config=CLIENT_CONFIG))


@cache
def records() -> Records:
    """Return the DynamoDB adapter."""
    return DynamoRecords(boto3.client("dynamodb", config=SAVING_CONFIG), table())


@dataclass(frozen=True, slots=True)
class S3PhotoStore:
    """`storage.PhotoStore` over S3; derived objects go to `derived_bucket()`."""

    client: "S3Client"

    def read(self, photo: PhotoRef, first: int, last: int) -> Chunk:
        """Return bytes `first` to `last` by a ranged GET; see `PhotoStore.read`."""
        with _storage_errors(photo):
            try:
                answer = self._get(photo, f"bytes={first}-{last}")
            except ClientError as error:
                details: Mapping[str, Any] = error.response["Error"]
                if details["Code"] != "InvalidRange":  # 416: it begins at the object's end or later
                    raise
                return Chunk(b"", int(details["ActualObjectSize"]))
            with closing(answer["Body"]) as body:
                return Chunk(body.read(), int(answer["ContentRange"].rpartition("/")[2]))

    @contextmanager
    def stream(self, photo: PhotoRef) -> "Iterator[PhotoStream]":
        """Open the whole object; see `PhotoStore.stream`."""
        with _storage_errors(photo):
            answer = self._get(photo)
        # Closing drops the connection, so that leaving early costs no download of the rest.
        with closing(answer["Body"]) as body:
            yield _S3Stream(photo, body, answer["ContentLength"])

    def write(self, key: str, body: bytes, mime_type: str) -> None:
        """Put a derived object; see `PhotoStore.write`."""
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


@dataclass(frozen=True, slots=True)
class _S3Stream:
    """`storage.PhotoStream` over the body of a GET."""

    photo: PhotoRef
    body: "StreamingBody"
    total_bytes: int

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes; see `PhotoStream.read`."""
        with _storage_errors(self.photo):
            return self.body.read(None if size < 0 else size)


@dataclass(frozen=True, slots=True)
class Rekognition:
    """DetectLabels, with its errors in our names."""

    client: "RekognitionClient"

    def detect_labels(
        self, image: "ImageTypeDef", *, max_labels: int, min_confidence: float
    ) -> "DetectLabelsResponseTypeDef":
        """Return Rekognition's answer for `image`, in Rekognition's shape.

        Raises:
            LabelsUnavailableError: throttled, 5xx, or the connection broke.
            LabelsRefusedError: any other code, which is the message.
            AccessDeniedError: the role may not call Rekognition.
        """
        try:
            answer = self.client.detect_labels(
                Image=image, MaxLabels=max_labels, MinConfidence=min_confidence
            )
        except BROKEN_CONNECTION as error:
            raise LabelsUnavailableError(str(error)) from error
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if _is_transient(error):
                raise LabelsUnavailableError(str(error)) from error
            if code in DENIED_CODES or _status(error) == HTTPStatus.FORBIDDEN:
                raise AccessDeniedError(str(error)) from error
            raise LabelsRefusedError(code) from error
        # botocore takes a body that breaks off for an empty answer: the photo would pass as
        # one on which there is nothing.
        if "Labels" not in answer:
            raise LabelsUnavailableError("Rekognition's answer breaks off")
        return answer


@dataclass(frozen=True, slots=True)
class DynamoRecords:
    """`records.Records` over the table."""

    client: "DynamoDBClient"
    table: str

    def same_size(self, owner: str, size: int) -> list[SameSize]:
        """Ask the index by_content; see `Records.same_size`."""
        with _nothing_known():
            answer = self.client.query(
                TableName=self.table,
                IndexName="by_content",
                KeyConditionExpression="pk = :owner AND begins_with(content_key, :size)",
                ExpressionAttributeValues={
                    ":owner": {"S": owner},
                    ":size": {"S": size_prefix(size)},
                },
                Limit=MAX_SAME_SIZE,
            )
            return [
                SameSize(item["sk"]["S"], sha256_of(item["content_key"]["S"]))
                for item in answer["Items"]
            ]
        return []

    def labels(self, owner: str, sort_key: str) -> KnownLabels | None:
        """Get a photo's row; see `Records.labels`."""
        with _nothing_known():
            item = self.client.get_item(
                TableName=self.table,
                Key={"pk": {"S": owner}, "sk": {"S": sort_key}},
                ProjectionExpression="labels, labels_model, versions",
            ).get("Item", {})
            row = plain(item)
            if "labels" in row and "labels_model" in row:
                labels = msgspec.convert(row["labels"], list[Label], strict=False)
                return KnownLabels(labels, row["labels_model"], row["versions"]["tag"])
        return None


@contextmanager
def _nothing_known() -> "Iterator[None]":
    """Go on without what only saves money, and say so."""
    try:
        yield
    except (BotoCoreError, ClientError, LookupError, msgspec.ValidationError) as error:
        log.warning("nothing is known of other photos", extra={"reason": str(error)})


@contextmanager
def _storage_errors(photo: PhotoRef) -> "Iterator[None]":
    """Give S3's errors our names: decided by status and code, never by text."""
    where = f"{photo.bucket}/{photo.key}"
    try:
        yield
    except UnicodeEncodeError as error:  # boto3 meets a lone surrogate
        raise BadKeyError(f"key {photo.key!r} is not valid Unicode") from error
    except BROKEN_CONNECTION as error:
        raise StorageUnavailableError(f"{where}: {error}") from error
    except ClientError as error:
        translated = _storage_error(error)
        if translated is None:
            raise
        raise translated(f"{where}: {error}") from error


def _storage_error(error: ClientError) -> type[PhotoError] | None:
    """Return our class for S3's error; None where only a bug or a wrong deployment leads to it."""
    code = error.response["Error"]["Code"]
    if _is_transient(error):
        return StorageUnavailableError
    if code == "NoSuchBucket":  # also 404, and then no photo is gone
        return None
    if code.startswith("KMS."):  # 400: the key is disabled or about to be deleted
        return AccessDeniedError
    by_status: dict[int, type[PhotoError]] = {
        HTTPStatus.FORBIDDEN: AccessDeniedError,
        HTTPStatus.NOT_FOUND: PhotoGoneError,
        HTTPStatus.METHOD_NOT_ALLOWED: PhotoGoneError,  # the version is a delete marker
        HTTPStatus.PRECONDITION_FAILED: SupersededError,
    }
    return by_status.get(_status(error))


def _is_transient(error: ClientError) -> bool:
    code = error.response["Error"]["Code"].removeprefix("KMS.")
    return code in THROTTLED_CODES or _status(error) >= HTTPStatus.INTERNAL_SERVER_ERROR


def _status(error: ClientError) -> int:
    return error.response["ResponseMetadata"]["HTTPStatusCode"]
