"""Registered analyses by name: `analyses` lists them, `analyse` carries one out over runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dlscope.core.table import Column, Table

if TYPE_CHECKING:
    from dlscope.core.report import Report

_COLUMNS = (
    Column("analysis", "str", "name of the analysis", role="id"),
    Column("question", "str", "what it answers"),
)
_FIELD_COLUMNS = (
    Column("column", "str", "name of the column", role="id"),
    Column("unit", "str", "its unit"),
    Column("meaning", "str", "what it holds"),
)


def analyses() -> Report:
    """Every registered analysis."""
    from dlscope.core import registry
    from dlscope.core.report import Report, Section

    records = [
        {"analysis": name, "question": registry.load("analyses", name).doc}
        for name in sorted(registry.names("analyses"), key=_in_order)
    ]
    table = Table.of("analyses", _COLUMNS, records)
    return Report(
        title="Analyses",
        answer=f"{len(table)} questions that stored runs can be asked.",
        tables=(table,),
        sections=(Section("Analyses", (table,)),),
    )


def analyse(name: str, runs: Sequence[str], *, store: str | None = None) -> Report:
    """The table of one analysis over stored runs, whole, with what each column holds.

    Raises `PluginError` for an unknown analysis, `StoreError` for an unknown run.
    """
    from dlscope.core import registry
    from dlscope.core.report import Report, Section
    from dlscope.store import Store

    made = registry.load("analyses", name)()
    with Store.open(store) as opened:
        found = [opened.run(run) for run in dict.fromkeys(runs)]
    table = made.table(found)
    fields = [
        {"column": each.name, "unit": each.unit, "meaning": each.doc} for each in table.columns
    ]
    explained = Table.of("columns", _FIELD_COLUMNS, fields)
    return Report(
        title=table.title,
        answer=made.doc,
        tables=(table, explained),
        findings=made.findings(table),
        sections=(
            Section(table.title, (table,), note=table.note),
            Section("What the columns hold", (explained,)),
        ),
        runs=tuple(run.id for run in found),
        command=f"dlscope report {' '.join(run.id for run in found)}",
    )


def _in_order(name: str) -> tuple[str, int]:
    """`a2` before `a10`."""
    return (name[0], int(name[1:])) if name[1:].isdecimal() else (name, 0)
