from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlscope.methods.codesign.implementing.layer_arrays import PlacedLayer  # noqa: E402 - see above
from dlscope.methods.codesign.implementing.layer_costs import LayerCosts  # noqa: E402
from dlscope.methods.codesign.implementing.space_costs import SpaceCosts  # noqa: E402
from dlscope.methods.codesign.relaxed.architecture import Sample  # noqa: E402
from dlscope.methods.codesign.relaxed.closed_form_cost import ClosedFormCost  # noqa: E402

WORK, LANES = (400.0, 900.0), (1.0, 0.25)


def costs(objective, *, most_log2: int = 20) -> SpaceCosts:
    """Two blocks of one operation at one precision, each on an engine of its own."""
    layers = {
        (i, 0, 0, 0): PlacedLayer(
            LayerCosts(work, lane_costs={"dsp": lane}), engine=i, most_log2=most_log2
        )
        for i, (work, lane) in enumerate(zip(WORK, LANES, strict=True))
    }
    return SpaceCosts.build(
        layers, np.zeros((3, 1, 1)), budget={"dsp": 10.0}, objective=objective,
        shares_engines=objective == "latency",
    )  # fmt: skip


def only() -> Sample:
    ones = torch.ones(2, 1, dtype=torch.float64)
    return Sample(ones, ones[..., None])


def test_a_pipeline_is_balanced() -> None:
    found = ClosedFormCost(costs("throughput"))(only(), 0.01)
    assert found.time_ns.item() == pytest.approx((400 + 900 / 4) / 10)
    assert found.usage.tolist() == pytest.approx([1.0])


def test_a_stage_at_its_most_lanes_holds_up_the_others() -> None:
    found = ClosedFormCost(costs("throughput", most_log2=3))(only(), 1e-4)
    assert found.time_ns.item() == pytest.approx(900 / 8)
    assert float(found.usage[0]) < 1.0


def test_engines_share_the_budget_by_the_roots_of_their_work() -> None:
    found = ClosedFormCost(costs("latency"))(only(), 0.01)
    assert found.time_ns.item() == pytest.approx((20 + 15) ** 2 / 10)
    assert found.usage.tolist() == pytest.approx([1.0])


def test_an_engine_is_as_wide_as_the_widest_that_any_block_may_need() -> None:
    layers = {
        (i, 0, q, 0): PlacedLayer(LayerCosts(100.0, lane_costs={"dsp": lane}), most_log2=20)
        for i in range(2)
        for q, lane in enumerate((0.5, 1.0))
    }
    own = SpaceCosts.build(
        layers, np.zeros((3, 1, 2)), budget={"dsp": 10.0}, objective="latency", shares_engines=True
    )
    operations = torch.ones(2, 1, dtype=torch.float64)
    bits = torch.tensor([[[0.5, 0.5]], [[0.5, 0.5]]], dtype=torch.float64)
    found = ClosedFormCost(own)(Sample(operations, bits), 0.01)
    widest = 0.5 + 0.5 * (1 - 0.5**2)
    assert found.time_ns.item() == pytest.approx(200 * widest / 10)
