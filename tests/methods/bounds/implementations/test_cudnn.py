from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from gpu_stand_ins import CudaStandIn, CudnnStandIn, plan
from single_layers import CONVOLUTIONS, IMAGE, LAYERS, RESIDUAL, chain, layer, zeros

from dlscope.core.errors import BackendError, PluginError
from dlscope.methods.bounds.implementation import (
    CHANNELS_LAST,
    NULL,
    PLAIN,
    TF32,
    Configuration,
    Unsupported,
    tolerance,
)
from dlscope.methods.bounds.implementations.cudnn import Cudnn, convolution_of
from dlscope.methods.bounds.implementations.reference import Reference

PLANS = (
    plan("eng1", notes=frozenset({"tensor_core"}), is_heuristic=True),
    plan("eng2", notes=frozenset({"winograd"}), workspace_bytes=3 * 2**20),
    plan("eng3", notes=frozenset({"fft", "reduced_precision_reduction"})),
    plan("eng4"),
    plan("eng5", refusal="CUDNN_STATUS_NOT_SUPPORTED"),
)
CLIPPED = chain(
    [("Conv", ["x", "w", "b"], ["c"], {}), ("Clip", ["c", "low", "high"], ["y"], {})],
    {"x": IMAGE},
    {"w": zeros(8, 32, 3, 3), "b": zeros(8), "low": np.float32(0), "high": np.float32(6)},
)
ACTIVATED = {
    name: chain(
        [("Conv", ["x", "w"], ["c"], {"pads": [0, 1, 2, 1]}), (name, ["c"], ["y"], {})],
        {"x": IMAGE},
        {"w": zeros(8, 32, 3, 3)},
    )
    for name in ("Relu", "Sigmoid", "Tanh")
}


def cudnn(library=None, **more) -> Cudnn:
    return Cudnn(library or CudnnStandIn(PLANS), CudaStandIn(), **more)


def plain(configurations) -> list:
    """Those in float32 and the plain layout."""
    told = [
        each.configuration if isinstance(each, Unsupported) else each for each in configurations
    ]
    return [
        way
        for way, each in zip(configurations, told, strict=True)
        if (each.dtype, each.layout) == ("float32", PLAIN)
    ]


def test_every_plan_is_a_way_of_its_own() -> None:
    assert plain(cudnn().configurations(LAYERS["dense"])) == [
        Configuration("heuristic eng1", math=TF32),
        Configuration("eng2"),
        Configuration("eng3"),
        Configuration("eng4"),
        Unsupported("CUDNN_STATUS_NOT_SUPPORTED", Configuration("eng5")),
    ]


def test_plans_are_asked_for_in_every_type_and_layout() -> None:
    library = CudnnStandIn(PLANS)
    ways = cudnn(library).configurations(LAYERS["dense"])
    asked = [(dtype, layout) for _, dtype, layout in library.asked]
    assert asked == [
        (dtype, layout)
        for dtype in ("float32", "float16", "bfloat16")
        for layout in (PLAIN, CHANNELS_LAST)
    ]
    assert len(ways) == 6 * len(PLANS)
    halves = [each for each in ways if isinstance(each, Configuration) and each.dtype == "float16"]
    assert {each.math for each in halves} == {"tensor_core", ""}


def test_a_plan_beyond_the_workspace_cap_is_refused_with_the_reason() -> None:
    ways = plain(cudnn(workspace_mb=2).configurations(LAYERS["dense"]))
    assert ways[1] == Unsupported(
        "needs 3 MB of workspace, 2 MB are allowed", Configuration("eng2")
    )
    assert plain(cudnn(workspace_mb=3).configurations(LAYERS["dense"]))[1] == Configuration("eng2")


def test_the_cap_holds_for_what_is_built_too() -> None:
    with pytest.raises(BackendError) as caught:
        cudnn(workspace_mb=2).build(LAYERS["dense"], Configuration("eng2"))
    assert caught.value.what == ("cuDNN refuses Conv: needs 3 MB of workspace, 2 MB are allowed")


def test_a_plan_that_is_not_there_is_refused() -> None:
    with pytest.raises(BackendError, match=re.escape("there is no plan 'eng9'")):
        cudnn().build(LAYERS["dense"], Configuration("eng9"))


def test_what_cudnn_says_when_it_knows_no_plan_is_the_reason() -> None:
    ways = cudnn(CudnnStandIn((), says="GRAPH_NOT_SUPPORTED\nmore")).configurations(LAYERS["dense"])
    assert len(ways) == 6
    assert ways[0] == Unsupported("GRAPH_NOT_SUPPORTED", Configuration())


