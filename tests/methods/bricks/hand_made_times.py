"""What a clock would tell if every layer took exactly what its operator costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dlscope.graph.brick import Brick
from dlscope.graph.ir import Graph
from dlscope.graph.segment import VIEWS
from dlscope.methods.bricks.composed_model import ComposedModel
from dlscope.methods.bricks.composition import COLD_SHARE
from dlscope.methods.bricks.suite import Suite
from dlscope.methods.bricks.times import BrickTimes, Times

NULL_NS, NULL_HOT_NS, VIEW_NS = 9_000.0, 3_000.0, 500.0
SESSION_NS = NULL_HOT_NS + COLD_SHARE * (NULL_NS - NULL_HOT_NS)
COSTS: Mapping[str, float] = {
    "Conv": 70_000.0,
    "Relu": 11_000.0,
    "Sigmoid": 23_000.0,
    "Add": 17_000.0,
    "Mul": 13_000.0,
    **dict.fromkeys(VIEWS, VIEW_NS),
}


def layers_ns(brick: Brick) -> float:
    """What the layers of a brick take."""
    return sum(COSTS[layer.op_type] for layer in brick.layers)


def model_ns(graph: Graph) -> float:
    """What a model takes in which each layer costs what its operator costs, and one call."""
    return NULL_HOT_NS + sum(COSTS[layer.op_type] for layer in graph.layers)


def brick_times(taken_ns: float | Sequence[float], **fields: object) -> BrickTimes:
    """A brick that takes so much in each round, its session's part left out."""
    walk = np.atleast_1d(np.asarray(taken_ns, dtype=np.float64)) + SESSION_NS
    hot = float(np.median(walk)) - SESSION_NS + NULL_HOT_NS
    told: dict[str, object] = {
        "walk": np.repeat(walk, 3) if walk.size == 1 else walk,
        "null_ns": NULL_NS,
        "null_hot_ns": NULL_HOT_NS,
        "view_ns": VIEW_NS,
        "opened_ns": 1e6,
        "hot_ns": hot,
        "touch_ns": float(np.median(walk)),
    }
    return BrickTimes(**{**told, **fields})  # type: ignore[arg-type]


def exact_times(suite: Suite, process: int = 0) -> Times:
    """Every brick of a suite on a clock that is exact."""
    bricks = {(name, ""): brick_times(layers_ns(brick)) for name, brick in suite.bricks.items()}
    return Times(process, bricks)


def with_whole(times: Times, model: ComposedModel, taken_ns: float, rounds: int = 3) -> Times:
    """The same, and the whole model: as much before each walk as after it."""
    times.wholes[model.whole] = np.full((rounds, 2), taken_ns)
    times.opened[model.whole] = 2e6
    times.started[model.whole] = ""
    return times
