"""What the tensors of a graph hold for some images: their ends, and where numbers end.

One pass of ONNX Runtime gives all tensors, so that whoever chooses how to keep them has seen them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from dlscope.core.errors import GraphError
from dlscope.graph.builder import serialize


@final
@dataclass(frozen=True)
class Observed:
    """The smallest and the largest value of a tensor over all images."""

    least: float
    most: float


def observe(
    graph: onnx.ModelProto, images: Iterable[NDArray[np.float32]]
) -> Mapping[str, Observed]:
    """Every tensor of the graph by its name, over `images` [1, C, H, W] that are its input.

    Raises `GraphError` naming the first layer that gives NaN or infinity.
    """
    session, names = _opened(graph)
    ends: dict[str, tuple[float, float]] = {}
    given = session.get_inputs()[0].name
    for image_1chw in images:
        tensors = dict(zip(names, session.run(names, {given: image_1chw}), strict=True))
        for name, values in {given: image_1chw, **tensors}.items():
            low, high = float(values.min()), float(values.max())
            # A minimum or maximum over NaN is NaN.
            if not np.isfinite(high - low):
                raise not_finite(name, values)
            least, most = ends.get(name, (low, high))
            ends[name] = min(least, low), max(most, high)
    return {name: Observed(*each) for name, each in ends.items()}


def first_not_finite(graph: onnx.ModelProto, image_1chw: NDArray[np.float32]) -> GraphError | None:
    """The refusal naming the first layer whose output for an image is not all numbers."""
    session, names = _opened(graph)
    given = session.get_inputs()[0].name
    for name, values in zip(names, session.run(names, {given: image_1chw}), strict=True):
        if not np.isfinite(values).all():
            return not_finite(name, values)
    return None


def not_finite(name: str, values: NDArray[Any]) -> GraphError:
    """The refusal of a layer whose output is not all numbers."""
    wrong = int(values.size - np.isfinite(values).sum())
    return GraphError(
        f"{wrong} of {values.size} numbers of {name!r} are NaN or infinite",
        where=f"SkyNet, layer {name}",
        fix="check the weights, and the image that was put in",
    )


def _opened(graph: onnx.ModelProto) -> tuple[onnxruntime.InferenceSession, list[str]]:
    """A session that gives every tensor of floats, and their names in the order of the nodes."""
    model = onnx.shape_inference.infer_shapes(graph)
    known = (*model.graph.value_info, *model.graph.output)
    floats = {each.name for each in known if _is_float(each)}
    names = [name for node in graph.graph.node for name in node.output if name in floats]
    given = {value.name for value in graph.graph.output}
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        for name in names
        if name not in given
    )
    return one_thread(serialize(model)), names


def _is_float(value: onnx.ValueInfoProto) -> bool:
    return bool(value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT)


def one_thread(content: bytes) -> onnxruntime.InferenceSession:
    """A session of ONNX Runtime that uses one thread of the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
