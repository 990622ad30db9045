"""The numbered parts of a page: sections with their tables, figures and pictures, findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

from dlscope.core.report import Facts, Figure, Finding, Picture, Report, Section
from dlscope.core.table import Table
from dlscope.reporting.view import FigureView, FindingView, PictureView, finding_view
from dlscope.reporting.words import plain
from dlscope.web.drawings import Drawings
from dlscope.web.queries import Query
from dlscope.web.shown_tables import ShownTable, shown_table

_AGAINST_BASELINE = ("differing_fields",)
"""Tables with a column for each run, of which cells are marked that differ."""
_WEIGHTS = {"strip": 2, "share": 2, "text": 1.5, "text short": 1.5}
_SLIM = 8
"""Columns, by how wide they are, that fit into half a page."""


@dataclass(frozen=True)
class Block:
    """A part of a section: `kind` is figures, pictures, table, facts or prose."""

    kind: str
    value: Any


@dataclass(frozen=True)
class ShownSection:
    """A titled part of a page; where its only block is a table, that is told in its head."""

    id: str
    title: str
    note: str
    blocks: Sequence[Block]

    @property
    def figure(self) -> tuple[FigureView, Sequence[tuple[str, str]]] | None:
        """The figure that is all there is, with its links."""
        is_one = len(self.blocks) == 1 and self.blocks[0].kind == "figures"
        return self.blocks[0].value[0] if is_one and len(self.blocks[0].value) == 1 else None

    @property
    def is_half(self) -> bool:
        """Whether half the width of a page is enough: a figure that is not wide, a slim table."""
        if self.figure is not None:
            return "wide" not in self.figure[0].drawings
        is_table = len(self.blocks) == 1 and self.blocks[0].kind == "table"
        return is_table and _is_slim(self.blocks[0].value)


@dataclass(frozen=True)
class Frame:
    """What stands around a report: where it belongs, what can be done, how tables are drawn.

    `crumbs` and `actions` are pairs of word and address; `place` is the entry of the navigation.
    Findings come first, or, where it `ends_with_findings`, after the sections.
    """

    place: str = ""
    crumbs: Sequence[tuple[str, str]] = ()
    actions: Sequence[tuple[str, str]] = ()
    verdict: str = ""
    baseline: str | None = None
    tables: Callable[[Table, int], ShownTable | None] = lambda _table, _number: None
    hrefs: Callable[[Finding], str] = lambda _finding: ""
    left_out: Sequence[str] = ()
    ends_with_findings: bool = False
    context: Mapping[str, Any] = field(default_factory=dict)


@final
class Parts:
    """The numbered parts of one page."""

    def __init__(self, drawings: Drawings, query: Query, report: Report, frame: Frame) -> None:
        self._drawings, self._query, self._frame = drawings, query, frame
        self._report = report
        self._tables = {table.name: table for table in report.tables}
        self._numbers: dict[str, int] = {}
        self._figures = 0

    def section(self, section: Section, anchor: str) -> ShownSection:
        """A section with its blocks numbered."""
        blocks: list[Block] = []
        for block in section.blocks:
            if isinstance(block, Figure):
                self._figure(block, blocks)
            elif isinstance(block, Table):
                blocks.append(Block("table", self._table(block)))
            elif isinstance(block, Facts):
                pairs = [(plain(term), plain(value)) for term, value in block.pairs]
                blocks.append(Block("facts", pairs))
            elif isinstance(block, Picture):
                _add_picture(PictureView.of(block), blocks)
            else:
                blocks.append(Block("prose", plain(block.text)))
        return ShownSection(anchor, plain(section.title), plain(section.note), blocks)

    def findings(self) -> list[FindingView]:
        """Warnings and findings, which lead to the tables that support them."""
        warnings = [FindingView("warn", plain(text), "", "", "") for text in self._report.warnings]
        return warnings + [self._finding(each) for each in self._report.findings]

    def further(self) -> list[tuple[str, str]]:
        """Tables that no section draws, and where they are."""
        return [
            (plain(table.title or name), self._query.with_({"table": [name]}, self._csv()))
            for name, table in self._tables.items()
            if name not in self._numbers and len(table)
        ]

    def _csv(self) -> str:
        return f"{self._query.path}.csv"

    def _finding(self, finding: Finding) -> FindingView:
        href = self._frame.hrefs(finding)
        view = finding_view(finding, {finding.evidence: "-"} if href else {}, self._numbers)
        number = self._numbers.get(finding.evidence)
        if not href and number is not None:
            href = f"#t{number}"
        return FindingView(view.sign, view.head, view.tail, view.said, view.gain, view.source, href)

    def _table(self, table: Table) -> ShownTable:
        number = self._numbers.setdefault(table.name, len(self._numbers) + 1)
        # A section may draw some columns only; the file behind the link has all of them.
        own = self._frame.tables(table, number)
        baseline = self._frame.baseline if table.name in _AGAINST_BASELINE else None
        shown = own or shown_table(table, self._query, number, baseline=baseline)
        return _with_names(shown, self._report.runs)

    def _figure(self, figure: Figure, blocks: list[Block]) -> None:
        """Add a figure beside the one before it, where both have half a page."""
        self._figures += 1
        view = self._drawings.view(figure, self._figures, self._tables.get(figure.table))
        links = [
            (f".{form}", self._query.with_({"table": [figure.table]}, f"{self._query.path}.{form}"))
            for form in ("csv", "json")
            if figure.table in self._tables
        ]
        if blocks and blocks[-1].kind == "figures":
            blocks[-1].value.append((view, links))
        else:
            blocks.append(Block("figures", [(view, links)]))


def _add_picture(view: PictureView, blocks: list[Block]) -> None:
    """Pictures that follow one another stand side by side."""
    if blocks and blocks[-1].kind == "pictures":
        blocks[-1].value.append(view)
    else:
        blocks.append(Block("pictures", [view]))


def _with_names(shown: ShownTable, runs: Sequence[str]) -> ShownTable:
    """Under the id of a run in a header what it is: its model, framework and version."""
    heads = tuple(
        replace(head, unit=head.doc) if head.index >= 0 and name in runs else head
        for head in shown.view.heads
        for name in (shown.table.columns[head.index].name,)
    )
    return replace(shown, view=replace(shown.view, heads=heads))


def _is_slim(table: ShownTable) -> bool:
    return sum(_WEIGHTS.get(head.kind, 1) for head in table.view.heads) <= _SLIM


def in_rows(sections: Sequence[ShownSection]) -> list[list[ShownSection]]:
    """Sections that need half a page side by side with a neighbour that does, too."""
    rows: list[list[ShownSection]] = []
    for each in sections:
        if each.is_half and rows and len(rows[-1]) == 1 and rows[-1][0].is_half:
            rows[-1].append(each)
        else:
            rows.append([each])
    return rows
