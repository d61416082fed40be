"""`labels.Labeler` by a model that runs in this process."""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pyvips

from picture.decode import Box, decode
from shared.contracts import ImageFacts, Label, PhotoRef
from shared.storage import PhotoStore, PhotoStream
from tag.embedded.combine import Sighting, combine
from tag.embedded.files import CLASSIFIER_FILE, DETECTOR_FILE, NETWORKS
from tag.embedded.networks import FRAME_PX, VIEW_PX, Classifier, Detector
from tag.embedded.views import classifier_views, detector_frame
from tag.embedded.vocabulary import vocabulary
from tag.labels import Labels

MODEL: Final = "efficientnet-lite2 1"
MODEL_WITH_DETECTOR: Final = "efficientnet-lite2 + nanodet-g 1"

# As large as the networks look at, and no larger: both decode from the same pixels.
BOXES: Final = (Box(VIEW_PX, VIEW_PX, "cover"), Box(FRAME_PX, FRAME_PX))
GAP: Final = 1.0  # they see no difference, and half of a progressive JPEG's time is saved
THUMBNAIL_PX: Final = 320  # what phones put in a HEIC; docs/labels.md has what that changes


class ModelMissingError(Exception):
    """The networks are not where they should be; the message says what to do."""


@dataclass(frozen=True, slots=True)
class EmbeddedModel:
    """The loaded networks; `detector` is None where it could not be had."""

    classifier: Classifier
    detector: Detector | None

    @property
    def name(self) -> str:
        """The name and version of what labels."""
        return MODEL if self.detector is None else MODEL_WITH_DETECTOR

    def labels(self, photo: pyvips.Image, *, max_labels: int, min_confidence: float) -> list[Label]:
        """Return what is on an upright 8-bit sRGB photo, as `judge` orders it.

        Args:
            photo: of three bands, in memory, since it is read three times.
            max_labels: at most so many.
            min_confidence: per cent.
        """
        words = vocabulary()
        sightings = []
        if self.detector is not None:
            frame = detector_frame(photo)
            for detection in self.detector.detections(frame.pixels):
                box = frame.to_photo(detection.box)
                sightings.append(Sighting(words.things[detection.thing], detection.score, box))
        return combine(
            [self.classifier.logits(view) for view in classifier_views(photo)],
            sightings,
            words,
            max_labels=max_labels,
            min_confidence=min_confidence,
        )

    def labels_of_file(
        self,
        photo: bytes | PhotoStream,
        *,
        max_labels: int,
        min_confidence: float,
        deadline: float = math.inf,
    ) -> list[Label]:
        """Return what is on an encoded photo of any accepted format; see `labels`.

        Args:
            photo: the file, or a stream of it.
            max_labels: at most so many.
            min_confidence: per cent.
            deadline: seconds of `time.monotonic()` at which to give up decoding.

        Raises:
            PhotoError: as `decode`.
        """
        image = decode(photo, *BOXES, gap=GAP, thumbnail_px=THUMBNAIL_PX, deadline=deadline).image
        if image.hasalpha():
            image = image.flatten(background=[255.0])
        return self.labels(image, max_labels=max_labels, min_confidence=min_confidence)


@cache
def load_model(folder: Path = NETWORKS) -> EmbeddedModel:
    """Return the model whose networks are in `folder`, loaded once.

    Raises:
        ModelMissingError: they are not there.
    """
    if not (folder / CLASSIFIER_FILE).exists():
        raise ModelMissingError(
            f"no label model in {folder}: make it with `python -m models.build`, build the "
            "image with LABELER=embedded, or set LABELER=rekognition"
        )
    has_detector = (folder / DETECTOR_FILE).exists()
    return EmbeddedModel(Classifier(folder), Detector(folder) if has_detector else None)


@dataclass(frozen=True, slots=True)
class EmbeddedLabeler:
    """`labels.Labeler` by an `EmbeddedModel`."""

    model: EmbeddedModel
    max_labels: int
    min_confidence: float  # per cent

    def accepts(self, model: str) -> bool:
        """Accept what this very model has said."""
        return model == self.model.name

    def label(
        self,
        photo: PhotoRef,
        image: ImageFacts,  # noqa: ARG002  # the port's; this labeler takes every size
        store: PhotoStore,
        *,
        deadline: float,
    ) -> Labels:
        """Read and decode the photo as small as the model can use it; see `Labeler`."""
        with store.stream(photo) as stream:
            found = self.model.labels_of_file(
                stream,
                max_labels=self.max_labels,
                min_confidence=self.min_confidence,
                deadline=deadline,
            )
        return Labels(found=found, model=self.model.name)
