"""Pages of co-design searches: all that a store holds, and one with everything that it found."""

from __future__ import annotations

from typing import final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from dlscope import api
from dlscope.catalog.finder import names
from dlscope.core import registry
from dlscope.core.errors import did_you_mean
from dlscope.core.report import Facts, Report
from dlscope.core.table import Cell, Table
from dlscope.methods.codesign.named_device import LOCAL
from dlscope.web.exports import exported
from dlscope.web.page_parts import Frame
from dlscope.web.pages import Pages
from dlscope.web.places import CODESIGN
from dlscope.web.queries import Query
from dlscope.web.refusals import UNKNOWN, refused
from dlscope.web.shown_tables import ShownTable, shown_table

WORD, PATH = CODESIGN
_FIRST = (
    "dlscope codesign search --space tiny_grey_4 --device zc706:pipelined --data mnist-5k "
    "--budget 10m"
)


@final
class CodesignPages:
    """What was searched; nothing is searched or measured to show a page."""

    def __init__(self, pages: Pages, store: str | None) -> None:
        self._pages, self._store = pages, store

    def searches(self, request: Request, form: str | None) -> Response:
        """Every search of the store, the newest first; those that `runs` names side by side."""
        query = Query(request, ("runs", "sort"))
        named = [self._named(each) for each in query.texts("runs")]
        report = (
            api.compare_searches(named, store=self._store)
            if named
            else api.list_searches(store=self._store)
        )
        if form is not None:
            return exported(report, form, query.text("table"))
        known = api.search_names(store=self._store)
        can_pick = not named and len(known) > 1

        def page_of(name: str, cell: Cell) -> str:
            del name
            return f"{PATH}/{quote(str(cell))}" if cell in known else ""

        def shown(table: Table, number: int) -> ShownTable:
            return shown_table(table, query, number, targets={"search": page_of}, picks=can_pick)

        frame = Frame(
            place=WORD,
            crumbs=((WORD, PATH), ("side by side", "")) if named else (),
            tables=shown,
            context={"can_pick": can_pick, "first": "" if known else _FIRST},
        )
        return self._pages.report(request, query, report, frame, "searches.html.j2")

    def search(self, request: Request, run: str, form: str | None) -> Response:
        """One search: front, requirements, trajectory, choices, stages, predictions, baselines."""
        query = Query(request, ("requirements", "sort"))
        known = names("requirements")
        asked = query.choice("requirements", ("", *known)) or None
        report = api.search_report(self._named(run), requirements=asked, store=self._store)
        if form is not None:
            return exported(report, form, query.text("table"))
        frame = Frame(
            place=WORD,
            crumbs=((WORD, PATH), (run, "")),
            ends_with_findings=True,
            actions=(
                ("All searches", PATH),
                ("Report", query.with_({}, f"{PATH}/{quote(run)}/report")),
            ),
            context={
                "requirements": known,
                "asked": asked,
                "run": run,
                "measures": _lacks_measurement(report),
                "emits": bool(report.next_commands),
            },
        )
        return self._pages.report(request, query, report, frame, "codesign.html.j2")

    def report(self, request: Request, run: str) -> Response:
        """One search as a page that opens from disk."""
        query = Query(request, ("requirements", "sort"))
        asked = query.choice("requirements", ("", *names("requirements"))) or None
        report = api.search_report(self._named(run), requirements=asked, store=self._store)
        page: str = registry.load("renderers", "html")().report(report)
        name = f'attachment; filename="codesign-{run}.html"'
        return Response(page, media_type="text/html", headers={"content-disposition": name})

    def _named(self, run: str) -> str:
        """`run`, which a search of the store must be called: an address names no file."""
        known = api.search_names(store=self._store)
        if run not in known:
            fix = did_you_mean(run[:80], known) if known else "make one: dlscope codesign search"
            raise refused(UNKNOWN, f"there is no search {run[:80]!r}", where="address", fix=fix)
        return run


def _lacks_measurement(report: Report) -> bool:
    """Whether it is for the processor at hand, and its designs were not timed there."""
    blocks = [block for section in report.sections for block in section.blocks]
    facts = dict(pair for each in blocks if isinstance(each, Facts) for pair in each.pairs)
    return facts.get("Device") == LOCAL and not len(report.table("predicted"))
