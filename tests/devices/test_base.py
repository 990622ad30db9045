from __future__ import annotations

from typing import final

import numpy as np
import pytest

from dlscope.core.errors import SearchError
from dlscope.devices.base import Choice, Cost, Device, Floats, board_budget, per_cycle_ns
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision

EIGHT = Precision.of(8)
CONV = LayerShape.conv(16, 32, 16, 3)


@final
class WrongDevice(Device):
    """Gives what its maker was handed, right or wrong."""

    name = "wrong"

    def __init__(self, latency_ns: object) -> None:
        self._latency_ns = np.asarray(latency_ns, dtype=np.float64)

    def _cost(self, layer: LayerShape, precision: Precision, pf: Floats) -> Cost:
        del layer, precision, pf
        return Cost(self._latency_ns, self._latency_ns)


@pytest.mark.parametrize("latency_ns", [0.0, -1.0, np.nan, np.inf, [1.0, 1.0]])
def test_refuses_a_device_that_gives_no_latency(latency_ns) -> None:
    with pytest.raises(SearchError) as refusal:
        WrongDevice(latency_ns).cost(CONV, EIGHT)
    assert str(refusal.value) == (
        "SearchError: a latency is not above 0, or not one for each parallel factor\n"
        "  where  device wrong, conv 3x3/1 16->32 on 16x16\n"
        "  fix    correct _cost of the device"
    )


def test_layers_on_one_engine_take_the_resources_of_the_largest(board) -> None:
    device = RecursiveFpga(board("zcu102"))
    small, large = (Choice(CONV, EIGHT, pf, "conv") for pf in (4.0, 6.0))
    other = Choice(CONV, EIGHT, 5.0, "other")
    total = device.network_cost([small, large, other])
    assert total.resources["dsp"] == pytest.approx((64 + 32) / 2)


def test_a_pipeline_is_as_fast_as_its_slowest_stage(board) -> None:
    device = PipelinedFpga(board("zc706"), has_weights_on_chip=True)
    stages = [Choice(CONV, EIGHT, pf) for pf in (6.0, 4.0, 8.0)]
    total = device.network_cost(stages)
    assert total.bottleneck == 1
    assert total.interval_ns == CONV.work / 16 * 5
    assert total.fps == pytest.approx(200e6 * 16 / CONV.work)
    assert not total.is_bandwidth_bound


def test_a_pipeline_gives_its_first_result_before_its_stages_would_one_after_another(board) -> None:
    device = PipelinedFpga(board("zc706"), has_weights_on_chip=True)
    total = device.network_cost([Choice(CONV, EIGHT, 4.0)] * 3)
    # A stage begins when 3 + 1 of its 16 rows are there.
    assert total.latency_ns == pytest.approx(3 * total.interval_ns * 4 / 16)


def test_memory_slows_a_pipeline_down_that_asks_for_too_much_of_it(board) -> None:
    slow = board("zc706").model_copy(update={"memory_gb_per_s": 0.01})
    total = PipelinedFpga(slow).network_cost([Choice(CONV, EIGHT, 8.0)])
    carried = CONV.weights * 16 + CONV.inputs + CONV.outputs
    assert total.is_bandwidth_bound
    assert total.interval_ns == pytest.approx(carried / 1e7 * 1e9)


def test_only_the_usable_share_of_a_board_is_a_budget(board) -> None:
    zc706 = board("zc706")
    assert board_budget(zc706) == {
        "dsp": 810,
        "lut": pytest.approx(0.9 * 218_600),
        "ff": pytest.approx(0.9 * 437_200),
        "bram18": 981,
        "uram": 0,
    }
    whole = zc706.model_copy(update={"usable_share": 1.0})
    assert board_budget(whole)["dsp"] == 900


def test_a_cycle_lasts_the_inverse_of_the_clock() -> None:
    assert per_cycle_ns(200.0) == 5.0
