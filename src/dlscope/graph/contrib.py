"""Types of the fused operators that ONNX Runtime adds and that ONNX itself does not know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import onnx
from onnx import helper

from dlscope.graph.program import ValueType

MICROSOFT = "com.microsoft"

# Fused operators whose first inputs, attributes and first output are those of a standard one.
STANDARD_FORM = {
    "FusedConv": "Conv",
    "FusedGemm": "Gemm",
    "FusedMatMul": "MatMul",
    "TransposeMatMul": "MatMul",
}

Types = list[ValueType | None]
Attributes = Mapping[str, Any]


def contrib_type(node: onnx.NodeProto, inputs: Types) -> ValueType | None:
    """The type of the first output of a node in the domain `com.microsoft`, if it is known here."""
    rule = _RULES.get(node.op_type)
    if rule is None or not inputs or inputs[0] is None or inputs[0].shape is None:
        return None
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    return rule(inputs, attributes)


def as_standard(node: onnx.NodeProto) -> onnx.NodeProto | None:
    """A node with ONNX's own operator whose first output has the same type, if there is one."""
    name = STANDARD_FORM.get(node.op_type)
    if name not in ("Conv", "Gemm"):
        return None
    known = onnx.defs.get_schema(name).attributes
    standard = helper.make_node(name, list(node.input[:3]), list(node.output[:1]), name=node.name)
    standard.attribute.extend(each for each in node.attribute if each.name in known)
    return standard


def swapped(shape: tuple[int, ...], attributes: Attributes, side: str) -> tuple[int, ...]:
    """The shape of operand `side` (A or B) of a `FusedMatMul` once it is transposed as told."""
    if attributes.get(f"trans{side}"):
        return (*shape[:-2], shape[-1], shape[-2])
    return shape


def _like_first(inputs: Types, _: Attributes) -> ValueType | None:
    return inputs[0]


def _attention(inputs: Types, attributes: Attributes) -> ValueType | None:
    """N×S×H_v from the input N×S×I and the weights I×(H_q + H_k + H_v)."""
    first, weights = inputs[0], inputs[1] if len(inputs) > 1 else None
    if first is None or weights is None or not first.shape or not weights.shape:
        return None
    sizes = attributes.get("qkv_hidden_sizes") or [weights.shape[1] // 3] * 3
    return ValueType(first.dtype, (*first.shape[:-1], int(sizes[2])))


def _multi_head(inputs: Types, _: Attributes) -> ValueType | None:
    """N×S×H_v from the query N×S×H and the value N×L×H_v."""
    query, value = inputs[0], inputs[2] if len(inputs) > 2 else None
    if query is None or value is None or not query.shape or not value.shape:
        return None
    return ValueType(query.dtype, (*query.shape[:2], value.shape[-1]))


def _fused_matmul(inputs: Types, attributes: Attributes) -> ValueType | None:
    first, second = inputs[0], inputs[1] if len(inputs) > 1 else None
    if first is None or second is None or not first.shape or not second.shape:
        return None
    if min(len(first.shape), len(second.shape)) < 2:
        return None
    a, b = (
        swapped(each.shape or (), attributes, side) for each, side in ((first, "A"), (second, "B"))
    )
    longer = a if len(a) >= len(b) else b
    return ValueType(first.dtype, (*longer[:-2], a[-2], b[-1]))


_RULES: Mapping[str, Callable[[Types, Attributes], ValueType | None]] = {
    "Attention": _attention,
    "BiasGelu": _like_first,
    "FastGelu": _like_first,
    "FusedMatMul": _fused_matmul,
    "Gelu": _like_first,
    "MultiHeadAttention": _multi_head,
    "QuickGelu": _like_first,
    "SkipLayerNormalization": _like_first,
    "SkipSimplifiedLayerNormalization": _like_first,
    "TransposeMatMul": _fused_matmul,
}
