from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from dlscope.catalog.finder import find
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.methods.codesign.implementing.space_costs import SpaceCosts
from dlscope.methods.codesign.relaxed.layer_tensors import LayerTensors
from dlscope.methods.codesign.space.space import Space


@pytest.fixture
def costs() -> SpaceCosts:
    space = Space(find("space", "tiny_grey_4"))
    return SpaceCosts.of(space, PipelinedFpga(find("board", "pynq_z1")))


def test_arrays_become_double_precision(costs: SpaceCosts) -> None:
    found = LayerTensors.of(costs)
    assert found.is_pipeline
    assert found.scaling_ns.dtype == torch.float64
    assert np.array_equal(found.scaling_ns.numpy(), costs.layers.scaling_ns)


def test_only_limited_resources_stay(costs: SpaceCosts) -> None:
    free = replace(costs, budget=np.full_like(costs.budget, np.inf))
    assert len(LayerTensors.of(free).budget) == 0
    assert len(LayerTensors.of(free).lane_costs) == 0
    assert len(LayerTensors.of(costs).budget) == np.isfinite(costs.budget).sum()
