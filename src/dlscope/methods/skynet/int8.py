"""A SkyNet with integers of 8 bits, as quantised ONNX: for CPUs what few bits are for FPGAs.

Weights are signed with a step for each channel, activations unsigned with one step for a tensor,
from the ends that were observed. The head stays in float: its map is small and says where boxes
are to fractions of a cell, which 256 steps over its range of 20 cannot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import TensorsData
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

from dlscope.core.errors import GraphError
from dlscope.graph.builder import serialize
from dlscope.methods.skynet.observing import Observed

KEPT_IN_FLOAT = ("head",)
LEAST_IMAGES = 100
_OPERATORS = ("Conv", "Clip", "Relu", "MaxPool", "Slice", "SpaceToDepth", "Concat")


def to_int8(
    graph: onnx.ModelProto,
    observed: Mapping[str, Observed],
    *,
    kept_in_float: Sequence[str] = KEPT_IN_FLOAT,
) -> onnx.ModelProto:
    """`graph` with a pair of quantisation and its undoing around every tensor that was `observed`.

    Nodes whose names begin with one of `kept_in_float` stay as they are. Raises `GraphError` for
    a graph that is quantised already.
    """
    if any(node.op_type == "DequantizeLinear" for node in graph.graph.node):
        raise GraphError(
            "the graph is quantised already",
            where="SkyNet, int8",
            fix="give the graph with float weights that it was made from",
        )
    excluded = [
        node.name for node in graph.graph.node if node.name.startswith(tuple(kept_in_float))
    ]
    ends = {
        name: (np.float32(each.least), np.float32(each.most)) for name, each in observed.items()
    }
    quantizer = QDQQuantizer(
        onnx.shape_inference.infer_shapes(graph),
        per_channel=True,
        reduce_range=False,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QUInt8,
        tensors_range=TensorsData(CalibrationMethod.MinMax, ends),
        nodes_to_quantize=[],
        nodes_to_exclude=excluded,
        op_types_to_quantize=list(_OPERATORS),
        extra_options={},
    )
    quantizer.quantize_model()
    quantizer.model.clean_initializers()
    quantizer.model.topological_sort()
    return onnx.load_model_from_string(serialize(quantizer.model.model))
