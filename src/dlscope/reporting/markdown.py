"""`MarkdownRenderer`: a Report as Markdown, with the digits that every other face shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import final

from dlscope.core.report import Block, Facts, Finding, Picture, Prose, Report, Section
from dlscope.core.table import Table
from dlscope.reporting.cells import Shown, ShownColumn, display
from dlscope.reporting.text import gain_of, rows_of
from dlscope.reporting.view import SIGNS
from dlscope.reporting.words import plain, plural

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~&!$])")


@final
class MarkdownRenderer:
    """Title, answer, findings and sections; figures are named, their tables are shown."""

    def report(self, report: Report) -> str:
        """`report` as one document; ends with a newline."""
        parts = [f"# {escape(report.title)}", escape(report.answer)]
        parts += [f"- ▲ {escape(warning)}" for warning in report.warnings]
        if report.findings:
            parts += ["## Findings", "\n".join(_finding(f) for f in report.findings)]
        for section in report.sections:
            parts += _section(section)
        if report.command:
            parts.append(f"Same result: {_code(report.command)}")
        return "\n\n".join(part for part in parts if part) + "\n"


def table_to_markdown(table: Table) -> str:
    """`table` as a pipe table: unit in the header, interval beside its value, 100 rows drawn."""
    shown = display(table)
    header, rule, rows = ["|"], ["|"], [["|"] for _ in shown.rows]
    for column in shown.columns:
        title = f"{column.header} ({column.unit})" if column.unit else column.header
        header.append(f" {escape(title)} |")
        rule.append(" ---: |" if column.is_number else " --- |")
        for row, cell in zip(rows, column.cells, strict=True):
            row.append(f" {escape(_cell(cell, column))} |")
    lines = ["".join(line) for line in (header, rule, *rows)]
    if shown.left_out:
        lines += ["", f"{len(shown.rows)} of {plural(len(table), 'row')} shown."]
    return "\n".join(lines)


def escape(text: str) -> str:
    """`text` on one line, with everything that Markdown or HTML would read as markup escaped."""
    escaped = _SPECIAL.sub(r"\\\1", plain(text))
    return re.sub(r"^(\d*)([-+.)])(?=[\s-]|$)", r"\1\\\2", escaped)


def _cell(cell: Shown, column: ShownColumn) -> str:
    text = f"{SIGNS[cell.sign]} {cell.text}" if cell.sign else cell.text
    return f"{text} {cell.interval}" if column.has_interval and cell.interval else text


def _section(section: Section) -> Iterator[str]:
    yield f"## {escape(section.title)}"
    yield escape(section.note)
    for block in section.blocks:
        yield _block(block)


def _block(block: Block) -> str:
    if isinstance(block, Table):
        note = f"\n\n{escape(block.note)}" if block.note else ""
        return f"**{escape(block.title or block.name)}**{note}\n\n{table_to_markdown(block)}"
    if isinstance(block, Prose):
        return escape(block.text)
    if isinstance(block, Facts):
        return "\n".join(f"- {escape(term)}: {escape(value)}" for term, value in block.pairs)
    if isinstance(block, Picture):
        said = ". ".join(escape(part) for part in (block.alt, block.caption) if part)
        return f"Picture: {escape(block.title)}. {said}"
    return f"Figure: {escape(block.title)} (table {escape(block.table)}). {escape(block.caption)}"


def _finding(finding: Finding) -> str:
    gain = f" ({escape(gain_of(finding))})" if finding.gain is not None else ""
    source = f"{escape(finding.evidence)} {rows_of(finding)}".strip()
    said = [escape(part) for part in (finding.detail, finding.advice) if part]
    below = "; ".join([*said, f"table {source}"])
    return f"- {SIGNS[finding.sign]} **{escape(finding.claim)}**{gain}  \n  {below}"


def _code(text: str) -> str:
    shown = plain(text)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{shown}{space}{fence}"
