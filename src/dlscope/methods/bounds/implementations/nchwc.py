"""ONNX Runtime's blocked layout: its nodes, and bricks rewritten to use them.

The layout pass of ONNX Runtime begins at convolutions: alone, a pool or a sum stays plain. In a
model it would take and give blocks, so it is measured with blocks here.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import IR_VERSION, brick_model
from dlscope.methods.bounds.implementations.edge_cut import CutGraph, cut_edges
from dlscope.methods.bounds.implementations.ort_session import UNCHANGED, session_of

DOMAIN = "com.microsoft.nchwc"
INTO_BLOCKS = "ReorderInput"
OUT_OF_BLOCKS = "ReorderOutput"
_STEP = 4
"""Channels that are not a multiple of this cannot be put into blocks."""
_IMAGE_AXES = 4

# Given in the layout's own domain, with the attributes of ONNX that it knows.
_POOLS = {
    "AveragePool": (
        "ceil_mode",
        "count_include_pad",
        "dilations",
        "kernel_shape",
        "pads",
        "strides",
    ),
    "GlobalAveragePool": (),
    "GlobalMaxPool": (),
    "MaxPool": ("ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"),
}
# Each element by itself, so that any layout will do as long as all tensors have the same.
_ELEMENTWISE = frozenset(
    {"Abs", "Add", "Clip", "Div", "Elu", "Erf", "Exp", "HardSigmoid", "HardSwish", "LeakyRelu"}
    | {"Max", "Min", "Mul", "Neg", "Relu", "Sigmoid", "Softplus", "Sqrt", "Sub", "Sum", "Tanh"}
)


def cut_blocks(model: onnx.ModelProto) -> CutGraph:
    """`model` without what, at its ends, only puts tensors into blocks, takes out or passes on."""
    weights = {each.name: each for each in model.graph.initializer}

    def is_mover(node: onnx.NodeProto) -> bool:
        if node.domain == DOMAIN and node.op_type in (INTO_BLOCKS, OUT_OF_BLOCKS):
            return True
        return _is_pass(node) and _is_bare(node, weights)

    return cut_edges(model, is_mover)


def is_entangled(cut: CutGraph) -> bool:
    """Whether ONNX Runtime fused something with a convolution that only passes its input on."""
    return any(map(_is_pass, cut.core))


def model_with_blocked_inputs(brick: Brick) -> onnx.ModelProto:
    """The brick, its images passed through convolutions that change nothing.

    What they give is in blocks once ONNX Runtime has laid out the graph, as what a model computes
    before the brick would be. A sum is fused with the convolution that its first operand comes
    from: that is made to be one of the brick.
    """
    model = brick_model(brick)
    before = []
    for value in model.graph.input:
        channels = _blocked_channels(value)
        if channels:
            before.append(_identity(model, value.name, channels))
    passed_on = {node.output[0] for node in before}
    for node in model.graph.node:
        if node.op_type == "Add" and node.input[0] in passed_on:
            node.input[:] = node.input[::-1]
    nodes = [*before, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def why_not_blocked(brick: Brick) -> str | None:
    """Why `blocked_model` can make nothing of a brick; None where it can."""
    if len(brick.layers) != 1 or brick.layers[0].domain:
        return "it is no single operator of ONNX"
    operator = brick.layers[0].op_type
    if operator not in _POOLS and operator not in _ELEMENTWISE:
        return f"ONNX Runtime has no blocked {operator}"
    tensors = [brick.tensors[place] for place in (*brick.inputs, *brick.outputs)]
    if any(len(each.shape) != _IMAGE_AXES or each.dtype != "float32" for each in tensors):
        return "only float32 tensors of four axes are put into blocks"
    if any(each.shape[1] % _STEP for each in tensors):
        return f"the channels are not a multiple of {_STEP}"
    same = operator in _POOLS or len({each.shape for each in tensors}) == 1
    weights = any(brick.tensors[place].elements > 1 for place in brick.constants)
    if not same or weights or len(brick.outputs) != 1:
        return "its operands do not have one shape"
    return None


def blocked_model(brick: Brick) -> onnx.ModelProto:
    """The brick with its inputs put into blocks and its output taken out of them."""
    model = brick_model(brick)
    (node,) = model.graph.node
    if node.op_type in _POOLS:
        _make_native(node, _POOLS[node.op_type])
    before = [_renamed_input(node, value) for value in model.graph.input]
    (output,) = model.graph.output
    node.output[0] = f"{output.name}_blocked"
    channels = brick.tensors[brick.outputs[0]].shape[1]
    attributes = {"channels": channels, "channels_last": 0}
    after = _mover(OUT_OF_BLOCKS, node.output[0], output.name, **attributes)
    nodes = [*before, node, after]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    return model


@functools.cache
def block_channels() -> int:
    """How many channels one block holds on this processor, 8 or 16: asked of ONNX Runtime."""
    value = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, _STEP, 1, 1])]
    node = _mover(INTO_BLOCKS, "x", "y", channels_last=0)
    graph = helper.make_graph([node], "block", value, [onnx.ValueInfoProto(name="y")])
    imports = [helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 1)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSION)
    session = session_of(model, UNCHANGED)
    (found,) = session.run(None, {"x": np.zeros((1, _STEP, 1, 1), np.float32)})
    return int(found.shape[1])


def _make_native(node: onnx.NodeProto, attributes: tuple[str, ...]) -> None:
    kept = [each for each in node.attribute if each.name in attributes]
    del node.attribute[:]
    node.attribute.extend(kept)
    node.domain = DOMAIN


def _is_pass(node: onnx.NodeProto) -> bool:
    """Whether a node may be one of `_identity`: no network has such convolutions of its own."""
    attributes = {each.name: each for each in node.attribute}
    if node.op_type != "Conv" or not {"group", "kernel_shape"} <= set(attributes):
        return False
    return attributes["group"].i > 1 and list(attributes["kernel_shape"].ints) == [1, 1]


def _is_bare(node: onnx.NodeProto, weights: Mapping[str, onnx.TensorProto]) -> bool:
    """Whether nothing was fused with it: no bias, no factor, no pads, no activation."""
    attributes = {each.name: each for each in node.attribute}
    is_padded = "pads" in attributes and any(attributes["pads"].ints)
    if len(node.input) != 2 or is_padded or "activation" in attributes:
        return False
    # Whole blocks are filled up with zeros.
    return set(np.unique(numpy_helper.to_array(weights[node.input[1]]))) <= {0.0, 1.0}


def _identity(model: onnx.ModelProto, name: str, channels: int) -> onnx.NodeProto:
    """A convolution of each channel with 1, between `name` and all that take it."""
    passed_on, ones = f"{name}_passed_on", f"{name}_ones"
    for node in model.graph.node:
        node.input[:] = [passed_on if each == name else each for each in node.input]
    weight = np.ones((channels, 1, 1, 1), np.float32)
    model.graph.initializer.append(numpy_helper.from_array(weight, ones))
    window = {"group": channels, "kernel_shape": [1, 1]}
    return helper.make_node("Conv", [name, ones], [passed_on], **window)


def _blocked_channels(value: onnx.ValueInfoProto) -> int:
    """How many channels an image has that can be put into blocks; 0 where it cannot."""
    kind = value.type.tensor_type
    shape = [axis.dim_value for axis in kind.shape.dim]
    is_image = len(shape) == _IMAGE_AXES and kind.elem_type == TensorProto.FLOAT
    return 0 if not is_image or shape[1] % _STEP else int(shape[1])


def _renamed_input(node: onnx.NodeProto, value: onnx.ValueInfoProto) -> onnx.NodeProto:
    blocked = f"{value.name}_blocked"
    node.input[:] = [blocked if name == value.name else name for name in node.input]
    return _mover(INTO_BLOCKS, value.name, blocked, channels_last=0)


def _mover(kind: str, source: str, target: str, **attributes: int) -> onnx.NodeProto:
    return helper.make_node(kind, [source], [target], domain=DOMAIN, **attributes)
