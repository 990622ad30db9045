"""A brick, or a segment with its own weights, as an ONNX model that any framework can run."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import DTypeLike, NDArray
from onnx import helper, numpy_helper

from dlscope.graph.body import domains_of, drawn_weight, numbered_body, value_name
from dlscope.graph.brick import Brick, BrickLayer, BrickTensor, tensors_of
from dlscope.graph.brick_attributes import attributes_of
from dlscope.graph.program import element_type
from dlscope.graph.segment import Segment

IR_VERSION, OPSET = 10, 17
EMBEDDED_BYTES = 1024
_LARGE_BYTES = 1 << 16
_INDEXED = frozenset({"Gather", "GatherElements", "ScatterElements"})
_INDEXED_BY_TUPLES = frozenset({"GatherND", "ScatterND"})


def brick_model(brick: Brick) -> onnx.ModelProto:
    """The brick with weights drawn from its id; inputs and outputs are called `v0`, `v1`, ….

    The same brick always gives the same bytes, on any machine.
    """
    weights = [_embedded(place, _weight(brick, place)) for place in brick.constants]
    return _model(brick, [attributes_of(layer.attributes) for layer in brick.layers], weights)


def brick_skeleton(brick: Brick) -> tuple[onnx.ModelProto, dict[str, tuple[int, ...]]]:
    """`brick_model` without its large float32 weights, and the shapes of these by name.

    The model says that they are in a file, so that a runtime can be handed any in memory.
    """
    outside = {place for place in brick.constants if _is_large_weight(brick.tensors[place])}
    weights = [
        _elsewhere(value_name(place), "float32", brick.tensors[place].shape)
        if place in outside
        else _embedded(place, _weight(brick, place))
        for place in brick.constants
    ]
    attributes = [attributes_of(layer.attributes) for layer in brick.layers]
    shapes = {value_name(place): brick.tensors[place].shape for place in sorted(outside)}
    return _model(brick, attributes, weights), shapes


def segment_model(segment: Segment) -> onnx.ModelProto:
    """The brick of a segment with the weights that the segment has."""
    weights = [_embedded(place, array) for place, array in _weights_of(segment).items()]
    return _model(Brick.of(segment), _attributes_of(segment), weights)


def segment_skeleton(
    segment: Segment, brick: Brick
) -> tuple[onnx.ModelProto, dict[str, NDArray[Any]]]:
    """`segment_model` without its large weights, and these by name, which are not copied.

    The model says that they are in a file, so that a runtime can be handed them in memory.
    `brick` is the brick of the segment.
    """
    weights = _weights_of(segment)
    outside = {
        value_name(place): np.ascontiguousarray(array)
        for place, array in weights.items()
        if array.nbytes > EMBEDDED_BYTES and array.dtype.kind in "iubf"
    }
    told = [
        _elsewhere(value_name(place), array.dtype, array.shape)
        if value_name(place) in outside
        else _embedded(place, array)
        for place, array in weights.items()
    ]
    return _model(brick, _attributes_of(segment), told), outside


def brick_feeds(brick: Brick) -> dict[str, NDArray[Any]]:
    """Inputs for the brick by name, drawn from its id: standard normal where they are floats.

    Integers are those that the model had there where they are known, else valid indices, else 1.
    """
    return {value_name(place): brick_feed(brick, place) for place in brick.inputs}


def brick_feed(brick: Brick, place: int) -> NDArray[Any]:
    """What `brick_feeds` has for the input at `place`."""
    tensor = brick.tensors[place]
    generator = _generator(brick, place)
    if not tensor.is_discrete:
        return generator.standard_normal(tensor.shape).astype(_numpy_dtype(tensor))
    return _discrete(brick, place, generator)


def _weights_of(segment: Segment) -> dict[int, NDArray[Any]]:
    return {
        place: np.asarray(tensor.value)
        for place, tensor in enumerate(tensors_of(segment))
        if tensor.kind == "const"
    }


def _attributes_of(segment: Segment) -> list[dict[str, Any]]:
    """The attributes of each layer; bodies keep their weights."""
    places = {tensor.name: place for place, tensor in enumerate(tensors_of(segment))}
    return [
        {
            name: numbered_body(value, places) if isinstance(value, onnx.GraphProto) else value
            for name, value in layer.attributes.items()
        }
        for layer in segment.layers
    ]


def _embedded(place: int, array: NDArray[Any]) -> onnx.TensorProto:
    return numpy_helper.from_array(array, value_name(place))


def _is_large_weight(tensor: BrickTensor) -> bool:
    is_drawn = tensor.value is None and tensor.dtype == "float32" and len(tensor.shape) > 1
    return is_drawn and tensor.size_bytes > _LARGE_BYTES


def _elsewhere(name: str, dtype: DTypeLike, shape: tuple[int, ...]) -> onnx.TensorProto:
    kind = np.dtype(dtype)
    tensor = onnx.TensorProto(
        name=name,
        data_type=helper.np_dtype_to_tensor_dtype(kind),
        dims=shape,
        data_location=onnx.TensorProto.EXTERNAL,
    )
    size_bytes = kind.itemsize * math.prod(shape)
    place = {"location": "weights", "offset": "0", "length": str(size_bytes)}
    tensor.external_data.extend(
        onnx.StringStringEntryProto(key=key, value=value) for key, value in place.items()
    )
    return tensor


def _model(
    brick: Brick,
    attributes: Sequence[Mapping[str, Any]],
    weights: Sequence[onnx.TensorProto],
) -> onnx.ModelProto:
    graph = helper.make_graph(
        [
            _node(index, layer, told)
            for index, (layer, told) in enumerate(zip(brick.layers, attributes, strict=True))
        ],
        "brick",
        [_value_info(brick, place) for place in brick.inputs],
        [_value_info(brick, place) for place in brick.outputs],
        initializer=weights,
    )
    return helper.make_model(
        graph,
        opset_imports=[
            helper.make_opsetid(*each) for each in sorted(_opsets(brick, attributes).items())
        ],
        ir_version=IR_VERSION,
        producer_name="dlscope",
    )


def _opsets(brick: Brick, attributes: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The versions of the domains of all operators, those in bodies included."""
    values = (value for told in attributes for value in told.values())
    bodies = (value for value in values if isinstance(value, onnx.GraphProto))
    # The domains of runtimes that a body may use have one version.
    inner = {domain: 1 for body in bodies for domain in domains_of(body)}
    # Readers expect a version of ONNX's own operators, whether or not there are any.
    return inner | {"": OPSET} | {layer.domain: layer.opset for layer in brick.layers}


