"""`canonical_attributes`: the attributes of a node with nothing left to a default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from dlscope.graph.ir import Attribute
from dlscope.graph.program import domain_of

Shape = tuple[int, ...]
Attributes = dict[str, Attribute]

_CONVOLUTIONS = frozenset(
    {"Conv", "ConvInteger", "ConvTranspose", "DeformConv", "FusedConv", "NhwcFusedConv"}
    | {"QLinearConv"}
)
_POOLS = frozenset({"AveragePool", "LpPool", "MaxPool", "MaxUnpool", "QLinearAveragePool"})
_RECURRENT: Mapping[str, tuple[str, ...]] = {
    "GRU": ("Sigmoid", "Tanh"),
    "LSTM": ("Sigmoid", "Tanh", "Tanh"),
    "RNN": ("Tanh",),
}
# Where the weight of a convolution stands among the inputs, if it is not the second.
_WEIGHT_PLACE = {"QLinearConv": 3}


def canonical_attributes(
    node: onnx.NodeProto,
    inputs: Sequence[Shape | None],
    outputs: Sequence[Shape | None],
    opset: int,
) -> Attributes:
    """The attributes of `node`, sorted by name, given the shapes that it takes and gives.

    Defaults come from the operator's schema. The windows of convolutions and pools get kernel,
    strides, dilations and explicit pads, in ONNX's order: of all axes before, then of all axes
    behind. Their `auto_pad` becomes NOTSET. `Transpose` gets its permutation, recurrent layers
    their hidden size and activations.
    """
    attributes = _schema_defaults(node, opset)
    attributes |= {each.name: _value(each) for each in node.attribute}
    if node.op_type in _CONVOLUTIONS | _POOLS:
        _fill_window(node.op_type, attributes, inputs, outputs)
    elif node.op_type == "Transpose" and inputs[0] is not None:
        attributes.setdefault("perm", tuple(reversed(range(len(inputs[0])))))
    elif node.op_type in _RECURRENT:
        _fill_recurrent(node.op_type, attributes, inputs)
    return dict(sorted(attributes.items()))


def same_pads(size: int, kernel: int, stride: int, dilation: int) -> int:
    """Elements that "SAME" padding adds to an axis of `size` so that ⌈size/stride⌉ come out.

    max((⌈n/s⌉ − 1)·s + (k − 1)·d + 1 − n, 0); a 3-wide kernel of stride 2 on 224 gets 1.
    """
    return max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)


def _schema_defaults(node: onnx.NodeProto, opset: int) -> Attributes:
    try:
        schema = onnx.defs.get_schema(node.op_type, opset, domain_of(node))
    except onnx.defs.SchemaError:
        return {}
    # An attribute without a default has a value of the undefined type.
    values = (each.default_value for each in schema.attributes.values())
    return {value.name: _value(value) for value in values if value.type}


def _value(attribute: onnx.AttributeProto) -> Attribute:
    value = helper.get_attribute_value(attribute)
    return _plain(value) if isinstance(value, str | bytes | int | float) else _structured(value)


def _plain(value: str | bytes | float) -> str | int | float:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _structured(value: Any) -> Attribute:
    if isinstance(value, onnx.TensorProto):
        array: NDArray[Any] = numpy_helper.to_array(value)
        return array
    if isinstance(value, onnx.GraphProto | onnx.TypeProto | onnx.SparseTensorProto):
        return value
    is_plain = [isinstance(each, str | bytes | int | float) for each in value]
    return tuple(_plain(each) if all(is_plain) else _structured(each) for each in value)


def _fill_window(
    operator: str,
    attributes: Attributes,
    inputs: Sequence[Shape | None],
    outputs: Sequence[Shape | None],
) -> None:
    source, result = inputs[0], outputs[0]
    place = _WEIGHT_PLACE.get(operator, 1)
    weight = inputs[place] if operator in _CONVOLUTIONS and place < len(inputs) else None
    if weight is not None:
        attributes.setdefault("kernel_shape", weight[2:])
    axes = len(attributes.get("kernel_shape", ()))
    attributes.setdefault("strides", (1,) * axes)
    attributes.setdefault("dilations", (1,) * axes)
    attributes.setdefault("pads", (0,) * (2 * axes))
    if operator == "ConvTranspose":
        attributes.setdefault("output_padding", (0,) * axes)
    if source is not None and result is not None and axes:
        _resolve_auto_pad(operator, attributes, source[-axes:], result[-axes:])


def _resolve_auto_pad(operator: str, attributes: Attributes, source: Shape, result: Shape) -> None:
    """Write out the padding; what a transposed convolution is told to give decides it, too."""
    auto = attributes.get("auto_pad", "NOTSET")
    is_transposed = operator == "ConvTranspose"
    if auto in ("SAME_UPPER", "SAME_LOWER") or (is_transposed and "output_shape" in attributes):
        window = [attributes[name] for name in ("kernel_shape", "strides", "dilations")]
        if is_transposed:
            padding = attributes["output_padding"]
            totals = list(map(_transposed_pads, source, result, *window, padding))
        else:
            totals = list(map(same_pads, source, *window))
        # The odd element: of SAME_UPPER behind; ONNX asks the opposite where nothing is said.
        begins = [total // 2 if auto == "SAME_UPPER" else total - total // 2 for total in totals]
        ends = [total - begin for total, begin in zip(totals, begins, strict=True)]
        attributes["pads"] = (*begins, *ends)
    elif auto == "VALID":
        attributes["pads"] = (0,) * (2 * len(source))
    if "auto_pad" in attributes:
        attributes["auto_pad"] = "NOTSET"


def _transposed_pads(
    size: int, result: int, kernel: int, stride: int, dilation: int, extra: int
) -> int:
    """Elements cut off an axis: s·(n − 1) + extra + (k − 1)·d + 1 − result (ONNX's equation)."""
    return max(stride * (size - 1) + extra + (kernel - 1) * dilation + 1 - result, 0)


def _fill_recurrent(operator: str, attributes: Attributes, inputs: Sequence[Shape | None]) -> None:
    recurrence = inputs[2]  # directions × (gates·hidden) × hidden
    if recurrence is not None:
        attributes.setdefault("hidden_size", recurrence[-1])
    directions = 2 if attributes["direction"] == "bidirectional" else 1
    attributes.setdefault("activations", _RECURRENT[operator] * directions)
