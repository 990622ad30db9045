"""Bodies of control flow with values numbered; as text without names and weights, and back."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from dlscope.graph.ir import dtype_bits
from dlscope.graph.marks import steering_places
from dlscope.graph.program import domain_of, dtype_name

STEERING_ELEMENTS = 64
_DISCRETE = ("int", "uint", "bool")
_SHAPED = frozenset({"tensor_type", "sparse_tensor_type"})
_DATA = (
    *("raw_data", "float_data", "int32_data", "int64_data"),
    *("double_data", "uint64_data", "string_data"),
)


def value_name(place: int) -> str:
    """What the tensor at `place` of a brick is called in an ONNX graph made of it."""
    return f"v{place}"


def is_discrete(dtype: str) -> bool:
    """Whether elements of this type are integers or truth values."""
    return dtype.startswith(_DISCRETE)


def is_steering(dtype: str, shape: tuple[int, ...]) -> bool:
    """Whether a constant of this type decides what is executed, and is no weight.

    At most 64 integers are taken for a shape, axes or indices, and a floating number without axes
    for a bound, an epsilon or a scale.
    """
    return math.prod(shape) <= STEERING_ELEMENTS if is_discrete(dtype) else not shape


def drawn_weight(shape: tuple[int, ...], generator: np.random.Generator) -> NDArray[np.float64]:
    """Weights from `generator`: vectors near 1, others such that sums keep their magnitude."""
    if len(shape) < 2:
        # Positive: the same rule serves scales, variances and biases.
        return np.asarray(generator.uniform(0.5, 1.5, shape))
    fan_in = max(math.prod(shape[1:]), 1)
    return generator.standard_normal(shape) / math.sqrt(fan_in)


def numbered_body(body: onnx.GraphProto, places: Mapping[str, int]) -> onnx.GraphProto:
    """A copy of `body` with values numbered, and without all that only tells where it is from.

    `places` numbers the tensors of the brick that it takes from outside.
    """
    return _numbered(body, {name: value_name(place) for name, place in places.items()}, "b")


def body_text(body: onnx.GraphProto, places: Mapping[str, int]) -> str:
    """`body` as `numbered_body` gives it, with weights taken out, in base 64."""
    numbered = numbered_body(body, places)
    _forget_weights(numbered)
    return base64.b64encode(numbered.SerializeToString(deterministic=True)).decode("ascii")


def body_from_text(text: str) -> onnx.GraphProto:
    """The body that `body_text` wrote, its weights drawn: the same each time.

    Raises ValueError for a text that is none.
    """
    body = onnx.GraphProto()
    try:
        body.ParseFromString(base64.b64decode(text, validate=True))
    except DecodeError as error:
        raise ValueError("a body is not an ONNX graph") from error
    generator = np.random.default_rng(len(text))
    for _, tensor in _constants(body):
        if _is_forgotten(tensor):
            tensor.CopyFrom(numpy_helper.from_array(_drawn(tensor, generator), tensor.name))
    return body


def domains_of(body: onnx.GraphProto) -> set[str]:
    """The domains of the operators in `body` and deeper."""
    return {domain_of(node) for scope in _scopes(body) for node in scope.node}


def _numbered(body: onnx.GraphProto, names: dict[str, str], prefix: str) -> onnx.GraphProto:
    """Everything that the body defines gets a number; what is from outside is in `names`."""

    def new(name: str) -> str:
        return _number(name, names, prefix)

    return onnx.GraphProto(
        name=prefix,
        input=[_value(each, new(each.name)) for each in body.input],
        initializer=[_tensor(each, new(each.name)) for each in body.initializer],
        node=[_node(node, index, names, prefix) for index, node in enumerate(body.node)],
        output=[_value(each, new(each.name)) for each in body.output],
    )


def _number(name: str, names: dict[str, str], prefix: str) -> str:
    return names.setdefault(name, f"{prefix}{len(names)}") if name else ""


def _node(node: onnx.NodeProto, index: int, names: dict[str, str], prefix: str) -> onnx.NodeProto:
    inputs = [_number(name, names, prefix) for name in node.input]
    attributes = [
        _attribute(each, names, f"{prefix}{index}_{place}_")
        for place, each in enumerate(node.attribute)
    ]
    return onnx.NodeProto(
        op_type=node.op_type,
        domain=node.domain,
        name=f"n{index}",
        input=inputs,
        output=[_number(name, names, prefix) for name in node.output],
        attribute=attributes,
    )


def _attribute(
    attribute: onnx.AttributeProto, names: Mapping[str, str], prefix: str
) -> onnx.AttributeProto:
    copy = onnx.AttributeProto()
    copy.CopyFrom(attribute)
    for field in ("doc_string", "sparse_tensor", "tensors"):
        copy.ClearField(field)
    # What a body defines is known in it alone.
    if copy.HasField("g"):
        copy.g.CopyFrom(_numbered(attribute.g, dict(names), prefix))
    if copy.HasField("t"):
        copy.t.CopyFrom(_tensor(attribute.t, ""))
    return copy


def _tensor(tensor: onnx.TensorProto, name: str) -> onnx.TensorProto:
    return numpy_helper.from_array(numpy_helper.to_array(tensor), name)


def _value(value: onnx.ValueInfoProto, name: str) -> onnx.ValueInfoProto:
    copy = onnx.ValueInfoProto(name=name, type=value.type)
    _forget_axes(copy.type)
    return copy


def _forget_axes(kind: onnx.TypeProto) -> None:
    kind.ClearField("denotation")
    which = kind.WhichOneof("value")
    if which in _SHAPED:
        for axis in getattr(kind, which).shape.dim:
            axis.ClearField("denotation")
            axis.ClearField("dim_param")
    elif which in ("sequence_type", "optional_type"):
        _forget_axes(getattr(kind, which).elem_type)
    elif which == "map_type":
        _forget_axes(kind.map_type.value_type)


def _forget_weights(body: onnx.GraphProto) -> None:
    _write_out_numbers(body)
    steering = set(_steering_names(body))
    for name, tensor in _constants(body):
        dtype = dtype_name(tensor.data_type)
        if name not in steering and not is_steering(dtype, tuple(tensor.dims)):
            for field in _DATA:
                tensor.ClearField(field)


def _write_out_numbers(body: onnx.GraphProto) -> None:
    """Make tensors of constants that are written as a list of numbers: they may be weights."""
    for scope in _scopes(body):
        for node in scope.node:
            for attribute in node.attribute:
                if node.op_type == "Constant" and attribute.name == "value_floats":
                    array = np.array(attribute.floats, dtype=np.float32)
                    tensor = numpy_helper.from_array(array)
                    attribute.CopyFrom(helper.make_attribute("value", tensor))


def _is_forgotten(tensor: onnx.TensorProto) -> bool:
    return math.prod(tensor.dims) > 0 and not any(len(getattr(tensor, each)) for each in _DATA)


def _drawn(tensor: onnx.TensorProto, generator: np.random.Generator) -> NDArray[Any]:
    shape, dtype = tuple(tensor.dims), dtype_name(tensor.data_type)
    numpy_dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    if not is_discrete(dtype):
        return drawn_weight(shape, generator).astype(numpy_dtype)
    if dtype == "bool" or dtype_bits(dtype) > 8:
        return np.ones(shape, numpy_dtype)  # a valid length, and most often a valid index
    low, high = (-7, 7) if dtype.startswith("int") else (0, 15)
    return generator.integers(low, high, size=shape, endpoint=True).astype(numpy_dtype)


def _steering_names(body: onnx.GraphProto) -> Iterator[str]:
    """Values in the body, and deeper, that decide the shape of something."""
    for scope in _scopes(body):
        for node in scope.node:
            special = steering_places(node.op_type) if not domain_of(node) else ()
            yield from (node.input[place] for place in special if place < len(node.input))


def _constants(body: onnx.GraphProto) -> Iterator[tuple[str, onnx.TensorProto]]:
    """The constants of the body, and deeper, by the name of the value that each is."""
    for scope in _scopes(body):
        yield from ((tensor.name, tensor) for tensor in scope.initializer)
        for node in scope.node:
            held = (each.t for each in node.attribute if each.HasField("t"))
            yield from ((node.output[0], tensor) for tensor in held)


def _scopes(body: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """The body and all that are in it."""
    yield body
    for node in body.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _scopes(attribute.g)
