from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.catalog.finder import find
from dlscope.core.manifest import BoardManifest
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.devices.fpga_tiled import TiledFpga
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision

EIGHT = Precision.of(8)
FITTING = LayerShape.conv(64, 128, 28, 3)


@given(st.integers(1, 80), st.integers(1, 80), st.floats(0, 8))
def test_is_never_faster_than_where_nothing_idles(
    channels_in: int, channels_out: int, pf: float
) -> None:
    board = find("board", "zcu102")
    assert isinstance(board, BoardManifest)
    layer = LayerShape.conv(channels_in, channels_out, 14, 3)
    tiled, smooth = (
        kind(board, efficiency=0.5, overhead_ns=20.0).cost(layer, EIGHT, pf)
        for kind in (TiledFpga, RecursiveFpga)
    )
    assert tiled.latency_ns >= smooth.latency_ns * (1 - 1e-12)
    assert tiled.traffic_bytes >= smooth.traffic_bytes


def test_where_tiles_divide_the_channels_arithmetic_takes_the_same(board) -> None:
    fast = board("zcu102").model_copy(update={"memory_gb_per_s": 1e6})
    tiled, smooth = (
        kind(fast, overhead_ns=20.0).cost(FITTING, EIGHT, np.arange(13.0))
        for kind in (TiledFpga, RecursiveFpga)
    )
    assert np.allclose(tiled.latency_ns, smooth.latency_ns)


def test_lanes_are_rounded_down_to_a_power_of_two(board) -> None:
    device = TiledFpga(board("zcu102"))
    cost = device.cost(FITTING, EIGHT, [-3.0, 0.5, 7.0, 7.9])
    assert cost.resources["dsp"].tolist() == [0.5, 0.5, 64, 64]
    assert cost.latency_ns[0] == cost.latency_ns[1]
    assert cost.latency_ns[2] == cost.latency_ns[3]


def test_the_input_is_read_again_for_every_tile_of_outputs(board) -> None:
    cost = TiledFpga(board("zcu102")).cost(FITTING, Precision(4, 8), [8.0, 14.0])
    once = FITTING.weights / 2 + FITTING.outputs
    assert np.asarray(cost.traffic_bytes).tolist() == [
        once + 8 * FITTING.inputs,
        once + FITTING.inputs,
    ]


def test_an_engine_that_does_not_fold_the_kernel_idles_on_colors(board) -> None:
    colors = LayerShape.conv(3, 64, 224, 7, stride=2)
    fast = board("zcu102").model_copy(update={"memory_gb_per_s": 1e6})
    latencies = [
        float(TiledFpga(fast, folds_kernel=each).cost(colors, EIGHT, 8.0).latency_ns)
        for each in (True, False)
    ]
    assert latencies[1] == pytest.approx(latencies[0] * 16 / 3)
