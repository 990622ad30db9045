"""Convolutions and matrix products.

N batch, C input and K output channels, R×S kernel, G groups, OH×OW output; one MAC is 2 flops.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from dlscope.graph.contrib import swapped
from dlscope.graph.ir import Layer, Tensor
from dlscope.graph.work.elementwise import fused_activation
from dlscope.graph.work.quantity import Rule, Work, times, touching_all


def _convolution(weight_place: int) -> Rule:
    """N·K·OH·OW·(C/G)·R·S: every output is as many MACs as a filter has weights."""

    def rule(layer: Layer) -> Work:
        weight = _tensor(layer, weight_place)
        macs = layer.results[0].elements * math.prod(weight.shape[1:])
        return touching_all(layer, macs=macs)

    return rule


def _transposed_convolution(layer: Layer) -> Work:
    """N·C·H·W·(K/G)·R·S: every input goes into as many outputs as a filter has weights."""
    source, weight = _tensor(layer, 0), _tensor(layer, 1)
    return touching_all(layer, macs=source.elements * math.prod(weight.shape[1:]))


def _fused_convolution(layer: Layer) -> Work | None:
    plain = _convolution(1)(layer)
    return plain and plain + _fused_parts(layer, other=3)


def _matmul(left: int) -> Rule:
    """batch·M·N·K: every output is K MACs, the length of the last axis of the left operand."""

    def rule(layer: Layer) -> Work:
        length = _tensor(layer, left).shape[-1]
        return touching_all(layer, macs=layer.results[0].elements * length)

    return rule


def _fused_matmul(layer: Layer) -> Work:
    length = swapped(_tensor(layer, 0).shape, layer.attributes, "A")[-1]
    return touching_all(layer, macs=layer.results[0].elements * length)


def _gemm(layer: Layer) -> Work:
    """M·N·K, the left operand K×M where it is transposed."""
    left = _tensor(layer, 0)
    length = left.shape[0 if layer.attributes.get("transA") else 1]
    return touching_all(layer, macs=layer.results[0].elements * length)


def _fused_gemm(layer: Layer) -> Work:
    return _gemm(layer) + _fused_parts(layer)


def _fused_parts(layer: Layer, other: int | None = None) -> Work:
    """The activation that a layer carries out as well, and the adding of the input `other`."""
    elements = layer.results[0].elements
    added = other is not None and layer.input(other) is not None
    activation = fused_activation(str(layer.attributes.get("activation", "")), elements)
    return activation + times(elements, int(added))


def _einsum(layer: Layer) -> Work | None:
    """The product of the sizes of all letters for two operands; not known for more, or with "…"."""
    equation = str(layer.attributes["equation"]).replace(" ", "")
    terms = equation.partition("->")[0].split(",")
    if "." in equation or len(terms) > 2:
        return None
    sizes: dict[str, int] = {}
    for term, operand in zip(terms, layer.inputs, strict=True):
        if operand is not None:
            sizes |= dict(zip(term, operand.shape, strict=True))
    products = math.prod(sizes.values())
    if len(terms) == 2:
        return touching_all(layer, macs=products)
    is_sum = products > layer.results[0].elements
    return touching_all(layer, flops=products if is_sum else 0)


def _tensor(layer: Layer, place: int) -> Tensor:
    tensor = layer.inputs[place]
    assert tensor is not None  # ONNX requires it
    return tensor


RULES: Mapping[str, Rule] = {
    "Conv": _convolution(1),
    "ConvInteger": _convolution(1),
    "ConvTranspose": _transposed_convolution,
    "Einsum": _einsum,
    "Gemm": _gemm,
    "MatMul": _matmul(0),
    "MatMulInteger": _matmul(0),
    "QLinearConv": _convolution(3),
    "QLinearMatMul": _matmul(0),
    "com.microsoft::FusedConv": _fused_convolution,
    "com.microsoft::FusedGemm": _fused_gemm,
    "com.microsoft::FusedMatMul": _fused_matmul,
    "com.microsoft::TransposeMatMul": _fused_matmul,
}
