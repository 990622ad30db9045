"""This machine: `doctor` tells what works here, `systems` what is recorded with every Run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlscope.core.report import Finding, Report
    from dlscope.core.table import Table


def doctor() -> Report:
    """Which backends work here, which do not, why, and how to get them; and which assets are here.

    Nothing is installed or changed.
    """
    from dlscope.agents.capabilities import asset_table, backend_table
    from dlscope.core.report import Report, Section

    backends, assets = backend_table(), asset_table()
    ready = [str(row["backend"]) for row in backends if row["available"]]
    findings = (*_missing(backends, "backend"), *_missing(assets, "name"))
    answer = f"{len(ready)} backends work here: {', '.join(ready)}."
    if findings:
        answer += " What is missing, and how to get it:"
    shown_backends = backends.view("backend", "available", "version", "formats", "devices")
    return Report(
        title="dlscope on this machine",
        answer=answer,
        tables=(backends, assets),
        findings=findings,
        sections=(
            Section("Backends", (shown_backends,)),
            Section("Models and data", (assets.view("kind", "name", "available"),)),
        ),
        command="dlscope doctor",
    )


def _missing(table: Table, name: str) -> tuple[Finding, ...]:
    """One finding for each way of getting something that is not there."""
    from dlscope.core.report import Finding

    groups: dict[str, list[int]] = {}
    rows = list(table)
    for index, row in enumerate(rows):
        if not row["available"]:
            groups.setdefault(str(row["fix"]), []).append(index)
    return tuple(
        Finding(
            "note",
            f"{', '.join(str(rows[index][name]) for index in members)}: {fix}",
            table.name,
            tuple(members),
            str(rows[members[0]]["reason"]),
        )
        for fix, members in groups.items()
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
