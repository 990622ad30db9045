"""Rules for dense layers and normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlscope.backends.onnx_graph.rules import batch_normalization, layer_normalization
from dlscope.backends.onnx_to_tflite.arithmetic import (
    add,
    alone,
    broadcast,
    mean_over,
    multiply,
    of_two,
    squared,
    subtract,
    with_number,
)
from dlscope.backends.onnx_to_tflite.axes import channels_last, plain
from dlscope.backends.onnx_to_tflite.graph import ABSENT, Value
from dlscope.backends.onnx_to_tflite.node import TfliteNode, TfliteRules


def _gemm(node: TfliteNode) -> Value:
    flips = node.attribute("transA", 0), node.attribute("transB", 0)
    alpha, beta = node.attribute("alpha", 1.0), node.attribute("beta", 1.0)
    left = _flipped(node.operand(0)) if flips[0] else node.operand(0)
    right = _flipped(node.operand(1)) if flips[1] else node.operand(1)
    made = matrix_product(left, right, None)
    made = made if alpha == 1 else with_number("MUL", made, alpha)
    term = node.tensor(2)
    if term is None:
        return made
    return add(made, term if beta == 1 else with_number("MUL", term, beta))


def _dense(node: TfliteNode) -> Value | None:
    """Alpha · AB + beta · C as one fully connected layer, where B and C are known."""
    weight, term = node.constant(1), node.constant(2)
    if weight is None or (node.has(2) and term is None) or node.attribute("transA", 0):
        return None
    filters = weight if node.attribute("transB", 0) else weight.T
    bias = _bias(term, len(filters))
    if term is not None and bias is None:
        return None
    alpha, beta = np.float32(node.attribute("alpha", 1)), np.float32(node.attribute("beta", 1))
    return fully_connected(node.operand(0), filters * alpha, None if bias is None else bias * beta)


def _bias(term: NDArray[Any] | None, filters: int) -> NDArray[Any] | None:
    if term is None or term.size not in (1, filters) or (term.ndim == 2 and term.shape[0] != 1):
        return None
    return np.broadcast_to(term.reshape(-1), (filters,))


def _general_matrix_product(node: TfliteNode) -> Value:
    return _dense(node) or _gemm(node)


def _matrix_product(node: TfliteNode) -> Value:
    left, right = node.operand(0), node.operand(1)
    if left.rank < 2 or right.rank < 2:
        raise node.refusal("a vector")
    return matrix_product(left, right, node.constant(1))


def matrix_product(left: Value, right: Value, known: NDArray[Any] | None) -> Value:
    """The product of the last two axes; `known` is the right one where it is a constant."""
    if known is not None and known.ndim == 2 and left.array is None:
        return fully_connected(left, known.T, None)
    shape = (*broadcast(left.shape[:-2], right.shape[:-2]), left.shape[-2], right.shape[-1])
    graph = left.graph
    # Rows and columns that were swapped are swapped as they are read.
    swapped = _swapped(right)
    place = graph.place(right, right.axes) if swapped else graph.place(right)
    return graph.add(
        "BATCH_MATMUL", [graph.place(left), place], shape, left.dtype,
        options="BatchMatMulOptions", adjY=swapped,
    )  # fmt: skip


def _swapped(value: Value) -> bool:
    head = plain(value.rank - 2)
    return value.array is None and value.axes == (*head, value.rank - 1, value.rank - 2)


def fully_connected(x: Value, filters: NDArray[Any], bias: NDArray[Any] | None) -> Value:
    """Along the last axis of `x`: x · filtersᵀ + bias, where filters are F×K."""
    graph = x.graph
    inputs = [graph.place(x), graph.weight(filters)]
    inputs.append(ABSENT if bias is None else graph.weight(bias))
    shape = (*x.shape[:-1], len(filters))
    return graph.add(
        "FULLY_CONNECTED", inputs, shape, x.dtype, options="FullyConnectedOptions",
        keepNumDims=True,
    )  # fmt: skip


def _flipped(value: Value) -> Value:
    graph = value.graph
    if value.array is not None:
        return graph.constant(value.array.T)
    shape = value.shape[::-1]
    order = tuple(1 - axis for axis in value.axes)
    return Value(graph, shape, value.dtype, order, value.place)


def batch_norm(
    x: Value, scale: Value, bias: Value, mean: Value, variance: Value, epsilon: float
) -> Value:
    """(x − mean)/√(variance + epsilon) · scale + bias, channel by channel, as one line."""
    known = [value.array for value in (scale, bias, mean, variance)]
    gain, shift, middle, spread = (np.asarray(array, np.float64) for array in known)
    slope = gain / np.sqrt(spread + epsilon)
    shape = (-1, *(1,) * (x.rank - 2))
    line = [part.astype(x.dtype).reshape(shape) for part in (slope, shift - middle * slope)]
    factor, term = (x.graph.constant(part) for part in line)
    return add(multiply(x, factor), term)


def _batch_normalization(node: TfliteNode) -> Any:
    if any(node.constant(index) is None for index in range(1, 5)):
        raise node.refusal("computed statistics")
    return batch_normalization(batch_norm)(node)


def layer_norm(
    x: Value, scale: Value | None, bias: Value | None, axis: int, epsilon: float
) -> Value:
    """Normalisation over the axes from `axis` on."""
    middle = mean_from(x, axis)
    centred = subtract(x, middle)
    made = multiply(centred, _inverse_root(mean_from(squared(centred), axis), epsilon))
    made = made if scale is None else multiply(made, scale)
    return made if bias is None else add(made, bias)


def mean_from(x: Value, axis: int) -> Value:
    """Mean over the axes from `axis` on."""
    return mean_over(x, tuple(range(axis % x.rank, x.rank)))


def inverse_deviation_from(x: Value, middle: Value, axis: int, epsilon: float) -> Value:
    """1/√(variance + epsilon) over the axes from `axis` on."""
    squares = of_two("SQUARED_DIFFERENCE", x, middle)
    return _inverse_root(mean_from(squares, axis), epsilon)


def _inverse_root(variance: Value, epsilon: float) -> Value:
    return alone("RSQRT", with_number("ADD", variance, epsilon))


def _local_response(node: TfliteNode) -> Value:
    x, size = node.operand(0), node.attribute("size")
    if size % 2 == 0 or x.rank != 4:
        raise node.refusal("an even size" if size % 2 == 0 else f"{x.rank - 2} spatial axes")
    image = x.graph.ordered(x, channels_last(4))
    return alone(
        "LOCAL_RESPONSE_NORMALIZATION", image, "LocalResponseNormalizationOptions",
        radius=size // 2, bias=node.attribute("bias", 1.0), beta=node.attribute("beta", 0.75),
        # ONNX divides by the number of channels that are summed over.
        alpha=node.attribute("alpha", 1e-4) / size,
    )  # fmt: skip


def _instance_normalization(node: TfliteNode) -> Value:
    x, known = node.operand(0), (node.constant(1), node.constant(2))
    gain, shift = (
        None if part is None else part.reshape(-1, *(1,) * (x.rank - 2)) for part in known
    )
    if gain is None or shift is None:
        raise node.refusal("a computed gain")
    last = x.graph.ordered(x, channels_last(x.rank))
    normed = layer_norm(last, None, None, 2, node.attribute("epsilon", 1e-5))
    return add(multiply(normed, x.graph.constant(gain)), x.graph.constant(shift))


LAYERS: TfliteRules = {
    "BatchNormalization": _batch_normalization,
    "Gemm": _general_matrix_product,
    "InstanceNormalization": _instance_normalization,
    "LRN": _local_response,
    "LayerNormalization": layer_normalization(layer_norm, mean_from, inverse_deviation_from),
    "MatMul": _matrix_product,
}
