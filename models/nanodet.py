"""Build NanoDet-g, the detector, as an ONNX model from the weights of a TensorFlow.js port.

The network has a CSP backbone (convolutions 0 to 24), a path aggregation network (25 to 27 narrow
its inputs; it has no convolutions itself) and, for each of three strides, a head with two
convolutions.

Source: https://github.com/RangiLyu/nanodet, config/legacy_v0.x_configs/nanodet_g.yml
"""

import json
from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto

from models.onnx_graph import Filters, Floats, Graph, Output
from tag.embedded.networks import FRAME_PX

CLASSES = 80
STRIDES_PX = (8, 16, 32)
BINS = 11  # a side's distance is the mean of a distribution over 0 to 10 strides
MEAN_RGB = np.array([123.675, 116.28, 103.53], np.float32)
SCALE_RGB = (1 / np.array([58.395, 57.12, 57.375])).astype(np.float32)
ANCHORS = sum((FRAME_PX // stride) ** 2 for stride in STRIDES_PX)

OVERLAP = 0.5  # two boxes of a class with a higher intersection over union are one object
MIN_SCORE = 0.3  # boxes with a lower score are never used
MAX_OF_A_CLASS = 50
OUTPUTS: dict[str, Output] = {
    "boxes": (TensorProto.FLOAT, [1, ANCHORS, 4]),
    "scores": (TensorProto.FLOAT, [1, CLASSES, ANCHORS]),
    "selected": (TensorProto.INT64, [None, 3]),
}


def read_convolutions(topology: bytes, weights: bytes) -> list[Filters]:
    """Return the filters of each convolution, from input to output.

    Args:
        topology: the JSON file of a TensorFlow.js graph model.
        weights: its one .bin file.
    """
    model = json.loads(topology)
    offset, tensors = 0, {}
    for tensor in model["weightsManifest"][0]["weights"]:
        dtype = np.dtype(tensor.get("quantization", tensor)["dtype"])
        count = int(np.prod(tensor["shape"]))
        values = np.frombuffer(weights, dtype, count, offset)
        tensors[tensor["name"]] = values.reshape(tensor["shape"]).astype(np.float32)
        offset += count * dtype.itemsize
    nodes = model["modelTopology"]["node"]
    sums = {node["input"][0]: node["input"][1] for node in nodes if node["op"] == "Add"}
    convolutions = [node for node in nodes if node["op"] == "Conv2D"]
    convolutions.sort(key=lambda node: _number(node["name"]))
    return [
        (tensors[node["input"][1]].transpose(3, 2, 0, 1), tensors[sums[node["name"]]])
        for node in convolutions
    ]


def _number(name: str) -> int:
    """Return 7 for convolution_7, 0 for the first, which has no number."""
    return int(name.partition("convolution_")[2] or 0)


def build(convolutions: Sequence[Filters]) -> onnx.ModelProto:
    """Return an ONNX model of three outputs, for `photo` (1, 416, 416, 3) uint8 sRGB.

    `boxes` (1, n, 4): left, top, right, bottom, as fractions of the input's side, possibly outside
    of it. `scores` (1, 80, n): 0 to 1. `selected` (k, 3) int64: a zero, the class and the box, for
    each box above MIN_SCORE that does not overlap a better box of its class.
    """
    graph = Graph()

    def convolve(x: str, number: int, *, stride: int = 1, leaky: bool = True) -> str:
        weights, bias = convolutions[number]
        margin = weights.shape[-1] // 2
        y = graph.convolve(x, (weights, bias), stride=stride, pads=[margin] * 4)
        return graph.add("LeakyRelu", y, alpha=0.1) if leaky else y

    def stage(x: str, first: int, *, repeats: int, stride: int) -> str:
        bypass = inner = convolve(x, first, stride=stride)
        for number in range(first + 1, first + 1 + 2 * repeats, 2):
            narrow = convolve(inner, number)
            inner = graph.add("Concat", convolve(narrow, number + 1), narrow, axis=1)
        merged = convolve(inner, first + 1 + 2 * repeats)
        return graph.add("Concat", merged, bypass, axis=1)

    def up(x: str) -> str:
        factors = graph.constant(np.array([1, 1, 2, 2], np.float32))
        return graph.add("Resize", x, "", factors, mode="linear")

    def down(x: str) -> str:
        return graph.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])

    # The weights are for BGR; the photo is RGB.
    convolutions = [(convolutions[0][0][:, ::-1], convolutions[0][1]), *convolutions[1:]]
    x = convolve(graph.normalize("photo", mean=MEAN_RGB, scale=SCALE_RGB), 0, stride=2)
    x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    x = stage(x, 1, repeats=1, stride=1)
    fine = stage(x, 5, repeats=2, stride=2)
    middle = stage(fine, 11, repeats=2, stride=2)
    coarse = stage(middle, 17, repeats=3, stride=2)
    fine, middle, coarse = (
        convolve(x, 25 + number, leaky=False) for number, x in enumerate((fine, middle, coarse))
    )
    middle_in = graph.add("Add", middle, up(coarse))
    fine = graph.add("Add", fine, up(middle_in))
    middle = graph.add("Add", middle_in, down(fine))
    coarse = graph.add("Add", coarse, down(middle))
    heads = [
        graph.add("Flatten", convolve(convolve(x, number), number + 1, leaky=False), axis=2)
        for x, number in ((fine, 28), (middle, 30), (coarse, 32))
    ]
    _decode(graph, graph.add("Concat", *heads, axis=1))
    return graph.model("photo", [1, FRAME_PX, FRAME_PX, 3], OUTPUTS)


def _decode(graph: Graph, heads: str) -> None:
    """Convert (80 classes + 4 sides x 11 bins, n) to the three outputs."""
    classes, sides = graph.split(heads, [CLASSES, 4 * BINS])
    scores = graph.add("Unsqueeze", graph.add("Sigmoid", classes), graph.axis(0), output="scores")
    shape = graph.constant(np.array([4, BINS, ANCHORS], np.int64))
    bins = graph.add("Softmax", graph.add("Reshape", sides, shape), axis=1)
    strides = graph.constant(np.arange(BINS, dtype=np.float32).reshape(1, BINS, 1))
    distances = graph.add("ReduceSum", graph.add("Mul", bins, strides), graph.axis(1), keepdims=0)
    centers, directions = _anchors()
    moved = graph.add("Mul", distances, graph.constant(directions))
    corners = graph.add("Add", graph.constant(centers), moved)
    corners = graph.add("Transpose", corners, perm=[1, 0])
    boxes = graph.add("Unsqueeze", corners, graph.axis(0), output="boxes")
    limits = (
        graph.constant(np.array([MAX_OF_A_CLASS], np.int64)),
        *map(graph.constant, (OVERLAP, MIN_SCORE)),
    )
    graph.add("NonMaxSuppression", boxes, scores, *limits, output="selected")


def _anchors() -> tuple[Floats, Floats]:
    """Return the centers of boxes and the vectors of one stride to each side, both (4, n)."""
    centers, directions = [], []
    for stride in STRIDES_PX:
        side = FRAME_PX // stride
        y, x = (np.mgrid[:side, :side].reshape(2, -1) + 0.5) * stride / FRAME_PX
        centers.append(np.stack([x, y, x, y]))
        step = np.full(side * side, stride / FRAME_PX)
        directions.append(np.stack([-step, -step, step, step]))
    return (
        np.concatenate(centers, axis=1, dtype=np.float32),
        np.concatenate(directions, axis=1, dtype=np.float32),
    )
