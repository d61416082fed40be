"""Rekognition's labels on this machine: the label model of images/tag, in Rekognition's shape."""

from collections.abc import Callable
from typing import Any

from models.build import ensure_model
from shared.contracts import Instance, Label
from tag.embedded.labeler import EmbeddedModel, load_model

ALL_LABELS = 1000  # whoever asks sets MaxLabels
ANY_CONFIDENCE = 0.1  # per cent; whoever asks sets MinConfidence, and 0 would be all there are


class ModelLabeler:
    """`rekognition.Labeler` by the label model."""

    def __init__(self, model: EmbeddedModel) -> None:
        self.model = model
        self.version = model.name

    @classmethod
    def ready(cls, report: Callable[[str], None]) -> "ModelLabeler":
        """Make the model where it is not yet there, saying so, and load it.

        Raises:
            ModelUnavailableError, WrongWeightsError: as `ensure_model`.
        """
        return cls(load_model(ensure_model(report=report)))

    def label(self, photo: bytes) -> list[dict[str, Any]]:
        """Return labels as Rekognition shapes them, the most confident first."""
        labels = self.model.labels_of_file(
            photo, max_labels=ALL_LABELS, min_confidence=ANY_CONFIDENCE
        )
        return [_label(label) for label in sorted(labels, key=lambda label: -label.confidence)]


def _label(label: Label) -> dict[str, Any]:
    return {
        "Name": label.name,
        "Confidence": label.confidence,
        "Parents": [{"Name": name} for name in label.parents],
        "Categories": [{"Name": name} for name in label.categories],
        "Aliases": [{"Name": name} for name in label.aliases],
        "Instances": [_instance(instance) for instance in label.instances],
    }


def _instance(instance: Instance) -> dict[str, Any]:
    box = instance.box
    return {
        "Confidence": instance.confidence,
        "BoundingBox": {
            "Left": box.left,
            "Top": box.top,
            "Width": box.width,
            "Height": box.height,
        },
    }
