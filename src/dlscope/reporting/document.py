"""A Report as plain data with nothing left out, and back: what crosses a process or a file.

The JSON contract of commands has tables and findings alone; here are sections, figures, pictures
and the roles of columns, too.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from dlscope.core.report import Block, Facts, Figure, Finding, Picture, Prose, Report, Section
from dlscope.core.table import Column, Table


def document_of(report: Report) -> dict[str, Any]:
    """`report` as plain data, which JSON can hold."""
    return {
        "title": report.title,
        "answer": report.answer,
        "tables": [_table(table) for table in report.tables],
        "findings": [asdict(finding) for finding in report.findings],
        "sections": [_section(section) for section in report.sections],
        "runs": list(report.runs),
        "warnings": list(report.warnings),
        "next_commands": [list(pair) for pair in report.next_commands],
        "command": report.command,
        "created_utc": report.created_utc,
        "attachments": dict(report.attachments),
    }


def report_of(document: Mapping[str, Any]) -> Report:
    """The report that `document_of` told; equal to it."""
    return Report(
        title=document["title"],
        answer=document["answer"],
        tables=tuple(map(_table_of, document["tables"])),
        findings=tuple(
            Finding(**{**finding, "rows": tuple(finding["rows"])})
            for finding in document["findings"]
        ),
        sections=tuple(map(_section_of, document["sections"])),
        runs=tuple(document["runs"]),
        warnings=tuple(document["warnings"]),
        next_commands=tuple((command, said) for command, said in document["next_commands"]),
        command=document["command"],
        created_utc=document["created_utc"],
        attachments=dict(document["attachments"]),
    )


def _section(section: Section) -> dict[str, Any]:
    return {
        "title": section.title,
        "note": section.note,
        "blocks": [_block(block) for block in section.blocks],
    }


def _section_of(document: Mapping[str, Any]) -> Section:
    blocks = tuple(_BLOCKS[block["kind"]](block) for block in document["blocks"])
    return Section(document["title"], blocks, document["note"])


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Table):
        return {"kind": "table", **_table(block)}
    if isinstance(block, Facts):
        return {"kind": "facts", "pairs": [list(pair) for pair in block.pairs]}
    if isinstance(block, Picture):
        content = base64.b64encode(block.content).decode()
        return {"kind": "picture", **asdict(block), "content": content}
    return {"kind": type(block).__name__.lower(), **asdict(block)}


def _table(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "title": table.title,
        "note": table.note,
        "columns": [asdict(column) for column in table.columns],
        "rows": table.to_json()["rows"],
    }


def _table_of(document: Mapping[str, Any]) -> Table:
    # Names of what is no finite number are read where the columns are known.
    bare = [{name: each[name] for name in _PUBLIC} for each in document["columns"]]
    read = Table.from_json(document["name"], {"columns": bare, "rows": document["rows"]})
    columns = tuple(Column(**column) for column in document["columns"])
    return Table(document["name"], columns, read.rows, document["title"], document["note"])


def _facts(document: Mapping[str, Any]) -> Facts:
    return Facts(tuple((term, value) for term, value in document["pairs"]))


def _figure(document: Mapping[str, Any]) -> Figure:
    return Figure(**{name: each for name, each in document.items() if name != "kind"})


def _picture(document: Mapping[str, Any]) -> Picture:
    fields = {name: each for name, each in document.items() if name != "kind"}
    return Picture(**{**fields, "content": base64.b64decode(document["content"])})


_PUBLIC = ("name", "dtype", "unit", "doc")
_BLOCKS: Mapping[str, Callable[[Mapping[str, Any]], Block]] = {
    "table": _table_of,
    "facts": _facts,
    "figure": _figure,
    "picture": _picture,
    "prose": lambda document: Prose(document["text"]),
}
