from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from emission_networks import images, small_network

from dlscope.core.errors import SearchError
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.emission.accelerator.stages import (
    dataflow,
    pipelined,
    places,
    pool_of,
    stages_of,
)
from dlscope.methods.codesign.emission.quantise import quantise

EIGHT = Precision.of(8)


def test_the_average_is_a_stage_of_its_own(integers) -> None:
    kinds = [shape.kind for _, shape in places(integers)]
    assert kinds == ["conv", "conv", "depthwise", "conv", "conv", "pool", "dense"]
    assert pool_of(integers.layers[4]) == LayerShape.pool(8, 6, 6, stride=6)


@pytest.mark.parametrize(
    ("shape", "lanes", "expected"),
    [
        (LayerShape.conv(16, 32, 14), 64, ("conv", 8, 8, 14 * 14 * 16 * 32 // 64)),
        (LayerShape.depthwise(16, 14, 3), 4, ("depthwise", 1, 4, 14 * 14 * 9 * 16 // 4)),
        (LayerShape.pool(8, 7, 7, stride=7), 4, ("pool", 1, 4, 49 * 2)),
        (LayerShape.conv(3, 8, 8, 3), 64, ("conv", 1, 8, 64 * 9 * 3)),
    ],
)
def test_a_pipeline_tiles_channels(shape, lanes, expected) -> None:
    tiled = pipelined(shape, EIGHT, lanes)
    assert (tiled.kind, tiled.simd, tiled.lanes_out, tiled.cycles) == expected


@pytest.mark.parametrize(
    ("shape", "lanes", "expected"),
    [
        (LayerShape.conv(16, 32, 14), 64, ("unit", 8, 8, 14 * 14 * 16 * 32 // 64)),
        (LayerShape.conv(3, 8, 8, 4, padding=1), 8, ("unit", 4, 2, 49 * 48 * 8 // 8)),
        (LayerShape.depthwise(16, 14, 3), 4, ("depthwise", 1, 4, 14 * 14 * 9 * 16 // 4)),
        (LayerShape.pool(8, 7, 7, stride=7), 64, ("pool", 1, 8, 49)),
    ],
)
def test_a_dataflow_tiles_windows(shape, lanes, expected) -> None:
    tiled = dataflow(shape, EIGHT, lanes)
    assert (tiled.kind, tiled.simd, tiled.lanes_out, tiled.cycles) == expected


@pytest.mark.parametrize("lanes", [(1,) * 6, (1, 1, 1, 1, 1, 1, 0)])
def test_refuses_lanes_that_are_not_one_number_for_each_stage(integers, lanes) -> None:
    with pytest.raises(SearchError) as refused:
        stages_of(integers, lanes, pipelined)
    assert refused.value.what == f"lanes are {list(lanes)}"
    assert refused.value.where == "accelerator of 7 stages"


def test_refuses_convolutions_in_groups() -> None:
    network = small_network()
    shape = LayerShape.conv(4, 8, 6, groups=2)
    grouped = replace(network.layers[1], shape=shape, weights=np.ones((8, 2, 1, 1), np.float32))
    layers = (network.layers[0], grouped, *network.layers[2:])
    with pytest.raises(SearchError) as refused:
        places(quantise(replace(network, layers=layers), images()))
    assert refused.value.what == "a convolution in 2 groups"
    assert refused.value.fix == "use one group, or one for each channel"
