"""Pages of the registered analyses: a new one has its page by itself, from its table."""

from __future__ import annotations

from typing import final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from dlscope import api
from dlscope.core.table import Cell, Table
from dlscope.web.exports import exported
from dlscope.web.page_parts import Frame
from dlscope.web.pages import Pages
from dlscope.web.queries import Query
from dlscope.web.shown_tables import ShownTable, shown_table

_ANALYSED = 20


@final
class AnalysisPages:
    """What stored runs can be asked, one question a page."""

    def __init__(self, pages: Pages, store: str | None) -> None:
        self._pages, self._store = pages, store

    def analyses(self, request: Request, form: str | None) -> Response:
        """The questions that stored runs can be asked."""
        query = Query(request, ("runs", "sort"))
        report = api.analyses()
        if form is not None:
            return exported(report, form, query.text("table"))
        runs = query.text("runs")

        def target(name: str, cell: Cell) -> str:
            del name
            address = f"/analyses/{quote(str(cell))}"
            return f"{address}?runs={quote(runs, safe=',')}" if runs else address

        def shown(table: Table, number: int) -> ShownTable:
            return shown_table(table, query, number, targets={"analysis": target})

        return self._pages.report(request, query, report, Frame(place="Runs", tables=shown))

    def analysis(self, request: Request, name: str, form: str | None) -> Response:
        """One analysis over the runs that are named, by default the newest."""
        query = Query(request, ("runs", "sort"))
        runs = query.texts("runs") or _newest(self._store)
        report = api.analyse(name, runs, store=self._store)
        if form is not None:
            return exported(report, form, query.text("table"))
        frame = Frame(
            place="Runs",
            crumbs=(("Runs", "/runs"), ("analyses", query.with_({}, "/analyses")), (name, "")),
        )
        return self._pages.report(request, query, report, frame)


def _newest(store: str | None) -> tuple[str, ...]:
    return api.browse(rows=_ANALYSED, store=store).report.runs
