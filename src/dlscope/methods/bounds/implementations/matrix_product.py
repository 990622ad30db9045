"""`MatrixProduct`: what a Gemm or a MatMul computes, whichever of both it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

from numpy.typing import NDArray

from dlscope.graph.brick import Brick
from dlscope.methods.bounds.implementations.device_runnable import arrays_of

_MATRIX = 2


@final
@dataclass(frozen=True)
class MatrixProduct:
    """y [batch, M, N] = alpha · a [batch, M, K] b [batch or 1, K, N] + beta · bias [N].

    The shapes `a`, `b` and `result` are those of ONNX; `places` are those of the tensors a, b and
    bias in the brick, `transposed` whether a and b are given with their last two axes exchanged.
    """

    a: tuple[int, ...]
    b: tuple[int, ...]
    result: tuple[int, ...]
    places: tuple[int, int, int | None]
    transposed: tuple[bool, bool] = (False, False)
    alpha: float = 1.0
    beta: float = 1.0

    @property
    def batch(self) -> int:
        """How many products of matrices there are; 1 where b is the same for all."""
        return math.prod(self.b[:-_MATRIX])

    @property
    def sizes(self) -> tuple[int, int, int]:
        """M, N and K; the leading axes of a are part of M where b is the same for all."""
        n = self.result[-1]
        k = self.a[-2] if self.transposed[0] else self.a[-1]
        return math.prod(self.result) // (n * self.batch), n, k

    @property
    def is_vector(self) -> bool:
        """Whether it is a matrix by a vector."""
        m, n, _ = self.sizes
        return self.batch == 1 and 1 in (m, n)

    def operands(self, brick: Brick) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]:
        """The arrays a, b and bias as ONNX has them."""
        arrays = arrays_of(brick)
        a, b, bias = self.places
        return arrays[a], arrays[b], None if bias is None else arrays[bias]


def product_of(brick: Brick) -> MatrixProduct | str:
    """The product that the brick is, or why it is none of this form."""
    if len(brick.layers) > 1:
        return "it is no product of matrices alone"
    return first_product(brick)


def first_product(brick: Brick) -> MatrixProduct | str:
    """The product that the first layer is, or why it is none of this form."""
    layer = brick.layers[0]
    if layer.operator not in ("Gemm", "MatMul"):
        return "it is no product of matrices alone"
    a, b, bias = (*layer.inputs, None)[:3]
    (result,) = layer.outputs
    assert a is not None
    assert b is not None
    assert result is not None
    shapes = tuple(brick.tensors[place].shape for place in (a, b, result))
    if min(map(len, shapes)) < _MATRIX:
        return "an operand of one axis is none of a matrix"
    if not _is_batched_alike(shapes[0], shapes[1], shapes[2]):
        return "the leading axes of its operands differ"
    if bias is not None and brick.tensors[bias].shape != shapes[2][-1:]:
        return "its third operand is no bias by columns"
    told = layer.attributes
    return MatrixProduct(
        shapes[0],
        shapes[1],
        shapes[2],
        (a, b, bias),
        (bool(told.get("transA", 0)), bool(told.get("transB", 0))),
        float(told.get("alpha", 1.0)),
        float(told.get("beta", 1.0)),
    )


def _is_batched_alike(a: tuple[int, ...], b: tuple[int, ...], result: tuple[int, ...]) -> bool:
    """Whether b is one matrix for all rows, or both have the same leading axes."""
    is_same = a[:-_MATRIX] == b[:-_MATRIX] == result[:-_MATRIX]
    return len(b) == _MATRIX or is_same
