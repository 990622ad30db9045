"""`Load`: what each kind of arrival is judged by, and how well the load generator did its part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.analysis import Analysis
from dlscope.core.manifest import ScenarioManifest
from dlscope.core.report import Finding
from dlscope.core.run import Run, Samples
from dlscope.core.stats import percentile
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import format_number, scale_for
from dlscope.loadgen.early_stopping import stream_estimate
from dlscope.loadgen.users import fairness
from dlscope.methods.evaluation.analyses.subject import SUBJECT_COLUMNS, subject

_COLUMNS = (
    *SUBJECT_COLUMNS,
    Column("scenario", "str", "its name", priority=2),
    Column("arrivals", "str", "type of the scenario"),
    Column("loadgen", "str", "native, or mlperf for the genuine LoadGen", priority=2),
    Column("queries", "int", "queries that were issued", role="count"),
    Column("failed", "int", "of them without an answer, or with one too late", role="count"),
    Column("offered_per_s", "float", "queries that were due in a second", "1/s", "value"),
    Column("answered_per_s", "float", "queries that were answered in a second", "1/s", "value"),
    Column("percentile", "float", "which percentile the scenario is judged by", "share"),
    Column("percentile_ns", "int", "latency at that percentile", "ns", "value"),
    Column("estimate_ns", "int", "what early stopping makes of it for a stream", "ns", "value", 2),
    Column("bound_ns", "int", "what it must not exceed", "ns", "value", 2),
    Column("lateness_ns", "int", "how late 99 % of the queries left at most", "ns", "value", 2),
    Column("drain_ns", "int", "mean time until a burst is answered", "ns", "value", 2),
    Column("fairness", "float", "Jain's index of the users' mean latencies, 1 is equal"),
    Column("valid", "bool", "whether the Run counts", role="verdict"),
)
_PLAIN = ("online", "batched")
_LATE = 0.99


@final
class Load(Analysis):
    """One row per Run whose queries come otherwise than one after another.

    An open loop's latency counts from when a query was due. Of n arrivals n − 1 gaps make the
    rate (MLPerf Inference). A failed query is in no latency; the condition of the bound counts it.
    """

    name: ClassVar[str] = "load"
    doc: ClassVar[str] = "Rates, bounded percentiles, lateness and fairness of each kind of load."

    def _table(self, runs: Sequence[Run]) -> Table:
        return Table.of(
            "load",
            _COLUMNS,
            [_record(run) for run in runs if _is_loaded(run)],
            title="Load",
            note="Latency counts from when a query was due, not from when it could be issued.",
        )

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(_late(table))


def _is_loaded(run: Run) -> bool:
    scenario = run.plan.scenario
    return scenario.type not in _PLAIN and scenario.mode != "accuracy" and len(run.samples) > 0


def _record(run: Run) -> Mapping[str, Cell]:
    scenario, samples = run.plan.scenario, run.samples
    bound_ms = scenario.latency_bound_ms
    return {
        **subject(run),
        "scenario": scenario.name,
        "arrivals": scenario.type,
        "loadgen": scenario.loadgen,
        "queries": len(samples),
        "failed": int(len(samples) - samples.ok.sum()),
        "offered_per_s": _offered_per_s(samples, scenario),
        "answered_per_s": _answered_per_s(samples, scenario),
        "bound_ns": None if bound_ms is None else round(bound_ms * 1e6),
        "lateness_ns": int(percentile(np.sort(samples.lateness_ns), _LATE)),
        "drain_ns": _drain_ns(samples, scenario),
        "fairness": fairness(samples),
        "valid": run.is_valid,
        **_percentile(samples.latency_ns, scenario),
    }


def _percentile(latency_ns: NDArray[np.int64], scenario: ScenarioManifest) -> Mapping[str, Cell]:
    if not latency_ns.size or scenario.rule.arrivals == "at_once":
        return {}
    ordered = np.sort(latency_ns)
    is_stream = scenario.type in ("single_stream", "multi_stream")
    return {
        "percentile": scenario.percentile,
        "percentile_ns": int(percentile(ordered, scenario.percentile)),
        "estimate_ns": stream_estimate(ordered, scenario.percentile) if is_stream else None,
    }


def _offered_per_s(samples: Samples, scenario: ScenarioManifest) -> float | None:
    span_ns = int(samples.scheduled_ns.max() - samples.scheduled_ns.min())
    if scenario.rule.arrivals != "open" or not span_ns:
        return None
    return (len(samples) - 1) / span_ns * 1e9


def _answered_per_s(samples: Samples, scenario: ScenarioManifest) -> float | None:
    answered = int(samples.ok.sum()) - (scenario.rule.arrivals == "open")
    duration_ns = samples.duration_ns
    return answered / duration_ns * 1e9 if answered > 0 and duration_ns else None


def _drain_ns(samples: Samples, scenario: ScenarioManifest) -> int | None:
    """From the first arrival of a burst to its last answer, on average over the bursts."""
    burst = scenario.burst
    if burst is None or not samples.ok.any():
        return None
    since = samples.scheduled_ns - samples.scheduled_ns.min()
    period_ms = burst.period_ms or (burst.on_ms or 0) + (burst.off_ms or 0)
    group = since // max(round(period_ms * 1e6), 1)
    _, starts = np.unique(group, return_index=True)
    first = samples.scheduled_ns[starts]
    last = np.maximum.reduceat(samples.completed_ns, starts)
    return round(float((last - first).mean()))


def _late(table: Table) -> Iterator[Finding]:
    """Runs whose queries left so late that it is the generator which was measured."""
    for index, row in enumerate(table):
        late, typical = float(row["lateness_ns"] or 0), float(row["percentile_ns"] or 0)
        if typical and late > 0.1 * typical:
            scale = scale_for("ns", [late])
            told = f"{format_number(late * scale.factor)} {scale.unit}"
            yield Finding(
                "warn",
                f"Queries to {row['model']} on {row['backend']} left up to {told} late",
                table.name,
                (index,),
                "more than a tenth of the latency that was measured",
                advice="free a core for the load generator, or lower the rate",
            )
