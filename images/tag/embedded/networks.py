"""Run the two networks, whose files models/build.py makes. No AWS, no clock."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# From 1.29 on, ONNX Runtime stores an identifier of the machine in the home folder and sends usage
# data to Microsoft, unless this variable is set before the import.
# Source: https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tag.embedded.files import CLASSIFIER_FILE, DETECTOR_FILE

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

VIEW_PX = 260  # side of the classifier's input
FRAME_PX = 416  # side of the detector's input


@dataclass(frozen=True, slots=True)
class Box:
    """Edges as fractions of the frame, in which they need not be."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Detection:
    """One object in the frame."""

    thing: int  # 0 to 79, in the order of COCO
    score: float  # 0.3 to 1, not a probability
    box: Box


class Classifier:
    """EfficientNet-Lite2: scores of 1,000 classes for a picture."""

    def __init__(self, folder: Path) -> None:
        self._session = _session(folder / CLASSIFIER_FILE)

    def logits(self, view: Pixels) -> Floats:
        """Return (1000,) logits for a (260, 260, 3) sRGB view."""
        (logits,) = self._session.run(None, {"photo": view[None]})
        return np.asarray(logits[0], np.float32)


class Detector:
    """NanoDet-g: boxes of objects of 80 classes."""

    def __init__(self, folder: Path) -> None:
        self._session = _session(folder / DETECTOR_FILE)

    def detections(self, frame: Pixels) -> Iterator[Detection]:
        """Yield the objects in a (416, 416, 3) sRGB frame, each once."""
        boxes, scores, selected = self._session.run(None, {"photo": frame[None]})
        for _, thing, anchor in selected.tolist():
            box = Box(*boxes[0, anchor].tolist())
            yield Detection(thing, float(scores[0, thing, anchor]), box)


def _session(path: Path) -> onnxruntime.InferenceSession:
    _share_arena()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # Lambda has one core up to 1,769 MB
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # the plan costs 10 MB and saves no time
    options.add_session_config_entry("session.use_env_allocators", "1")
    # Weights outside the arena avoid fragmentation: 6 MB less.
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


@cache
def _share_arena() -> None:
    """Use the same working memory for both networks, which run one after the other: 8 MB less."""
    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(memory, None)
