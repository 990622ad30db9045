"""The report of an evaluation: the answer, the findings, the tables, how it was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dlscope.core import registry
from dlscope.core.analysis import Analysis
from dlscope.core.report import Block, Facts, Figure, Finding, Prose, Report, Section
from dlscope.core.run import Run
from dlscope.core.stats import bootstrap_interval, percentile
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import format_number, scale_for
from dlscope.methods.evaluation.analyses.agreement import Agreement
from dlscope.methods.evaluation.planning import Refusal
from dlscope.reporting.charts import Rule, histogram, interval_dots, lines, run_order

_ANALYSES = ("models", "accuracy", "latency", "stages", "validity", "failures", "mistakes")
_SUBJECTS = ("model", "precision", "dataset", "baseline", "batch_size", "scenario", "pipeline")
_SHOWN = {
    "models": (
        "model",
        "backend",
        "precision",
        "right",
        "accuracy",
        "mean_ns",
        "p90_ns",
        "throughput_per_s",
        "optimal_batch",
        "load_ns",
        "valid",
    ),
    "refused": ("model", "backend", "reason", "fix"),
    "latency": (
        "model",
        "backend",
        "scenario",
        "pipeline",
        "batch_size",
        "queries",
        "mean_ns",
        "p50_ns",
        "p99_ns",
        "max_ns",
        "throughput_per_s",
        "peak_memory_bytes",
        "valid",
        "reason",
    ),
    "accuracy": (
        "model",
        "backend",
        "dataset",
        "n",
        "failed",
        "metric",
        "value",
        "top_1_count",
        "top_5_count",
        "mean_p_label",
    ),
    "mistakes": ("model", "backend", "item", "label", "predicted_name", "p_predicted", "p_label"),
    "failures": ("model", "backend", "item", "reason"),
    "agreement": (
        "model",
        "baseline",
        "backend",
        "n",
        "top_1_agreement",
        "max_abs_difference",
        "relative_difference",
        "tolerance",
        "agrees",
        "differing",
    ),
    "stages": ("model", "backend", "part", "stage", "mean_ns", "cpu_ns", "share"),
    "validity": ("model", "backend", "condition", "measured", "required", "holds"),
}
_SIGN_ORDER = ("bad", "warn", "good", "note")
_REFUSED_COLUMNS = (
    Column("model", "str", "model asked for"),
    Column("backend", "str", "framework asked for"),
    Column("reason", "str", "why the pair cannot be measured here"),
    Column("fix", "str", "how to make it possible"),
)


def evaluation_report(
    runs: Sequence[Run],
    refusals: Sequence[Refusal] = (),
    *,
    baseline: str | None = None,
    command: str = "",
) -> Report:
    """Everything to tell of `runs`; the same Runs always give the same report."""
    analyses: list[Analysis] = [registry.load("analyses", name)() for name in _ANALYSES]
    if len({run.plan.framework.name for run in runs}) > 1:
        analyses.append(Agreement(baseline))
    tables = {analysis.name: analysis.table(runs) for analysis in analyses}
    found = [each for analysis in analyses for each in analysis.findings(tables[analysis.name])]
    tables["refused"] = _refused(refusals)
    found.extend(_refusal_findings(tables["refused"]))
    findings = tuple(sorted(found, key=lambda each: _SIGN_ORDER.index(each.sign)))
    return Report(
        title=_title(runs),
        answer=_answer(tables),
        tables=tuple(tables.values()),
        findings=findings,
        sections=tuple(_sections(tables, runs)),
        runs=tuple(run.id for run in runs),
        warnings=tuple(_warnings(runs)),
        next_commands=_next_commands(runs),
        command=command,
        created_utc=max((run.started_utc for run in runs), default=""),
    )


def _title(runs: Sequence[Run]) -> str:
    models = sorted({run.plan.model.name for run in runs})
    cores = runs[0].environment.system["cpu"]["effective_cores"] if runs else 0
    where = f"{cores} core{'s' if cores != 1 else ''}"
    return f"{', '.join(models)} on {where}"


def _answer(tables: Mapping[str, Table]) -> str:
    """The fastest backend of each model, its latency and how right it is."""
    fastest: dict[Cell, Mapping[str, Cell]] = {}
    for row in tables["models"]:
        best = fastest.get(row["model"])
        if row["mean_ns"] is not None and (
            best is None or int(row["mean_ns"]) < int(best["mean_ns"] or 0)
        ):
            fastest[row["model"]] = row
    if not fastest:
        return _accuracy_answer(tables["models"])
    return " ".join(map(_model_answer, fastest.values()))


def _model_answer(row: Mapping[str, Cell]) -> str:
    latency = _duration(row["mean_ns"], row["ci_lo_ns"], row["ci_hi_ns"])
    speed = f"{row['backend']} answers {row['model']} in {latency}"
    if not row["valid"]:
        speed += ", in a run that does not count"
    return f"{speed}; {_accuracy_words(row)}."


def _accuracy_answer(models: Table) -> str:
    row = next(iter(models), None)
    if row is None:
        return "Nothing was measured."
    words = _accuracy_words(row)
    return f"{words[:1].upper()}{words[1:]}; no latency was measured."


def _accuracy_words(row: Mapping[str, Cell]) -> str:
    """How right the answers of one row of the model table are."""
    if row["right"] is not None:
        count, _, n = str(row["right"]).partition("/")
        return f"{count} of {n} right"
    if row["accuracy"] is None:
        return "accuracy was not asked for"
    return f"{str(row['metric']).replace('_', ' ')} {format_number(float(row['accuracy']))}"


def _duration(mean_ns: Cell, lo_ns: Cell, hi_ns: Cell) -> str:
    """A latency with its interval, in the unit people read."""
    mean, lo, hi = (float(value or 0) for value in (mean_ns, lo_ns, hi_ns))
    unit, factor = scale_for("ns", [mean])
    low, high = format_number(lo * factor), format_number(hi * factor)
    return f"{format_number(mean * factor)} {unit} [{low}, {high}]"


def _sections(tables: Mapping[str, Table], runs: Sequence[Run]) -> list[Section]:
    shown = {
        name: _shown(tables[name], columns) for name, columns in _SHOWN.items() if name in tables
    }
    latency = (*_filled(shown, "latency"), *_latency_figures(tables["latency"], runs))
    sections = [
        Section("Models", _filled(shown, "models", "refused")),
        Section("Latency", latency),
        Section("Accuracy", _filled(shown, "accuracy", "mistakes", "failures")),
        Section("Agreement", _filled(shown, "agreement")),
        Section("Stages", _filled(shown, "stages")),
        Section("How it was measured", (Prose(_method(runs)), *_filled(shown, "validity"))),
        Section("Environment", (Facts(_environment(runs)),) if runs else ()),
    ]
    return [section for section in sections if section.blocks]


def _shown(table: Table, names: Sequence[str]) -> Table:
    """What a face draws of `table`: no column without a value, no subject that never changes."""
    told = [name for name in names if any(cell is not None for cell in table.column(name))]
    if "right" in told and None not in table.column("right"):
        told.remove("accuracy")
    changing = [name for name in told if name not in _SUBJECTS or len(set(table.column(name))) > 1]
    return table.view(*changing)


def _filled(tables: Mapping[str, Table], *names: str) -> tuple[Table, ...]:
    return tuple(tables[name] for name in names if name in tables and len(tables[name]))


def _latency_figures(latency: Table, runs: Sequence[Run]) -> tuple[Block, ...]:
    measured = [run for run in runs if len(run.samples)]
    if len(measured) == 1:
        return _distribution(latency, measured[0])
    figures = []
    if len({run.plan.batch_size for run in measured}) > 2:
        figures.append(lines(latency, "batch_size", "throughput_per_s", series="backend"))
    if len(measured) > 1:
        figures.append(interval_dots(latency, "backend", "mean_ns"))
    return tuple(figures)


def _distribution(latency: Table, run: Run) -> tuple[Figure, Figure]:
    values = run.samples.latency_ns
    ordered = np.sort(values)
    rules = [
        Rule(f"p{p}", float(percentile(ordered, p / 100)), *_percentile_interval(values, p))
        for p in (50, 90, 99)
    ]
    return histogram(values, latency.name, rules=rules), run_order(values, latency.name)


def _percentile_interval(values: NDArray[np.int64], p: int) -> tuple[float, float]:
    interval = bootstrap_interval(values, lambda ordered: percentile(ordered, p / 100))
    return interval.lo, interval.hi


def _method(runs: Sequence[Run]) -> str:
    modes = sorted({run.plan.scenario.pipeline for run in runs})
    kinds = sorted({run.plan.dataset.data_kind for run in runs})
    threads = sorted({run.plan.framework.options.get("threads", 0) for run in runs})
    return (
        f"{len(runs)} runs, each in a fresh worker process, one measurement on the machine at a "
        f"time. A query is timed in pipeline mode {' or '.join(modes)}, after a warm-up at its "
        f"own batch size, with {' or '.join(map(str, threads))} threads. The mean is trimmed by a "
        "fifth at either end; intervals are 95 %, a block bootstrap over queries in order of "
        f"issue for latency and Wilson for counts. Data: {', '.join(kinds)}."
    )


def _environment(runs: Sequence[Run]) -> tuple[tuple[str, str], ...]:
    environment = runs[0].environment
    system = environment.system
    frameworks = sorted({f"{run.plan.framework.name} {run.plan.framework.version}" for run in runs})
    return (
        ("CPU", f"{system['cpu']['model']}, {system['cpu']['effective_cores']} cores"),
        ("memory", f"{system['memory_bytes'] / 2**30:.0f} GiB"),
        ("system", f"{system['operating_system']}, kernel {system['kernel']}"),
        ("Python", environment.python),
        ("frameworks", ", ".join(frameworks)),
        ("fingerprint", environment.fingerprint[:12]),
        ("plans", ", ".join(sorted({run.plan.digest[:12] for run in runs}))),
    )


def _warnings(runs: Sequence[Run]) -> list[str]:
    modes = {run.plan.scenario.pipeline for run in runs if len(run.samples)}
    warnings = []
    if len(modes) > 1:
        warnings.append(
            f"latencies of pipeline modes {', '.join(sorted(modes))} contain different work: "
            "do not compare them"
        )
    if len({run.environment.fingerprint for run in runs}) > 1:
        warnings.append("the runs were made in different environments")
    return warnings


def _next_commands(runs: Sequence[Run]) -> tuple[tuple[str, str], ...]:
    if not runs:
        return ()
    ids = " ".join(run.id for run in runs[:4])
    commands = [(f"dlscope report {ids} --format html", "all of this as one page")]
    if any(spec.type == "image" for spec in runs[0].plan.model.inputs):
        command = f"dlscope study preprocessing {runs[0].plan.model.name}"
        commands.append((command, "what a wrong step would cost"))
    return tuple(commands)


def _refused(refusals: Sequence[Refusal]) -> Table:
    records = [
        {
            "model": each.model,
            "backend": each.framework,
            "reason": each.error.what,
            "fix": each.error.fix,
        }
        for each in refusals
    ]
    return Table.of("refused", _REFUSED_COLUMNS, records)


def _refusal_findings(refused: Table) -> list[Finding]:
    return [
        Finding(
            "warn",
            f"{row['model']} was not measured on {row['backend']}",
            refused.name,
            (index,),
            f"{row['reason']}; {row['fix']}",
        )
        for index, row in enumerate(refused)
    ]