def _node(index: int, layer: BrickLayer, attributes: Mapping[str, Any]) -> onnx.NodeProto:
    node = helper.make_node(
        layer.op_type, _names(layer.inputs), _names(layer.outputs), f"n{index}", domain=layer.domain
    )
    known = _known_attributes(layer)
    for name, value in attributes.items():
        if _is_told(name, value, known):
            plain = numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
            node.attribute.append(helper.make_attribute(name, plain))
    return node


def _is_told(name: str, value: Any, known: Container[str] | None) -> bool:
    """Whether the operator can be told this: `known` are its attributes, if ONNX knows it."""
    if isinstance(value, tuple) and not value:
        return False  # nothing tells of which type an empty list is, and it says nothing
    if known is None:
        # Some pools of runtimes have no dilation; of the others this is the default.
        return name != "dilations" or set(value) != {1}
    return name in known  # a default may be one that only later versions can be told


def _known_attributes(layer: BrickLayer) -> Container[str] | None:
    """The attributes of this version of the operator, None where ONNX does not know it."""
    try:
        schema = onnx.defs.get_schema(layer.op_type, layer.opset, layer.domain)
        return frozenset(schema.attributes)
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
    return drawn_weight(tensor.shape, generator).astype(_numpy_dtype(tensor))


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
        source = layer.inputs[0] if layer.inputs else None
        if source is None or place not in layer.inputs[1:2]:
            continue
        shape = brick.tensors[source].shape
        if layer.op_type in _INDEXED:
            return 0, shape[int(layer.attributes.get("axis", 0))] - 1
        if layer.op_type in _INDEXED_BY_TUPLES:
            return 0, min(shape) - 1
    return 1, 1


def _generator(brick: Brick, place: int) -> np.random.Generator:
    return np.random.default_rng([int(brick.id, 16), place])


def _given(tensor: BrickTensor, plain: Any) -> NDArray[Any]:
    array: NDArray[Any] = attributes_of({"value": plain})["value"]
    return array.astype(_numpy_dtype(tensor)).reshape(tensor.shape)


def _numpy_dtype(tensor: BrickTensor) -> np.dtype[Any]:
    dtype: np.dtype[Any] = helper.tensor_dtype_to_np_dtype(element_type(tensor.dtype))
    return dtype
