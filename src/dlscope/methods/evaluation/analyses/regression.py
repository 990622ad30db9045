"""`Regression`: whether a later version is slower, or answers differently, than an earlier one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import ItemResult, Run
from dlscope.core.stats import difference_interval, sign_test, trimmed_mean
from dlscope.core.table import Cell, Column, Table
from dlscope.core.trace import Level
from dlscope.core.units import format_interval, scale_for
from dlscope.methods.evaluation.analyses.answers import paired_right
from dlscope.methods.evaluation.analyses.point import machine_name

_COLUMNS = (
    Column("model", "str", "model manifest"),
    Column("backend", "str", "framework that ran it"),
    Column("scenario", "str", "how queries arrive", priority=3),
    Column("pipeline", "str", "what a query contains", priority=3),
    Column("batch_size", "int", "items in one query", role="count", priority=2),
    Column("baseline", "str", "ids of the Runs that are compared with", role="id", priority=3),
    Column("runs", "str", "ids of the Runs that are compared", role="id", priority=3),
    Column("changed", "str", "what differs from the baseline: versions, files, options"),
    Column("baseline_ns", "int", "trimmed mean of the baseline", "ns", "value", 2),
    Column("mean_ns", "int", "trimmed mean", "ns", "value", 2),
    Column("change_ns", "int", "the second minus the first", "ns", "value", 1, "lo_ns", "hi_ns"),
    Column("lo_ns", "int", "lower end of its 95 % interval", "ns", "interval", 2),
    Column("hi_ns", "int", "upper end of its 95 % interval", "ns", "interval", 2),
    Column("items", "int", "items that both answered", role="count", priority=3),
    Column("lost", "int", "items only the baseline has right", role="count", priority=2),
    Column("won", "int", "items only the later has right", role="count", priority=2),
    Column("p_value", "float", "two-sided sign test of lost against won", priority=3),
    Column("verdict", "str", "slower, faster or undecided; different accuracy", role="verdict"),
    Column("reason", "str", "why there is no verdict", priority=3),
)
_SIGNIFICANT = 0.05


@final
class Regression(Analysis):
    """One row for each later version in each group of equal model, framework, scenario and batch.

    Runs of different machines are not compared; the analysis `systems` does that. The baseline of
    a group is those of its Runs that `baseline` names; without it, its earliest Run together with
    the repeats of it. Runs of one version are taken together.
    """

    name: ClassVar[str] = "regression"
    doc: ClassVar[str] = "Whether a later version is slower, or answers differently."

    def __init__(self, baseline: Collection[str] = ()) -> None:
        self._baseline = frozenset(baseline)

    def _table(self, runs: Sequence[Run]) -> Table:
        groups = groupby(sorted(runs, key=_subject), key=_subject)
        records = [record for _, group in groups for record in self._compared(list(group))]
        return Table.of(
            "regression",
            _COLUMNS,
            records,
            note="Difference of trimmed means, block bootstrap of both; sign test over items.",
        )

    def _compared(self, runs: Sequence[Run]) -> Iterator[Mapping[str, Cell]]:
        earliest = min(runs, key=lambda run: (run.started_utc, run.id))
        first = _version(earliest)
        if self._baseline:
            before = [run for run in runs if run.id in self._baseline]
        else:
            before = [run for run in runs if _version(run) == first]
        later = [run for run in runs if run not in before]
        if not before or not later:
            yield {**_about(runs[0]), "runs": _ids(runs), "reason": _alone(before, self._baseline)}
            return
        for _, group in groupby(sorted(later, key=_version), key=_version):
            yield _record(before, list(group))

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(_changes(table))


def _subject(run: Run) -> tuple[str, ...]:
    plan = run.plan
    scenario = plan.scenario
    fields = (plan.model.name, plan.framework.name, scenario.name, scenario.pipeline)
    dataset, machine = plan.dataset.name, machine_name(run)
    # What was recorded inside the predictions is no new version, and slows them down.
    recorded = f"{max(plan.trace_level, Level.MODEL):03}"
    return (*fields, f"{plan.batch_size:08}", dataset, scenario.mode, machine, recorded)


def _version(run: Run) -> tuple[str, ...]:
    """What tells the Runs of one version from those of another; repeats are equal."""
    plan = run.plan.model_copy(update={"repeat": 0})
    return plan.framework.version, plan.model.version, plan.digest, run.environment.fingerprint


def _alone(before: Sequence[Run], named: Collection[str]) -> str:
    if named and not before:
        return "none of the runs named as baseline is of this kind"
    return "there is no other version to compare with"


def _about(run: Run) -> Mapping[str, Cell]:
    return {
        "model": run.plan.model.name,
        "backend": run.plan.framework.name,
        "scenario": run.plan.scenario.name,
        "pipeline": run.plan.scenario.pipeline,
        "batch_size": run.plan.batch_size,
    }


def _ids(runs: Sequence[Run]) -> str:
    return ", ".join(run.id for run in runs)


def _record(before: Sequence[Run], after: Sequence[Run]) -> Mapping[str, Cell]:
    speed, answers = _speed(before, after), _answers(before, after)
    verdicts = [str(each["verdict"]) for each in (speed, answers) if each.get("verdict")]
    return {
        **_about(after[0]),
        "baseline": _ids(before),
        "runs": _ids(after),
        "changed": changed(before[0], after[0]) or "nothing that is recorded",
        **speed,
        **answers,
        "verdict": ", ".join(verdicts) or None,
        "reason": None if verdicts else "neither queries nor items in common",
    }


def _speed(before: Sequence[Run], after: Sequence[Run]) -> dict[str, Cell]:
    a, b = _latencies(before), _latencies(after)
    if not a.size or not b.size:
        return {}
    lo, hi = difference_interval(a, b, trimmed_mean)
    first, second = (float(trimmed_mean(np.sort(series))) for series in (a, b))
    return {
        "baseline_ns": round(first),
        "mean_ns": round(second),
        "change_ns": round(second - first),
        "lo_ns": round(lo),
        "hi_ns": round(hi),
        "verdict": "slower" if lo > 0 else "faster" if hi < 0 else "undecided",
    }


def _latencies(runs: Sequence[Run]) -> NDArray[np.int64]:
    series = [run.samples.latency_ns for run in runs]
    return np.concatenate(series) if series else np.empty(0, dtype=np.int64)


def _answers(before: Sequence[Run], after: Sequence[Run]) -> dict[str, Cell]:
    found = paired_right(_items(before), _items(after))
    if not found.items:
        return {}
    p_value = sign_test(found.lost, found.won)
    return {
        "items": found.items,
        "lost": found.lost,
        "won": found.won,
        "p_value": p_value,
        **({"verdict": "different accuracy"} if p_value < _SIGNIFICANT else {}),
    }


def _items(runs: Sequence[Run]) -> Sequence[ItemResult]:
    return next((run.items for run in runs if run.items), ())


@dataclass(frozen=True)
class _Part:
    """One thing that may have changed between two Runs."""

    name: str
    before: str
    after: str


def changed(before: Run, after: Run) -> str:
    """What differs between two Runs as far as it is recorded: `onnxruntime 1.30 → 1.31`."""
    a, b = before.plan, after.plan
    parts = [
        _Part(a.framework.name, a.framework.version, b.framework.version),
        _Part(a.model.name, a.model.version, b.model.version),
        _Part("Python", before.environment.python, after.environment.python),
        *_packages(before, after),
    ]
    said = [f"{p.name} {p.before} → {p.after}" for p in parts if p.before != p.after]
    unnamed = {
        "files of the model": a.assets != b.assets,
        "manifest of the model": a.model.digest != b.model.digest,
        "options": a.framework.options != b.framework.options or a.options != b.options,
        "environment": before.environment.fingerprint != after.environment.fingerprint,
    }
    return ", ".join(said or [name for name, differs in unnamed.items() if differs])


def _packages(before: Run, after: Run) -> Iterator[_Part]:
    a, b = before.environment.packages, after.environment.packages
    for name in sorted(a.keys() | b.keys()):
        if name != before.plan.framework.name:
            yield _Part(name, a.get(name, "absent"), b.get(name, "absent"))


def _changes(table: Table) -> Iterator[Finding]:
    for index, row in enumerate(table):
        verdict = str(row["verdict"] or "")
        what = f"{row['model']} on {row['backend']}, batch {row['batch_size']}"
        if "slower" in verdict or "faster" in verdict:
            word = "slower" if "slower" in verdict else "faster"
            share = float(row["change_ns"] or 0) / float(row["baseline_ns"] or 1)
            yield Finding(
                "warn" if word == "slower" else "good",
                f"{what} is {abs(share) * 100:.1f} % {word}",
                table.name,
                (index,),
                f"{_interval(row)}; changed: {row['changed']}",
                float(row["change_ns"] or 0),
                "ns",
            )
        if "different accuracy" in verdict:
            yield Finding(
                "bad" if int(row["lost"] or 0) > int(row["won"] or 0) else "note",
                f"{what} answers differently: {row['lost']} right answers lost, {row['won']} won",
                table.name,
                (index,),
                f"of {row['items']} items, sign test p = {float(row['p_value'] or 0):.2g}; "
                f"changed: {row['changed']}",
            )


def _interval(row: Mapping[str, Cell]) -> str:
    change, lo, hi = (float(row[name] or 0) for name in ("change_ns", "lo_ns", "hi_ns"))
    scale = scale_for("ns", [change])
    ends = format_interval(lo * scale.factor, hi * scale.factor, value=change * scale.factor)
    return f"95 % interval {ends} {scale.unit}"
