"""The first sentences of an evaluation's report: who was measured, and what came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dlscope.core.report import Finding
from dlscope.core.run import Run
from dlscope.core.table import Cell, Table
from dlscope.core.units import format_number, scale_for
from dlscope.methods.evaluation.analyses.direction import is_error
from dlscope.methods.evaluation.analyses.point import machine_name
from dlscope.reporting.words import plural

_MOST_NAMED = 3
Row = Mapping[str, Cell]


def title(runs: Sequence[Run]) -> str:
    """The models, and on how many cores or machines."""
    if not runs:
        return "No runs"
    machines = {machine_name(run) for run in runs}
    models = sorted({run.plan.model.name for run in runs})
    if len(machines) > 1:
        return f"{_listed(models)} on {plural(len(machines), 'machine')}"
    cpu: Mapping[str, int] = runs[0].environment.system.get("cpu", {})
    cores = cpu.get("effective_cores", cpu.get("cores", 0))
    return f"{_listed(models)} on {plural(cores, 'core')}"


def answer(tables: Mapping[str, Table], findings: Sequence[Finding]) -> str:
    """The fastest backend of each model, its latency, how right it is; a peak; what is wrong."""
    told = [f"{f.claim}." for f in findings if _is_wrong_declaration(f) or f.evidence == "peak"]
    return " ".join([*_measured(tables), *told])


def _is_wrong_declaration(finding: Finding) -> bool:
    return finding.evidence == "declaration" and finding.sign in ("bad", "warn")


def _measured(tables: Mapping[str, Table]) -> Iterator[str]:
    """A sentence for each model: of single items, else under load, else of accuracy alone."""
    models = list(dict.fromkeys(tables["models"].column("model")))
    if not models:
        yield "Nothing was measured."
    told = models if len(models) <= _MOST_NAMED else _foremost(tables["models"])
    if len(told) < len(models):
        yield f"{len(models)} models; the fastest and the most accurate:"
    for model in told:
        rows = [row for row in tables["models"] if row["model"] == model]
        single = _fastest(rows, "mean_ns")
        loaded = _fastest([row for row in tables["latency"] if row["model"] == model], "p99_ns")
        if single is not None:
            yield _online(single, _accuracy(single, tables["accuracy"]))
        elif loaded is not None:
            yield _under_load(loaded, _accuracy(rows[0], tables["accuracy"]))
        else:
            words = _accuracy(rows[0], tables["accuracy"])
            yield f"{model}: {words}; no latency was measured."


def _foremost(models: Table) -> list[Cell]:
    """The fastest model and the most accurate, once where they are one."""
    rows = list(models)
    best = [row for row in rows if row["accuracy"] is not None]
    accurate = max(best, key=_merit, default=None)
    found = [row["model"] for row in (_fastest(rows, "mean_ns"), accurate) if row is not None]
    return list(dict.fromkeys(found)) or [rows[0]["model"]]


def _merit(row: Row) -> float:
    value = float(row["accuracy"] or 0)
    return -value if is_error(str(row["metric"])) else value


def _fastest(rows: Sequence[Row], name: str) -> Row | None:
    told = [row for row in rows if row[name] is not None]
    return min(told, key=lambda row: float(row[name] or 0), default=None)


def _online(row: Row, accuracy: str) -> str:
    latency = _duration(row["mean_ns"], row["ci_lo_ns"], row["ci_hi_ns"])
    speed = f"{row['backend']} answers {row['model']} in {latency}"
    if not row["valid"]:
        speed += ", in a run that does not count"
    return f"{speed}; {accuracy}."


def _under_load(row: Row, accuracy: str) -> str:
    scale = scale_for("ns", [float(row["p99_ns"] or 0)])
    latency = f"{format_number(float(row['p99_ns'] or 0) * scale.factor)} {scale.unit}"
    speed = f"{row['backend']} answers {row['model']} in {latency} at p99 ({row['scenario']})"
    if not row["valid"]:
        speed += ", in a run that does not count"
    return f"{speed}; {accuracy}."


def _accuracy(row: Row, accuracy: Table) -> str:
    """How right the answers of one row of the model table are, or why that is not known."""
    if row["right"] is not None:
        count, _, n = str(row["right"]).partition("/")
        return f"{count} of {n} right"
    if row["accuracy"] is None:
        subject = row["model"], row["backend"]
        reasons = [
            each["reason"] for each in accuracy if (each["model"], each["backend"]) == subject
        ]
        return str(row["reason"] or next(filter(None, reasons), "accuracy was not asked for"))
    return f"{str(row['metric']).replace('_', ' ')} {format_number(float(row['accuracy']))}"


def _duration(mean_ns: Cell, lo_ns: Cell, hi_ns: Cell) -> str:
    """A latency with its interval, in the unit people read."""
    mean, lo, hi = (float(value or 0) for value in (mean_ns, lo_ns, hi_ns))
    unit, factor = scale_for("ns", [mean])
    low, high = format_number(lo * factor), format_number(hi * factor)
    return f"{format_number(mean * factor)} {unit} [{low}, {high}]"


def _listed(names: Sequence[str]) -> str:
    if len(names) <= _MOST_NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:_MOST_NAMED])} and {len(names) - _MOST_NAMED} more"
