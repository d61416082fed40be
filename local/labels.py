"""Labels on this machine: the label model of images/tag, with answers in Rekognition's form."""

from collections.abc import Callable
from typing import Any

from models.build import ensure_model
from shared.contracts import Instance, Label
from tag.embedded.labeler import EmbeddedModel, load_model

ALL_LABELS = 1000  # the caller of DetectLabels sets MaxLabels
ANY_CONFIDENCE = 0.1  # percent; the caller sets MinConfidence, and 0 would return every label


class ModelLabeler:
    """A `local.rekognition.Labeler` that uses the label model."""

    def __init__(self, model: EmbeddedModel) -> None:
        self.model = model
        self.version = model.name

    @classmethod
    def ready(cls, report: Callable[[str], None]) -> "ModelLabeler":
        """Load the model; build it first, and report that, if it does not exist.

        Raises:
            ModelUnavailableError, WrongWeightsError: see `ensure_model`.
        """
        return cls(load_model(ensure_model(report=report)))

    def label(self, photo: bytes) -> list[dict[str, Any]]:
        """Return labels in Rekognition's form, the most confident first."""
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
