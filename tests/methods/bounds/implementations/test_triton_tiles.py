from __future__ import annotations

import re

import numpy as np
import pytest
from gpu_stand_ins import CudaStandIn, TritonStandIn
from single_layers import IMAGE, LAYERS, RESIDUAL, chain, layer, zeros

from dlscope.core.errors import BackendError
from dlscope.methods.bounds.implementation import NULL, TF32, Configuration, Unsupported, tolerance
from dlscope.methods.bounds.implementations.reference import Reference
from dlscope.methods.bounds.implementations.triton_tiles import TILES, Triton

BIAS_AND_RELU = chain(
    [("Add", ["x", "b"], ["a"], {}), ("Relu", ["a"], ["y"], {})],
    {"x": IMAGE},
    {"b": zeros(32, 1, 1)},
)
LONG = chain(
    [
        ("Mul", ["x", "z"], ["a"], {}),
        ("Abs", ["a"], ["b"], {}),
        ("Sqrt", ["b"], ["c"], {}),
        ("Tanh", ["c"], ["y"], {}),
    ],
    {"x": zeros(2, 700), "z": zeros(2, 700)},
    {},
)
COLUMNS = layer("Add", [zeros(4, 5, 6)], [zeros(6)])
ROWS = layer("Mul", [zeros(4, 5, 6)], [zeros(4, 5, 1)])
SCALAR = layer("Mul", [zeros(4, 5)], [np.float32(3)])
DENSE = chain(
    [("Gemm", ["x", "w", "b"], ["a"], {"transB": 1}), ("Relu", ["a"], ["y"], {})],
    {"x": zeros(5, 33)},
    {"w": zeros(18, 33), "b": zeros(18)},
)
COMPUTED = {
    "relu": LAYERS["relu"],
    "sigmoid": LAYERS["sigmoid"],
    "bias and relu": BIAS_AND_RELU,
    "long": LONG,
    "sum": LAYERS["add"],
    "columns": COLUMNS,
    "rows": ROWS,
    "scalar": SCALAR,
    "gemm": LAYERS["gemm"],
    "dense": DENSE,
    "by weights": LAYERS["matmul by weights"],
    "batched": LAYERS["batched matmul"],
    "turned": layer("Gemm", [zeros(6, 5)], [zeros(6, 7)], transA=1),
}


@pytest.fixture
def way() -> Triton:
    cuda = CudaStandIn()
    return Triton(TritonStandIn(cuda), cuda)


@pytest.mark.parametrize("brick", COMPUTED.values(), ids=COMPUTED)
def test_what_is_computed_is_right_by_every_tile(way, brick) -> None:
    for configuration in way.configurations(brick):
        assert isinstance(configuration, Configuration)
        runnable = way.build(brick, configuration)
        error = Reference(brick).checked(runnable)
        assert error <= tolerance(configuration, runnable.notes), configuration


def test_a_product_is_computed_by_each_tile_in_each_type(way) -> None:
    ways = way.configurations(LAYERS["gemm"])
    assert [(each.dtype, each.math) for each in ways[:: len(TILES)]] == [
        ("float32", ""),
        ("float32", TF32),
        ("float16", ""),
        ("bfloat16", ""),
    ]
    assert [each.algorithm for each in ways[: len(TILES)]] == list(TILES)


def test_a_program_computes_one_tile() -> None:
    cuda = CudaStandIn()
    library = TritonStandIn(cuda)
    Triton(library, cuda).build(DENSE, Configuration("16x64x64", math=TF32)).run()
    ((name, grid, constants, warps),) = library.launched
    assert (name, grid, warps) == ("matmul_kernel", (1, 1), 4)
    assert constants == {
        "has_bias": True,
        "is_relu": True,
        "precision": "tf32",
        "block_m": 16,
        "block_n": 64,
        "block_k": 64,
    }


def test_a_block_of_elements_is_a_way_of_its_own() -> None:
    cuda = CudaStandIn()
    library = TritonStandIn(cuda)
    way = Triton(library, cuda)
    ways = [each for each in way.configurations(LONG) if each.dtype == "float32"]
    assert [each.algorithm for each in ways] == ["256", "1024", "4096"]
    for each in ways:
        way.build(LONG, each).run()
    assert [grid for _, grid, _, _ in library.launched] == [(6,), (2,), (1,)]


@pytest.mark.parametrize(
    ("brick", "reason"),
    [
        (LAYERS["softmax"], "no kernel computes Softmax"),
        (RESIDUAL, "no kernel computes Conv"),
        (
            chain(
                [("Relu", ["x"], ["a"], {}), ("Softplus", ["a"], ["y"], {})], {"x": IMAGE}, {}
            ),
            "no kernel computes Softplus",
        ),
        (
            chain([("Relu", ["x"], ["a"], {}), ("Add", ["z", "a"], ["y"], {})],
                  {"x": IMAGE, "z": IMAGE}, {}),
            "its layers do not follow one another",
        ),
        (
            chain(
                [("Relu", [f"t{n}"], [f"t{n + 1}"], {}) for n in range(9)], {"t0": zeros(3)}, {}
            ),
            "no kernel computes so long a chain",
        ),
        (layer("Relu", [zeros(3, dtype="float64")]), "the kernels compute in float32"),
        (
            layer("Add", [zeros(3, dtype="int64")] * 2),
            "the kernel is one for up to 2147483647 numbers with a fraction",
        ),
        (
            layer("Add", [zeros(4, 5, 6)], [zeros(4, 1, 6)]),
            "its second operand is neither of the same shape nor along neighbouring axes",
        ),
        (
            layer("Add", [zeros(1, 5), zeros(4, 5)]),
            "its second operand is neither of the same shape nor along neighbouring axes",
        ),
        (
            layer("Gemm", [zeros(3, 4)], [zeros(4, 5)], alpha=2.0),
            "no kernel computes a product with a factor",
        ),
        (
            chain(
                [("MatMul", ["x", "w"], ["a"], {}), ("Sigmoid", ["a"], ["y"], {})],
                {"x": zeros(3, 4)},
                {"w": zeros(4, 5)},
            ),
            "no kernel computes MatMul + Sigmoid",
        ),
    ],
)  # fmt: skip
def test_what_no_kernel_computes_is_refused_with_the_reason(way, brick, reason) -> None:
    assert way.configurations(brick) == [Unsupported(reason)]
    with pytest.raises(BackendError, match=re.escape(reason)):
        way.build(brick, Configuration("256"))


def test_the_least_call_copies(way) -> None:
    assert Reference(NULL).checked(way.build_null()) == 0
