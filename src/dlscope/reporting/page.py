"""`Page`: the numbered parts of a report page, linked to one another, with the data in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, final

from markupsafe import Markup

from dlscope.core.errors import FigureError
from dlscope.core.report import Facts, Figure, Finding, Picture, Prose, Report, Section, tables_of
from dlscope.core.table import Table
from dlscope.reporting.figures import svg
from dlscope.reporting.json import finite
from dlscope.reporting.view import (
    FigureView,
    FindingView,
    PictureView,
    SectionView,
    TableView,
    finding_view,
    table_view,
)
from dlscope.reporting.words import plain, plural

_WIDTHS: Mapping[str, int] = {"wide": 1180, "middle": 700, "narrow": 330}
_MOST_EMBEDDED_BYTES = 2_000_000
_ROWS_WHEN_CUT = 200


@final
class Page:
    """The numbered parts of a report page; tables are numbered in the order they are drawn."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._tables = {table.name: table for table in report.tables}
        for section in report.sections:
            for table in tables_of(section.blocks):
                self._tables.setdefault(table.name, table)
        self.cuts: list[str] = []
        self._numbers: dict[str, int] = {}
        self._figures = 0
        first = 2 if report.findings or report.warnings else 1
        self.sections = [self._section(s, n) for n, s in enumerate(report.sections, start=first)]
        self.further = [self._link(name) for name in self._tables if name not in self._numbers]
        self.findings = self._findings()
        self.data = self._data()
        self.rest = _script_json(
            {
                "findings": [finding.to_json() for finding in report.findings],
                "runs": list(report.runs),
                "warnings": list(report.warnings),
            }
        )
        self.attachments = [
            (plain(name), _script_json(text)) for name, text in report.attachments.items()
        ]

    def source(self, name: str) -> str:
        """The id of the data of the table called `name`, empty when the report lacks it."""
        return f"d{list(self._tables).index(name) + 1}" if name in self._tables else ""

    def _section(self, section: Section, number: int) -> SectionView:
        blocks = tuple(self._block(block) for block in section.blocks)
        own = [view for kind, view in blocks if kind == "table"]
        merged = own[0] if len(own) == 1 and not any(k == "figure" for k, _ in blocks) else None
        note = plain(section.note)
        if merged is not None:
            said = [f"table {merged.number}", note or merged.note]
            note = ", ".join(part for part in said if part)
        return SectionView(
            id=f"s{number}",
            number=number,
            title=plain(section.title),
            note=note,
            blocks=blocks,
            source=self.source(merged.name) if merged is not None else "",
        )

    def _block(self, block: Any) -> tuple[str, Any]:
        if isinstance(block, Table):
            return "table", self._table(block)
        if isinstance(block, Figure):
            return "figure", self._figure(block)
        if isinstance(block, Facts):
            return "facts", [(plain(term), plain(value)) for term, value in block.pairs]
        if isinstance(block, Picture):
            return "picture", PictureView.of(block)
        assert isinstance(block, Prose)
        return "prose", plain(block.text)

    def _table(self, table: Table) -> TableView:
        number = self._numbers.setdefault(table.name, len(self._numbers) + 1)
        return table_view(table, id=f"t{number}", number=number)

    def _figure(self, figure: Figure) -> FigureView:
        self._figures += 1
        meta = figure.spec.get("usermeta", {}).get("dlscope", {})
        caption = ". ".join(part for part in (figure.caption, meta.get("left_out", "")) if part)
        common: dict[str, Any] = {
            "number": self._figures,
            "title": plain(figure.title),
            "caption": plain(caption),
            "source": self.source(figure.table),
        }
        prefix = f"f{self._figures}"
        try:
            drawings = {
                name: Markup(svg(figure, width, prefix=f"{prefix}{name[0]}-"))
                for name, width in _WIDTHS.items()
            }
        except FigureError as error:
            table = self._tables.get(figure.table)
            shown = table_view(table, id=f"{prefix}t") if table is not None else None
            common |= {"problem": error.what, "fix": error.fix, "table": shown}
            return FigureView(drawings={}, **common)
        return FigureView(drawings=drawings, legend=meta.get("legend", ()), **common)

    def _findings(self) -> list[FindingView]:
        blocks = [block for section in self.sections for block in section.blocks]
        drawn = {view.name: view for kind, view in blocks if kind == "table"}
        warnings = [FindingView("warn", plain(text), "", "", "") for text in self._report.warnings]
        return warnings + [
            finding_view(finding, {finding.evidence: self._anchor(finding, drawn)}, self._numbers)
            for finding in self._report.findings
        ]

    def _anchor(self, finding: Finding, drawn: Mapping[str, TableView]) -> str:
        view = drawn.get(plain(finding.evidence))
        if view is None:
            return "further" if finding.evidence in self._tables else ""
        first = min(finding.rows, default=-1)
        has_row = any(row.number == first for row in view.rows)
        return f"{view.id}-r{first}" if first >= 0 and has_row else view.id

    def _link(self, name: str) -> tuple[str, str, str]:
        table = self._tables[name]
        return self.source(name), plain(table.title or name), plural(len(table), "row")

    def _data(self) -> list[tuple[str, str, Markup]]:
        """Id, name and content of every table, as JSON; the largest are cut to spare the page."""
        texts = {name: _script_json(table.to_json()) for name, table in self._tables.items()}
        for name in sorted(texts, key=lambda name: -len(texts[name])):
            if sum(map(len, texts.values())) <= _MOST_EMBEDDED_BYTES:
                break
            table = self._tables[name]
            cut = Table(name, table.columns, table.rows[:_ROWS_WHEN_CUT])
            texts[name] = _script_json(cut.to_json())
            self.cuts.append(_cut_note(table))
        return [(self.source(name), json.dumps(name), text) for name, text in texts.items()]


def _cut_note(table: Table) -> str:
    title = plain(table.title or table.name)
    return (
        f"The data of {title} in this file are the first {_ROWS_WHEN_CUT} "
        f"of {plural(len(table), 'row')}; --format csv gives all."
    )


def _script_json(value: Any) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(finite(value), ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
