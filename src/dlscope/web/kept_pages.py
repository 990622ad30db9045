"""Pages of reports that a store keeps: all of one kind, and one with everything that it tells."""

from __future__ import annotations

from typing import final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from dlscope import api
from dlscope.core import registry
from dlscope.core.errors import did_you_mean
from dlscope.core.table import Cell, Table
from dlscope.web.exports import exported
from dlscope.web.page_parts import Frame
from dlscope.web.pages import Pages
from dlscope.web.places import KEPT
from dlscope.web.queries import Query
from dlscope.web.refusals import UNKNOWN, refused
from dlscope.web.shown_tables import ShownTable, shown_table

_FEW = 6
"""Findings and warnings that may stand before what they are about."""


@final
class KeptPages:
    """What commands of one `kind` ended with; nothing is trained or measured to show a page."""

    def __init__(self, pages: Pages, kind: api.Kind, store: str | None) -> None:
        self._pages, self._kind, self._store = pages, kind, store
        self._word, self._path = KEPT[kind]

    def reports(self, request: Request, form: str | None) -> Response:
        """Every report of the kind, the newest first."""
        query = Query(request, ("sort",))
        report = api.list_kept(self._kind, store=self._store)
        if form is not None:
            return exported(report, form, query.text("table"))

        def page_of(name: str, cell: Cell) -> str:
            del name
            return f"{self._path}/{quote(str(cell))}"

        def shown(table: Table, number: int) -> ShownTable:
            return shown_table(table, query, number, targets={"report": page_of})

        frame = Frame(place=self._word, tables=shown, context={"go_on": report.next_commands})
        return self._pages.report(request, query, report, frame, "kept.html.j2")

    def report(self, request: Request, name: str, form: str | None) -> Response:
        """One report, as its command ended with it."""
        query = Query(request, ("sort",))
        report = api.kept_report(self._kind, self._named(name), store=self._store)
        if form is not None:
            return exported(report, form, query.text("table"))
        frame = Frame(
            place=self._word,
            crumbs=((self._word, self._path), (name, "")),
            actions=(
                ("All reports", self._path),
                ("Report", f"{self._path}/{quote(name)}/report"),
            ),
            ends_with_findings=len(report.findings) + len(report.warnings) > _FEW,
            context={"go_on": report.next_commands},
        )
        return self._pages.report(request, query, report, frame, "kept.html.j2")

    def file(self, request: Request, name: str) -> Response:
        """One report as a page that opens from disk."""
        Query(request, ())
        report = api.kept_report(self._kind, self._named(name), store=self._store)
        page: str = registry.load("renderers", "html")().report(report)
        disposition = f'attachment; filename="{self._kind}-{name}.html"'
        headers = {"content-disposition": disposition}
        return Response(page, media_type="text/html", headers=headers)

    def _named(self, name: str) -> str:
        """`name`, which a report of the store must have: an address names no file."""
        known = api.kept_names(self._kind, store=self._store)
        if name not in known:
            made = f"see what makes one: dlscope {self._kind} --help"
            fix = did_you_mean(name[:80], known) if known else made
            raise refused(UNKNOWN, f"there is no report {name[:80]!r}", where="address", fix=fix)
        return name
