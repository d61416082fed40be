"""Rekognition and DynamoDB for the Tag step. Their clients are made at the first use, and kept."""

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared.aws import BROKEN_CONNECTION, CLIENT_CONFIG, DENIED_CODES, is_transient, status_of
from shared.contracts import Label
from shared.errors import AccessDeniedError, LabelsRefusedError, LabelsUnavailableError
from shared.items import plain
from shared.keys import sha256_of, size_prefix
from shared.settings import table
from tag.records import KnownLabels, Records, SameSize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.type_defs import DetectLabelsResponseTypeDef, ImageTypeDef

MAX_SAME_SIZE = 10  # photos of one size whose hashes are compared

log = logging.getLogger(__name__)

# What only saves money may cost no more than a second or two.
SAVING_CONFIG = CLIENT_CONFIG.merge(
    Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})
)


@cache
def rekognition() -> "Rekognition":
    """Return the Rekognition adapter."""
    return Rekognition(boto3.client("rekognition", config=CLIENT_CONFIG))


@cache
def records() -> Records:
    """Return the DynamoDB adapter."""
    return DynamoRecords(boto3.client("dynamodb", config=SAVING_CONFIG), table())


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
            if is_transient(error):
                raise LabelsUnavailableError(str(error)) from error
            if code in DENIED_CODES or status_of(error) == HTTPStatus.FORBIDDEN:
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
