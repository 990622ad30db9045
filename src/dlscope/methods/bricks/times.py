"""`Times`: what is known of every brick of a suite, one per process that walked over it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.methods.bricks.composed_model import ComposedModel
from dlscope.methods.bricks.rows import is_whole, walk_of, whole_of
from dlscope.store.benchmarks import BenchmarkResult

Samples = NDArray[np.float64]


@final
@dataclass(frozen=True)
class BrickTimes:
    """One brick in one process, in ns.

    `walk` has a sample for each round, `hot` and `touch` are medians. `null` is what a session
    that does nothing took in the same walk, `null_hot` what it took over and over; `view` is what
    a layer costs that moves nothing, `opened` what opening the session took. `started` tells the
    processes apart that timed bricks under one number.
    """

    walk: Samples
    null_ns: float
    null_hot_ns: float
    view_ns: float
    opened_ns: float
    hot_ns: float | None = None
    touch_ns: float | None = None
    evidence: str = ""
    started: str = ""


@final
@dataclass
class Times:
    """What one process measured: bricks by id and by the model in whose walk, whole models by id.

    A whole model has rounds × before and after; `opened` is what opening its session took, in ns,
    `started` when the process began that timed it. `failed` tells why a brick has no time.
    """

    process: int
    bricks: dict[tuple[str, str], BrickTimes] = field(default_factory=dict)
    wholes: dict[str, Samples] = field(default_factory=dict)
    opened: dict[str, float] = field(default_factory=dict)
    started: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def of(self, brick: str, model: ComposedModel) -> BrickTimes | None:
        """The brick in the walk of `model`, else in that of the suite; None where it has none."""
        return self.bricks.get((brick, model.whole)) or self.bricks.get((brick, ""))

    def are_paired(self, model: ComposedModel) -> bool:
        """Whether all bricks of `model` were timed in the rounds in which it was timed whole."""
        found = [self.of(brick, model) for brick in model.occurrences()]
        began = self.started.get(model.whole, "")
        return all(each is not None and each.started == began for each in found)


def times_of(rows: Iterable[BenchmarkResult]) -> list[Times]:
    """The rows of a suite by process, in the order of their numbers."""
    found: dict[int, Times] = {}
    beside: dict[int, dict[tuple[str, str], dict[str, float]]] = defaultdict(dict)
    for row in rows:
        times = found.setdefault(row.key.process, Times(row.key.process))
        place = (row.key.brick_id, walk_of(row.key))
        if is_whole(row.key):
            _take_whole(times, row)
        elif row.status != "ok":
            times.failed[row.key.brick_id] = row.reason
        elif row.key.state == "walk":
            times.bricks[place] = _walked(row)
        else:
            beside[row.key.process].setdefault(place, {})[f"{row.key.state}_ns"] = row.median_ns
    return [_joined(found[each], beside[each]) for each in sorted(found)]


def _take_whole(times: Times, row: BenchmarkResult) -> None:
    pairs = len(row.samples_ns) // 2
    whole = whole_of(row.key)
    times.wholes[whole] = _samples(row)[: 2 * pairs].reshape(pairs, 2)
    times.opened[whole] = float(row.extra["opened_ns"])
    times.started[whole] = row.started_utc


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
        started=row.started_utc,
    )


def _joined(times: Times, beside: Mapping[tuple[str, str], Mapping[str, float]]) -> Times:
    for place, medians in beside.items():
        if place in times.bricks:
            times.bricks[place] = replace(
                times.bricks[place], hot_ns=medians.get("hot_ns"), touch_ns=medians.get("touch_ns")
            )
    # One that failed once and has a time now did not fail.
    for brick, _ in times.bricks:
        times.failed.pop(brick, None)
    return times
