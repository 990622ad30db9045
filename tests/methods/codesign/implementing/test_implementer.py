from __future__ import annotations

import numpy as np
import pytest

from dlscope.catalog.finder import find
from dlscope.core.errors import SearchError
from dlscope.core.manifest import BoardManifest, SpaceManifest
from dlscope.devices.calibration import Calibration
from dlscope.devices.fpga_dataflow import DataflowFpga
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.devices.implementation import implement
from dlscope.devices.measured import MeasuredDevice, MeasuredRow, MeasuredTable, operation_key
from dlscope.devices.prediction_error import PredictionError
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.implementing.space_costs import most_lanes
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space


def space(called: str) -> Space:
    manifest = find("space", called)
    assert isinstance(manifest, SpaceManifest)
    return Space(manifest)


def board(called: str, **resources: int) -> BoardManifest:
    found = find("board", called)
    assert isinstance(found, BoardManifest)
    return found.model_copy(update={"resources": found.resources.model_copy(update=resources)})


def designs(every: Space, count: int) -> list[Design]:
    rng = np.random.default_rng(0)
    return [Design.random(every, rng) for _ in range(count)]


@pytest.mark.parametrize("kind", [PipelinedFpga, DataflowFpga, RecursiveFpga])
def test_designs_are_as_fast_as_the_device_implements_them_one_by_one(kind) -> None:
    every, device = space("tiny_grey_4"), kind(board("pynq_z1"))
    implementer = Implementer(every, device)

    def limit(layer) -> int:
        return int(min(2**every.lanes.most_log2, most_lanes(device, layer)))

    for design in designs(every, 1 if kind is RecursiveFpga else 6):
        found = implementer.implement(design)
        best = implement(device, design.choices(every), most_lanes=limit).cost
        assert found.interval_ns == pytest.approx(best.interval_ns)
        assert found.interval_ns == pytest.approx(implementer.time_ns(design))
        assert found.over_budget == ()


def test_layers_keep_their_order_and_know_their_block() -> None:
    every = space("tiny_grey_4")
    design = Design.of(every, (4, 0, 4, 0), (0, 1, 2, 1))
    found = Implementer(every, PipelinedFpga(board("pynq_z1"))).implement(design)
    assert [choice.layer for choice in found.choices] == [
        layer for layer, _ in design.layers(every)
    ]
    assert found.blocks == (None, 0, 0, 1, 1, 1, 3, 3, 3, None, None, None)
    assert max(found.lanes) > 1
    assert found.fps == pytest.approx(1e9 / found.interval_ns)


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    every = space("tiny_grey_5")
    several = designs(every, 40)
    at_once = Implementer(every, RecursiveFpga(board("ultra96"))).times_ns(several)
    one_by_one = Implementer(every, RecursiveFpga(board("ultra96")))
    assert at_once.tolist() == [one_by_one.time_ns(each) for each in several]


def test_more_lanes_never_make_a_design_slower() -> None:
    every = space("tiny_grey_4")
    small, large = (
        Implementer(every, PipelinedFpga(board("pynq_z1", dsp=dsp))) for dsp in (120, 220)
    )
    several = designs(every, 30)
    assert np.all(large.times_ns(several) <= small.times_ns(several))


def test_what_does_not_fit_says_how_much_it_takes() -> None:
    every = space("tiny_grey_4")
    implementer = Implementer(every, PipelinedFpga(board("pynq_z1", dsp=60)))
    design = Design.of(every, (0, 0, 0, 0), (1, 1, 1, 1))
    assert implementer.time_ns(design) == np.inf
    with pytest.raises(SearchError) as caught:
        implementer.implement(design)
    assert caught.value.what == "infeasible: one lane each takes dsp 101 of 54"
    assert caught.value.fix.startswith(
        "use fewer bits, smaller operations or a larger board; the least is bram18 "
    )


def test_a_measured_design_is_the_calibrated_sum_of_its_operations() -> None:
    every = space("mnist_cpu")
    groups = [every.stem_layers, every.head_layers] + [
        block.layers(m) for block in every.blocks for m in range(len(block.operations))
    ]
    unique = {operation_key(group): group for group in groups if group}
    rows = tuple(
        sorted(
            MeasuredRow(name, bits, 100.0 + place, 0.0, 30)
            for place, name in enumerate(unique)
            for bits in every.precisions
        )
    )
    error = PredictionError(0.01, 0.02, 1.0, 20)
    lines = {bits: Calibration(1000.0, 0.5, error) for bits in every.precisions}
    device = MeasuredDevice(MeasuredTable("here", rows), lines)
    implementer = Implementer(every, device)
    for design in designs(every, 5):
        operations = [
            every.stem_layers,
            *(b.layers(m) for b, m in zip(every.blocks, design.operations, strict=True)),
            every.head_layers,
        ]
        bits = every.precisions[design.precisions[0]]
        expected = device.latency_ns(operations, bits)
        assert implementer.implement(design).latency_ns == pytest.approx(expected)
        assert implementer.time_ns(design) == pytest.approx(expected)
