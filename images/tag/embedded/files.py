"""The files of the networks, and their folder in the image."""

from pathlib import Path
from typing import Final

CLASSIFIER_FILE: Final = "classifier.onnx"
DETECTOR_FILE: Final = "detector.onnx"
NETWORKS: Final = Path(__file__).parent / "networks"
