from __future__ import annotations

import pytest
import torch
from gpu_stand_ins import CudaStandIn
from single_layers import LAYERS, layer, zeros

from dlscope.core.errors import BackendError, PluginError
from dlscope.methods.bounds.implementation import NULL, TF32, Configuration, Unsupported, tolerance
from dlscope.methods.bounds.implementations.cublaslt import CublasLt
from dlscope.methods.bounds.implementations.reference import Reference

ROW = layer("MatMul", [zeros(1, 64)], [zeros(64, 32)])
COLUMN = layer("MatMul", [zeros(2, 9, 64)], [zeros(64, 1)])
SCALED = layer("Gemm", [zeros(4, 64)], [zeros(64, 32), zeros(32)], alpha=0.5, beta=2.0)
BARE = layer("Gemm", [zeros(64, 4)], [zeros(64, 32)], transA=1, alpha=3.0)
ROW_WITH_BIAS = layer("Gemm", [zeros(1, 64)], [zeros(64, 32), zeros(32)])


def test_each_library_multiplies_in_each_type() -> None:
    ways = CublasLt(CudaStandIn()).configurations(LAYERS["gemm"])
    assert ways == [
        *(Configuration(each) for each in ("cublas", "cublaslt")),
        *(Configuration(each, math=TF32) for each in ("cublas", "cublaslt")),
        *(Configuration(each, "float16") for each in ("cublas", "cublaslt")),
        *(Configuration(each, "bfloat16") for each in ("cublas", "cublaslt")),
    ]


def test_a_matrix_by_a_vector_is_multiplied_as_such_too() -> None:
    ways = CublasLt(CudaStandIn()).configurations(ROW)
    assert [each.algorithm for each in ways[:3]] == ["cublas", "cublaslt", "gemv"]


def test_an_older_gpu_has_neither_tf32_nor_bfloat16() -> None:
    ways = CublasLt(CudaStandIn((7, 0))).configurations(LAYERS["gemm"])
    refused = [each.configuration for each in ways if isinstance(each, Unsupported)]
    assert {(each.dtype, each.math) for each in refused} == {("float32", TF32), ("bfloat16", "")}


def test_what_is_no_product_is_refused_with_the_reason() -> None:
    ways = CublasLt(CudaStandIn()).configurations(LAYERS["relu"])
    assert ways == [Unsupported("it is no product of matrices alone")]
    with pytest.raises(BackendError) as caught:
        CublasLt(CudaStandIn()).build(LAYERS["relu"], Configuration("cublas"))
    assert caught.value.what == "cuBLAS refuses Relu: it is no product of matrices alone"


@pytest.mark.parametrize(
    "brick",
    [LAYERS["gemm"], LAYERS["matmul by weights"], LAYERS["batched matmul"], ROW, COLUMN, SCALED,
     BARE],
)  # fmt: skip
def test_what_is_computed_is_right(brick) -> None:
    way = CublasLt(CudaStandIn())
    for configuration in way.configurations(brick):
        runnable = way.build(brick, configuration)
        error = Reference(brick).checked(runnable)
        assert error <= tolerance(configuration, runnable.notes), configuration


def test_the_settings_are_those_of_the_way() -> None:
    cuda = CudaStandIn()
    for configuration in (Configuration("cublaslt", math=TF32), Configuration("cublas")):
        CublasLt(cuda).build(LAYERS["gemm"], configuration).run()
    assert [(each.library, each.tensor_float_32) for each in cuda.applied] == [
        ("cublaslt", True),
        ("cublas", False),
    ]


@pytest.mark.parametrize("brick", [ROW, COLUMN])
def test_a_vector_is_multiplied_by_the_call_for_vectors(brick) -> None:
    cuda = CudaStandIn()
    CublasLt(cuda).build(brick, Configuration("gemv")).run()
    assert cuda.events == ["multiply by vector"]


def test_a_product_with_a_vector_and_a_bias_is_refused() -> None:
    with pytest.raises(BackendError, match="neither bias nor factor"):
        CublasLt(CudaStandIn()).build(ROW_WITH_BIAS, Configuration("gemv"))


def test_the_least_call_copies() -> None:
    assert Reference(NULL).checked(CublasLt(CudaStandIn()).build_null()) == 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_machine_without_a_gpu_is_told_so() -> None:
    with pytest.raises(PluginError, match="implementation 'cublaslt' needs a GPU"):
        CublasLt()
