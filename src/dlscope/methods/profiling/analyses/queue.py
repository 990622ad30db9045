"""A19: how long work waits for a device, and how long the device waits for work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.report import Finding
from dlscope.core.stats import trimmed_mean
from dlscope.core.table import Cell, Column, Table
from dlscope.core.trace import SPAN_KINDS, Level, Trace
from dlscope.methods.profiling.analyses.base import (
    BATCH,
    ProfileAnalysis,
    Record,
    microseconds,
    named,
    percent,
)
from dlscope.methods.profiling.node import Times
from dlscope.methods.profiling.profile import Profile

_LAUNCH = SPAN_KINDS.index("launch")
_IDLE_PCT = 10.0


@final
class DeviceQueue(ProfileAnalysis):
    """A19: one row for each device, all its streams together, and one for each stream."""

    name: ClassVar[str] = "a19"
    doc: ClassVar[str] = "Does the device wait for work, or the work for the device?"
    title: ClassVar[str] = "Device and queue"
    formula: ClassVar[str] = (
        "delay = start of an execution − end of its launch; busy = union of the executions; "
        "idle = gaps / (busy + gaps); all in the deepest run, means over its iterations"
    )
    needs: ClassVar[tuple[Level, ...]] = (Level.MODEL, Level.KERNEL)
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        Column("device", "int", "number of the device", role="id"),
        Column("stream", "int", "its stream; none: all streams together", role="id"),
        Column("executions", "int", "in one iteration", role="count"),
        Column("launched", "int", "of them with a known launch", role="count", priority=2),
        Column("launch_us", "float", "sum over the launches, on the host", "µs", "value"),
        Column("delay_us", "float", "from a launch to its execution, the middle one", "µs"),
        Column("delay_max_us", "float", "the longest of them", "µs", "value", 2),
        Column("lead_us", "float", "from the start of the model to the first execution", "µs"),
        Column("busy_us", "float", "time in which something was executed", "µs", "value"),
        Column("overlap_us", "float", "sum over the executions − busy", "µs", "value", 2),
        Column("gap_us", "float", "time between executions in which none ran", "µs", "value"),
        Column("longest_gap_us", "float", "the longest such gap", "µs", "value", 2),
        Column("awaited", "str", "execution that most often ends the longest gap", priority=2),
        Column("idle_pct", "float", "gaps by gaps and busy", "%", "share"),
    )

    def _reason(self, profile: Profile) -> str:
        executions = _executions(profile.run.trace, profile.run_of(Level.KERNEL))
        return "" if len(executions) else "nothing was executed on a device"

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        del profiles
        run = profile.run_of(Level.KERNEL)
        executions = _executions(profile.run.trace, run)
        launches = _launches(profile.run.trace, run)
        begins = _begins(profile, run)
        for device, stream, rows in _queues(executions):
            seen = [
                _observed(part, launches, begins) for part in _by_iteration(executions.take(rows))
            ]
            yield {
                "batch_size": profile.batch_size,
                "device": device,
                "stream": stream,
                **_cells(seen),
            }

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(
            Finding(
                "warn",
                f"Device {row['device']} is idle for {row['idle_pct']:.0f} % of its part of "
                f"{named(row)}",
                table.name,
                (place,),
                f"the longest gap is before {row['awaited']}",
                gain=-1e3 * float(row["gap_us"] or 0),
                gain_unit="ns",
                advice="give it more at once: a larger batch, fused layers, a captured graph",
            )
            for place, row in enumerate(table)
            if row["stream"] is None and float(row["idle_pct"] or 0) >= _IDLE_PCT
        )


@dataclass(frozen=True)
class _Observed:
    """One iteration of a queue; times in ns, `delays` of the executions with a known launch."""

    executions: int
    launch_ns: int
    delays: Times
    lead_ns: int | None
    busy_ns: int
    sum_ns: int
    gaps: Times
    awaited: str | None


def _executions(trace: Trace, run: int) -> Trace:
    """What ran on devices in the measured iterations of `run`, in order of start."""
    of_kernels = (trace["level"] == Level.KERNEL) & (trace["device"] >= 0)
    return trace.take(of_kernels & (trace["run"] == run) & (trace["iteration"] >= 0)).sorted()


def _launches(trace: Trace, run: int) -> dict[tuple[str, int, int], tuple[int, int]]:
    """Start and end of each launch of `run` by what its execution shares with it."""
    found = trace.take((trace["kind"] == _LAUNCH) & (trace["run"] == run))
    ends = zip(found["start_ns"].tolist(), found["end_ns"].tolist(), strict=True)
    return dict(zip(_keys(found), ends, strict=True))


def _keys(trace: Trace) -> list[tuple[str, int, int]]:
    """Correlation ids are unique within a tracer and a process."""
    columns = (trace.text("tracer"), trace["process"], trace["correlation_id"])
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _begins(profile: Profile, run: int) -> dict[int, int]:
    """When each iteration of `run` began."""
    trace = profile.run.trace
    models = trace.take((trace["level"] == Level.MODEL) & (trace["run"] == run))
    return dict(zip(models["iteration"].tolist(), models["start_ns"].tolist(), strict=True))


def _queues(executions: Trace) -> Iterator[tuple[int, int | None, NDArray[Any]]]:
    """Each device, then each of its streams, with the rows of its executions."""
    for device in np.unique(executions["device"]).tolist():
        is_mine = executions["device"] == device
        yield device, None, is_mine
        for stream in np.unique(executions["stream"][is_mine]).tolist():
            if stream >= 0:
                yield device, stream, is_mine & (executions["stream"] == stream)


def _by_iteration(executions: Trace) -> Iterator[Trace]:
    for iteration in np.unique(executions["iteration"]):
        yield executions.take(executions["iteration"] == iteration)


def _observed(
    executions: Trace,
    launches: dict[tuple[str, int, int], tuple[int, int]],
    begins: dict[int, int],
) -> _Observed:
    """The executions of one iteration, which are in order of start."""
    starts, ends = executions["start_ns"], executions["end_ns"]
    known = [launches.get(key) if key[2] else None for key in _keys(executions)]
    covered = np.maximum.accumulate(ends)
    gaps = np.maximum(starts[1:] - covered[:-1], 0)
    busy = int(covered[-1] - starts[0] - gaps.sum())
    begin = begins.get(int(executions["iteration"][0]))
    longest = int(gaps.argmax()) + 1 if gaps.size and gaps.max() > 0 else None
    return _Observed(
        executions=len(executions),
        # A graph is launched once for all that it executes.
        launch_ns=sum(end - start for start, end in {each for each in known if each}),
        delays=np.array(
            [start - told[1] for start, told in zip(starts.tolist(), known, strict=True) if told],
            dtype=np.int64,
        ),
        lead_ns=None if begin is None else int(starts[0]) - begin,
        busy_ns=busy,
        sum_ns=int((ends - starts).sum()),
        gaps=gaps,
        awaited=None if longest is None else str(executions.text("name")[longest]),
    )


def _cells(seen: Sequence[_Observed]) -> dict[str, Cell]:
    """The columns of one queue over all iterations."""
    busy, gap = _mean(each.busy_ns for each in seen), _mean(int(each.gaps.sum()) for each in seen)
    delays = [each.delays for each in seen if each.delays.size]
    awaited = Counter(each.awaited for each in seen if each.awaited).most_common(1)
    return {
        "executions": round(_mean(each.executions for each in seen) or 0),
        "launched": round(_mean(each.delays.size for each in seen) or 0),
        "launch_us": microseconds(_mean(each.launch_ns for each in seen)) if delays else None,
        "delay_us": microseconds(_mean(float(np.median(each)) for each in delays)),
        "delay_max_us": microseconds(_mean(int(each.max()) for each in delays)),
        "lead_us": microseconds(_mean(each.lead_ns for each in seen if each.lead_ns is not None)),
        "busy_us": microseconds(busy),
        "overlap_us": microseconds(_mean(each.sum_ns - each.busy_ns for each in seen)),
        "gap_us": microseconds(gap),
        "longest_gap_us": microseconds(_mean(int(each.gaps.max(initial=0)) for each in seen)),
        "awaited": awaited[0][0] if awaited else None,
        "idle_pct": percent(gap, None if busy is None or gap is None else busy + gap),
    }


def _mean(values: Iterable[float]) -> float | None:
    """Trimmed mean, None without values."""
    known = np.sort(np.array(list(values), dtype=np.float64))
    return float(trimmed_mean(known)) if known.size else None
