"""Rekognition and DynamoDB for the Tag step. Each client is created at its first use."""

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared.aws import (
    BROKEN_CONNECTION,
    CLIENT_CONFIG,
    DENIED_CODES,
    create_client,
    is_throttled,
    is_transient,
    status_of,
)
from shared.contracts import Label
from shared.errors import (
    AccessDeniedError,
    LabelsRefusedError,
    LabelsThrottledError,
    LabelsUnavailableError,
)
from shared.items import plain
from shared.keys import sha256_of, size_prefix
from shared.settings import table
from tag.records import KnownLabels, Records, SameSize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.type_defs import DetectLabelsResponseTypeDef, ImageTypeDef

MAX_SAME_SIZE = 10  # photos of the same size whose hashes are compared

log = logging.getLogger(__name__)

# These look-ups only save money, so all attempts together take at most two seconds.
SAVING_CONFIG = CLIENT_CONFIG.merge(
    Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})
)


@cache
def rekognition() -> "Rekognition":
    """Return the Rekognition adapter."""
    return Rekognition(create_client("rekognition"))


@cache
def records() -> Records:
    """Return the DynamoDB adapter."""
    return DynamoRecords(create_client("dynamodb", SAVING_CONFIG), table())


@dataclass(frozen=True, slots=True)
class Rekognition:
    """Calls DetectLabels, and translates its errors to `shared.errors`."""

    client: "RekognitionClient"

    def detect_labels(
        self, image: "ImageTypeDef", *, max_labels: int, min_confidence: float
    ) -> "DetectLabelsResponseTypeDef":
        """Return the response for `image`, in Rekognition's format.

        Raises:
            LabelsThrottledError: the account's quota is used up.
            LabelsUnavailableError: 5xx, or the connection broke.
            LabelsRefusedError: any other error code; the message is the code.
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
            if is_throttled(error):
                raise LabelsThrottledError(str(error)) from error
            if is_transient(error):
                raise LabelsUnavailableError(str(error)) from error
            if code in DENIED_CODES or status_of(error) == HTTPStatus.FORBIDDEN:
                raise AccessDeniedError(str(error)) from error
            raise LabelsRefusedError(code) from error
        # botocore reads an incomplete body as an empty response: without this check the photo
        # would be READY without labels.
        if "Labels" not in answer:
            raise LabelsUnavailableError("Rekognition's response is incomplete")
        return answer


@dataclass(frozen=True, slots=True)
class DynamoRecords:
    """`records.Records` in DynamoDB."""

    client: "DynamoDBClient"
    table: str

    def same_size(self, owner: str, size: int) -> list[SameSize]:
        """Query the index by_content; see `Records.same_size`."""
        with _logged_failures():
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
        """Read a photo's row; see `Records.labels`."""
        with _logged_failures():
            item = self.client.get_item(
                TableName=self.table,
                Key={"pk": {"S": owner}, "sk": {"S": sort_key}},
                ProjectionExpression="labels, labels_model, versions, orientation",
            ).get("Item", {})
            row = plain(item)
            if "labels" in row and "labels_model" in row:
                labels = msgspec.convert(row["labels"], list[Label], strict=False)
                return KnownLabels(
                    labels, row["labels_model"], row["versions"]["tag"], row.get("orientation", 1)
                )
        return None


@contextmanager
def _logged_failures() -> "Iterator[None]":
    """Log a failed look-up and continue: without it the photo is labeled as any other."""
    try:
        yield
    except (BotoCoreError, ClientError, LookupError, msgspec.ValidationError) as error:
        log.warning("look-up of other photos failed", extra={"reason": str(error)})
