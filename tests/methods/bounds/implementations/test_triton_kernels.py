"""The kernels themselves, run program by program on NumPy arrays."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys

import numpy as np
import pytest
from gpu_stand_ins import CudaStandIn, TritonStandIn
from hypothesis import given
from hypothesis import strategies as st

from dlscope.methods.bounds.implementations.triton_kernels import (
    ADD,
    ALONE,
    CODES,
    MULTIPLY,
    elementwise_kernel,
    matmul_kernel,
    packed,
)

STEPS = {
    "Relu": lambda x: np.maximum(x, 0),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "Exp": np.exp,
    "Neg": np.negative,
    "Abs": np.abs,
    "Tanh": np.tanh,
    "Sqrt": np.sqrt,
    "HardSwish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
}
BLOCK = 8


def elementwise(x, steps=(), join=ALONE, other=None, inner=1, channels=1) -> np.ndarray:
    y = np.full_like(x, 77)
    grid = (-(-x.size // BLOCK),)
    constants = {"join": join, "codes": packed(steps), "steps": len(steps), "block": BLOCK}
    arguments = (x, x if other is None else other, y, x.size, inner, channels)
    TritonStandIn(CudaStandIn()).launch(elementwise_kernel, grid, arguments, constants, warps=4)
    return y


def matmul(a, b, bias=None, *, is_relu=False, precision="ieee", tile=(4, 8, 2)) -> np.ndarray:
    """Of matrices [batch, …] that lie in any way."""
    y = np.full((a.shape[0], a.shape[1], b.shape[2]), 77, np.float32)
    m, k, n = a.shape[1], a.shape[2], b.shape[2]
    strides = [stride // each.itemsize for each in (a, b) for stride in each.strides]
    held = [np.ascontiguousarray(each.base if each.base is not None else each) for each in (a, b)]
    names = ("block_m", "block_n", "block_k")
    constants = {"has_bias": bias is not None, "is_relu": is_relu, "precision": precision}
    grid = (-(-m // tile[0]) * -(-n // tile[1]), a.shape[0])
    TritonStandIn(CudaStandIn()).launch(
        matmul_kernel,
        grid,
        (*held, y if bias is None else bias, y, m, n, k, *strides),
        {**constants, **dict(zip(names, tile, strict=True))},
        warps=4,
    )
    return y


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("name", CODES)
def test_each_step_is_that_of_numpy(name) -> None:
    x = np.abs(drawn(21)) if name == "Sqrt" else drawn(21)
    np.testing.assert_allclose(elementwise(x, (name,)), STEPS[name](x), rtol=1e-5, atol=1e-6)


@given(st.lists(st.sampled_from(sorted(CODES.keys() - {"Sqrt", "Exp"})), max_size=8))
def test_steps_are_done_in_their_order(names) -> None:
    x = drawn(11)
    expected = x
    for name in names:
        expected = STEPS[name](expected)
    np.testing.assert_allclose(elementwise(x, tuple(names)), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("join", "combined"), [(ADD, np.add), (MULTIPLY, np.multiply)])
def test_the_second_operand_serves_its_places_in_turn(join, combined) -> None:
    x, by_channel, by_column = drawn(2, 3, 5), drawn(3), drawn(5)
    found = elementwise(x, (), join, by_channel, inner=5, channels=3)
    np.testing.assert_allclose(found, combined(x, by_channel[:, None]))
    found = elementwise(x, ("Relu",), join, by_column, inner=1, channels=5)
    np.testing.assert_allclose(found, np.maximum(combined(x, by_column), 0))


def test_halves_are_computed_as_float32_numbers() -> None:
    x = np.full(9, 2.0**-14, np.float16)
    assert elementwise(x, ("Neg", "Neg")).dtype == np.float16
    small = elementwise(x, (), MULTIPLY, x, inner=9, channels=1)
    assert np.array_equal(small, (x.astype(np.float32) ** 2).astype(np.float16))


@given(st.integers(1, 9), st.integers(1, 17), st.integers(1, 7), st.integers(1, 3), st.booleans())
def test_products_of_any_size_are_those_of_numpy(m, n, k, batch, is_relu) -> None:
    a, b, bias = drawn(batch, m, k), drawn(batch, k, n), drawn(n)
    expected = a @ b + bias
    found = matmul(a, b, bias, is_relu=is_relu)
    expected = np.maximum(expected, 0) if is_relu else expected
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_operands_may_lie_by_columns() -> None:
    a, b = drawn(1, 5, 6), drawn(1, 7, 5)
    found = matmul(a.transpose(0, 2, 1), b.transpose(0, 2, 1))
    np.testing.assert_allclose(found, a.transpose(0, 2, 1) @ b.transpose(0, 2, 1), rtol=1e-4,
                               atol=1e-5)  # fmt: skip


def test_rounded_products_are_less_exact_than_others() -> None:
    a, b = drawn(1, 16, 64), drawn(1, 64, 16)
    wanted = a.astype(np.float64) @ b.astype(np.float64)
    errors = [np.abs(matmul(a, b, precision=each) - wanted).max() for each in ("ieee", "tf32")]
    assert errors[0] < errors[1] / 50


def test_the_source_needs_no_triton() -> None:
    code = (
        "import sys; sys.modules['triton'] = None; sys.modules['torch'] = None; "
        "from dlscope.methods.bounds.implementations import triton_kernels; "
        "assert triton_kernels.tl is None"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("kernel", [elementwise_kernel, matmul_kernel])
def test_a_kernel_uses_nothing_but_the_language_and_its_arguments(kernel) -> None:
    """Triton refuses other globals when it compiles, which no machine without a GPU would see."""
    tree = ast.parse(inspect.getsource(kernel))
    loaded = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    stored = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    arguments = set(inspect.signature(kernel).parameters)
    assert loaded - stored - arguments == {"tl", "constexpr"} | ({"range"} & loaded)


def test_the_kernels_are_found_where_they_are_looked_for() -> None:
    module = importlib.import_module(elementwise_kernel.__module__)
    assert module.matmul_kernel is matmul_kernel
