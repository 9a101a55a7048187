"""Tiny ONNX files with the names and shapes that OpenCV's face classes expect, whose answers are set by hand.

YuNet: input "input" (1, 3, h, w) BGR; "cls_8", "obj_8" (1, n, 1), "bbox_8" (1, n, 4) and "kps_8" (1, n, 10) for each
cell of 8 pixels, row by row, and the same of 16 and 32. SFace: input "data" (1, 3, 112, 112) RGB, "fc1" (1, 128).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

BOX = (0.25, 0.5, float(np.log(4)), float(np.log(6)))
"""Of every cell: how far the middle lies to the right and down, in cells; logarithm of width and height, in cells."""
MARKS = (-1.0, -1.0, 1.5, -1.0, 0.25, 0.5, -0.5, 2.0, 1.0, 2.0)
"""Eyes, nose, corners of the mouth: x and y from the cell's corner, in cells."""


def write_yunet(path: Path) -> None:
    """Write a network that finds a face in each cell of 16 pixels that is red; its score is how red, from 0 to 1."""
    nodes = []
    constants = {
        "red": np.array([[0, 0, 1 / 255]], np.float32).reshape(1, 3, 1, 1),
        "none": np.zeros((1, 3, 1, 1), np.float32),
    }
    outputs = []
    for stride in (8, 16, 32):
        pooled = f"pooled_{stride}"
        nodes.append(
            helper.make_node(
                "AveragePool", ["input"], [pooled], kernel_shape=[stride, stride], strides=[stride, stride]
            )
        )
        for name, values in (("cls", None), ("obj", None), ("bbox", BOX), ("kps", MARKS)):
            out, depth = f"{name}_{stride}", 1 if values is None else len(values)
            if values is None:
                weight, bias = constants["red" if stride == 16 else "none"], np.zeros(1, np.float32)
            else:
                weight, bias = np.zeros((depth, 3, 1, 1), np.float32), np.array(values, np.float32)
            constants |= {f"w_{out}": weight, f"b_{out}": bias, f"s_{out}": np.array([1, -1, depth], np.int64)}
            nodes += [
                helper.make_node("Conv", [pooled, f"w_{out}", f"b_{out}"], [f"conv_{out}"], kernel_shape=[1, 1]),
                helper.make_node("Transpose", [f"conv_{out}"], [f"turned_{out}"], perm=[0, 2, 3, 1]),
                helper.make_node("Reshape", [f"turned_{out}", f"s_{out}"], [out]),
            ]
            outputs.append(helper.make_tensor_value_info(out, TensorProto.FLOAT, [1, None, depth]))
    picture = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, "height", "width"])
    _write(path, nodes, [picture], outputs, constants)


def write_sface(path: Path) -> None:
    """Write a network whose 128 values are a mixture of the mean red, green and blue of a face, less their mean."""
    mixture = np.random.default_rng(0).normal(size=(128, 3)).astype(np.float32)
    mixture -= mixture.mean(axis=1, keepdims=True)
    constants = {"w": mixture.reshape(128, 3, 1, 1)}
    nodes = [
        helper.make_node("GlobalAveragePool", ["data"], ["mean"]),
        helper.make_node("Conv", ["mean", "w"], ["mixed"], kernel_shape=[1, 1]),
        helper.make_node("Flatten", ["mixed"], ["fc1"], axis=1),
    ]
    picture = helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, 112, 112])
    _write(path, nodes, [picture], [helper.make_tensor_value_info("fc1", TensorProto.FLOAT, [1, 128])], constants)


def _write(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: dict[str, NDArray[np.float32]],
) -> None:
    graph = helper.make_graph(
        nodes, "by hand", inputs, outputs, [numpy_helper.from_array(value, name) for name, value in constants.items()]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
