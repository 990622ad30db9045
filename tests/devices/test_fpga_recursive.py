from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.catalog.finder import find
from dlscope.core.errors import SearchError
from dlscope.core.manifest import BoardManifest
from dlscope.devices.fpga_recursive import RecursiveFpga, buffer_bits, traffic_bytes
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision

EIGHT = Precision.of(8)
CONV = LayerShape.conv(64, 128, 28, 3)
DENSE = LayerShape.dense(4096, 1000)


def test_a_layer_takes_its_work_by_lanes_clock_and_efficiency(board) -> None:
    device = RecursiveFpga(board("zcu102"), efficiency=0.5, overhead_ns=100.0)
    cost = device.cost(CONV, EIGHT, 8.0)
    assert float(cost.latency_ns) == pytest.approx(CONV.macs / 256 / 0.3 / 0.5 + 100)
    assert float(cost.latency_slope) == pytest.approx(-np.log(2) * CONV.macs / 256 / 0.3 / 0.5)


def test_a_layer_that_waits_for_memory_gains_nothing_from_lanes(board) -> None:
    device = RecursiveFpga(board("zcu102"))
    few, many = (device.cost(DENSE, EIGHT, pf) for pf in (10.0, 12.0))
    assert few.latency_ns == many.latency_ns == pytest.approx(few.traffic_bytes / 19.2)
    assert few.latency_slope == 0


@given(st.integers(1, 16), st.integers(1, 16))
def test_traffic_is_each_number_once_at_its_bits(weight_bits: int, activation_bits: int) -> None:
    precision = Precision(weight_bits, activation_bits)
    maps = CONV.inputs + CONV.outputs
    expected = (CONV.weights * weight_bits + maps * activation_bits) / 8
    assert traffic_bytes(CONV, precision) == expected


@given(st.floats(0, 10), st.sampled_from([2, 4, 8, 16]))
def test_lanes_take_either_dsps_or_luts(pf: float, bits: int) -> None:
    board = find("board", "zcu102")
    assert isinstance(board, BoardManifest)
    cost = RecursiveFpga(board).cost(CONV, Precision.of(bits), pf)
    of_lane = {16: ("dsp", 1.0), 8: ("dsp", 0.5), 4: ("lut", 100.0), 2: ("lut", 23.0)}
    name, each = of_lane[bits]
    assert set(cost.resources) == {name, "bram18"}
    assert float(cost.resources[name]) == pytest.approx(each * 2**pf)


def test_buffers_hold_lines_of_the_input_and_weights_twice() -> None:
    assert buffer_bits(CONV, Precision(4, 8)) == 4 * 28 * 64 * 8 + 2 * 9 * 64 * 4
    assert buffer_bits(LayerShape.pool(64, 28, 2, stride=2), EIGHT) == 4 * 28 * 64 * 8


@pytest.mark.parametrize("efficiency", [0.0, -1.0, 1.1])
def test_refuses_an_efficiency_that_is_no_share(board, efficiency: float) -> None:
    with pytest.raises(SearchError) as refusal:
        RecursiveFpga(board("zc706"), efficiency=efficiency)
    assert str(refusal.value) == (
        f"SearchError: efficiency {efficiency:g} is not a share\n"
        "  where  device fpga_recursive on zc706\n"
        "  fix    use a number above 0 and at most 1"
    )
