"""This machine: `doctor` tells what works here, `systems` what is recorded with every Run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlscope.core.report import Report


def doctor() -> Report:
    """Which backends work here, which do not, why, and how to get them; and which assets are here.

    Nothing is installed or changed.
    """
    from dlscope.agents.capabilities import asset_table, backend_table
    from dlscope.core.report import Report, Section

    backends, assets = backend_table(), asset_table()
    ready = [str(row["backend"]) for row in backends if row["available"]]
    missing = sum(not row["available"] for row in (*backends, *assets))
    answer = f"{len(ready)} backends work here: {', '.join(ready)}."
    if missing:
        answer += f" {missing} things are missing; the column fix says how to get them."
    return Report(
        title="dlscope on this machine",
        answer=answer,
        tables=(backends, assets),
        sections=(Section("Backends", (backends,)), Section("Models and data", (assets,))),
        command="dlscope doctor",
    )


def systems() -> Report:
    """This machine's system manifest as a table."""
    from dlscope.agents.capabilities import system_table
    from dlscope.core.report import Report, Section
    from dlscope.stacks.system import system

    table = system_table()
    cpu = system().cpu
    return Report(
        title="This machine",
        answer=f"{cpu.model}, {cpu.effective_cores} of {cpu.threads} threads usable.",
        tables=(table,),
        sections=(Section("System", (table,)),),
        command="dlscope systems",
    )
