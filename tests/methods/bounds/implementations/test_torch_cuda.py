from __future__ import annotations

import pytest
import torch
from gpu_stand_ins import CudaStandIn
from single_layers import LAYERS, RESIDUAL

from dlscope.core.errors import PluginError
from dlscope.methods.bounds.implementation import (
    CHANNELS_LAST,
    NULL,
    PLAIN,
    TF32,
    Configuration,
    Unsupported,
    tolerance,
)
from dlscope.methods.bounds.implementations.reference import Reference
from dlscope.methods.bounds.implementations.torch_cuda import TorchCuda


def test_a_convolution_is_computed_by_the_choice_of_cudnn_and_by_the_best_of_all() -> None:
    ways = TorchCuda(CudaStandIn()).configurations(LAYERS["dense"])
    assert ways[:4] == [
        Configuration("heuristic", layout=PLAIN),
        Configuration("heuristic", layout=PLAIN, math=TF32),
        Configuration("exhaustive", layout=PLAIN),
        Configuration("exhaustive", layout=PLAIN, math=TF32),
    ]
    assert len(ways) == len(set(ways)) == 2 * 2 * (2 + 1 + 1)
    assert {each.layout for each in ways} == {PLAIN, CHANNELS_LAST}


@pytest.mark.parametrize(
    ("kind", "ways"),
    [
        ("relu", 2 * 3),
        ("softmax", 3),
        ("gemm", 4),
    ],
)
def test_only_what_has_a_choice_is_asked_for_it(kind, ways) -> None:
    found = TorchCuda(CudaStandIn()).configurations(LAYERS[kind])
    assert len(found) == ways
    assert {each.algorithm for each in found} == {""}


def test_an_older_gpu_has_neither_tf32_nor_bfloat16() -> None:
    ways = TorchCuda(CudaStandIn((6, 1))).configurations(LAYERS["gemm"])
    assert [each.reason for each in ways if isinstance(each, Unsupported)] == [
        "tf32 needs compute capability 8.0, this GPU has 6.1",
        "bfloat16 needs compute capability 8.0, this GPU has 6.1",
    ]


@pytest.mark.parametrize("brick", [LAYERS["dense"], LAYERS["softmax"], LAYERS["split"], RESIDUAL])
def test_what_is_computed_is_right(brick) -> None:
    way = TorchCuda(CudaStandIn())
    for configuration in way.configurations(brick):
        runnable = way.build(brick, configuration)
        error = Reference(brick).checked(runnable)
        assert error <= tolerance(configuration, runnable.notes), configuration


def test_the_settings_are_those_of_the_way() -> None:
    cuda = CudaStandIn()
    for configuration in (Configuration("exhaustive", math=TF32), Configuration("heuristic")):
        TorchCuda(cuda).build(LAYERS["dense"], configuration).run()
    assert [(each.exhaustive, each.tensor_float_32) for each in cuda.applied] == [
        (True, True),
        (False, False),
    ]


@pytest.mark.parametrize(
    ("kind", "family"), [("dense", "cudnn"), ("gemm", "cublas"), ("relu", "aten")]
)
def test_tells_whose_code_runs(kind, family) -> None:
    runnable = TorchCuda(CudaStandIn()).build(LAYERS[kind], Configuration())
    assert runnable.notes["family"] == family


def test_the_least_call_copies() -> None:
    assert Reference(NULL).checked(TorchCuda(CudaStandIn()).build_null()) == 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_machine_without_a_gpu_is_told_so() -> None:
    with pytest.raises(PluginError, match="implementation 'torch_cuda' needs a GPU"):
        TorchCuda()
