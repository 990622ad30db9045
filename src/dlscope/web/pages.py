"""`Pages`: reports as pages of the site, all under one frame."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, final

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dlscope.core.report import Facts, Figure, Finding, Report, Section
from dlscope.core.table import Table
from dlscope.reporting.theme import tokens
from dlscope.reporting.view import SIGNS, FigureView, FindingView, finding_view
from dlscope.reporting.words import plain
from dlscope.web.drawings import Drawings
from dlscope.web.queries import Query
from dlscope.web.shown_tables import ShownTable, shown_table

NAVIGATION = (
    ("Runs", "/runs"),
    ("Evaluate", "/evaluate"),
    ("Compare", "/compare"),
    ("Profile", "/profiles"),
    ("Try", "/try"),
    ("Models", "/models"),
    ("Data sets", "/datasets"),
    ("Systems", "/systems"),
)
_KEY_FIGURES = "Key figures"
_NUMBER = re.compile(r"(−?\d\S*(?: [^\s,:\[]+)?)[,:]?\s*(.*)")


@dataclass(frozen=True)
class Block:
    """A part of a section: `kind` is figures, table, facts or prose."""

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
        """Whether half the width of a page is enough."""
        return self.figure is not None and "wide" not in self.figure[0].drawings


@dataclass(frozen=True)
class KeyFigure:
    """What a reader asks first: a number with its unit, what surrounds it; or a reason."""

    name: str
    value: str
    rest: str
    is_number: bool


@dataclass(frozen=True)
class Frame:
    """What stands around a report: where it belongs, what can be done, how tables are drawn.

    `crumbs` and `actions` are pairs of word and address; `place` is the entry of the navigation.
    """

    place: str = ""
    crumbs: Sequence[tuple[str, str]] = ()
    actions: Sequence[tuple[str, str]] = ()
    verdict: str = ""
    baseline: str | None = None
    tables: Callable[[Table, int], ShownTable | None] = lambda _table, _number: None
    hrefs: Callable[[Finding], str] = lambda _finding: ""
    left_out: Sequence[str] = ()
    context: Mapping[str, Any] = field(default_factory=dict)


@final
class Pages:
    """Renders reports and templates; `store` is what the head of a page says of the store."""

    def __init__(self, drawings: Drawings, store: str) -> None:
        self._drawings = drawings
        self._store = store

    def report(
        self,
        request: Request,
        query: Query,
        report: Report,
        frame: Frame,
        template: str = "report.html.j2",
    ) -> Response:
        """`report` as a page, unless the browser has it already."""
        sections = [each for each in report.sections if each.title not in frame.left_out]
        parts = _Parts(self._drawings, query, report, frame)
        shown = [parts.section(each, f"s{n}") for n, each in enumerate(sections, start=1)]
        return self.render(
            request,
            template,
            title=plain(report.title),
            answer=plain(report.answer),
            command=plain(report.command),
            frame=frame,
            sections=shown,
            rows=_in_rows([each for each in shown if each.title != _KEY_FIGURES]),
            key_figures=[
                _key_figure(*pair)
                for each in shown
                if each.title == _KEY_FIGURES
                for pair in each.blocks[0].value
            ],
            findings=parts.findings(),
            json=query.with_({"table": []}, f"{query.path}.json"),
            further=parts.further(),
            **frame.context,
        )

    def render(
        self, request: Request, template: str, *, status: int = 200, **context: Any
    ) -> Response:
        """A page from `template`; the same page is sent once only to a browser that kept it."""
        frame = context.pop("frame", Frame())
        body = (
            environment()
            .get_template(template)
            .render(
                **{"command": "", "json": "", "answer": "", **context},
                frame=frame,
                signs=SIGNS,
                navigation=NAVIGATION,
                store=self._store,
                version=importlib.metadata.version("dlscope"),
                style=asset_address("site.css"),
                script=asset_address("site.js"),
                path=request.url.path,
            )
        )
        tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
        if status == 200 and request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"etag": tag})
        return HTMLResponse(body, status, headers={"etag": tag})


@final
class _Parts:
    """The numbered parts of one page."""

    def __init__(self, drawings: Drawings, query: Query, report: Report, frame: Frame) -> None:
        self._drawings, self._query, self._frame = drawings, query, frame
        self._report = report
        self._tables = {table.name: table for table in report.tables}
        self._numbers: dict[str, int] = {}
        self._figures = 0

    def section(self, section: Section, anchor: str) -> ShownSection:
        blocks: list[Block] = []
        for block in section.blocks:
            if isinstance(block, Figure):
                self._figure(block, blocks)
            elif isinstance(block, Table):
                blocks.append(Block("table", self._table(block)))
            elif isinstance(block, Facts):
                pairs = [(plain(term), plain(value)) for term, value in block.pairs]
                blocks.append(Block("facts", pairs))
            else:
                blocks.append(Block("prose", plain(block.text)))
        return ShownSection(anchor, plain(section.title), plain(section.note), blocks)

    def findings(self) -> list[FindingView]:
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
        return own or shown_table(table, self._query, number, baseline=self._frame.baseline)

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


def _in_rows(sections: Sequence[ShownSection]) -> list[list[ShownSection]]:
    """Sections that need half a page side by side with a neighbour that does, too."""
    rows: list[list[ShownSection]] = []
    for each in sections:
        if each.is_half and rows and len(rows[-1]) == 1 and rows[-1][0].is_half:
            rows[-1].append(each)
        else:
            rows.append([each])
    return rows


def _key_figure(name: str, value: str) -> KeyFigure:
    found = _NUMBER.match(value)
    if found is None:
        head, _, rest = value.partition(": ")
        return KeyFigure(name, head, rest, is_number=False)
    return KeyFigure(name, found[1], found[2], is_number=True)


@functools.cache
def environment() -> jinja2.Environment:
    """Templates of the site, and the parts that they share with the report in one file."""
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [
                jinja2.PackageLoader("dlscope.web", "templates"),
                jinja2.PrefixLoader(
                    {"reporting": jinja2.PackageLoader("dlscope.reporting", "templates")}
                ),
            ]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["plain"] = plain
    return made


@functools.cache
def asset(name: str) -> tuple[str, str]:
    """The text of a style sheet or script of the site, and its media type."""
    if name == "site.css":
        shared = files("dlscope.reporting") / "templates" / "table.css"
        own = files("dlscope.web") / "static" / name
        parts = (tokens(":root", ""), shared.read_text("utf-8"), own.read_text("utf-8"))
        return "".join(parts), "text/css; charset=utf-8"
    text = (files("dlscope.web") / "static" / name).read_text("utf-8")
    return text, "text/javascript; charset=utf-8"


@functools.cache
def asset_address(name: str) -> str:
    """Where a browser finds an asset; another content has another address."""
    digest = hashlib.sha256(asset(name)[0].encode()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"
