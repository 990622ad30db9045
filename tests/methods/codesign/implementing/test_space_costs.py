from __future__ import annotations

import numpy as np
import pytest

from dlscope.catalog.finder import find
from dlscope.core.errors import MeasurementError, SearchError
from dlscope.core.manifest import BoardManifest, SpaceManifest
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.devices.measured import MeasuredDevice, MeasuredRow, MeasuredTable, operation_key
from dlscope.devices.roofline import Roofline, RooflineDevice
from dlscope.methods.codesign.implementing.space_costs import SpaceCosts, most_lanes
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space


def space(called: str) -> Space:
    manifest = find("space", called)
    assert isinstance(manifest, SpaceManifest)
    return Space(manifest)


def board() -> BoardManifest:
    found = find("board", "pynq_z1")
    assert isinstance(found, BoardManifest)
    return found


def test_the_layers_of_a_design_are_gathered_stem_and_head_last() -> None:
    every = space("tiny_grey_4")
    costs = SpaceCosts.of(every, PipelinedFpga(board()))
    design = Design.of(every, (4, 0, 4, 0), (0, 1, 2, 1))
    layers, _ = costs.gathered(Choices.of([design]))
    work = layers.scaling_ns[0][layers.exists[0]] / 10.0  # cycles at 100 MHz
    shapes = [layer.work for layer, _ in design.layers(every)]
    assert work.round(6).tolist() == [*shapes[1:-3], shapes[0], *shapes[-3:]]


def test_lanes_are_those_that_space_and_device_both_allow() -> None:
    every = space("tiny_grey_4")
    device = PipelinedFpga(board())
    costs = SpaceCosts.of(every, device)
    stem, head = every.stem_layers[0], every.head_layers[0]
    assert (most_lanes(device, stem), most_lanes(device, head)) == (8, 8 * 32)
    assert costs.layers.most_log2[-1, 0, 0].tolist()[:2] == [3, 8]
    assert costs.layers.most_log2.max() == every.lanes.most_log2


def test_a_device_of_one_precision_needs_a_space_of_one() -> None:
    device = RooflineDevice(Roofline(0.5, 1e10, 0.0), peak_per_s=1e11)
    with pytest.raises(SearchError) as caught:
        SpaceCosts.of(space("tiny_grey_4"), device)
    assert (caught.value.what, caught.value.fix) == (
        "device roofline runs a network at one precision, the space has one for each operation",
        "use quant_scope: network",
    )
    SpaceCosts.of(space("mnist_cpu"), device)


def test_what_was_not_measured_is_named_all_at_once() -> None:
    every = space("mnist_cpu")
    row = MeasuredRow(operation_key(every.stem_layers), every.precisions[0], 10.0, 0.0, 30)
    with pytest.raises(MeasurementError) as caught:
        SpaceCosts.of(every, MeasuredDevice(MeasuredTable("here", (row,))))
    distinct = {
        operation_key(block.layers(m)) for block in every.blocks for m in range(8)
        if m < len(block.operations) and block.layers(m)
    }  # fmt: skip
    missing = 2 * len(distinct) + 1 + 2
    assert caught.value.what.startswith(f"{missing} operations were not measured: ")


def test_memory_of_a_pipeline_carries_its_ends_too() -> None:
    every = space("tiny_grey_4")
    streamed, on_chip = (
        SpaceCosts.of(every, PipelinedFpga(board(), has_weights_on_chip=each))
        for each in (False, True)
    )
    ends_bytes = (14 * 14 + 10) * 2
    np.testing.assert_allclose(on_chip.memory_ns[-1, 0], ends_bytes / 4.2)
    assert (streamed.memory_ns > on_chip.memory_ns).any()
