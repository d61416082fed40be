"""Build EfficientNet-Lite2, the classifier, as an ONNX model from the weights of a PyTorch port.

Source: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite, and its
port https://github.com/ml-illustrated/EfficientNet-Lite-PyTorch
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto

from models.onnx_graph import Floats, Graph, same_pads
from tag.embedded.networks import VIEW_PX
from tag.embedded.vocabulary import CLASSES

DEPTH_FACTOR = 1.2  # the width factor of 1.1 is in the weights
EPSILON = np.float32(1e-3)  # of batch normalization
STAGES = (  # of EfficientNet-B0: repeats, stride of the first, whether its blocks expand
    (1, 1, False),
    (2, 2, True),
    (2, 2, True),
    (3, 2, True),
    (3, 1, True),
    (4, 2, True),
    (1, 1, True),
)


@dataclass(frozen=True, slots=True)
class Block:
    """One inverted residual: expand, filter each channel, project back."""

    stride: int
    expands: bool
    has_shortcut: bool


def blocks() -> Iterator[Block]:
    """Yield the network's blocks from input to output."""
    for number, (repeats, stride, expands) in enumerate(STAGES):
        is_scaled = 0 < number < len(STAGES) - 1
        yield Block(stride, expands, has_shortcut=False)
        for _ in range(1, math.ceil(repeats * DEPTH_FACTOR) if is_scaled else repeats):
            yield Block(1, expands, has_shortcut=True)


def build(weights: Mapping[str, NDArray[np.generic]]) -> onnx.ModelProto:
    """Return an ONNX model: `photo` (1, 260, 260, 3) uint8 sRGB -> `logits` (1, 1000) float32.

    Batch normalization is folded into the convolutions.

    Args:
        weights: the state_dict of the PyTorch port.
    """
    graph = Graph()
    size_px = VIEW_PX
    low, high = graph.constant(0.0), graph.constant(6.0)

    def convolution(x: str, name: str, norm: str, *, stride: int = 1, group: int = 1) -> str:
        nonlocal size_px
        kernel_weights, bias = _folded(weights, name, norm)
        pads = same_pads(size_px, kernel=kernel_weights.shape[-1], stride=stride)
        size_px = math.ceil(size_px / stride)
        return graph.convolve(x, (kernel_weights, bias), stride=stride, pads=pads, group=group)

    def relu6(x: str) -> str:
        return graph.add("Clip", x, low, high)

    x = graph.normalize("photo", mean=127.0, scale=1 / 128)
    x = relu6(convolution(x, "_conv_stem", "_bn0", stride=2))
    for number, block in enumerate(blocks()):
        name, entry = f"_blocks.{number}.", x
        if block.expands:
            x = relu6(convolution(x, f"{name}_expand_conv", f"{name}_bn0"))
        channels = weights[f"{name}_depthwise_conv.weight"].shape[0]
        filtered = f"{name}_depthwise_conv", f"{name}_bn1"
        x = relu6(convolution(x, *filtered, stride=block.stride, group=channels))
        x = convolution(x, f"{name}_project_conv", f"{name}_bn2")
        x = graph.add("Add", x, entry) if block.has_shortcut else x
    x = relu6(convolution(x, "_conv_head", "_bn1"))
    x = graph.add("Flatten", graph.add("GlobalAveragePool", x))
    dense = graph.constant(weights["_fc.weight"]), graph.constant(weights["_fc.bias"])
    graph.add("Gemm", x, *dense, transB=1, output="logits")
    outputs = {"logits": (TensorProto.FLOAT, [1, CLASSES])}
    return graph.model("photo", [1, VIEW_PX, VIEW_PX, 3], outputs)


def _folded(
    weights: Mapping[str, NDArray[np.generic]], convolution: str, norm: str
) -> tuple[Floats, Floats]:
    gamma, beta, mean, variance = (
        weights[f"{norm}.{part}"].astype(np.float32)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    factor = gamma / np.sqrt(variance + EPSILON)
    kernel = weights[f"{convolution}.weight"].astype(np.float32)
    return kernel * factor[:, None, None, None], beta - mean * factor
