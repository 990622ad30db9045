from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlscope.core.manifest.space import Scope  # noqa: E402 - after torch is known to be there
from dlscope.devices.closed_form import best_pipeline  # noqa: E402
from dlscope.devices.precision import Precision  # noqa: E402
from dlscope.devices.relaxation import softness_at  # noqa: E402
from dlscope.methods.codesign.implementing.layer_arrays import PlacedLayer  # noqa: E402
from dlscope.methods.codesign.implementing.layer_costs import LayerCosts  # noqa: E402
from dlscope.methods.codesign.implementing.space_costs import SpaceCosts  # noqa: E402
from dlscope.methods.codesign.oracle.instance import OracleSpace  # noqa: E402
from dlscope.methods.codesign.relaxed.architecture import Architecture, Sample  # noqa: E402
from dlscope.methods.codesign.relaxed.lane_search import LaneSearchCost  # noqa: E402
from dlscope.methods.codesign.relaxed.objective import Objective  # noqa: E402
from dlscope.methods.codesign.space.operation import Operation  # noqa: E402
from dlscope.methods.codesign.space.space import Block  # noqa: E402

BUDGET = 512.0
LANE_COSTS = (0.25, 0.5, 1.0)


def chain(blocks: int, operations: tuple[str, ...] = ("conv",), scope: Scope = "block"):
    """A space of so many blocks of one layer each."""
    kinds = tuple(Operation("conv", 2 * place + 1) for place, _ in enumerate(operations))
    placed = [Block(i, f"b{i}", 8, 8, (8, 8), (8, 8), 1, kinds) for i in range(blocks)]
    return OracleSpace("chain", placed, (Precision.of(8),), scope)


def costs(work: np.ndarray, lane: np.ndarray, objective="throughput") -> SpaceCosts:
    layers = {
        (i, m, 0, 0): PlacedLayer(
            LayerCosts(float(work[i, m]), lane_costs={"dsp": float(lane[i, m])}), most_log2=20
        )
        for i in range(len(work))
        for m in range(work.shape[1])
    }
    return SpaceCosts.build(
        layers,
        np.zeros((len(work) + 1, work.shape[1], 1)),
        budget={"dsp": BUDGET},
        objective=objective,
        shares_engines=objective == "latency",
    )


def searched(seed: int, *, steps: int = 2000, anneals: bool = True) -> tuple[float, float]:
    """How far time and lanes of a gradient are from the best for fixed choices."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(3, 21))
    work = 10 ** rng.uniform(5, 7.5, size=(count, 1))
    lane = rng.choice(LANE_COSTS, size=(count, 1))
    space, own = chain(count), costs(work, lane)
    best = best_pipeline(work[:, 0], {"dsp": lane[:, 0]}, {"dsp": BUDGET})
    architecture = Architecture(space, lanes_log2=np.log2(BUDGET / lane.sum()))
    cost, sample = LaneSearchCost(space, own), architecture.probabilities()
    first = cost(sample, architecture.lanes_log2, softness_at(0.0)).time_ns.item()
    objective = Objective("product").scaled_to(first)
    optimiser = torch.optim.Adam([architecture.pf], lr=0.1)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for step in range(steps):
        optimiser.zero_grad()
        softness = softness_at(step / steps) if anneals else softness_at(0.0)
        expected = cost(sample, architecture.lanes_log2, softness)
        objective(torch.ones((), dtype=torch.float64), expected).backward()
        optimiser.step()
        falling.step()
    lanes = 2.0 ** architecture.lanes_log2.detach().numpy()[:, 0, 0]
    lanes *= BUDGET / (lanes * lane[:, 0]).sum()
    return (
        (work[:, 0] / lanes).max() / best.cycles - 1,
        float(np.abs(lanes / best.lanes - 1).max()),
    )


def test_a_gradient_finds_the_lanes_that_are_best() -> None:
    time, lanes = searched(3, steps=400)
    assert time < 0.01
    assert lanes < 0.03


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_gradient_finds_the_best_lanes_of_any_pipeline() -> None:
    found = [searched(seed) for seed in range(10)]
    assert max(time for time, _ in found) < 0.01
    assert max(lanes for _, lanes in found) < 0.03


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_without_sharpening_small_stages_are_far_off() -> None:
    worst_time, worst_lanes = (max(each) for each in zip(*map(_constant, range(6)), strict=True))
    assert worst_time > 0.02
    assert worst_lanes > 0.1


def _constant(seed: int) -> tuple[float, float]:
    return searched(seed, anneals=False)


def test_a_pipeline_adds_up_what_all_blocks_take() -> None:
    space, own = chain(2), costs(np.array([[64.0], [32.0]]), np.ones((2, 1)))
    cost, architecture = LaneSearchCost(space, own), Architecture(space, lanes_log2=3.0)
    found = cost(architecture.probabilities(), architecture.lanes_log2, 1e-4)
    assert found.time_ns.item() == pytest.approx(8.0)
    assert found.usage.tolist() == pytest.approx([16 / BUDGET])


@pytest.mark.parametrize(("share", "built"), [("or", 2.0), ("tanh", np.tanh(2) + np.tanh(1))])
def test_engines_that_blocks_share_are_taken_once(share, built) -> None:
    space = chain(3, ("small", "large"))
    own = costs(np.full((3, 2), 64.0), np.ones((3, 2)), "latency")
    cost = LaneSearchCost(space, own, share=share)
    architecture = Architecture(space, lanes_log2=3.0, lane_scope="op_type")
    operations = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)
    sample = Sample(operations, torch.ones(3, 2, 1, dtype=torch.float64))
    found = cost(sample, architecture.lanes_log2, 0.01)
    assert found.time_ns.item() == pytest.approx(3 * 8.0)
    assert found.usage.tolist() == pytest.approx([8 * built / BUDGET])
