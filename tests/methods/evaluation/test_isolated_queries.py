from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from dlscope.backends.isolated import worker
from dlscope.backends.timed_loop import Crossing, Round, TimedLoop
from dlscope.core.manifest import ScenarioManifest
from dlscope.loadgen.closed_loop import closed_loop, never
from dlscope.loadgen.selection import sample_indices
from dlscope.loadgen.stop_rule import StopRule
from dlscope.methods.evaluation.isolated_queries import (
    crossing_condition,
    is_timed_there,
    timed_there,
)
from dlscope.methods.evaluation.systems_under_test import PreloadedSystem
from dlscope.tracing.clock import MonotonicClock


class Nearby(TimedLoop):
    """The worker's own loop, in this process."""

    def __init__(self, per_round: int = 3) -> None:
        self.pid, self.crossing, self.kept = 0, Crossing(), dict[int, list[Any]]()
        self._per_round, self.rounds = per_round, 0
        self.fed: list[Any] = []

    def keep(self, query: int, feeds: Mapping[str, NDArray[Any]]) -> None:
        self.kept.setdefault(query, []).append(feeds)

    def forget(self) -> None:
        self.kept = {}

    def round(self, order: NDArray[np.int32], rule: Mapping[str, int | None]) -> Round:
        self.rounds += 1
        told = worker.timed_loop(
            self.fed.append, self.kept, order[: self._per_round].tolist(), dict(rule)
        )
        issued, completed = (np.array(told[name], np.int64) for name in ("issued", "completed"))
        return Round(issued, completed, np.array(told["ok"], np.bool_), told["ended"])


class Five:
    """A system of five samples, whose inputs are their numbers."""

    samples = 5

    def feeds_of(self, samples: tuple[int, ...]) -> list[Any]:
        return [tuple(samples)]


def scenario(**changes: Any) -> ScenarioManifest:
    fields = {"name": "s", "type": "online", "min_duration_ms": 0, "min_queries": 8}
    return ScenarioManifest.model_validate({"schema_version": 1, **fields, **changes})


FIVE = cast(PreloadedSystem, Five())


def test_asks_what_a_closed_loop_here_would_ask() -> None:
    asked, loop = scenario(), Nearby()
    there = timed_there(asked, FIVE, loop, never)
    indices = sample_indices(5, asked.seeds.order, equal_issue=False)
    here = closed_loop(lambda _: None, indices, StopRule.of(asked), MonotonicClock())
    assert there.sample.tolist() == here.sample.tolist()
    assert loop.fed == [(first,) for first in here.sample]
    assert (loop.rounds, len(there), there.ok.all()) == (3, 8, True)
    assert (np.diff(there.issued_ns) > 0).all()
    assert loop.kept == {}


def test_a_query_of_several_samples_is_kept_whole() -> None:
    loop = Nearby()
    asked = scenario(type="multi_stream", samples_per_query=2, batch_size=[2])
    timed_there(asked, FIVE, loop, never)
    assert set(loop.fed) <= {(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)}


def test_ends_between_rounds_when_it_is_told_to() -> None:
    samples = timed_there(scenario(), FIVE, Nearby(), lambda queries, _: queries >= 3)
    assert len(samples) == len(samples.sample) == 3


def test_a_query_that_took_too_long_has_failed() -> None:
    samples = timed_there(scenario(timeout_ms=1e-6), FIVE, Nearby(), never)
    assert not samples.ok.any()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"pipeline": "sequential"}, False),
        ({"pipeline": "stream"}, False),
        ({"type": "server", "rate_qps": 5}, False),
        ({"type": "offline"}, False),
        ({"loadgen": "mlperf", "type": "single_stream"}, False),
    ],
)
def test_only_prepared_queries_that_follow_one_another_are_timed_there(changes, expected) -> None:
    assert is_timed_there(scenario(**{"pipeline": "preloaded", **changes})) is expected


def test_a_long_way_is_a_condition_that_does_not_hold() -> None:
    short, long = Crossing(1000, 990), Crossing(1000, 500)
    assert crossing_condition(short).holds
    broken = crossing_condition(long)
    assert (broken.measured, broken.required, broken.holds) == (
        "50.0 % of a prediction",
        "at most 5 %",
        False,
    )
    assert broken.advice == "use a closed loop with pipeline: preloaded"
