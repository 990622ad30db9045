"""A1 and A15: the model as a whole, by batch size."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, final

import numpy as np

from dlscope.core.report import Finding
from dlscope.core.table import Cell, Column, Table
from dlscope.core.trace import Level
from dlscope.methods.profiling.analyses.base import (
    BATCH,
    SUBJECT,
    ProfileAnalysis,
    Record,
    microseconds,
    named,
    percent,
)
from dlscope.methods.profiling.analyses.columns import COST, cost_cells
from dlscope.methods.profiling.cost import total
from dlscope.methods.profiling.profile import Profile

GAIN = 1.05


@final
class ModelInformation(ProfileAnalysis):
    """A1: one row for each batch size."""

    name: ClassVar[str] = "a1"
    doc: ClassVar[str] = "How fast is the model, and at which batch size?"
    title: ClassVar[str] = "Model information"
    formula: ClassVar[str] = "throughput = batch / latency; latency of the run that sees only M"
    needs: ClassVar[tuple[Level, ...]] = (Level.MODEL,)
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        Column(
            *("duration_us", "float", "trimmed mean of a forward call", "µs", "value"),
            lo="duration_lo_us",
            hi="duration_hi_us",
        ),
        Column("duration_lo_us", "float", "lower end of its 95 % interval", "µs", "interval"),
        Column("duration_hi_us", "float", "upper end of its 95 % interval", "µs", "interval"),
        Column("latency_ms_per_input", "float", "duration divided by the batch", "ms", "value"),
        Column("throughput_per_s", "float", "inputs per second", "1/s", "value"),
        Column("cv", "float", "standard deviation over mean of the iterations", role="value"),
        Column("n", "int", "measured iterations", role="count"),
        Column(
            "optimal_batch",
            "bool",
            "smallest from which doubling gains at most 5 %; none of a single batch size",
        ),
        Column("not_converged", "bool", "no batch that was measured is one: it is the fastest"),
        Column("durations", "str", "every iteration in µs, as JSON", priority=3),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        model = profile.model
        assert model is not None
        run = profile.run_of(Level.MODEL)
        durations = model.durations_ns[run]
        latency, interval = model.latency_ns(run), model.interval_ns(run)
        rate = None if not latency else profile.batch_size * 1e9 / latency
        mean = float(durations.mean())
        yield {
            "batch_size": profile.batch_size,
            "duration_us": microseconds(latency),
            "duration_lo_us": microseconds(interval.lo) if interval else None,
            "duration_hi_us": microseconds(interval.hi) if interval else None,
            "latency_ms_per_input": None if rate is None else 1e3 / rate,
            "throughput_per_s": rate,
            "cv": float(durations.std() / mean) if mean else None,
            "n": int(durations.size),
            **_optimum(profile, profiles),
            "durations": json.dumps((durations / 1e3).tolist()),
        }

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(_gains(table))


def rates(profile: Profile, profiles: Sequence[Profile]) -> dict[int, float]:
    """Throughput by batch of what differs from `profile` in its batch alone."""
    plan = profile.run.plan
    found: dict[int, float] = {}
    for each in profiles:
        other = each.run.plan
        same = (other.model.name, other.framework) == (plan.model.name, plan.framework)
        latency = each.model.latency_ns(0) if each.model else None
        if same and latency:
            found[each.batch_size] = each.batch_size * 1e9 / latency
    return found


def optimal_batch(rate_of: dict[int, float]) -> int | None:
    """Smallest b with T(2b) ≤ 1.05 · T(b), else the fastest; None for a single batch size.

    >>> optimal_batch({1: 100, 2: 190, 4: 340, 8: 520, 16: 540})
    8
    """
    if len(rate_of) < 2:
        return None
    return _saturating(rate_of) or max(rate_of, key=lambda batch: rate_of[batch])


def _saturating(rate_of: dict[int, float]) -> int | None:
    """The smallest batch on which doubling gains at most 5 %."""
    for batch in sorted(rate_of):
        if 2 * batch in rate_of and rate_of[2 * batch] <= GAIN * rate_of[batch]:
            return batch
    return None


def _optimum(profile: Profile, profiles: Sequence[Profile]) -> dict[str, Cell]:
    rate_of = rates(profile, profiles)
    best = optimal_batch(rate_of)
    if best is None:
        return {}
    is_optimal = best == profile.batch_size
    return {
        "optimal_batch": is_optimal,
        "not_converged": _saturating(rate_of) is None if is_optimal else None,
    }


def _gains(table: Table) -> Iterator[Finding]:
    rows = list(table)
    for place, row in enumerate(rows):
        single = next(
            (
                each
                for each in rows
                if all(each[column.name] == row[column.name] for column in SUBJECT)
                and each["batch_size"] == 1
            ),
            None,
        )
        is_better = row["optimal_batch"] and row["batch_size"] != 1
        if is_better and single and single["throughput_per_s"]:
            gain = float(row["throughput_per_s"] or 0) / float(single["throughput_per_s"])
            yield Finding(
                "note",
                f"{named(row)}, is the optimal batch: {gain:.2f}× the throughput of batch 1",
                table.name,
                (place,),
            )


@final
class ModelRoofline(ProfileAnalysis):
    """A15: all kernels together, one row for each batch size."""

    name: ClassVar[str] = "a15"
    doc: ClassVar[str] = "Is the whole model bound by memory, at each batch size?"
    title: ClassVar[str] = "Kernels of the model, and its roofline"
    formula: ClassVar[str] = "kernels Σ; model_gflops = FLOP / model latency"
    needs: ClassVar[tuple[Level, ...]] = (Level.MODEL, Level.KERNEL)
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        Column("model_duration_us", "float", "latency of the model", "µs", "value"),
        Column("kernel_duration_us", "float", "sum over its kernels", "µs", "value"),
        Column("kernel_pct", "float", "kernels by model", "%", "share"),
        *COST,
        Column("model_gflops", "float", "FLOP by model latency", "GFLOP/s", "value"),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        del profiles
        kernels = profile.nodes(Level.KERNEL)
        latencies = [profile.latency_ns(kernel) or 0.0 for kernel in kernels]
        busy = float(np.sum(latencies))
        assert profile.model is not None
        latency = profile.latency_ns(profile.model)
        cost = total(
            (profile.cost(kernel), each) for kernel, each in zip(kernels, latencies, strict=True)
        )
        if cost.flops is None:
            cost = profile.cost(profile.model)
        yield {
            "batch_size": profile.batch_size,
            "model_duration_us": microseconds(latency),
            "kernel_duration_us": microseconds(busy),
            "kernel_pct": percent(busy, latency),
            **cost_cells(cost, busy, profile.ceilings),
            "model_gflops": cost.gflops(latency),
        }
