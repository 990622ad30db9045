"""Every table that a command can print, with its columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from dlscope.core.table import Column
from generate.adaptation_tables import adaptation_tables
from generate.benchmark_tables import benchmark_tables
from generate.codesign_tables import codesign_tables
from generate.fields import table
from generate.machine_tables import machine_tables
from generate.measured_tables import analysis_tables, evaluation_tables
from generate.skynet_tables import skynet_tables


def tables() -> str:
    """Every table that a command can print, with each column."""
    found = chain(
        analysis_tables(),
        codesign_tables(),
        benchmark_tables(),
        skynet_tables(),
        adaptation_tables(),
        evaluation_tables(),
        machine_tables(),
    )
    return "\n".join(
        f"## {name}\n\n{doc}\n\n{_columns_of(columns)}" for name, doc, columns in found
    )


def _columns_of(columns: Sequence[Column]) -> str:
    rows = [(f"`{each.name}`", each.dtype, each.unit or "", each.doc) for each in columns]
    return table(("column", "type", "unit", "meaning"), rows)
