"""A16: what measuring each level cost, and how much of the model its parts account for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, final

import numpy as np

from dlscope.core.stats import Interval, difference_interval, trimmed_mean
from dlscope.core.table import Column
from dlscope.core.trace import Level
from dlscope.methods.profiling.analyses.base import (
    BATCH,
    ProfileAnalysis,
    Record,
    microseconds,
    percent,
)
from dlscope.methods.profiling.levels import level_set
from dlscope.methods.profiling.node import Node, Times
from dlscope.methods.profiling.profile import Profile

_FEWEST = 3


@final
class LevelOverhead(ProfileAnalysis):
    """A16: one row for each run of the leveled experiment."""

    name: ClassVar[str] = "a16"
    doc: ClassVar[str] = "What did measuring cost?"
    title: ClassVar[str] = "What measuring cost"
    formula: ClassVar[str] = (
        "added = model latency in this run − in the run before; accounted = Σ latency of the "
        "level / model latency, without what some iteration lacks; unattributed = model − union of "
        "the level, in this run"
    )
    needs: ClassVar[tuple[Level, ...]] = (Level.MODEL,)
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        Column("level_set", "str", "levels that the run recorded"),
        Column("model_latency_us", "float", "latency of the model in this run", "µs", "value"),
        Column("added_us", "float", "by this level; none where it cannot be told", "µs", "value"),
        Column("added_pct", "float", "by the run before", "%", "share"),
        Column(
            *("ratio", "float", "latency by that of the run before", None, "value"),
            lo="ratio_lo",
            hi="ratio_hi",
        ),
        Column("ratio_lo", "float", "lower end of its 95 % interval", role="interval"),
        Column("ratio_hi", "float", "upper end of its 95 % interval", role="interval"),
        Column("verdict", "str", "whether the cost can be told from noise"),
        Column("clock", "str", "wall, or cpu: of the process, on a busy machine"),
        Column("spans", "int", "spans of the level in one iteration", role="count"),
        Column("accounted_pct", "float", "latencies of the level by the model's", "%", "share"),
        Column("unattributed_us", "float", "model outside of the level", "µs", "value"),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        del profiles
        model = profile.model
        assert model is not None
        clock = "cpu" if profile.is_contended else "wall"
        times = model.cpu_ns if clock == "cpu" else model.durations_ns
        for run, level in enumerate(profile.levels):
            yield {
                "batch_size": profile.batch_size,
                "level_set": level_set(profile.levels[: run + 1]),
                "model_latency_us": microseconds(model.latency_ns(run)),
                **(_added(times.get(run - 1), times.get(run)) if run else {}),
                "clock": clock,
                **(_accounted(profile, model, level, run) if run else {}),
            }


def _added(before: Times | None, after: Times | None) -> Record:
    if before is None or after is None or min(before.size, after.size) < _FEWEST:
        return {"verdict": "too few iterations"}
    base, now = (float(trimmed_mean(np.sort(each.astype(float)))) for each in (before, after))
    ends = difference_interval(before, after, trimmed_mean)
    ratio = {
        "ratio": now / base,
        "ratio_lo": 1 + ends.lo / base,
        "ratio_hi": 1 + ends.hi / base,
    }
    if ends.lo <= 0:
        return {**ratio, "verdict": _not_measurable(ends, base)}
    added = now - base
    return {
        **ratio,
        "added_us": microseconds(added),
        "added_pct": percent(added, base),
        "verdict": "measured",
    }


def _not_measurable(ends: Interval, base: float) -> str:
    return f"not measurable (< {max(100 * ends.hi / base, 0.1):.1f} %)"


def _accounted(profile: Profile, model: Node, level: Level, run: int) -> Record:
    nodes = profile.nodes(level)
    if not nodes:
        return {"spans": 0}
    whole = model.latency_ns(run)
    union = profile.union_ns(iter(nodes), run)
    everywhere = [node for node in nodes if not profile.missing(node)]
    latencies = sum(profile.latency_ns(node) or 0.0 for node in everywhere)
    return {
        "spans": len(nodes),
        "accounted_pct": percent(latencies, profile.latency_ns(model)),
        "unattributed_us": None
        if whole is None or union is None
        else microseconds(max(0.0, whole - union)),
    }
