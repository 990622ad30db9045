"""`Times`: what is known of every brick of a suite, one per process that walked over it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.methods.bricks.rows import WHOLE
from dlscope.methods.bricks.suite import ComposedModel
from dlscope.store.benchmarks import BenchmarkResult

Samples = NDArray[np.float64]


@final
@dataclass(frozen=True)
class BrickTimes:
    """One brick in one process, in ns.

    `walk` has a sample for each round, `hot` and `touch` are medians. `null` is what a session
    that does nothing took in the same walk, `null_hot` what it took over and over; `view` is what
    a layer costs that moves nothing, `opened` what opening the session took.
    """

    walk: Samples
    null_ns: float
    null_hot_ns: float
    view_ns: float
    opened_ns: float
    hot_ns: float | None = None
    touch_ns: float | None = None
    evidence: str = ""


@final
@dataclass
class Times:
    """What one process measured: bricks by id and by the model in whose walk, whole models by id.

    A whole model has rounds × before and after; `opened` is what opening its session took, in ns.
    """

    process: int
    bricks: dict[tuple[str, str], BrickTimes] = field(default_factory=dict)
    wholes: dict[str, Samples] = field(default_factory=dict)
    opened: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def of(self, brick: str, model: ComposedModel) -> BrickTimes | None:
        """The brick in the walk of `model`, else in that of the suite; None where it has none."""
        return self.bricks.get((brick, model.whole)) or self.bricks.get((brick, ""))


def times_of(rows: Iterable[BenchmarkResult]) -> list[Times]:
    """The rows of a suite by process, in the order of their numbers."""
    found: dict[int, Times] = {}
    beside: dict[int, dict[tuple[str, str], dict[str, float]]] = defaultdict(dict)
    for row in rows:
        times = found.setdefault(row.key.process, Times(row.key.process))
        place = (row.key.brick_id, _model(row))
        if row.key.algorithm == WHOLE:
            pairs = len(row.samples_ns) // 2
            times.wholes[row.key.brick_id] = _samples(row)[: 2 * pairs].reshape(pairs, 2)
            times.opened[row.key.brick_id] = float(row.extra["opened_ns"])
        elif row.status != "ok":
            times.failed[row.key.brick_id] = row.reason
        elif row.key.state == "walk":
            times.bricks[place] = _walked(row)
        else:
            beside[row.key.process].setdefault(place, {})[f"{row.key.state}_ns"] = row.median_ns
    return [_joined(found[each], beside[each]) for each in sorted(found)]


def _model(row: BenchmarkResult) -> str:
    """The whole model whose walk it was, "" for the walk of the suite."""
    _, _, model = row.key.protocol.partition(" ")
    return model


def _samples(row: BenchmarkResult) -> Samples:
    return np.asarray(row.samples_ns, dtype=np.float64)


def _walked(row: BenchmarkResult) -> BrickTimes:
    extra: Mapping[str, Any] = row.extra
    return BrickTimes(
        walk=_samples(row),
        null_ns=float(extra["null_ns"]),
        null_hot_ns=float(extra["null_hot_ns"]),
        view_ns=float(extra["view_ns"]),
        opened_ns=float(extra["opened_ns"]),
        evidence=row.id,
    )


def _joined(times: Times, beside: Mapping[tuple[str, str], Mapping[str, float]]) -> Times:
    for place, medians in beside.items():
        if place in times.bricks:
            times.bricks[place] = BrickTimes(**{**vars(times.bricks[place]), **medians})
    return times
