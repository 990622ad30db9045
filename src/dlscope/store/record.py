"""A Run's small fields as plain data: what goes into database rows and into `run.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from dlscope.core.plan import Plan
from dlscope.core.run import (
    Condition,
    Energy,
    Environment,
    ItemResult,
    Metric,
    Probe,
    Run,
    Samples,
    Stage,
)
from dlscope.core.trace import Trace

_PLAIN = ("id", "status", "started_utc", "memory_bytes", "framework_report", "error", "log_tail")


def to_record(run: Run) -> dict[str, Any]:
    """All of `run` but its samples, trace and items."""
    record: dict[str, Any] = {name: getattr(run, name) for name in _PLAIN}
    record["memory_bytes"] = dict(run.memory_bytes)
    record["framework_report"] = dict(run.framework_report)
    record["error"] = None if run.error is None else dict(run.error)
    record["plan"] = run.plan.to_json()
    record["environment"] = run.environment.to_json()
    record["stages"] = [asdict(stage) for stage in run.stages]
    record["metrics"] = [asdict(metric) for metric in run.metrics]
    record["conditions"] = [asdict(condition) for condition in run.conditions]
    record["probes"] = [asdict(probe) for probe in run.probes]
    record["energy"] = None if run.energy is None else asdict(run.energy)
    record["artifacts"] = dict(run.artifacts)
    return record


def from_record(
    record: Mapping[str, Any], samples: Samples, trace: Trace, items: tuple[ItemResult, ...]
) -> Run:
    """The Run that `to_record` described, with its large parts."""
    return Run(
        **{name: record[name] for name in _PLAIN},
        plan=Plan.model_validate(record["plan"]),
        environment=Environment(**record["environment"]),
        stages=tuple(Stage(**stage) for stage in record["stages"]),
        metrics=tuple(Metric(**metric) for metric in record["metrics"]),
        conditions=tuple(Condition(**condition) for condition in record["conditions"]),
        probes=tuple(Probe(**probe) for probe in record.get("probes", ())),
        energy=Energy(**energy) if (energy := record.get("energy")) else None,
        artifacts=record.get("artifacts", {}),
        samples=samples,
        trace=trace,
        items=items,
    )
