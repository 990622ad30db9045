"""`profile_space`: times what the benchmark database lacks of a space on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, final

import numpy as np
import onnx

from dlscope.core.run import Environment
from dlscope.graph.builder import serialize
from dlscope.methods.codesign.measuring.design_model import design_model
from dlscope.methods.codesign.measuring.fragments import fragments
from dlscope.methods.codesign.measuring.levelling import anchored
from dlscope.methods.codesign.measuring.null_model import null_model
from dlscope.methods.codesign.measuring.operations import (
    TimedOperation,
    timed_operations,
    timed_precisions,
)
from dlscope.methods.codesign.measuring.rows import (
    Conditions,
    Timed,
    TimedNetwork,
    benchmark_of,
    calibration_designs,
    failure_of,
    measured_row,
    result_of,
)
from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol
from dlscope.methods.codesign.measuring.walking import Walked, walked
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space
from dlscope.store.benchmarks import BenchmarkResult, Benchmarks

Told = Callable[[str, float], None]
NETWORKS = 24
_MOST_ANCHORS = 12
_SEED = 0


@final
@dataclass(frozen=True)
class Profiled:
    """Everything of a space that is timed, and the newest row of what has one."""

    space: Space
    operations: tuple[TimedOperation, ...]
    networks: tuple[TimedNetwork, ...]
    rows: Mapping[Timed, BenchmarkResult]
    timed: int = 0
    """How many rows are new."""

    @property
    def everything(self) -> tuple[Timed, ...]:
        """Operations, then networks."""
        return tuple[Timed, ...]([*self.operations, *self.networks])

    @cached_property
    def missing(self) -> tuple[Timed, ...]:
        """What has no row."""
        return tuple(each for each in self.everything if each not in self.rows)

    def has_time(self, timed: Timed) -> bool:
        """Whether `timed` was timed, and could be."""
        row = self.rows.get(timed)
        return row is not None and row.status == "ok"

    @cached_property
    def unsupported(self) -> Mapping[Timed, str]:
        """What could not be timed, and why."""
        return {each: row.reason for each, row in self.rows.items() if row.status != "ok"}


def stored_profile(
    space: Space,
    conditions: Conditions,
    benchmarks: Benchmarks,
    *,
    networks: int = NETWORKS,
    timed: int = 0,
) -> Profiled:
    """What the database has of `space`; nothing is timed."""
    places = timed_precisions(space)
    operations = tuple(timed_operations(space))
    sampled = tuple(
        TimedNetwork(design, space.precisions[place])
        for place in places
        for design in calibration_designs(space, place, networks, _SEED)
    )
    found = {
        row.key: row
        for row in benchmarks.rows(conditions.wanted)
        if row.status in ("ok", "unsupported")
    }
    bare = Profiled(space, operations, sampled, {}, timed)
    rows: dict[Timed, BenchmarkResult] = {}
    for each in bare.everything:
        row = found.get(conditions.key(benchmark_of(each), each.precision))
        if row is not None:
            rows[each] = row
    return replace(bare, rows=rows)


def stored_elsewhere(space: Space, conditions: Conditions, benchmarks: Benchmarks) -> int:
    """How many other environments have rows of operations of `space`."""
    names = {benchmark_of(each).brick_id for each in timed_operations(space)}
    wanted = replace(conditions.wanted, fingerprint=None, implementation_version=None)
    rows = benchmarks.rows(wanted, compare=True, mixed_versions=True)
    found = {row.key.fingerprint for row in rows if row.key.brick_id in names}
    return len(found - {conditions.fingerprint})


def profile_space(
    space: Space,
    protocol: WalkProtocol,
    benchmarks: Benchmarks,
    environment: Environment,
    *,
    networks: int = NETWORKS,
    refresh: bool = False,
    told: Told = lambda *_: None,
) -> Profiled:
    """Time every operation of `space` that has no row here, and networks to calibrate with.

    Rows that vary by more than a tenth are timed once again. Raises `SearchError` for a space
    without a precision that can be timed, `BackendError` where timing ends early.
    """
    conditions = Conditions(protocol, environment.fingerprint)
    timing = _Timing(space, conditions, benchmarks, environment, told)
    known = stored_profile(space, conditions, benchmarks, networks=networks)
    wanted = known.everything if refresh else known.missing
    timing.time(wanted, {} if refresh else known.rows)
    after = stored_profile(space, conditions, benchmarks, networks=networks)
    again = [each for each in after.rows if _varies(each, after.rows[each])]
    timing.time(again, after.rows, is_again=True)
    return stored_profile(space, conditions, benchmarks, networks=networks, timed=len(wanted))


def _varies(timed: Timed, row: BenchmarkResult) -> bool:
    """Whether a row varies too much and was timed only once."""
    if row.status != "ok" or row.extra.get("again"):
        return False
    return measured_row(timed, row).is_noisy


@final
@dataclass
class _Timing:
    """Builds models, times them, stores rows."""

    space: Space
    conditions: Conditions
    benchmarks: Benchmarks
    environment: Environment
    told: Told
    _parts: dict[tuple[Design, Any], dict[str, onnx.ModelProto]] = field(default_factory=dict)

    def time(
        self,
        wanted: Sequence[Timed],
        known: Mapping[Timed, BenchmarkResult],
        *,
        is_again: bool = False,
    ) -> None:
        """Time `wanted` beside some of the `known`, whose earlier times say how fast it is now."""
        if not wanted:
            return
        anchors = _anchors(known, set(wanted))
        everything: list[Timed] = [*wanted, *anchors]
        models = [null_model(), *self._models(everything)]
        found = walked(models, self.conditions.protocol, self.told)
        columns = {place: column for column, place in enumerate(found.places)}
        places = [columns[len(wanted) + 1 + n] for n in range(len(anchors))]
        times = anchored(found.times, places, [known[each].median_ns for each in anchors])
        rows = [
            self._row(each, place, columns, times, found, is_again=is_again)
            for place, each in enumerate(wanted, start=1)
        ]
        described = {each.brick_id: each for each in map(benchmark_of, wanted)}
        self.benchmarks.accept(
            rows, environment=self.environment, benchmarks=list(described.values())
        )

    def _row(
        self,
        timed: Timed,
        place: int,
        columns: Mapping[int, int],
        times: Any,
        found: Walked,
        *,
        is_again: bool,
    ) -> BenchmarkResult:
        if place in found.failed:
            reason = found.failed[place]
            return failure_of(timed, self.conditions, reason, found.started_utc)
        column = columns[place]
        extra = {
            "null_ns": float(np.median(times[:, columns[0]])),
            "wall_ns": float(found.wall_ns[column]),
            "speed_spread": found.speed_spread,
            "again": is_again,
        }
        return result_of(timed, self.conditions, times[:, column], found.started_utc, extra)

    def _models(self, several: Iterable[Timed]) -> list[bytes]:
        wanted = list(several)
        models = []
        for number, each in enumerate(wanted):
            self.told("building models", number / len(wanted))
            models.append(serialize(self._model(each)))
        return models

    def _model(self, timed: Timed) -> onnx.ModelProto:
        if isinstance(timed, TimedNetwork):
            return design_model(self.space, timed.design, timed.precision)
        key = (timed.design, timed.precision)
        if key not in self._parts:
            whole = design_model(self.space, timed.design, timed.precision)
            self._parts[key] = fragments(whole, self.space)
        return self._parts[key][timed.part]


def _anchors(known: Mapping[Timed, BenchmarkResult], wanted: set[Timed]) -> list[Timed]:
    """Some of what is known and steady, spread over all of it."""
    steady = [
        each
        for each, row in known.items()
        if row.status == "ok" and each not in wanted and not measured_row(each, row).is_noisy
    ]
    step = max(1, len(steady) // _MOST_ANCHORS)
    return steady[::step][:_MOST_ANCHORS]
