"""Bodies of control flow as text without names and weights, and back."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping

import numpy as np
import onnx
from onnx import helper, numpy_helper

_FLOATS = frozenset(
    getattr(onnx.TensorProto, name) for name in ("FLOAT", "FLOAT16", "DOUBLE", "BFLOAT16")
)
_DATA = ("raw_data", "float_data", "int32_data", "double_data")


def value_name(place: int) -> str:
    """What the tensor at `place` of a brick is called in an ONNX graph made of it."""
    return f"v{place}"


def body_text(body: onnx.GraphProto, places: Mapping[str, int]) -> str:
    """`body` with values numbered and weights taken out, in base 64.

    `places` numbers the tensors of the brick that it takes from outside.
    """
    copy = onnx.GraphProto()
    copy.CopyFrom(body)
    _rename(copy, {name: value_name(place) for name, place in places.items()})
    for tensor in _tensors(copy):
        if tensor.data_type in _FLOATS and tensor.dims:
            for field in _DATA:
                tensor.ClearField(field)
    return base64.b64encode(copy.SerializeToString(deterministic=True)).decode("ascii")


def body_from_text(text: str) -> onnx.GraphProto:
    """The body that `body_text` wrote, its weights drawn: the same each time."""
    body = onnx.GraphProto()
    body.ParseFromString(base64.b64decode(text))
    generator = np.random.default_rng(len(text))
    for tensor in _tensors(body):
        if tensor.data_type in _FLOATS and tensor.dims:
            drawn = 0.1 * generator.standard_normal(tuple(tensor.dims))
            dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
            tensor.CopyFrom(numpy_helper.from_array(drawn.astype(dtype), tensor.name))
    return body


def _rename(body: onnx.GraphProto, names: dict[str, str], prefix: str = "b") -> None:
    """Number all that the body defines; what it takes from outside is in `names`."""

    def new(name: str) -> str:
        if name and name not in names:
            names[name] = f"{prefix}{len(names)}"
        return names.get(name, "")

    body.name = prefix
    body.doc_string = ""
    del body.value_info[:], body.metadata_props[:], body.quantization_annotation[:]
    for value in (*body.input, *body.initializer):
        value.name = new(value.name)
        value.doc_string = ""
    for index, node in enumerate(body.node):
        node.name, node.doc_string = f"n{index}", ""
        del node.metadata_props[:]
        node.input[:] = [new(name) for name in node.input]
        for attribute in node.attribute:
            for deeper in _graphs(attribute):
                _rename(deeper, dict(names), f"{prefix}{index}_")
        node.output[:] = [new(name) for name in node.output]
    for value in body.output:
        value.name, value.doc_string = new(value.name), ""


def _tensors(body: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from body.initializer
    for node in body.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                attribute.t.name = ""
                yield attribute.t
            for deeper in _graphs(attribute):
                yield from _tensors(deeper)


def _graphs(attribute: onnx.AttributeProto) -> list[onnx.GraphProto]:
    return [attribute.g] if attribute.HasField("g") else list(attribute.graphs)
