"""Build ONNX graphs step by step: a thin layer over onnx.helper."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
IR_VERSION = 10  # ONNX Runtime reads it since 1.18

Floats = NDArray[np.float32]
Filters = tuple[Floats, Floats]  # weights (out, in, k, k) and bias (out,) of a convolution
Output = tuple[int, Sequence[int | None]]  # element type and shape; None is any length


@dataclass
class Graph:
    """An ONNX graph. Each method adds nodes and returns the name of their output."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, value: NDArray[np.generic] | float) -> str:
        """Add a constant; a plain number becomes a float32 scalar."""
        name = f"constant_{len(self.constants)}"
        array = np.float32(value) if isinstance(value, float) else np.ascontiguousarray(value)
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def add(
        self,
        operator: str,
        *inputs: str,
        output: str = "",
        **attributes: Any,  # noqa: ANN401  # each operator has its own
    ) -> str:
        """Add one ONNX operator."""
        name = output or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def normalize(self, photo: str, *, mean: Floats | float, scale: Floats | float) -> str:
        """Normalize (n, height, width, 3) uint8 to (n, 3, height, width) float32."""
        values = self.add("Cast", photo, to=TensorProto.FLOAT)
        centered = self.add("Sub", values, self.constant(mean))
        scaled = self.add("Mul", centered, self.constant(scale))
        return self.add("Transpose", scaled, perm=[0, 3, 1, 2])

    def convolve(
        self, x: str, filters: Filters, *, stride: int, pads: list[int], group: int = 1
    ) -> str:
        """Convolve with (out, in, k, k) weights; pads are top, left, bottom, right."""
        constants = map(self.constant, filters)
        steps = [stride, stride]
        return self.add("Conv", x, *constants, strides=steps, pads=pads, group=group)

    def axis(self, number: int) -> str:
        """Add an axis as a constant, which newer operators need as an input."""
        return self.constant(np.array([number], np.int64))

    def split(self, x: str, sizes: list[int]) -> list[str]:
        """Split `x` along its first axis."""
        names = [f"Split_{len(self.nodes)}_{part}" for part in range(len(sizes))]
        inputs = [x, self.constant(np.array(sizes, np.int64))]
        self.nodes.append(helper.make_node("Split", inputs, names, axis=0))
        return names

    def model(self, photo: str, shape: list[int], outputs: Mapping[str, Output]) -> onnx.ModelProto:
        """Return the checked model: uint8 `photo` of `shape` in, `outputs` out."""
        graph = helper.make_graph(
            self.nodes,
            "labels",
            [helper.make_tensor_value_info(photo, TensorProto.UINT8, shape)],
            [helper.make_tensor_value_info(name, *output) for name, output in outputs.items()],
            self.constants,
        )
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        return model


def same_pads(size_px: int, *, kernel: int, stride: int) -> list[int]:
    """Return the pads of TensorFlow's SAME: an odd pixel goes to the bottom and to the right."""
    total = max((math.ceil(size_px / stride) - 1) * stride + kernel - size_px, 0)
    return [total // 2, total // 2, total - total // 2, total - total // 2]
