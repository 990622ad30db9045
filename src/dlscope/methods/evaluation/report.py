"""The report of an evaluation: the answer, the findings, the tables, how it was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from dlscope.core import registry
from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding, Report
from dlscope.core.run import Run
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.evaluation.analyses.agreement import Agreement
from dlscope.methods.evaluation.planning import Refusal
from dlscope.methods.evaluation.report_answer import answer, title
from dlscope.methods.evaluation.report_sections import report_sections
from dlscope.methods.evaluation.variants import as_declared

_ANALYSES = ("models", "accuracy", "latency", "stages", "validity", "failures", "mistakes")
_TELLING: Mapping[str, Callable[[Table], bool]] = {
    "declaration": lambda table: _has(table, "reason") or _has(table, "p_gain") or _fits(table),
    "identical": lambda table: _has(table, "same_as"),
    "claims": lambda table: _has(table, "claim"),
    "regression": lambda table: _has(table, "verdict"),
    "trade_off": lambda table: len({row["model"] for row in table if _is_placed(row)}) > 1,
    "scalability": lambda table: sum(n is not None for n in set(table.column("speed_up"))) > 1,
    "systems": lambda table: _has(table, "price_per_hour") or _several(table, "system"),
    "stacks": lambda table: len(table) > 0,
    "speed_up": lambda table: _has(table, "latency") or _has(table, "throughput"),
    "load": lambda table: len(table) > 0,
    "peak": lambda table: len(table) > 0,
    "cold_start": lambda table: _has(table, "share"),
}
"""Analyses that enter a report only where they have something to say, and when that is."""
_NAMED_RUNS = 4
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
    """Everything to tell of `runs`; the same Runs always give the same report.

    Runs of variants, which the study of a declaration makes, are evidence for the table
    `declaration` and enter no other.
    """
    declared = as_declared(runs)
    told = _told(declared, runs, baseline)
    tables = {table.name: table for table, _ in told}
    tables["refused"] = _refused(refusals)
    found = [finding for _, findings in told for finding in findings]
    found.extend(_refusal_findings(tables["refused"]))
    findings = tuple(sorted(found, key=lambda each: _SIGN_ORDER.index(each.sign)))
    return Report(
        title=title(declared),
        answer=answer(tables, findings),
        tables=tuple(tables.values()),
        findings=findings,
        sections=report_sections(tables, declared),
        runs=tuple(run.id for run in runs),
        warnings=tuple(_warnings(declared)),
        next_commands=_next_commands(declared),
        command=command,
        created_utc=max((run.started_utc for run in runs), default=""),
    )


def _told(
    declared: Sequence[Run], runs: Sequence[Run], baseline: str | None
) -> list[tuple[Table, tuple[Finding, ...]]]:
    """Each table with its findings; of `_TELLING` those that say something."""
    analyses: list[Analysis] = [registry.load("analyses", name)() for name in _ANALYSES]
    if len({run.plan.framework.label for run in declared}) > 1:
        analyses.append(Agreement(baseline))
    told = []
    for analysis in (*analyses, *(registry.load("analyses", name)() for name in _TELLING)):
        table = analysis.table(runs if analysis.name == "declaration" else declared)
        if analysis.name not in _TELLING or _TELLING[analysis.name](table):
            told.append((table, analysis.findings(table)))
    return told


def _has(table: Table, name: str) -> bool:
    return any(cell is not None for cell in table.column(name))


def _several(table: Table, name: str) -> bool:
    return len(set(table.column(name))) > 1


def _fits(table: Table) -> bool:
    return "fits better" in table.column("verdict")


def _is_placed(row: Mapping[str, Cell]) -> bool:
    return row["latency_front"] is not None or row["throughput_front"] is not None


def _warnings(runs: Sequence[Run]) -> list[str]:
    modes = {run.plan.scenario.pipeline for run in runs if len(run.samples)}
    warnings = []
    if len(modes) > 1:
        warnings.append(
            f"latencies of pipeline modes {', '.join(sorted(modes))} contain different work: "
            "do not compare them"
        )
    if len({_machine_fingerprint(run) for run in runs}) > 1:
        warnings.append("the runs were made in different environments")
    return warnings


def _machine_fingerprint(run: Run) -> str:
    """The environment without the framework's own stack, whose differences are a table."""
    return replace(run.environment, stack={}).fingerprint


def _next_commands(runs: Sequence[Run]) -> tuple[tuple[str, str], ...]:
    if not runs:
        return ()
    ids = " ".join(run.id for run in runs)
    commands = [(f"dlscope report {ids} --format html", "all of this as one page")]
    if len(runs) > _NAMED_RUNS:
        commands = [("dlscope evaluate … --format html", "the same as one page, nothing anew")]
    if all(run.status == "failed" for run in runs):
        return tuple(commands)
    model = next((run for run in runs if run.metrics), runs[0]).plan.model
    has_steps = not model.has_hook("preprocess")
    is_scored = any(run.metrics for run in runs)
    if is_scored and has_steps and any(spec.type == "image" for spec in model.inputs):
        command = f"dlscope study preprocessing {model.name}"
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
