"""The sections of an evaluation's report: which tables and figures are drawn, in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dlscope.core.report import Block, Facts, Figure, Prose, Section
from dlscope.core.run import Run
from dlscope.core.table import Table
from dlscope.methods.evaluation.key_figures import key_figures
from dlscope.methods.evaluation.report_columns import shown_tables
from dlscope.methods.evaluation.report_figures import (
    batch_figures,
    latency_figures,
    peak_figures,
    speed_up_figures,
    stage_figures,
    start_figures,
    trade_off_figures,
)
from dlscope.reporting.words import plural

_READABLE_RUNS = 4
_READABLE_CONDITIONS = 30
_LISTED_PLANS = 6


def report_sections(tables: Mapping[str, Table], runs: Sequence[Run]) -> tuple[Section, ...]:
    """Sections in the order in which they are read; `tables` by name, those of the report."""
    shown, facts = shown_tables(tables), key_figures(runs)
    sections = [
        Section("Key figures", (Facts(facts),) if facts else ()),
        Section("Models", _filled(shown, "models", "refused")),
        Section("Declaration", _filled(shown, "declaration", "identical")),
        Section("Against what was published", _filled(shown, "claims")),
        Section("Since the baseline", _filled(shown, "regression")),
        Section("Load", _filled(shown, "load")),
        Section("Peak", _drawn(peak_figures, shown, tables, "peak")),
        Section("Accuracy against speed", _drawn(trade_off_figures, shown, tables, "trade_off")),
        Section("Latency", (*latency_figures(tables, runs), *_filled(shown, "latency"))),
        Section("Batch size", batch_figures(tables, runs) if "scalability" in tables else ()),
        Section(
            "Machines",
            (*_drawn(speed_up_figures, shown, tables, "speed_up"), *_filled(shown, "systems")),
        ),
        Section("Accuracy", _filled(shown, "accuracy", "mistakes", "failures")),
        Section("Agreement", _filled(shown, "agreement")),
        Section("Stages", _stages(shown, tables)),
        Section("How it was measured", (Prose(_method(runs)), *_conditions(shown))),
        Section("Stacks", _filled(shown, "stacks")),
        Section("Environment", (Facts(_environment(runs)),) if runs else ()),
    ]
    return tuple(section for section in sections if section.blocks)


def _drawn(
    draw: Callable[[Table], tuple[Figure, ...]],
    shown: Mapping[str, Table],
    tables: Mapping[str, Table],
    name: str,
) -> tuple[Block, ...]:
    """The figures of the table called `name`, then the table; nothing where it is not told."""
    return (*draw(tables[name]), *_filled(shown, name)) if name in tables else ()


def _filled(tables: Mapping[str, Table], *names: str) -> tuple[Table, ...]:
    return tuple(tables[name] for name in names if name in tables and len(tables[name]))


def _stages(shown: Mapping[str, Table], tables: Mapping[str, Table]) -> tuple[Block, ...]:
    """The table of few Runs; of more only bars, the table has its place among the data."""
    starts = start_figures(tables["cold_start"]) if "cold_start" in tables else ()
    is_short = len(set(tables["stages"].column("run"))) <= _READABLE_RUNS
    items = _filled(shown, "stages") if is_short else stage_figures(tables["stages"])
    return (*items, *starts)


def _conditions(shown: Mapping[str, Table]) -> tuple[Block, ...]:
    """What must hold for each Run: of many Runs only what does not."""
    validity = shown["validity"]
    if len(validity) <= _READABLE_CONDITIONS:
        return _filled(shown, "validity")
    pairs = zip(validity.rows, validity, strict=True)
    broken = tuple(cells for cells, row in pairs if not row["holds"])
    said = f"{len(validity) - len(broken)} of {len(validity)} conditions hold."
    return (Prose(said), *((replace(validity, rows=broken),) if broken else ()))


def _method(runs: Sequence[Run]) -> str:
    modes = sorted({run.plan.scenario.pipeline for run in runs})
    kinds = sorted({run.plan.dataset.data_kind for run in runs})
    threads = sorted({run.plan.framework.options.get("threads", 0) for run in runs})
    counts = [plural(count, "thread") if count else "a thread for each core" for count in threads]
    each = ", each" if len(runs) > 1 else ""
    return (
        f"{plural(len(runs), 'run')}{each} in a fresh worker process, one measurement on the "
        f"machine at a time. A query is timed in pipeline mode {' or '.join(modes)}, after a "
        f"warm-up at its own batch size, with {' or '.join(counts)}. The mean is trimmed by a "
        "fifth at either end; intervals are 95 %, a block bootstrap over queries in order of "
        f"issue for latency and Wilson for counts. Data: {', '.join(kinds)}."
    )


def _environment(runs: Sequence[Run]) -> tuple[tuple[str, str], ...]:
    environment = runs[0].environment
    frameworks = sorted({f"{run.plan.framework.name} {run.plan.framework.version}" for run in runs})
    return (
        *_machine(environment.system),
        ("Python", environment.python),
        ("frameworks", ", ".join(frameworks)),
        *_stacks(runs),
        *_hooks(runs),
        ("fingerprint", environment.fingerprint[:12]),
        ("plans", _listed(sorted({run.plan.digest[:12] for run in runs}))),
    )


def _stacks(runs: Sequence[Run]) -> Iterator[tuple[str, str]]:
    """Each isolated stack that a framework ran in."""
    for run in {run.plan.framework.label: run for run in runs}.values():
        stack = run.plan.framework.stack
        if stack is not None:
            told = f"Python {stack.python}, {plural(len(stack.requirements), 'distribution')}"
            yield f"stack of {run.plan.framework.label}", f"{told}, {stack.digest[:12]}"


def _hooks(runs: Sequence[Run]) -> Iterator[tuple[str, str]]:
    """The code of their own that the models ran, and where; nothing where none did."""
    for model in {run.plan.model.name: run.plan.model for run in runs}.values():
        if model.hooks is not None:
            places = ", ".join(model.hooks.functions)
            told = f"{model.hooks.file_name} {model.hooks.sha256[:12]}: {places}"
            yield f"hooks of {model.name}", told


def _machine(system: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is told of the machine; an agent may tell little."""
    cpu = system.get("cpu", {})
    if "model" in cpu:
        cores = cpu.get("effective_cores", cpu.get("cores"))
        yield "CPU", f"{cpu['model']}, {plural(cores, 'core')}" if cores else cpu["model"]
    if "memory_bytes" in system:
        yield "memory", f"{system['memory_bytes'] / 2**30:.0f} GiB"
    if "operating_system" in system:
        yield "system", f"{system['operating_system']}, kernel {system.get('kernel', 'unknown')}"


def _listed(digests: Sequence[str]) -> str:
    rest = len(digests) - _LISTED_PLANS
    more = f" and {rest} more" if rest > 0 else ""
    return ", ".join(digests[:_LISTED_PLANS]) + more
