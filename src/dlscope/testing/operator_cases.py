"""Models of one operator, and attributes in which translations of ONNX tend to go wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, helper, numpy_helper

_RNG = np.random.default_rng(7)
IMAGE = _RNG.standard_normal((2, 4, 9, 10)).astype(np.float32)
ROWS = _RNG.standard_normal((3, 5)).astype(np.float32)
FILTER = (_RNG.standard_normal((6, 4, 3, 3)) / 6).astype(np.float32)
UP_FILTER = (_RNG.standard_normal((4, 6, 3, 3)) / 6).astype(np.float32)


@dataclass(frozen=True)
class OperatorCase:
    """One node: its first input is fed, the others are weights; None is left out."""

    op_type: str
    opset: int
    inputs: Sequence[Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    outputs: int = 1

    def __str__(self) -> str:
        return f"{self.op_type}-{self.opset}"

    def model(self) -> ModelProto:
        """The node alone, named `it`, from `i0` to `o0`, then `o1` and so on."""
        names = ["" if value is None else f"i{place}" for place, value in enumerate(self.inputs)]
        results = [f"o{place}" for place in range(self.outputs)]
        node = helper.make_node(self.op_type, names, results, name="it", **self.attributes)
        weights = [
            numpy_helper.from_array(np.asarray(value), name)
            for name, value in list(zip(names, self.inputs, strict=True))[1:]
            if value is not None
        ]
        first = self.inputs[0]
        dtype = helper.np_dtype_to_tensor_dtype(first.dtype)
        fed = helper.make_tensor_value_info("i0", dtype, first.shape)
        made = [helper.make_empty_tensor_value_info(name) for name in results]
        graph = helper.make_graph([node], "single", [fed], made, weights)
        return typed(helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)]))


def typed(model: ModelProto) -> ModelProto:
    """`model`, its outputs without a declared type called float32, which translating ignores."""
    for value in model.graph.output:
        if not value.type.tensor_type.elem_type:
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    return model


def _ints(*numbers: int) -> Any:
    return np.array(numbers, np.int64)


_WINDOW = {"kernel_shape": [3, 3], "strides": [2, 2]}
_CASES: list[tuple[Any, ...]] = [
    ("Conv", 11, [IMAGE, FILTER], {"pads": [0, 1, 2, 1], "strides": [2, 1]}),
    ("Conv", 11, [IMAGE, FILTER], {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    ("Conv", 11, [IMAGE, FILTER], {"auto_pad": "SAME_LOWER", "strides": [2, 2]}),
    ("Conv", 11, [IMAGE, FILTER], {"auto_pad": "VALID", "dilations": [2, 2]}),
    ("Conv", 11, [IMAGE, FILTER[:, :2], FILTER[:, 0, 0, 0]], {"group": 2}),
    ("ConvTranspose", 11, [IMAGE, UP_FILTER], {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ("ConvTranspose", 11, [IMAGE, UP_FILTER], {"strides": [2, 2], "pads": [0, 1, 1, 0]}),
    ("ConvTranspose", 11, [IMAGE, UP_FILTER], {"strides": [2, 2], "output_padding": [1, 1]}),
    ("MaxPool", 12, [IMAGE], {**_WINDOW, "pads": [1, 1, 1, 1]}),
    ("MaxPool", 12, [IMAGE], {**_WINDOW, "pads": [0, 0, 1, 1], "ceil_mode": 1}),
    ("MaxPool", 12, [IMAGE], {**_WINDOW, "auto_pad": "SAME_UPPER"}),
    ("AveragePool", 11, [IMAGE], {**_WINDOW, "pads": [1, 1, 1, 1]}),
    ("AveragePool", 11, [IMAGE], {**_WINDOW, "pads": [0, 0, 1, 1]}),
    ("AveragePool", 11, [IMAGE], {**_WINDOW, "pads": [1, 0, 1, 1], "count_include_pad": 1}),
    ("AveragePool", 11, [IMAGE], {**_WINDOW, "ceil_mode": 1}),
    ("GlobalMaxPool", 1, [IMAGE]),
    ("LayerNormalization", 17, [IMAGE, np.full(10, 2, np.float32)], {"axis": 2}, 3),
    ("Gemm", 13, [ROWS, ROWS, ROWS[:, :3]], {"transB": 1, "alpha": 0.5, "beta": 2.0}),
    ("Gemm", 13, [ROWS, ROWS], {"transA": 1}),
    ("Clip", 6, [IMAGE], {"min": -0.5, "max": 0.5}),
    ("Clip", 13, [IMAGE, None, np.float32(0.25)]),
    ("Gelu", 20, [IMAGE], {"approximate": "tanh"}),
    ("HardSigmoid", 6, [IMAGE], {"alpha": 0.3, "beta": 0.4}),
    ("HardSwish", 14, [IMAGE]),
    ("LeakyRelu", 16, [IMAGE], {"alpha": 0.2}),
    ("Softmax", 13, [IMAGE], {"axis": 1}),
    ("Dropout", 13, [IMAGE, np.float32(0.5)], {}, 2),
    ("Div", 14, [_ints(-7, 7, -8), _ints(2)]),
    ("Pow", 15, [np.abs(ROWS), _ints(2)]),
    ("ReduceMean", 13, [IMAGE], {"axes": [2, 3], "keepdims": 0}),
    ("ReduceMean", 18, [IMAGE, _ints(-1)]),
    ("ReduceMean", 18, [IMAGE]),
    ("ReduceSumSquare", 18, [IMAGE, _ints()], {"noop_with_empty_axes": 1}),
    ("ArgMax", 13, [ROWS], {"axis": 1, "keepdims": 0}),
    ("Cast", 13, [ROWS], {"to": onnx.TensorProto.INT64}),
    ("Expand", 13, [ROWS[:, :1], _ints(2, 1, 5)]),
    ("Flatten", 13, [IMAGE], {"axis": -2}),
    ("Gather", 13, [ROWS, _ints(-1, 0)], {"axis": 1}),
    ("Gather", 13, [ROWS, np.int64(-2)], {"axis": 0}),
    ("Pad", 2, [IMAGE], {"pads": [0, 0, 1, 2, 0, 0, 3, 0], "value": 1.5}),
    ("Pad", 13, [IMAGE, _ints(0, 0, 1, 2, 0, 0, 3, 0)], {"mode": "reflect"}),
    ("Pad", 13, [ROWS, _ints(0, 0, 0, 3)], {"mode": "reflect"}),
    ("Pad", 13, [ROWS, _ints(0, 0, 0, 0)], {"mode": "edge"}),
    ("Pad", 13, [IMAGE, _ints(0, 1, 0, 2, 0, 0, 3, 0)], {"mode": "edge"}),
    ("Pad", 18, [IMAGE, _ints(1, 2), np.float32(9), _ints(3)]),
    ("Reshape", 14, [IMAGE, _ints(0, -1, 5)]),
    ("Shape", 15, [IMAGE], {"start": 1, "end": -1}),
    ("Slice", 9, [IMAGE], {"starts": [1, -3], "ends": [99, -1], "axes": [2, 3]}),
    ("Slice", 13, [ROWS, _ints(-1), _ints(-99), _ints(1), _ints(-2)]),
    ("Slice", 13, [ROWS, _ints(4), _ints(2)]),
    ("Split", 11, [ROWS], {"axis": 1, "split": [2, 3]}, 2),
    ("Split", 18, [ROWS], {"axis": 1, "num_outputs": 2}, 2),
    ("Squeeze", 13, [ROWS[:, :1], _ints(-1)]),
    ("Tile", 13, [ROWS, _ints(2, 1)]),
    ("Transpose", 13, [IMAGE]),
    ("Unsqueeze", 11, [ROWS], {"axes": [0, 3]}),
    ("Unsqueeze", 13, [ROWS, _ints(-1, 0)]),
]
OPERATOR_CASES = [OperatorCase(*case) for case in _CASES]

REFUSED_CASES = {
    "its optional outputs of MaxPool": OperatorCase("MaxPool", 12, [IMAGE], _WINDOW, 2),
    "training mode of Dropout": OperatorCase(
        "Dropout", 13, [IMAGE, np.float32(0.5), np.bool_(True)]
    ),
    "select_last_index of ArgMax": OperatorCase("ArgMax", 13, [ROWS], {"select_last_index": 1}),
    "mode 'mirror' of Pad": OperatorCase("Pad", 13, [ROWS, _ints(0, 0, 0, 0)], {"mode": "mirror"}),
}
"""What no translator has a rule for, by the words of the refusal."""
