from __future__ import annotations

import numpy as np
import pytest
from single_layers import LAYERS, layer, zeros

from dlscope.methods.bounds.implementations.matrix_product import MatrixProduct, product_of
from dlscope.methods.bounds.implementations.reference import Reference, relative_error

PRODUCTS = {
    "gemm": (LAYERS["gemm"], 1, (4, 32, 64), False),
    "turned": (layer("Gemm", [zeros(6, 5)], [zeros(6, 7)], transA=1), 1, (5, 7, 6), False),
    "by weights": (LAYERS["matmul by weights"], 1, (16, 32, 64), False),
    "batched": (LAYERS["batched matmul"], 8, (8, 8, 16), False),
    "row": (layer("MatMul", [zeros(1, 64)], [zeros(64, 32)]), 1, (1, 32, 64), True),
    "column": (layer("MatMul", [zeros(9, 64)], [zeros(64, 1)]), 1, (9, 1, 64), True),
    "batch of rows": (layer("MatMul", [zeros(3, 1, 8), zeros(3, 8, 4)]), 3, (1, 4, 8), False),
}


@pytest.mark.parametrize(("brick", "batch", "sizes", "is_vector"), PRODUCTS.values(), ids=PRODUCTS)
def test_rows_columns_and_depth_of_a_product(brick, batch, sizes, is_vector) -> None:
    product = product_of(brick)
    assert isinstance(product, MatrixProduct)
    assert (product.batch, product.sizes, product.is_vector) == (batch, sizes, is_vector)


@pytest.mark.parametrize("brick", [each[0] for each in PRODUCTS.values()], ids=PRODUCTS)
def test_the_operands_multiply_to_what_the_brick_gives(brick) -> None:
    product = product_of(brick)
    a, b, bias = product.operands(brick)
    by_a, by_b = product.transposed
    found = (a.T if by_a else a) @ (b.T if by_b else b) + (0 if bias is None else bias)
    assert relative_error([np.asarray(found)], Reference(brick).outputs) < 1e-5


@pytest.mark.parametrize(
    ("brick", "reason"),
    [
        (LAYERS["relu"], "it is no product of matrices alone"),
        (layer("MatMul", [zeros(8), zeros(8, 3)]), "an operand of one axis is none of a matrix"),
        (
            layer("MatMul", [zeros(2, 1, 3, 4), zeros(5, 4, 6)]),
            "the leading axes of its operands differ",
        ),
        (
            layer("Gemm", [zeros(3, 4)], [zeros(4, 5), zeros(3, 1)]),
            "its third operand is no bias by columns",
        ),
    ],
)
def test_what_is_no_product_of_this_form_says_why(brick, reason) -> None:
    assert product_of(brick) == reason
