from __future__ import annotations

import numpy as np
import pytest
from gpu_stand_ins import CudaStandIn
from single_layers import LAYERS, RESIDUAL, chain, layer, zeros

from dlscope.graph.brick_model import brick_feeds, brick_model
from dlscope.methods.bounds.implementation import (
    CHANNELS_LAST,
    NULL,
    PLAIN,
    TF32,
    Configuration,
    Unsupported,
)
from dlscope.methods.bounds.implementations.cuda import CudaSettings
from dlscope.methods.bounds.implementations.device_runnable import (
    DeviceRunnable,
    arrays_of,
    device_dtypes,
    device_layouts,
    follows,
    null_runnable,
    on_device,
)
from dlscope.methods.bounds.implementations.reference import Reference


@pytest.fixture
def cuda() -> CudaStandIn:
    return CudaStandIn()


def test_launching_does_not_wait_and_running_does(cuda) -> None:
    runnable = DeviceRunnable(cuda, lambda: [cuda.copied(np.ones(2))])
    runnable.launch()
    assert cuda.now_ns < cuda.free_ns
    runnable.run()
    assert cuda.now_ns == cuda.free_ns
    assert [each.tolist() for each in runnable.outputs()] == [[1, 1]]


def test_the_settings_of_a_layer_hold_at_each_of_its_launches(cuda) -> None:
    one, other = (
        DeviceRunnable(cuda, list, settings=CudaSettings(tensor_float_32=each))
        for each in (True, False)
    )
    for runnable in (one, other, one):
        runnable.run()
    assert [each.tensor_float_32 for each in cuda.applied] == [True, False, True]


def test_a_closed_layer_holds_no_memory(cuda) -> None:
    runnable = DeviceRunnable(cuda, lambda: [np.ones(2)])
    runnable.run()
    runnable.close()
    assert runnable.outputs() == []


def test_the_least_call_copies_one_element(cuda) -> None:
    assert Reference(NULL).checked(null_runnable(cuda)) == 0
    assert cuda.events == ["copy"]


def test_arrays_are_those_of_the_model() -> None:
    brick = LAYERS["gemm"]
    arrays = arrays_of(brick)
    (feed,) = brick_feeds(brick).values()
    assert sorted(arrays) == [0, 1, 2]
    assert np.array_equal(arrays[0], feed)
    assert arrays[1].tobytes() == brick_model(brick).graph.initializer[0].raw_data


def test_layers_follow_where_nothing_else_is_taken_first_or_leaves() -> None:
    assert follows(RESIDUAL)
    assert follows(LAYERS["relu"])
    twice = chain(
        [("Relu", ["x"], ["a"], {}), ("Add", ["b", "a"], ["y"], {})],
        {"x": zeros(2), "b": zeros(2)},
        {},
    )
    assert not follows(twice)


@pytest.mark.parametrize(
    ("brick", "dtypes", "layouts"),
    [
        (LAYERS["dense"], ("float32", "float16", "bfloat16"), (PLAIN, CHANNELS_LAST)),
        (LAYERS["gemm"], ("float32", "float16", "bfloat16"), (PLAIN,)),
        (layer("Add", [zeros(3, dtype="float64")] * 2), ("float64",), (PLAIN,)),
        (layer("Add", [zeros(3, dtype="int64")] * 2), ("float32",), (PLAIN,)),
    ],
)
def test_halves_are_tried_of_float32_numbers_alone(brick, dtypes, layouts) -> None:
    assert device_dtypes(brick) == dtypes
    assert device_layouts(brick) == layouts


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (
            Configuration(dtype="bfloat16"),
            "bfloat16 needs compute capability 8.0, this GPU has 7.5",
        ),
        (Configuration(math=TF32), "tf32 needs compute capability 8.0, this GPU has 7.5"),
    ],
)
def test_an_older_gpu_lacks_newer_types(wanted, reason) -> None:
    assert on_device(CudaStandIn((7, 5)), wanted) == Unsupported(reason, wanted)
    assert on_device(CudaStandIn((8, 0)), wanted) == wanted


def test_every_gpu_has_float16() -> None:
    wanted = Configuration(dtype="float16")
    assert on_device(CudaStandIn((6, 0)), wanted) == wanted
