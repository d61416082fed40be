"""The networks compute what an independent forward pass in numpy computed."""

import numpy as np
import pytest

from models.onnx_graph import same_pads
from tag.embedded.labeler import EmbeddedModel
from tag.embedded.networks import VIEW_PX


@pytest.mark.parametrize(
    ("size_px", "kernel", "stride", "pads"),
    [(260, 3, 2, [0, 0, 1, 1]), (65, 5, 2, [2, 2, 2, 2]), (17, 5, 1, [2, 2, 2, 2])],
)
def test_pads_are_those_of_tensorflow(
    size_px: int, kernel: int, stride: int, pads: list[int]
) -> None:
    assert same_pads(size_px, kernel=kernel, stride=stride) == pads


def test_the_classifier_gives_the_logits_of_its_weights(classifier_only: EmbeddedModel) -> None:
    y, x = np.mgrid[:VIEW_PX, :VIEW_PX]
    pattern = np.stack([x, y, x + y], axis=-1).astype(np.uint8)

    logits = classifier_only.classifier.logits(pattern)

    assert logits.argmax() == 499
    assert logits[[0, 207, 500, 999]] == pytest.approx(
        [-0.42681, 0.20292, -1.27528, -0.86600], abs=1e-4
    )