def test_an_older_gpu_is_not_asked_for_bfloat16() -> None:
    library = CudnnStandIn(PLANS)
    ways = Cudnn(library, CudaStandIn((7, 5))).configurations(LAYERS["dense"])
    assert {dtype for _, dtype, _ in library.asked} == {"float32", "float16"}
    assert (
        sum(isinstance(each, Unsupported) and "bfloat16 needs" in each.reason for each in ways) == 2
    )


@pytest.mark.parametrize(
    ("brick", "reason"),
    [
        (LAYERS["relu"], "it is no convolution, alone or with an activation"),
        (RESIDUAL, "it is no convolution, alone or with an activation"),
        (LAYERS["transposed"], "it is no convolution, alone or with an activation"),
        (
            layer("Conv", [zeros(1, 4, 16)], [zeros(4, 4, 3)]),
            "cuDNN convolves images of two axes or more",
        ),
        (
            chain(
                [("Conv", ["x", "w"], ["c"], {}), ("Softplus", ["c"], ["y"], {})],
                {"x": IMAGE},
                {"w": zeros(8, 32, 1, 1)},
            ),
            "cuDNN is not asked for Softplus with a convolution",
        ),
        (
            chain(
                [("Conv", ["x", "w"], ["c"], {}), ("Clip", ["c", "low"], ["y"], {})],
                {"x": IMAGE},
                {"w": zeros(8, 32, 1, 1), "low": np.float32(0)},
            ),
            "cuDNN is not asked for Clip with a convolution",
        ),
    ],
)
def test_what_is_no_convolution_is_refused_with_the_reason(brick, reason) -> None:
    assert cudnn().configurations(brick) == [Unsupported(reason)]
    with pytest.raises(BackendError, match=reason):
        cudnn().build(brick, Configuration("eng4"))


def test_pads_may_differ_before_and_behind() -> None:
    found = convolution_of(ACTIVATED["Relu"])
    assert (found.pads_before, found.pads_after) == ((0, 1), (2, 1))
    assert (found.activation, found.has_bias) == ("Relu", False)


def test_a_bias_is_one_number_for_each_channel() -> None:
    found = convolution_of(CLIPPED)
    assert found.bias == (1, 8, 1, 1)
    assert (found.activation, found.bounds) == ("Clip", (0, 6))


@pytest.mark.parametrize("brick", [*CONVOLUTIONS.values(), *ACTIVATED.values(), CLIPPED])
def test_what_a_plan_computes_is_right(brick) -> None:
    way = cudnn()
    reference = Reference(brick)
    for configuration in way.configurations(brick):
        if isinstance(configuration, Configuration):
            runnable = way.build(brick, configuration)
            assert reference.checked(runnable) <= tolerance(configuration, runnable.notes)


def test_a_wrong_plan_is_seen_to_be_wrong() -> None:
    runnable = cudnn(CudnnStandIn((plan("wrong"),))).build(LAYERS["dense"], Configuration("wrong"))
    assert Reference(LAYERS["dense"]).checked(runnable) == pytest.approx(1)


@pytest.mark.parametrize(
    ("algorithm", "workspace_bytes", "notes", "allowed"),
    [
        (
            "heuristic eng1",
            0,
            {"kernel": "eng1", "numerics": "tensor_core", "choice": "heuristic"},
            2e-2,
        ),
        (
            "eng2",
            3 * 2**20,
            {"kernel": "eng2", "numerics": "winograd", "transform": "winograd"},
            1e-3,
        ),
        (
            "eng3",
            0,
            {
                "kernel": "eng3",
                "numerics": "fft, reduced_precision_reduction",
                "transform": "fft",
            },
            1e-3,
        ),
        ("eng4", 0, {"kernel": "eng4"}, 1e-4),
    ],
)
def test_the_notes_of_a_plan_decide_how_exact_it_must_be(
    algorithm, workspace_bytes, notes, allowed
) -> None:
    way = cudnn()
    (configuration,) = [
        each
        for each in plain(way.configurations(LAYERS["dense"]))
        if isinstance(each, Configuration) and each.algorithm == algorithm
    ]
    runnable = way.build(LAYERS["dense"], configuration)
    assert runnable.notes == notes
    assert runnable.workspace_bytes == workspace_bytes
    assert tolerance(configuration, runnable.notes) == allowed


def test_the_least_call_needs_no_plan() -> None:
    library = CudnnStandIn(())
    assert Reference(NULL).checked(cudnn(library).build_null()) == 0
    assert library.asked == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_machine_without_a_gpu_is_told_so() -> None:
    with pytest.raises(PluginError, match="implementation 'cudnn' needs a GPU"):
        Cudnn()
