"""`labels.Labeler` with a model that runs in this process."""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pyvips

from picture.box import Box
from shared.contracts import ImageFacts, Label, PhotoRef
from shared.storage import PhotoStore, PhotoStream
from shared.worker import Worker
from tag.embedded.combine import Sighting, combine
from tag.embedded.files import CLASSIFIER_FILE, DETECTOR_FILE, NETWORKS
from tag.embedded.networks import FRAME_PX, VIEW_PX, Classifier, Detector
from tag.embedded.pixels import Pixels, pixels
from tag.embedded.views import classifier_views, detector_frame
from tag.embedded.vocabulary import vocabulary
from tag.labels import Labels

MODEL: Final = "efficientnet-lite2 1"
MODEL_WITH_DETECTOR: Final = "efficientnet-lite2 + nanodet-g 1"

# The sizes of the networks' inputs: one decoded picture serves both.
BOXES: Final = (Box(VIEW_PX, VIEW_PX, "cover"), Box(FRAME_PX, FRAME_PX))
GAP: Final = 1.0  # labels stay the same, and a progressive JPEG takes half the time
THUMBNAIL_PX: Final = 320  # of the thumbnail in a phone's HEIC; docs/labels.md has the effect


class ModelMissingError(Exception):
    """The folder does not have the networks. The message says how to make them."""


@dataclass(frozen=True, slots=True)
class EmbeddedModel:
    """The loaded networks. `detector` is None if it could not be fetched."""

    classifier: Classifier
    detector: Detector | None

    @property
    def name(self) -> str:
        """The model's name and version."""
        return MODEL if self.detector is None else MODEL_WITH_DETECTOR

    def labels(self, photo: pyvips.Image, *, max_labels: int, min_confidence: float) -> list[Label]:
        """Return the labels of an upright 8-bit sRGB picture, in the order of `combine`.

        Args:
            photo: with three bands, in memory, since it is read three times.
            max_labels: the maximum number of labels.
            min_confidence: percent.
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
        """Return the labels of an encoded photo of any accepted format; see `labels`.

        Args:
            photo: the file, or a stream of it.
            max_labels: the maximum number of labels.
            min_confidence: percent.
            deadline: for decoding, in seconds of `time.monotonic()`.

        Raises:
            PhotoError: as `decode`.
        """
        decoded = pixels(photo, BOXES, GAP, THUMBNAIL_PX, deadline=deadline)
        return self.labels(decoded.image(), max_labels=max_labels, min_confidence=min_confidence)


@cache
def _decoder() -> Worker[Pixels]:
    """Return the process that decodes photos, which can be ended."""
    return Worker("tag.embedded.pixels", "pixels")


@cache
def load_model(folder: Path = NETWORKS) -> EmbeddedModel:
    """Load the networks in `folder`, once.

    Raises:
        ModelMissingError: the folder does not have them.
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
    """`labels.Labeler` with an `EmbeddedModel`."""

    model: EmbeddedModel
    max_labels: int
    min_confidence: float  # percent

    def accepts(self, model: str) -> bool:
        """Accept labels of this version of this model only."""
        return model == self.model.name

    def label(
        self,
        photo: PhotoRef,
        image: ImageFacts,  # noqa: ARG002  # of the port; this labeler accepts every size
        store: PhotoStore,
        *,
        deadline: float,
    ) -> Labels:
        """Decode the photo in the size that the model needs; see `Labeler`."""
        with store.stream(photo) as stream:
            decoded = _decoder()(stream, BOXES, GAP, THUMBNAIL_PX, deadline=deadline)
        found = self.model.labels(
            decoded.image(), max_labels=self.max_labels, min_confidence=self.min_confidence
        )
        return Labels(found=found, model=self.model.name)
