"""The pictures of an analysis: measured against bounds, advice, the ideal schedule, the gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.methods.bounds.model_analysis import ModelAnalysis
from dlscope.reporting.bound_dots import bound_dots
from dlscope.reporting.predicted_dots import predicted_dots
from dlscope.reporting.timeline import timeline

_RULES = (
    ("roofline_ns", "floor"),
    ("parallel_ns", "parallel"),
    ("fused_ns", "fused"),
    ("sequential_ns", "sequential"),
)


def figures_of(analyses: Sequence[ModelAnalysis], tables: Mapping[str, Table]) -> dict[str, Figure]:
    """`bounds`, `advice` and `critical_path`, of the first model."""
    if not analyses:
        return {}
    found: dict[str, Figure] = {}
    bounds, advice, path = (
        _of(tables[name], analyses[0]) for name in ("bounds", "advice", "critical_path")
    )
    if any(cell is not None for cell in bounds.column("measured_ns")):
        found["bounds"] = bound_dots(
            bounds,
            "backend",
            "measured_ns",
            rules=_RULES,
            floor="roofline_ns",
            title="Measured against bounds",
        )
    if len(advice):
        found["advice"] = predicted_dots(
            advice,
            "change",
            predicted="predicted_saving_ms",
            achieved="achieved_saving_ms",
            title="Predicted and achieved savings",
        )
    if len(path):
        found["critical_path"] = timeline(
            path,
            row="lane",
            name="name",
            start="start_ns",
            duration="duration_ns",
            part="part",
            title="Ideal schedule",
        )
    return found


def _of(table: Table, analysis: ModelAnalysis) -> Table:
    """The rows of one model and batch size."""
    has_batch = "batch_size" in table
    rows = tuple(
        row
        for row, cells in zip(table.rows, table, strict=True)
        if cells["model"] == analysis.name
        and (not has_batch or cells["batch_size"] == analysis.batch)
    )
    return Table(table.name, table.columns, rows, table.title, table.note)
