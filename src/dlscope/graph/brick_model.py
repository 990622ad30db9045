"""A brick, or a segment with its own weights, as an ONNX model that any framework can run."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from dlscope.graph.body import value_name
from dlscope.graph.brick import Brick, BrickLayer, BrickTensor, tensors_of
from dlscope.graph.brick_attributes import attributes_of
from dlscope.graph.program import element_type
from dlscope.graph.segment import Segment

IR_VERSION, OPSET = 10, 17
_INDEXED = {"Gather": 0, "GatherElements": 0}
_VARIANCE = {"BatchNormalization": 4}


def brick_model(brick: Brick) -> onnx.ModelProto:
    """The brick with weights drawn from its id; inputs and outputs are called `v0`, `v1`, ….

    The same brick always gives the same bytes, on any machine.
    """
    return _model(brick, {place: _weight(brick, place) for place in brick.constants})


def segment_model(segment: Segment) -> onnx.ModelProto:
    """The brick of a segment with the weights that the segment has."""
    weights = {
        place: np.asarray(tensor.value)
        for place, tensor in enumerate(tensors_of(segment))
        if tensor.kind == "const"
    }
    return _model(Brick.of(segment), weights)


def brick_feeds(brick: Brick) -> dict[str, NDArray[Any]]:
    """Inputs for the brick by name, drawn from its id: standard normal where they are floats.

    Integers are those that the model had there where they are known, else valid indices, else 1.
    """
    return {value_name(place): _input(brick, place) for place in brick.inputs}


def _model(brick: Brick, weights: Mapping[int, NDArray[Any]]) -> onnx.ModelProto:
    graph = helper.make_graph(
        [_node(index, layer) for index, layer in enumerate(brick.layers)],
        "brick",
        [_value_info(brick, place) for place in brick.inputs],
        [_value_info(brick, place) for place in brick.outputs],
        initializer=[
            numpy_helper.from_array(np.asarray(array), value_name(place))
            for place, array in weights.items()
        ],
    )
    # Readers expect a version of ONNX's own operators, whether or not there are any.
    opsets = {"": OPSET} | {layer.domain: layer.opset for layer in brick.layers}
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid(*each) for each in sorted(opsets.items())],
        ir_version=IR_VERSION,
        producer_name="dlscope",
    )


def _node(index: int, layer: BrickLayer) -> onnx.NodeProto:
    node = helper.make_node(
        layer.op_type, _names(layer.inputs), _names(layer.outputs), f"n{index}", domain=layer.domain
    )
    known = _known_attributes(layer)
    for name, value in attributes_of(layer.attributes).items():
        if known is not None and name not in known:
            continue  # a default that only later versions of the operator can be told
        if isinstance(value, tuple) and not value:
            continue  # nothing tells of which type an empty list is, and it says nothing
        if isinstance(value, np.ndarray):
            value = numpy_helper.from_array(value)
        node.attribute.append(helper.make_attribute(name, value))
    return node


def _known_attributes(layer: BrickLayer) -> Container[str] | None:
    """The attributes of this version of the operator, None where ONNX does not know it."""
    try:
        return onnx.defs.get_schema(layer.op_type, layer.opset, layer.domain).attributes
    except onnx.defs.SchemaError:
        return None


def _names(places: Sequence[int | None]) -> list[str]:
    return ["" if place is None else value_name(place) for place in places]


def _value_info(brick: Brick, place: int) -> onnx.ValueInfoProto:
    tensor = brick.tensors[place]
    return helper.make_tensor_value_info(
        value_name(place), element_type(tensor.dtype), tensor.shape
    )


def _weight(brick: Brick, place: int) -> NDArray[Any]:
    tensor = brick.tensors[place]
    if tensor.value is not None:
        return _given(tensor, tensor.value)
    generator = _generator(brick, place)
    if tensor.is_discrete:
        return _discrete(brick, place, generator)
    if len(tensor.shape) < 2 or _is_variance(brick, place):
        # Positive: the same rule serves scales, variances and biases.
        drawn = generator.uniform(0.5, 1.5, tensor.shape)
    else:
        # Sums of products keep the magnitude of what goes in.
        fan_in = max(tensor.elements // max(tensor.shape[0], 1), 1)
        drawn = generator.standard_normal(tensor.shape) / math.sqrt(fan_in)
    return drawn.astype(_numpy_dtype(tensor))


def _input(brick: Brick, place: int) -> NDArray[Any]:
    tensor = brick.tensors[place]
    generator = _generator(brick, place)
    if not tensor.is_discrete:
        return generator.standard_normal(tensor.shape).astype(_numpy_dtype(tensor))
    return _discrete(brick, place, generator)


def _discrete(brick: Brick, place: int, generator: np.random.Generator) -> NDArray[Any]:
    tensor = brick.tensors[place]
    if tensor.sample is not None:
        return _given(tensor, tensor.sample)
    low, high = tensor.span or _index_span(brick, place)
    drawn = generator.integers(low, high, size=tensor.shape, endpoint=True)
    return np.asarray(drawn).astype(_numpy_dtype(tensor))


def _index_span(brick: Brick, place: int) -> tuple[int, int]:
    """What an integer may be: an index of the axis that it selects from, else 1."""
    for layer in brick.layers:
        if layer.op_type in _INDEXED and len(layer.inputs) > 1 and layer.inputs[1] == place:
            source = layer.inputs[0]
            axis = int(layer.attributes.get("axis", 0))
            if source is not None and brick.tensors[source].shape:
                return 0, brick.tensors[source].shape[axis] - 1
    return 1, 1


def _is_variance(brick: Brick, place: int) -> bool:
    return any(
        layer.inputs[_VARIANCE[layer.op_type]] == place
        for layer in brick.layers
        if layer.op_type in _VARIANCE
    )


def _generator(brick: Brick, place: int) -> np.random.Generator:
    return np.random.default_rng([int(brick.id, 16), place])


def _given(tensor: BrickTensor, plain: Any) -> NDArray[Any]:
    array: NDArray[Any] = attributes_of({"value": plain})["value"]
    return array.astype(_numpy_dtype(tensor)).reshape(tensor.shape)


def _numpy_dtype(tensor: BrickTensor) -> np.dtype[Any]:
    return np.dtype(helper.tensor_dtype_to_np_dtype(element_type(tensor.dtype)))
