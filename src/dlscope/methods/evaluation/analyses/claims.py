"""`Claims`: what was measured against what the model's manifest says was published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import Run
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import format_interval, format_number
from dlscope.methods.evaluation.analyses.direction import is_error
from dlscope.methods.evaluation.analyses.point import Point, points

_COLUMNS = (
    Column("model", "str", "model manifest"),
    Column("backend", "str", "framework that ran it"),
    Column("version", "str", "exact version of the framework", priority=3),
    Column("claim", "str", "field of the manifest's reference"),
    Column("claimed_on", "str", "data set or machine of the claim", priority=2),
    Column("measured_on", "str", "data set or machine of the Run", priority=2),
    Column("claimed", "float", "the published value", role="value"),
    Column("tolerance", "float", "how far a measured value may fall behind it", priority=2),
    Column("measured", "float", "the measured value", None, "value", 1, "lo", "hi"),
    Column("lo", "float", "lower end of its 95 % interval", role="interval", priority=2),
    Column("hi", "float", "upper end of its 95 % interval", role="interval", priority=2),
    Column("n", "int", "items or queries measured", role="count", priority=3),
    Column("verdict", "str", "met, missed, undecided or not comparable", role="verdict"),
    Column("reason", "str", "what decides it, or why nothing can", priority=2),
)
_PLACE = {"accuracy": "dataset", "latency": "system"}
_CONDITIONS = ("dataset", "system", "backend", "tolerance")
_MEAN = "mean_ms"


@final
class Claims(Analysis):
    """One row for each number in the `reference` of a model, for each framework that ran it.

    A model without `reference` is a row that says so.

    `reference.accuracy` holds `dataset`, metrics such as `top_1` and the absolute `tolerance`;
    `reference.latency` holds `mean_ms` (the online trimmed mean), optionally `system` and
    `backend` it was claimed for, and the relative `tolerance`. A claim is met when the whole 95 %
    interval is within the tolerance or better, missed when the whole is beyond, else undecided.
    """

    name: ClassVar[str] = "claims"
    doc: ClassVar[str] = "What was measured against what was published."

    def _table(self, runs: Sequence[Run]) -> Table:
        return Table.of(
            "claims",
            _COLUMNS,
            [record for point in points(runs) for record in _claims(point)],
            title="Published claims",
            note="Met or missed only where the whole 95 % interval says so.",
        )

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(_missed(table))


def _claims(point: Point) -> Iterator[Mapping[str, Cell]]:
    if not point.plan.model.reference:
        yield {**_about(point), "reason": "the manifest names no published claim"}
    for kind, claim in sorted(point.plan.model.reference.items()):
        for name, value in claim.items():
            if name not in _CONDITIONS and not isinstance(value, str):
                yield _record(point, kind, name, float(value))


def _record(point: Point, kind: str, name: str, claimed: float) -> Mapping[str, Cell]:
    claim = point.plan.model.reference[kind]
    tolerance = float(claim.get("tolerance", 0.0))
    record: dict[str, Cell] = {
        **_about(point),
        "claim": f"{kind}.{name}",
        "claimed_on": str(claim[_PLACE[kind]]) if _PLACE.get(kind) in claim else None,
        "measured_on": _measured_on(point, kind),
        "claimed": claimed,
        "tolerance": tolerance if kind != "latency" else tolerance * claimed,
        **_measured(point, kind, name),
    }
    verdict, reason = _verdict(point, kind, name, record)
    return {**record, "verdict": verdict, "reason": reason}


def _about(point: Point) -> Mapping[str, Cell]:
    plan = point.plan
    return {
        "model": plan.model.name,
        "backend": plan.framework.label,
        "version": plan.framework.version,
    }


def _measured_on(point: Point, kind: str) -> str:
    if kind == "latency":
        return point.system
    return next((r for r in point.runs if r.metrics), point.runs[0]).plan.dataset.name


def _measured(point: Point, kind: str, name: str) -> Mapping[str, Cell]:
    if kind == "latency":
        if name != _MEAN or point.online is None:
            return {}
        mean, (lo, hi) = point.online.mean_ns, point.online.interval
        return {"measured": mean / 1e6, "lo": lo / 1e6, "hi": hi / 1e6}
    metric = next((m for run in point.runs if (m := run.metric(name)) is not None), None)
    if metric is None:
        return {}
    return {"measured": metric.value, "lo": metric.lo, "hi": metric.hi, "n": metric.n}


def _verdict(point: Point, kind: str, name: str, row: Mapping[str, Cell]) -> tuple[str, str]:
    backend = point.plan.model.reference[kind].get("backend")
    if backend is not None and backend != row["backend"]:
        return "not comparable", f"claimed for {backend}"
    if row["claimed_on"] is not None and row["claimed_on"] != row["measured_on"]:
        return "not comparable", f"claimed on {row['claimed_on']}, measured on {row['measured_on']}"
    if row.get("measured") is None:
        return "not comparable", point.reason or f"{name} was not measured"
    return _decided(row, less_is_better=kind == "latency" or is_error(name))


def _decided(row: Mapping[str, Cell], *, less_is_better: bool) -> tuple[str, str]:
    sign = -1.0 if less_is_better else 1.0
    claimed, tolerance, measured = (
        float(row[each] or 0) for each in ("claimed", "tolerance", "measured")
    )
    ends = [measured if row[end] is None else float(row[end] or 0) for end in ("lo", "hi")]
    low, high = sorted(sign * end for end in ends)
    bound = sign * claimed - tolerance
    limit = f"{'at most' if less_is_better else 'at least'} {format_number(sign * bound)}"
    said = f"{format_interval(*ends, value=measured)}, {limit} is claimed"
    if low >= bound:
        return "met", said
    return ("missed" if high < bound else "undecided"), said


def _missed(table: Table) -> Iterator[Finding]:
    for index, row in enumerate(table):
        if row["verdict"] in ("met", "missed"):
            yield Finding(
                "good" if row["verdict"] == "met" else "bad",
                f"{row['model']} on {row['backend']}: {row['claim']} as published was "
                f"{row['verdict']}",
                table.name,
                (index,),
                f"measured {format_number(float(row['measured'] or 0))} {row['reason']}",
                advice=""
                if row["verdict"] == "met"
                else "compare the steps and the weights with those of the publication",
            )
