"""The figures of an evaluation's report, each drawn from one of its tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dlscope.core.report import Figure
from dlscope.core.run import Run
from dlscope.core.stats import percentile, percentile_interval
from dlscope.core.table import Cell, Table
from dlscope.methods.evaluation.analyses.direction import is_error
from dlscope.reporting.charts import (
    Rule,
    heat_map,
    histogram,
    interval_dots,
    lines,
    run_order,
    scatter,
    stacked_bars,
)
from dlscope.reporting.load_curve import load_curve

_STARTS_DRAWN = 12
_PLACE = ("model", "backend")
_KINDS = ("system", "scenario", "pipeline", "version")
Row = Mapping[str, Cell]


def trade_off_figures(table: Table) -> tuple[Figure, ...]:
    """Accuracy against latency and against throughput; none where accuracies differ in kind."""
    metrics = set(table.column("metric")) - {None}
    if len(metrics) != 1:
        return ()
    is_lower = is_error(str(next(iter(metrics))))
    figures = [
        scatter(
            table,
            (*_PLACE, "system"),
            "mean_ns",
            "accuracy",
            lower_is_better="both" if is_lower else "x",
            size="graph_bytes",
            title="Accuracy against latency",
        )
    ]
    if set(table.column("throughput_per_s")) - {None}:
        figures.append(
            scatter(
                table,
                _PLACE,
                "throughput_per_s",
                "accuracy",
                lower_is_better="y" if is_lower else "none",
                size="graph_bytes",
                title="Accuracy against throughput",
            )
        )
    return tuple(figures)


def batch_figures(tables: Mapping[str, Table], runs: Sequence[Run]) -> tuple[Figure, Figure]:
    """Throughput over batch sizes, and divided by that of batch 1."""
    gains = heat_map(
        tables["scalability"],
        (*_PLACE, "system", "pipeline", "version"),
        "batch_size",
        "speed_up",
        absent="outcome",
        title="Throughput divided by that of batch 1",
    )
    # Repeats would make the lines go up and down at one place; the other table has their median.
    table = tables["scalability" if any(run.plan.repeat for run in runs) else "latency"]
    panel = [name for name in ("model", "system") if len(set(table.column(name))) > 1]
    rates = lines(table, "batch_size", "throughput_per_s", series="backend", panel=panel or None)
    return rates, gains


def peak_figures(peak: Table) -> tuple[Figure, ...]:
    """The bounded latency against the rates that a search has tried."""
    if set(peak.column("latency_ns")) == {None}:
        return ()
    figure = load_curve(
        peak,
        _PLACE,
        "rate_qps",
        "latency_ns",
        "holds",
        bound="bound_ns",
        title="Latency against the rate offered",
    )
    return (figure,)


def speed_up_figures(speed_up: Table) -> tuple[Figure, ...]:
    """The matrix of machines: how many times as fast each row is as each column."""
    figure = heat_map(
        speed_up,
        ("system", *_PLACE, "version"),
        "against",
        "latency",
        absent="reason",
        title="How many times as fast each row's machine is as each column's",
    )
    return (figure,) if len(speed_up) else ()


def stage_figures(stages: Table) -> tuple[Figure, ...]:
    """Where the time of an item goes: one bar for the first Run of each model and framework."""
    items = _first_runs(stages, lambda row: row["part"] == "item")
    title = "An item, stage by stage"
    return (stacked_bars(items, _PLACE, "stage", "mean_ns", title=title),) if len(items) else ()


def start_figures(cold_start: Table) -> tuple[Figure, ...]:
    """One bar for the first start of each model on each framework, at the smallest batch."""
    starts = _first_runs(cold_start, lambda row: row["share"] is not None)
    title = "Cold start, part by part"
    return (stacked_bars(starts, _PLACE, "part", "duration_ns", title=title),)


def _first_runs(table: Table, is_told: Callable[[Row], bool]) -> Table:
    """The rows of `table` that are told, of the first Run of each model on each framework."""
    first: dict[tuple[Cell, Cell], Cell] = {}
    for row in table:
        if is_told(row):
            first.setdefault((row["model"], row["backend"]), row["run"])
    drawn = set(list(first.values())[:_STARTS_DRAWN])
    pairs = zip(table.rows, table, strict=True)
    rows = tuple(cells for cells, row in pairs if row["run"] in drawn and is_told(row))
    return replace(table, rows=rows)


def latency_figures(tables: Mapping[str, Table], runs: Sequence[Run]) -> tuple[Figure, ...]:
    """The distribution of the one Run that measured, or one dot for each of several.

    Batches of different sizes have no axis in common: there the dots are those of single items.
    """
    measured = [run for run in runs if len(run.samples)]
    if len(measured) == 1:
        return _distribution(tables["latency"], measured[0])
    table = tables["latency" if len({r.plan.batch_size for r in measured}) == 1 else "models"]
    if set(table.column("mean_ns")) <= {None}:
        return ()
    labels = (*_PLACE, *(name for name in _KINDS if name in table))
    return (interval_dots(table, labels, "mean_ns", title="Mean latency of a query"),)


def _distribution(latency: Table, run: Run) -> tuple[Figure, Figure]:
    values = run.samples.latency_ns
    ordered = np.sort(values)
    rules = [
        Rule(f"p{p}", float(percentile(ordered, p / 100)), *_percentile_interval(values, p))
        for p in (50, 90, 99)
    ]
    return histogram(values, latency.name, rules=rules), run_order(values, latency.name)


def _percentile_interval(values: NDArray[np.int64], p: int) -> tuple[float, float]:
    interval = percentile_interval(values, p / 100)
    return interval.lo, interval.hi
