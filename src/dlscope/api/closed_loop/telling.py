"""The closed loop as one report: predicted against measured, then part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dlscope.api.closed_loop.parts import Part
from dlscope.core.report import Block, Figure, Finding, Prose, Report, Section
from dlscope.core.table import Column, Table
from dlscope.core.units import format_number, format_percent
from dlscope.reporting.charts import interval_dots

_CLOSE = 0.15
LOOP = (
    Column("part", "str", "part of the loop", role="id"),
    Column("question", "str", "what it answers"),
    Column("reads", "str", "what it reads of an earlier part"),
    Column("gives", "str", "what it gives to later parts"),
    Column("wall_s", "float", "time that it took", "s", "value", 2),
    Column("cpu_s", "float", "CPU time of it and of its processes", "s", "value", 2),
    Column("command", "str", "the same by itself", priority=3),
)
HAND_OVERS = (
    Column("part", "str", "part that predicted it", role="id"),
    Column("quantity", "str", "what was predicted", role="id"),
    Column("table", "str", "where it was written", priority=3),
    Column("read_by", "str", "what was measured in the end", priority=2),
    Column("predicted", "float", "as the part predicted it", role="value"),
    Column("measured", "float", "as another part measured it", role="value"),
    Column("unit", "str", "unit of both"),
    Column("ratio", "float", "predicted ÷ measured", role="value"),
)


def loop_report(parts: Sequence[Part]) -> Report:
    """One report of all parts; the table `hand_overs` is its answer."""
    loop, hand_overs, names = _loop(parts), _hand_overs(parts), _named(parts)
    close = sum(abs(each.ratio - 1) <= _CLOSE for part in parts for each in part.hand_overs)
    dots = interval_dots(
        hand_overs, ["quantity"], "ratio", reference=1.0, title="Predicted ÷ measured"
    )
    return Report(
        title="A model's cost, measured, explained, predicted and bounded; and a network designed",
        answer=(
            f"{close} of {len(hand_overs)} numbers that one part predicted were within "
            f"{format_percent(_CLOSE)} of what another measured. It took "
            f"{format_number(sum(part.wall_s for part in parts) / 60)} min."
        ),
        tables=(hand_overs, loop, *_tables(parts, names)),
        findings=tuple(_findings(parts, names)),
        sections=(
            Section("Predicted against measured", (dots, hand_overs.view(*_SHOWN))),
            *(_section(part, own) for part, own in zip(parts, names, strict=True)),
            Section("What each part took", (loop,)),
        ),
        runs=tuple(run for part in parts for run in part.report.runs),
        warnings=tuple(
            f"{part.name}: {warning}" for part in parts for warning in part.report.warnings
        ),
        next_commands=tuple((part.command, part.question) for part in parts[-3:]),
        command="dlscope demo --full",
        created_utc=max((part.report.created_utc for part in parts), default=""),
    )


_SHOWN = ("quantity", "read_by", "predicted", "measured", "unit", "ratio")


def _loop(parts: Sequence[Part]) -> Table:
    return Table.of(
        "loop",
        LOOP,
        (
            {
                "part": part.name,
                "question": part.question,
                "reads": part.reads,
                "gives": part.gives,
                "wall_s": round(part.wall_s, 1),
                "cpu_s": round(part.cpu_s, 1),
                "command": part.command,
            }
            for part in parts
        ),
        title="The loop",
    )


def _hand_overs(parts: Sequence[Part]) -> Table:
    return Table.of(
        "hand_overs",
        HAND_OVERS,
        (
            {
                "part": part.name,
                "quantity": each.quantity,
                "table": each.table,
                "read_by": each.read_by,
                "predicted": each.predicted,
                "measured": each.measured,
                "unit": each.unit,
                "ratio": each.ratio,
            }
            for part in parts
            for each in part.hand_overs
        ),
        title="Predicted and measured",
    )


def _named(parts: Sequence[Part]) -> list[dict[str, str]]:
    """For each part the names of its tables; one that is taken gets that of its part in front."""
    taken = {"loop", "hand_overs"}
    found = []
    for part in parts:
        names = {table.name: table.name for table in part.report.tables}
        own = part.name.replace(" ", "_")
        names = {name: f"{own}_{name}" if name in taken else name for name in names}
        taken |= set(names.values())
        found.append(names)
    return found


def _tables(parts: Sequence[Part], names: Sequence[Mapping[str, str]]) -> Iterator[Table]:
    for part, own in zip(parts, names, strict=True):
        for table in part.report.tables:
            yield Table(own[table.name], table.columns, table.rows, table.title, table.note)


def _findings(parts: Sequence[Part], names: Sequence[Mapping[str, str]]) -> Iterator[Finding]:
    """The first of each part."""
    for part, own in zip(parts, names, strict=True):
        for finding in part.report.findings[:1]:
            yield replace(finding, evidence=own.get(finding.evidence, finding.evidence))


def _section(part: Part, names: Mapping[str, str]) -> Section:
    """The answer of a part, its first figure, and how to get the rest."""
    figures: list[Block] = [
        replace(block, name=f"{part.name.replace(' ', '_')}_{block.name}", table=names[block.table])
        for section in part.report.sections
        for block in section.blocks
        if isinstance(block, Figure)
    ]
    return Section(
        part.question,
        (Prose(part.report.answer), *figures[:1]),
        note=f"By itself: {part.command}",
    )
