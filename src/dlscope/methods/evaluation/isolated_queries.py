"""The queries of a Run whose model is in an isolated stack: timed over there where that can be.

Queries that follow one another, on inputs prepared before, are sent ahead and timed beside the
model. All others are asked for through the pipe, whose part of a prediction is then a condition
of the Run.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dlscope.backends.timed_loop import Crossing, Round, TimedLoop
from dlscope.core.manifest import ScenarioManifest
from dlscope.core.run import Condition, Samples
from dlscope.core.units import format_percent
from dlscope.loadgen.closed_loop import Watch
from dlscope.loadgen.selection import sample_indices
from dlscope.loadgen.stop_rule import StopRule
from dlscope.methods.evaluation.systems_under_test import PreloadedSystem

_ROUND_NS = 500_000_000
_ROUND_QUERIES = 1 << 16
_MOST_CROSSING = 0.05


def is_timed_there(scenario: ScenarioManifest) -> bool:
    """Whether the queries of `scenario` need nothing from here between one and the next."""
    return (
        scenario.pipeline == "preloaded"
        and scenario.rule.arrivals == "closed"
        and scenario.loadgen == "native"
        and scenario.mode != "find_peak"
    )


def timed_there(
    scenario: ScenarioManifest, system: PreloadedSystem, loop: TimedLoop, watch: Watch
) -> Samples:
    """The queries of `scenario`, the same in the same order as a closed loop here would ask.

    They come home in rounds of half a second, between which `watch` may end the run. A query that
    took longer than `timeout_ms` has failed, though it was answered.
    """
    _send(scenario, system, loop)
    indices = sample_indices(system.samples, scenario.seeds.order, equal_issue=scenario.equal_issue)
    rule, rounds, asked = StopRule.of(scenario), list[Round](), list[NDArray[np.int32]]()
    queries, first_ns = 0, None
    while True:
        order = np.fromiter(itertools.islice(indices, _ROUND_QUERIES), dtype=np.int32)
        answered = 0
        while answered < len(order):
            done = loop.round(order[answered:], _told(rule, queries, first_ns))
            rounds.append(done)
            first_ns = int(done.issued_ns[0]) if first_ns is None else first_ns
            answered, queries = answered + len(done.ok), queries + len(done.ok)
            if done.ended or watch(queries, int(done.completed_ns[-1]) - first_ns):
                asked.append(order[:answered])
                loop.forget()
                return _samples(rounds, asked, round(scenario.timeout_ms * 1e6))
        asked.append(order)


def crossing_condition(crossing: Crossing) -> Condition:
    """That the way to the isolated stack and back is little of what was measured."""
    share = crossing.share or 0.0
    return Condition(
        "way to the isolated stack",
        f"{format_percent(share, 1)} of a prediction",
        f"at most {format_percent(_MOST_CROSSING)}",
        share <= _MOST_CROSSING,
        "" if share <= _MOST_CROSSING else "use a closed loop with pipeline: preloaded",
    )


def _send(scenario: ScenarioManifest, system: PreloadedSystem, loop: TimedLoop) -> None:
    loop.forget()
    size, total = scenario.items_per_query, system.samples
    for first in range(total):
        query = tuple((first + step) % total for step in range(size))
        for feeds in system.feeds_of(query):
            loop.keep(first, feeds)


def _told(rule: StopRule, queries: int, first_ns: int | None) -> dict[str, int | None]:
    return {
        "min_queries": rule.min_queries,
        "min_duration_ns": rule.min_duration_ns,
        "max_queries": rule.max_queries,
        "max_duration_ns": rule.max_duration_ns,
        "queries": queries,
        "first_ns": first_ns,
        "round_ns": _ROUND_NS,
    }


def _samples(
    rounds: Sequence[Round], asked: Sequence[NDArray[np.int32]], timeout_ns: int
) -> Samples:
    issued = np.concatenate([each.issued_ns for each in rounds])
    completed = np.concatenate([each.completed_ns for each in rounds])
    ok = np.concatenate([each.ok for each in rounds])
    if timeout_ns:
        ok &= completed - issued <= timeout_ns
    return Samples(issued, issued, completed, ok, np.concatenate(asked))
