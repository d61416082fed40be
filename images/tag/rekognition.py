"""Label photos with DetectLabels of Amazon Rekognition.

Source of all limits: https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec

from shared.contracts import BoundingBox, ImageFacts, Instance, Label, PhotoRef
from shared.errors import LabelsRefusedError
from shared.storage import PhotoStore
from shared.worker import Worker
from tag.aws import Rekognition
from tag.labels import Labels

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import ImageTypeDef, S3ObjectTypeDef

MAX_OBJECT_BYTES: Final = 15_000_000  # "15 MB" for an object in S3
MIN_SIDE_PX: Final = 80
MAX_SIDE_PX: Final = 10_000
SENT_SIDE_PX: Final = 2_048  # of a converted photo: always far below 5,242,880 bytes

MODEL: Final = "rekognition "  # the version follows

TOO_SMALL: Final = Labels(status="SKIPPED:TOO_SMALL")
OBJECT_REFUSED: Final = "InvalidS3ObjectException"


class _Shape(msgspec.Struct, rename="pascal"):
    """A part of the response. Values are only checked for their JSON type, which allows NaN."""


class _Named(_Shape):
    name: str


class _Box(_Shape):
    left: float
    top: float
    width: float
    height: float


class _Instance(_Shape):
    bounding_box: _Box
    confidence: float


class _Label(_Shape):
    name: str
    confidence: float
    parents: list[_Named] = []
    categories: list[_Named] = []
    aliases: list[_Named] = []
    instances: list[_Instance] = []


@dataclass(frozen=True, slots=True)
class RekognitionLabeler:
    """`labels.Labeler` with Rekognition."""

    rekognition: Rekognition
    max_labels: int
    min_confidence: float  # percent

    def accepts(self, model: str) -> bool:
        """Accept all versions of Rekognition: the version is known only after a request."""
        return model.startswith(MODEL)

    def label(
        self, photo: PhotoRef, image: ImageFacts, store: PhotoStore, *, deadline: float
    ) -> Labels:
        """Send one request, with a reference to the object if possible; see `Labeler`."""
        if shorter_side_sent_px(image) < MIN_SIDE_PX:
            return TOO_SMALL
        # Without a version, Rekognition would read the current object, which may be another photo.
        if is_accepted(image) and photo.version_id is not None:
            return self._by_reference(photo, photo.version_id, store)
        return self._by_value(photo, store, deadline)

    def _by_reference(self, photo: PhotoRef, version_id: str, store: PhotoStore) -> Labels:
        s3_object: S3ObjectTypeDef = {
            "Bucket": photo.bucket,
            "Name": photo.key,
            "Version": version_id,
        }
        try:
            return self._ask({"S3Object": s3_object})
        except LabelsRefusedError as error:
            if str(error) == OBJECT_REFUSED:
                # Rekognition gives the same code for a deleted and an unreadable object. S3's own
                # error tells which.
                store.read(photo, 0, 0)
            raise

    def _by_value(self, photo: PhotoRef, store: PhotoStore, deadline: float) -> Labels:
        with store.stream(photo) as stream:
            jpeg = _converter()(stream, side_px=SENT_SIDE_PX, deadline=deadline)
        return self._ask({"Bytes": jpeg})

    def _ask(self, image: "ImageTypeDef") -> Labels:
        answer = self.rekognition.detect_labels(
            image, max_labels=self.max_labels, min_confidence=self.min_confidence
        )
        return Labels(
            found=read_labels(answer["Labels"]),
            model=MODEL + answer.get("LabelModelVersion", ""),
        )


@cache
def _converter() -> Worker[bytes]:
    """Return the process that converts photos. It loads libvips, which few photos need."""
    return Worker("tag.jpeg", "upright_jpeg")


def is_accepted(image: ImageFacts) -> bool:
    """Return whether Rekognition accepts the object itself, with boxes of the upright picture.

    Rekognition rotates a JPEG by its EXIF orientation, but not a PNG.

    Source: OrientationCorrection in
    https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectLabels.html
    """
    sides_px = (image.width_px, image.height_px)
    upright = image.format == "JPEG" or (image.format == "PNG" and image.orientation == 1)
    small_enough = image.bytes <= MAX_OBJECT_BYTES and max(sides_px) <= MAX_SIDE_PX
    return upright and small_enough and min(sides_px) >= MIN_SIDE_PX


def shorter_side_sent_px(image: ImageFacts) -> int:
    """Return the length of the shorter side of the picture that Rekognition gets."""
    longer_px, shorter_px = sorted((image.width_px, image.height_px), reverse=True)
    if is_accepted(image) or longer_px <= SENT_SIDE_PX:
        return shorter_px
    return shorter_px * SENT_SIDE_PX // longer_px


def read_labels(answer: Iterable[object]) -> list[Label]:
    """Convert DetectLabels' `Labels`; a label without the documented fields is left out."""
    labels = []
    for item in answer:
        with suppress(msgspec.ValidationError):
            labels.append(_converted(msgspec.convert(item, type=_Label)))
    return labels


def _converted(label: _Label) -> Label:
    return Label(
        name=label.name,
        confidence=label.confidence,
        parents=[parent.name for parent in label.parents],
        categories=[category.name for category in label.categories],
        aliases=[alias.name for alias in label.aliases],
        instances=[
            Instance(
                confidence=instance.confidence,
                box=BoundingBox(
                    left=instance.bounding_box.left,
                    top=instance.bounding_box.top,
                    width=instance.bounding_box.width,
                    height=instance.bounding_box.height,
                ),
            )
            for instance in label.instances
        ],
    )
