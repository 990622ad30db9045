"""`HtmlRenderer`: a Report as one file that opens from disk, and its parts for notebooks."""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
import importlib.metadata
from collections.abc import Sequence
from importlib.resources import files
from typing import final

import jinja2
from markupsafe import Markup

from dlscope.core.digest import bytes_digest
from dlscope.core.report import Finding, Report, tables_of
from dlscope.core.table import Table
from dlscope.reporting.page import Page
from dlscope.reporting.theme import tokens
from dlscope.reporting.view import SIGNS, FindingView, TableView, finding_view, table_view
from dlscope.reporting.words import plain

_NOTEBOOK_COLUMNS = 12
_NOTEBOOK_ROWS = 20


@final
class HtmlRenderer:
    """One self-contained page, or a piece of one with its styles and without script."""

    def report(self, report: Report) -> str:
        """The whole page; the same report gives the same bytes."""
        script = _asset("report.js")
        page = Page(report)
        return (
            _environment()
            .get_template("report.html.j2")
            .render(
                page=page,
                report=report,
                date=_date(report.created_utc),
                version=importlib.metadata.version("dlscope"),
                style=Markup(tokens(":root", "") + _asset("table.css") + _asset("report.css")),
                script=Markup(script),
                policy=_policy(script),
                signs=SIGNS,
            )
        )

    def table(self, table: Table, rows: int = _NOTEBOOK_ROWS) -> str:
        """`table` for a notebook: its head and tail in `rows` rows, at most 12 columns."""
        view = table_view(
            table,
            id=f"t{table.digest[:12]}",
            rows=_head_and_tail(len(table), rows),
            columns=_NOTEBOOK_COLUMNS,
        )
        return _piece(tables=[view])

    def finding(self, finding: Finding) -> str:
        """One claim with its evidence for a notebook."""
        return _piece(findings=[finding_view(finding, {}, {})])

    def excerpt(self, report: Report) -> str:
        """Answer, first tables and findings of `report` for a notebook."""
        found = (tables_of(section.blocks) for section in report.sections)
        tables = next((tables for tables in found if tables), report.tables[:1])
        views = [
            table_view(
                table,
                id=f"t{table.digest[:12]}",
                rows=_head_and_tail(len(table), _NOTEBOOK_ROWS),
                columns=_NOTEBOOK_COLUMNS,
            )
            for table in tables
        ]
        findings = [finding_view(finding, {}, {}) for finding in report.findings]
        return _piece(answer=plain(report.answer), tables=views, findings=findings)


def _piece(
    *,
    answer: str = "",
    tables: Sequence[TableView] = (),
    findings: Sequence[FindingView] = (),
) -> str:
    """A part of a page under a class of its own, so that its styles touch nothing else."""
    body = _environment().get_template("piece.html.j2")
    text = body.render(answer=answer, tables=tables, findings=findings, signs=SIGNS)
    scope = f"dlscope-{bytes_digest(text.encode())[:8]}"
    style = tokens(f".{scope}", f" .{scope}") + _asset("table.css")
    style = style.replace(".dlscope ", f".{scope} ").replace(".dlscope{", f".{scope}{{")
    return f'<div class="{scope}"><style>{style}</style>{text}</div>\n'


def _head_and_tail(count: int, rows: int) -> tuple[int, ...]:
    if count <= rows:
        return tuple(range(count))
    tail = rows // 2
    return (*range(rows - tail), *range(count - tail, count))


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'"
    )


def _date(created_utc: str) -> str:
    """`22 November 2026, 10:52 UTC`; what is not a time stamp stays as it is."""
    try:
        moment = datetime.datetime.fromisoformat(created_utc)
    except ValueError:
        return plain(created_utc)
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("dlscope.reporting", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    return environment


@functools.cache
def _asset(name: str) -> str:
    return (files("dlscope.reporting") / "templates" / name).read_text(encoding="utf-8")
