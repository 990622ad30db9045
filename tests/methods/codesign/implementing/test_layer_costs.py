from __future__ import annotations

import numpy as np
import pytest

from dlscope.catalog.finder import find
from dlscope.core.errors import SearchError
from dlscope.core.manifest import BoardManifest
from dlscope.devices.bit_flexible import Stripes
from dlscope.devices.fpga_dataflow import DataflowFpga
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.devices.fpga_tiled import TiledFpga
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.implementing.layer_costs import LayerCosts

LAYERS = (
    LayerShape.conv(16, 64, 16),
    LayerShape.depthwise(64, 16, 5, stride=2),
    LayerShape.pool(64, 8, 8, stride=8),
    LayerShape.dense(1024, 10),
)


def board() -> BoardManifest:
    found = find("board", "zcu102")
    assert isinstance(found, BoardManifest)
    return found


@pytest.mark.parametrize(
    "device",
    [
        PipelinedFpga(board()),
        DataflowFpga(board()),
        RecursiveFpga(board(), efficiency=0.7, overhead_ns=300.0),
        Stripes(4096, clock_mhz=1000),
    ],
    ids=lambda device: device.name,
)
@pytest.mark.parametrize("bits", [4, 8, 16])
def test_five_numbers_tell_what_the_device_does_at_any_lanes(device, bits) -> None:
    lanes_log2 = np.linspace(0, 11, 23)
    for layer in LAYERS:
        cost = device.cost(layer, Precision.of(bits), lanes_log2)
        found = LayerCosts.of(device, layer, Precision.of(bits))
        times = [found.latency_ns(2.0**each) for each in lanes_log2]
        np.testing.assert_allclose(times, cost.latency_ns, rtol=1e-9)
        for name, used in cost.resources.items():
            told = found.fixed[name] + found.lane_costs.get(name, 0.0) * 2.0**lanes_log2
            np.testing.assert_allclose(told, used, rtol=1e-9, atol=1e-9)


def test_a_device_whose_lanes_go_in_steps_cannot_be_searched_on() -> None:
    with pytest.raises(SearchError) as caught:
        LayerCosts.of(TiledFpga(board()), LAYERS[0], Precision.of(8))
    assert caught.value.what == (
        "the time of conv 1x1/1 16->64 on 16x16 does not follow from its lanes as a search needs it"
    )
