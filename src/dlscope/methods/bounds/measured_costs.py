"""`MeasuredCosts`: the results of a benchmark database as costs of bricks, with their evidence.

A cost is the sample that a fifth of the samples lie below. On a quiet machine that is within 1 % of
the median; where other work interferes, which only ever adds time, the median drifts by 20 % and
this by 4 %. All costs of one analysis are measured by one version of the tool, under one protocol,
on one machine: to mix them once gave a framework that was faster than its bound.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import final

from dlscope.core.errors import BoundError
from dlscope.graph.brick import Brick
from dlscope.methods.bounds.clocks import WAITED
from dlscope.methods.bounds.costed import Cost
from dlscope.methods.bounds.implementation import Configuration
from dlscope.store.benchmark_key import State
from dlscope.store.benchmarks import BenchmarkFilter, BenchmarkResult, Benchmarks

_STATE: State = "hot"
_OF_A_FRAMEWORK = frozenset({"setup", "layers"})
_HEURISTIC = "heuristic"
"""How the names of algorithms begin that a library chooses by itself."""


@final
@dataclass(frozen=True)
class Selection:
    """Which results an analysis rests on; None accepts any, but not several at once.

    With `mixed`, results of several versions of the tool and several protocols are one.
    """

    fingerprint: str | None = None
    threads: int = 1
    batch: int = 1
    protocol: str | None = None
    tool_version: str | None = None
    mixed: bool = False

    @property
    def wanted(self) -> BenchmarkFilter:
        """What is read from the database."""
        return BenchmarkFilter(
            fingerprint=self.fingerprint,
            threads=self.threads,
            batch=self.batch,
            protocol=self.protocol,
            tool_version=self.tool_version,
            state=_STATE,
        )


@final
@dataclass(frozen=True)
class Refusal:
    """Why an implementation gave no cost of a brick."""

    implementation: str
    dtype: str
    status: str
    reason: str


@final
class MeasuredCosts:
    """Costs by brick. Several processes that measured the same count as one, by their median."""

    def __init__(self, results: Iterable[BenchmarkResult]) -> None:
        self._costs: dict[str, tuple[Cost, ...]] = {}
        self._refusals: dict[str, list[Refusal]] = defaultdict(list)
        repeated: dict[tuple[object, ...], list[BenchmarkResult]] = defaultdict(list)
        for result in results:
            if result.status == "ok":
                repeated[_way(result)].append(result)
            else:
                self._refusals[result.key.brick_id].append(_refusal(result))
        chosen = {_choice(way) for way in repeated.values() if _is_heuristic(way[0])}
        for same in repeated.values():
            brick_id = same[0].key.brick_id
            is_chosen = _choice(same) not in chosen or _is_heuristic(same[0])
            self._costs[brick_id] = (*self._costs.get(brick_id, ()), _cost(same, is_chosen))

    def of(self, brick: Brick) -> tuple[Cost, ...]:
        """Every way that computed the brick, in every type."""
        return self._costs.get(brick.id, ())

    def refusals(self, brick: Brick) -> tuple[Refusal, ...]:
        """Those that did not."""
        return tuple(self._refusals.get(brick.id, ()))


def hot_results(
    benchmarks: Benchmarks, bricks: Iterable[Brick], selection: Selection
) -> list[BenchmarkResult]:
    """The newest results of `bricks` that `selection` accepts.

    Raises `StoreError` for several machines, `BoundError` for several versions of the tool or
    several protocols.
    """
    wanted = selection.wanted
    found: list[BenchmarkResult] = []
    for brick_id in dict.fromkeys(brick.id for brick in bricks):
        asked = replace(wanted, brick_id=brick_id)
        # A model of few layers is a brick, too: what a whole framework took is no cost of it.
        rows = benchmarks.rows(asked, mixed_versions=True)
        found += [each for each in rows if _OF_A_FRAMEWORK.isdisjoint(each.extra)]
    if not selection.mixed:
        _refuse_mixed(found)
    return found


def _refuse_mixed(results: Sequence[BenchmarkResult]) -> None:
    told: Mapping[str, set[str]] = {
        "machines": {each.key.fingerprint[:12] for each in results},
        "versions of the tool": {each.key.tool_version for each in results},
        "protocols": {each.key.protocol for each in results},
    }
    for what, values in told.items():
        if len(values) > 1:
            raise BoundError(
                f"the results come from {len(values)} {what}: {', '.join(sorted(values))}",
                where="analysis of bounds",
                fix="choose one of them, measure again, or ask for mixed results",
            )


def _way(result: BenchmarkResult) -> tuple[object, ...]:
    """All that makes two results repetitions of one another in different processes."""
    key = result.key
    return (
        *(key.brick_id, key.implementation, key.implementation_version, key.algorithm),
        *(key.dtype, key.layout, key.math, key.fingerprint, key.tool_version, key.protocol),
    )


def _is_heuristic(result: BenchmarkResult) -> bool:
    return result.key.algorithm.startswith(_HEURISTIC)


def _choice(repeated: Sequence[BenchmarkResult]) -> tuple[object, ...]:
    """All but the algorithm: among these a library chooses one."""
    key = repeated[0].key
    return key.brick_id, key.implementation, key.dtype, key.layout, key.math


def _cost(repeated: Sequence[BenchmarkResult], is_heuristic: bool) -> Cost:
    first = repeated[0]
    key = first.key
    way = Configuration(key.algorithm, key.dtype, key.layout, key.math)
    return Cost(
        round(median(result.p20_ns for result in repeated)),
        key.implementation,
        key.algorithm,
        key.dtype,
        key.math,
        way.layout_in,
        way.layout_out,
        str(first.extra.get("family", "")),
        first.id,
        is_heuristic,
        int(first.extra.get("overhead_ns", 0)),
        all(WAITED in result.extra for result in repeated),
        int(first.extra["kernels"]) if "kernels" in first.extra else None,
    )


def _refusal(result: BenchmarkResult) -> Refusal:
    key = result.key
    return Refusal(key.implementation, key.dtype, result.status, result.reason)
