"""The pictures of a profile: its timeline, the latency of its layers, and their roofline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.methods.profiling.analyses.base import is_of
from dlscope.methods.profiling.profile import Profile
from dlscope.reporting.index_bars import index_bars
from dlscope.reporting.roofline import roofline
from dlscope.reporting.timeline import timeline


def figures(profiles: Sequence[Profile], tables: Mapping[str, Table]) -> dict[str, Figure]:
    """`timeline`, `latency` and `roofline`, of the first profile."""
    if not profiles:
        return {}
    found: dict[str, Figure] = {}
    first = profiles[0]
    spans = _of(tables["timeline"], first)
    if len(spans):
        found["timeline"] = timeline(
            spans,
            row="level",
            name="name",
            start="start_ns",
            duration="duration_ns",
            part="part",
            title="Timeline",
        )
    latencies = _of(tables["a3"], first)
    if len(latencies):
        found["latency"] = index_bars(
            latencies, "name", "duration_us", title="Latency along the model"
        )
    layers = _of(tables["a14"], first)
    if first.ceilings is not None and any(cell for cell in layers.column("intensity")):
        found["roofline"] = roofline(
            layers,
            ["name"],
            intensity="intensity",
            gflops="gflops",
            area="duration_us",
            bound="memory_bound",
            peak_gflops=first.ceilings.flops_per_s / 1e9,
            bandwidth_gbytes=first.ceilings.bytes_per_s / 1e9,
            title="Roofline of the layers",
        )
    return found


def _of(table: Table, profile: Profile) -> Table:
    """The rows of `profile`."""
    rows = tuple(row for row, cells in zip(table.rows, table, strict=True) if is_of(cells, profile))
    return Table(table.name, table.columns, rows, table.title, table.note)
