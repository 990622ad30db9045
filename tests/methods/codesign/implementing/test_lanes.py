from __future__ import annotations

import numpy as np
import pytest

from dlscope.devices.discretise import Scalable, discrete_engines, discrete_pipeline
from dlscope.methods.codesign.implementing.lanes import Solved, engine_lanes, pipeline_lanes
from dlscope.methods.codesign.implementing.layer_arrays import LayerArrays, PlacedLayer
from dlscope.methods.codesign.implementing.layer_costs import LayerCosts

DSP = (0.25, 0.5, 1.0)


def stages(rng: np.random.Generator, count: int) -> list[Scalable]:
    return [
        Scalable(
            float(10 ** rng.uniform(3, 6)),
            {"dsp": float(rng.choice(DSP)), "lut": float(rng.integers(0, 2) * 100)},
            2 ** int(rng.integers(3, 10)),
        )
        for _ in range(count)
    ]


def arrays(several: list[list[Scalable]], engines: list[int] | None = None) -> LayerArrays:
    placed = {
        (b, s): PlacedLayer(
            LayerCosts(each.work, lane_costs=each.lane_costs),
            engine=engines[s] if engines else 0,
            most_log2=each.most_lanes.bit_length() - 1,
        )
        for b, design in enumerate(several)
        for s, each in enumerate(design)
    }
    shape = (len(several), max(map(len, several)))
    return LayerArrays.of(placed, shape, ("dsp", "lut"))


def test_pipelines_are_as_fast_as_those_that_are_doubled_one_by_one() -> None:
    rng = np.random.default_rng(0)
    several = [stages(rng, int(rng.integers(1, 7))) for _ in range(60)]
    found = pipeline_lanes(arrays(several), np.array([64.0, 4000.0]))
    for design, time, lanes in zip(several, found.time_ns, found.lanes_log2, strict=True):
        least = [sum(each.lane_costs[name] for each in design) for name in ("dsp", "lut")]
        assert least[0] <= 64
        best = discrete_pipeline(design, {"dsp": 64.0, "lut": 4000.0})
        assert time == pytest.approx(best.cycles)
        own = 2 ** lanes[: len(design)]
        assert np.all(own <= best.lanes)
        assert sum(c.lane_costs["dsp"] * p for c, p in zip(design, own, strict=True)) <= 64


def test_engines_are_the_best_of_all_combinations() -> None:
    rng = np.random.default_rng(1)
    several = [stages(rng, 3) for _ in range(12)]
    several = [[Scalable(e.work, e.lane_costs, 256) for e in design] for design in several]
    found = engine_lanes(arrays(several, [0, 1, 2]), np.array([100.0, 9000.0]))
    for design, time in zip(several, found.time_ns, strict=True):
        best = discrete_engines(design, {"dsp": 100.0, "lut": 9000.0})
        assert time == pytest.approx(best.cycles)


def test_layers_of_one_engine_have_its_lanes_and_take_them_once() -> None:
    design = [Scalable(1000.0, {"dsp": 1.0, "lut": 0.0}, 64) for _ in range(3)]
    found = engine_lanes(arrays([design], [0, 0, 1]), np.array([24.0, 0.0]))
    assert (found.lanes_log2.tolist(), found.time_ns.tolist()) == ([[4, 4, 3]], [250.0])


@pytest.mark.parametrize("solve", [pipeline_lanes, engine_lanes])
def test_what_does_not_fit_takes_forever(solve) -> None:
    found: Solved = solve(arrays([[Scalable(1000.0, {"dsp": 2.0, "lut": 0.0})]]), np.ones(2))
    assert found.time_ns.tolist() == [np.inf]


def test_a_floor_stops_more_lanes_from_helping() -> None:
    placed = {
        (0, 0): PlacedLayer(LayerCosts(1024.0, 8.0, 72.0, {"dsp": 1.0}), most_log2=10),
        (0, 1): PlacedLayer(LayerCosts(256.0, 0.0, 0.0, {"dsp": 1.0}), most_log2=10),
    }
    layers = LayerArrays.of(placed, (1, 2), ("dsp",))
    found = pipeline_lanes(layers, np.array([1000.0]))
    assert (found.time_ns.tolist(), found.lanes_log2.tolist()) == ([72.0], [[4, 2]])
