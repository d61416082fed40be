"""Rekognition's DetectLabels on this machine: Rekognition's limits and errors, our own labeler."""

import base64
import binascii
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias, cast

from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends
from PIL import Image, UnidentifiedImageError

# Source: https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
MAX_INLINE_BYTES: Final = 5_242_880
MAX_S3_OBJECT_BYTES: Final = 15_728_640
MIN_SIDE_PX: Final = 80
MAX_SIDE_PX: Final = 10_000


class RekognitionError(Exception):
    """An answer of DetectLabels with status 400; `code` is the name of the exception."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Labeler(Protocol):
    """Finds labels in a photo."""

    version: str  # LabelModelVersion

    def label(self, photo: bytes) -> list[dict[str, Any]]:
        """Return labels in Rekognition's form, the most confident first.

        Args:
            photo: JPEG or PNG, of an accepted size.
        """
        ...


class NoLabels:
    """Finds no labels in any photo."""

    version = "local-none"

    def label(self, photo: bytes) -> list[dict[str, Any]]:  # noqa: ARG002  # Labeler
        """Return no labels."""
        return []


def _object_of_moto(bucket: str, name: str, version: str | None) -> bytes | None:
    account, partition = s3_backends.bucket_accounts.get(bucket, (None, None))[::-1]
    try:
        found = s3_backends[account][partition].get_object(bucket, name, version)
    except (KeyError, MissingBucket):
        return None
    body: bytes | None = found and found.value
    return body


# Returns the object of this bucket, key and version, or None if there is none.
ReadObject: TypeAlias = Callable[[str, str, "str | None"], "bytes | None"]


@dataclass
class Rekognition:
    """Answers DetectLabels: validates the request as Rekognition does, and asks the labeler."""

    labeler: Labeler
    read_object: ReadObject = _object_of_moto

    def detect_labels(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to `request`.

        Raises:
            RekognitionError: the image is missing, or its type or size is not accepted.
        """
        photo = self._photo(request["Image"])
        _check_picture(photo)
        min_confidence = request.get("MinConfidence", 55)
        labels = [
            label for label in self.labeler.label(photo) if label["Confidence"] >= min_confidence
        ]
        return {
            "Labels": labels[: request.get("MaxLabels", 1000)],
            "LabelModelVersion": self.labeler.version,
        }

    def _photo(self, image: Mapping[str, Any]) -> bytes:
        match image:
            case {"Bytes": str(text)}:
                try:
                    photo = base64.b64decode(text, validate=True)
                except binascii.Error as error:
                    raise RekognitionError("SerializationException", str(error)) from error
                limit = MAX_INLINE_BYTES
            case {"S3Object": {"Bucket": str(bucket), "Name": str(name), **rest}}:
                photo = self._object(bucket, name, cast("str | None", rest.get("Version")))
                limit = MAX_S3_OBJECT_BYTES
            case _:
                raise RekognitionError("InvalidParameterException", "Image needs Bytes or S3Object")
        if len(photo) > limit:
            raise RekognitionError("ImageTooLargeException", f"the image has over {limit:,} bytes")
        return photo

    def _object(self, bucket: str, name: str, version: str | None) -> bytes:
        found = self.read_object(bucket, name, version)
        if found is None:
            raise RekognitionError(
                "InvalidS3ObjectException",
                "Unable to get object metadata from S3. Check object key, region and/or access "
                "permissions.",
            )
        return found


def _check_picture(photo: bytes) -> None:
    try:
        with Image.open(io.BytesIO(photo), formats=["JPEG", "PNG"]) as picture:
            sides = picture.size
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise RekognitionError(
            "InvalidImageFormatException", "Request has invalid image format"
        ) from error
    if min(sides) < MIN_SIDE_PX or max(sides) > MAX_SIDE_PX:
        raise RekognitionError(
            "InvalidParameterException",
            f"the image has {sides[0]:,} × {sides[1]:,} px; "
            f"each side must have {MIN_SIDE_PX:,} to {MAX_SIDE_PX:,} px",
        )
