from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlscope.catalog.finder import find
from dlscope.core.errors import SearchError
from dlscope.core.manifest import BoardManifest
from dlscope.devices.base import Choice
from dlscope.devices.bit_flexible import Stripes
from dlscope.devices.fpga_dataflow import DataflowFpga
from dlscope.devices.fpga_dataflow import most_lanes as most_lanes_of_units
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.devices.fpga_tiled import TiledFpga
from dlscope.devices.implementation import implement
from dlscope.devices.layer_shape import LayerShape, mbconv
from dlscope.devices.pipeline_stage import PipelineStage, most_lanes, split_lanes
from dlscope.devices.precision import Precision

EIGHT = Precision.of(8)


def small_board(dsp: int, lut: int = 50_000) -> BoardManifest:
    """A board with few DSPs, all of which may be used."""
    board = find("board", "zc706")
    assert isinstance(board, BoardManifest)
    part = board.resources.model_copy(update={"dsp": dsp, "lut": lut})
    return board.model_copy(update={"resources": part, "usable_share": 1.0})


def vgg16() -> list[LayerShape]:
    """The convolutions of VGG-16, input padded to four channels."""
    layers, size, channels = [], 224, 4
    for width, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            layers.append(LayerShape.conv(channels, width, size, 3))
            channels = width
        size //= 2
    return layers


@pytest.mark.parametrize(
    ("bits", "lanes"),
    [
        (16, [8, 128, 64, 128, 64, 128, 128, 64, 128, 128, 32, 32, 32]),
        (8, [16, 256, 128, 256, 128, 256, 256, 128, 256, 256, 64, 64, 64]),
    ],
)
def test_finds_the_lanes_of_a_published_pipeline(bits: int, lanes: list[int]) -> None:
    # 1152 DSPs less those of the control of five pools, which lie between the convolutions.
    device = PipelinedFpga(small_board(1152 - 5 * 2))
    choices = [Choice(layer, Precision.of(bits)) for layer in vgg16()]
    found = implement(device, choices, most_lanes=most_lanes)
    assert [2**each.pf for each in found.choices] == lanes
    assert found.cost.resources["dsp"] == 1142
    assert found.cost.over_budget == ()


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=3),
    st.integers(20, 60),
)
def test_no_other_pipeline_is_faster(widths, dsp: int) -> None:
    device = PipelinedFpga(small_board(dsp))
    choices = [
        Choice(LayerShape.conv(8 * width, 16, 14, 3 if is_wide else 1), EIGHT)
        for width, is_wide in widths
    ]
    found = implement(device, choices, most_lanes=most_lanes)
    assert found.cost.over_budget == ()
    for powers in itertools.product(range(6), repeat=len(choices)):
        other = device.network_cost(
            [replace(c, pf=p) for c, p in zip(choices, powers, strict=True)]
        )
        slowest = max(float(cost.latency_ns) for cost in found.cost.layers)
        if not other.over_budget:
            assert slowest <= max(float(cost.latency_ns) for cost in other.layers)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.integers(2, 80))
def test_no_other_engines_are_faster_even_where_memory_is_slow(widths, dsp: int) -> None:
    board = small_board(dsp).model_copy(update={"memory_gb_per_s": 0.5})
    device = RecursiveFpga(board, overhead_ns=50.0)
    choices = [
        Choice(LayerShape.conv(16 * width, 32, 7, size), EIGHT, engine=f"conv{size}")
        for width, size in zip(widths, itertools.cycle((1, 3)))
    ]
    found = implement(device, choices)
    assert found.cost.over_budget == ()
    for powers in itertools.product(range(8), repeat=2):
        of_engine = dict(zip(("conv1", "conv3"), powers, strict=True))
        other = device.network_cost([replace(c, pf=of_engine[c.engine]) for c in choices])
        if not other.over_budget:
            assert found.cost.latency_ns <= other.latency_ns * (1 + 1e-12)


def test_layers_of_one_engine_have_the_same_lanes(board) -> None:
    choices = [
        Choice(layer, EIGHT, engine=layer.kind)
        for block in (mbconv(16, 24, 28, 3, 4), mbconv(24, 40, 14, 5, 6))
        for layer in block
    ]
    found = implement(RecursiveFpga(board("ultra96")), choices)
    assert len({each.pf for each in found.choices if each.engine == "depthwise"}) == 1
    assert len({(each.engine, each.pf) for each in found.choices}) == 2


def test_lanes_of_a_pipeline_can_be_split_over_its_channels(board) -> None:
    layers = [LayerShape.conv(3, 24, 28, 3), *mbconv(24, 40, 28, 5, 6, stride=2)]
    choices = [Choice(layer, EIGHT) for layer in layers]
    found = implement(PipelinedFpga(board("zcu102")), choices, most_lanes=most_lanes)
    for choice, cost in zip(found.choices, found.cost.layers, strict=True):
        stage = PipelineStage(choice.layer, EIGHT, *split_lanes(choice.layer, 2**choice.pf))
        assert stage.lanes == 2**choice.pf
        assert stage.cycles / 0.3 == pytest.approx(float(cost.latency_ns))


def test_units_of_a_dataflow_stop_where_nothing_divides_any_more(board) -> None:
    choices = [Choice(LayerShape.dense(12, 6), Precision.of(1))]
    found = implement(DataflowFpga(board("zcu104")), choices, most_lanes=most_lanes_of_units)
    assert 2 ** found.choices[0].pf == 4 * 2


def test_a_budget_below_the_least_design_is_infeasible_and_says_what_is_needed(board) -> None:
    with pytest.raises(SearchError) as refusal:
        implement(PipelinedFpga(small_board(80)), [Choice(layer, EIGHT) for layer in vgg16()])
    assert str(refusal.value) == (
        "SearchError: infeasible: one lane each takes dsp 84.5 of 80\n"
        "  where  device fpga_pipelined, 13 stages or engines\n"
        "  fix    use fewer bits, a smaller network or a larger board; "
        "the least is bram18 254.587, dsp 84.5"
    )
    with pytest.raises(SearchError, match=r"one lane each takes bram18 254\.587 of 252"):
        implement(PipelinedFpga(board("pynq_z1")), [Choice(layer, EIGHT) for layer in vgg16()])


@pytest.mark.parametrize("name", ["stripes", "fpga_tiled"])
def test_refuses_a_device_without_smooth_lanes(board, name: str) -> None:
    device = {
        "stripes": Stripes(64, clock_mhz=100.0),
        "fpga_tiled": TiledFpga(board("zcu102")),
    }[name]
    with pytest.raises(SearchError) as refusal:
        implement(device, [Choice(LayerShape.dense(8, 8), EIGHT)])
    assert str(refusal.value) == (
        f"SearchError: device {name} has no lanes to choose\n"
        "  where  implementation\n"
        "  fix    use a device whose costs are smooth in its lanes"
    )


def test_a_better_board_is_never_slower(board) -> None:
    choices = [Choice(layer, EIGHT) for layer in vgg16()]
    rates = [
        implement(PipelinedFpga(board(name)), choices, most_lanes=most_lanes).cost.fps
        for name in ("zc706", "zcu102", "alveo_u250")
    ]
    assert rates == sorted(rates)
    assert math.isfinite(rates[-1])
