from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlscope.catalog.finder import find  # noqa: E402 - after torch is known to be there
from dlscope.core.manifest import BoardManifest, SpaceManifest  # noqa: E402
from dlscope.devices.fpga_pipelined import PipelinedFpga  # noqa: E402
from dlscope.devices.fpga_recursive import RecursiveFpga  # noqa: E402
from dlscope.devices.roofline import Roofline, RooflineDevice  # noqa: E402
from dlscope.methods.codesign.implementing.implementer import Implementer  # noqa: E402
from dlscope.methods.codesign.relaxed.architecture import Architecture, Sample  # noqa: E402
from dlscope.methods.codesign.relaxed.relaxed_cost import (  # noqa: E402
    RelaxedCost,
    first_lanes_log2,
)
from dlscope.methods.codesign.space.design import Design  # noqa: E402
from dlscope.methods.codesign.space.space import Space  # noqa: E402

STEP = 1e-5


def space(called: str) -> Space:
    manifest = find("space", called)
    assert isinstance(manifest, SpaceManifest)
    return Space(manifest)


def device(kind):
    board = find("board", "ultra96")
    assert isinstance(board, BoardManifest)
    return kind(board)


def chosen(every: Space, design: Design) -> Sample:
    """All weight on one design."""
    count = max(len(block.operations) for block in every.blocks)
    operations = torch.eye(count, dtype=torch.float64)[list(design.operations)]
    bits = torch.eye(len(every.precisions), dtype=torch.float64)[list(design.precisions)]
    return Sample(operations, bits[:, None, :].expand(-1, count, -1))


def designs(every: Space, count: int) -> list[Design]:
    rng = np.random.default_rng(0)
    return [Design.random(every, rng) for _ in range(count)]


@pytest.mark.parametrize("kind", [PipelinedFpga, RecursiveFpga])
def test_of_one_design_the_closed_form_is_what_powers_of_two_cannot_beat(kind) -> None:
    every = space("tiny_grey_5")
    implementer = Implementer(every, device(kind))
    cost = RelaxedCost(every, implementer.costs)
    for design in designs(every, 12):
        expected = cost(chosen(every, design), Architecture(every), 0.002)
        ratio = expected.time_ns.item() / implementer.time_ns(design)
        assert 0.5 <= ratio <= 1.0 + 0.002 * np.log(10)
        assert expected.usage.max().item() <= 1.0 + 1e-6


def test_without_lanes_it_is_the_time_of_the_design_exactly() -> None:
    every = space("mnist_cpu")
    roofline = RooflineDevice(Roofline(0.5, 1e10, 1e-6), peak_per_s=1e11)
    implementer = Implementer(every, roofline)
    for lanes in ("closed_form", "gradient"):
        cost = RelaxedCost(every, implementer.costs, lanes=lanes)
        for design in designs(every, 4):
            expected = cost(chosen(every, design), Architecture(every), 0.002)
            assert expected.time_ns.item() == pytest.approx(implementer.time_ns(design))


@pytest.mark.parametrize("kind", [PipelinedFpga, RecursiveFpga])
@pytest.mark.parametrize("lanes", ["closed_form", "gradient"])
def test_slopes_are_those_of_a_small_step(kind, lanes) -> None:
    every = space("tiny_grey_4")
    costs = Implementer(every, device(kind)).costs
    cost = RelaxedCost(every, costs, lanes=lanes)
    architecture = Architecture(every, seed=2, lanes_log2=2.0)
    with torch.no_grad():
        architecture.theta.normal_(generator=architecture.generator)
        architecture.phi.normal_(generator=architecture.generator)

    def time_ns() -> torch.Tensor:
        weights = Sample(architecture.logits.softmax(-1), architecture.phi.softmax(-1))
        return cost(weights, architecture, 0.05).time_ns

    time_ns().backward()
    for variable in (architecture.theta, architecture.phi):
        for index in [(0, 0, 0), (1, 2, 1), (3, 4, 2)]:
            place = index[: variable.ndim]
            with torch.no_grad():
                variable[place] += STEP
                after = time_ns().item()
                variable[place] -= 2 * STEP
                before = time_ns().item()
                variable[place] += STEP
            slope = (after - before) / (2 * STEP)
            scale = float(variable.grad.abs().max())
            assert float(variable.grad[place]) == pytest.approx(slope, abs=2e-2 * scale + 1e-4)


def test_lanes_start_at_an_even_share_of_the_budget() -> None:
    every = space("tiny_grey_4")
    costs = Implementer(every, device(PipelinedFpga)).costs
    assert 2.0 < first_lanes_log2(costs) < 8.0
    none = RooflineDevice(Roofline(0.5, 1e10, 1e-6), peak_per_s=1e11)
    assert first_lanes_log2(Implementer(space("mnist_cpu"), none).costs) == 0.0
