"""`Stacks`: in what exactly two isolated stacks differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import Run
from dlscope.core.table import Cell, Column, Table
from dlscope.reporting.words import plural

_COLUMNS = (
    Column("baseline", "str", "framework whose stack the other is held against"),
    Column("backend", "str", "framework whose stack is compared"),
    Column("part", "str", "Python, or a distribution"),
    Column("baseline_version", "str", "version in the stack of the baseline; none where absent"),
    Column("version", "str", "version in the other stack; none where absent"),
)
_NAMED = 6


@final
class Stacks(Analysis):
    """One row for each part in which a stack differs from the first one, by name of framework.

    Without two isolated stacks there is no row.
    """

    name: ClassVar[str] = "stacks"
    doc: ClassVar[str] = "What differs between isolated stacks."

    def _table(self, runs: Sequence[Run]) -> Table:
        found = {
            run.plan.framework.label: _parts(run.environment.stack)
            for run in sorted(runs, key=lambda each: each.plan.framework.label)
            if run.environment.stack
        }
        labels = list(found)
        records = [
            {"baseline": labels[0], "backend": other, **record}
            for other in labels[1:]
            for record in _differences(found[labels[0]], found[other])
        ]
        return Table.of("stacks", _COLUMNS, records)

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(_told(table))


def _parts(stack: Mapping[str, object]) -> dict[str, str]:
    """Versions by part, Python first."""
    packages = stack["packages"]
    assert isinstance(packages, Mapping)
    return {"Python": str(stack["python"]), **packages}


def _differences(
    baseline: Mapping[str, str], other: Mapping[str, str]
) -> Iterator[Mapping[str, Cell]]:
    for part in dict.fromkeys([*baseline, *other]):
        before, after = baseline.get(part), other.get(part)
        if before != after:
            yield {"part": part, "baseline_version": before, "version": after}


def _told(table: Table) -> Iterator[Finding]:
    """One finding for each pair of stacks: how much differs beside the framework."""
    pairs: dict[tuple[Cell, Cell], list[int]] = {}
    rows = list(table)
    for index, row in enumerate(rows):
        pairs.setdefault((row["baseline"], row["backend"]), []).append(index)
    for (baseline, backend), members in pairs.items():
        parts = [_change(rows[index]) for index in members[:_NAMED]]
        rest = len(members) - _NAMED
        more = f" and {rest} more" if rest > 0 else ""
        yield Finding(
            "note",
            f"The stacks of {baseline} and {backend} differ in {plural(len(members), 'part')}",
            table.name,
            tuple(members),
            ", ".join(parts) + more,
        )


def _change(row: Mapping[str, Cell]) -> str:
    before, after = (row[name] or "none" for name in ("baseline_version", "version"))
    return f"{row['part']} {before} → {after}"
