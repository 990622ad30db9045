"""Pages of stored runs: the listing, one run, several side by side, profiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dlscope import api
from dlscope.core.report import Finding, Report
from dlscope.core.table import Table
from dlscope.reporting.view import table_view
from dlscope.reporting.words import plural
from dlscope.web.exports import exported, streamed_csv
from dlscope.web.pages import Frame, Pages
from dlscope.web.queries import Query
from dlscope.web.refusals import BAD, refused
from dlscope.web.shown_tables import ShownTable, run_target, sort_of, table_links

FILTERS = (
    ("task", "task"),
    ("model", "model"),
    ("backend", "backend"),
    ("dataset", "data set"),
    ("scenario", "scenario"),
    ("status", "status"),
)
_KEYS = (*(name for name, _ in FILTERS), "q", "sort", "page", "rows")
_WORDS = {
    "p50_ns": "p50",
    "p90_ns": "p90",
    "queries_per_s": "rate",
    "started_utc": "when",
    **{word: word for word in api.SORTED},
}
_DRAWN = (
    *("run", "model", "backend", "version", "scenario", "value", "p50_ns", "p90_ns"),
    *("queries_per_s", "verdict", "started_utc"),
)
_REPORT_KEYS = ("sort",)
_COMPARE_KEYS = ("runs", "baseline", "fields", "sort")


@final
class Listing:
    """The pages of stored runs."""

    def __init__(self, pages: Pages, store: str | None) -> None:
        self._pages, self._store = pages, store

    def runs(self, request: Request, form: str | None) -> Response:
        """Runs by filter, sorted, page by page."""
        return self._browsed(request, form, "Runs", "Runs", None)

    def profiles(self, request: Request, form: str | None) -> Response:
        """Runs that looked inside a model."""
        return self._browsed(request, form, "Profile", "Profiles", "profiling")

    def run(self, request: Request, run: str, form: str | None) -> Response:
        """The report of one run."""
        query = Query(request, _REPORT_KEYS)
        report = api.report([run], store=self._store)
        if form is not None:
            return exported(report, form, query.text("table"))
        found = report.runs[0]
        address = f"/runs/{quote(found)}"
        if found != run:
            return RedirectResponse(query.with_({}, address))
        stored = api.stored_run(found, store=self._store)
        is_profile = stored.plan.workload == "profiling"
        frame = Frame(
            place="Profile" if is_profile else "Runs",
            crumbs=(("Profile", "/profiles") if is_profile else ("Runs", "/runs"), (found, "")),
            actions=(
                ("Compare with…", f"/runs?model={quote(stored.plan.model.name)}"),
                *((("Items", f"{address}/items"),) if stored.items else ()),
                ("Plan", f"/api/v1/runs/{quote(found)}/plan"),
                ("Report", f"/api/v1/runs/{quote(found)}/report"),
            ),
            verdict=api.verdict_of(stored),
            left_out=("Models",),
        )
        return self._pages.report(request, query, _named(report, f"report {found}"), frame)

    def compare(self, request: Request, form: str | None) -> Response:
        """Two to twelve runs side by side; without any, how to choose them."""
        query = Query(request, _COMPARE_KEYS)
        runs = query.texts("runs")
        fields = query.choice("fields", ("differing", "all"))
        if not runs:
            return RedirectResponse("/runs")
        baseline = query.text("baseline")
        report = api.compare_runs(
            runs,
            baseline=baseline,
            fields="all" if fields == "all" else "differing",
            store=self._store,
        )
        if form is not None:
            return exported(report, form, query.text("table"))
        other = "all" if fields == "differing" else "differing"
        frame = Frame(
            place="Compare",
            crumbs=(("Runs", "/runs"), (plural(len(report.runs), "run"), "")),
            actions=(
                ("Add a run…", "/runs"),
                ("All fields" if other == "all" else "Differing fields", _fields(query, other)),
            ),
            baseline=_id_of(baseline, report.runs),
            context={"runs": report.runs},
        )
        return self._pages.report(request, query, report, frame, "compare.html.j2")

    def _browsed(
        self, request: Request, form: str | None, place: str, heading: str, workload: str | None
    ) -> Response:
        query = Query(request, _KEYS)
        asked: dict[str, Any] = {name: query.text(name) for name in _KEYS[:-3]}
        asked |= {"sort": query.texts("sort"), "workload": workload, "store": self._store}
        if form == "csv" and query.text("table") in (None, "runs"):
            return streamed_csv("runs", _every(asked))
        asked |= {"page": query.number("page", 1), "rows": query.number("rows", api.ROWS)}
        browsed = api.browse(**asked)
        if form is not None:
            return exported(browsed.report, form, query.text("table"))
        choices = {**browsed.choices, "backend": browsed.choices["framework"]}
        frame = Frame(
            place=place,
            actions=(("Evaluate…", "/evaluate"),) if workload is None else (),
            tables=_listing_table(query),
            hrefs=_to_run,
            context={
                "heading": heading,
                "filters": FILTERS,
                "choices": {**choices, "status": api.STATUSES},
                "chosen": {**asked, "sort": ",".join(asked["sort"])},
                "told": _told(browsed),
                "pages": _neighbours(query, browsed),
                "picks": browsed.total > 1,
            },
        )
        report = browsed.report if workload is None else _profiles(browsed.report)
        return self._pages.report(request, query, report, frame, "runs.html.j2")


def _every(asked: Mapping[str, Any]) -> Iterator[Table]:
    """All pages of a listing, as its table."""
    page, pages = 1, 1
    while page <= pages:
        browsed = api.browse(**asked, page=page, rows=api.MOST_ROWS)
        yield browsed.report.table("runs")
        page, pages = page + 1, browsed.pages


def _listing_table(query: Query) -> Callable[[Table, int], ShownTable | None]:
    def shown(table: Table, number: int) -> ShownTable | None:
        if table.name != "runs":
            return None
        keys = query.texts("sort")
        table = _shortened(table.view(*_DRAWN))
        sorts = {
            index: sort_of(query, _WORDS[column.name], keys)
            for index, column in enumerate(table.columns)
            if column.name in _WORDS
        }
        names = [column.name for column in table.columns]
        view = table_view(table, id=f"t{number}", number=number, rows=range(len(table)))
        links = table_links("runs", query, None)
        return ShownTable(view, table, sorts, links, {names.index("run"): run_target}, picks=True)

    return shown


def _shortened(table: Table) -> Table:
    """The time of day to the minute: `2026-11-29 20:25`."""
    place = [column.name for column in table.columns].index("started_utc")
    rows = tuple(
        (*row[:place], str(row[place])[:16].replace("T", " "), *row[place + 1 :])
        for row in table.rows
    )
    return replace(table, rows=rows)


def _to_run(finding: Finding) -> str:
    return f"/runs/{quote(finding.evidence)}"


def _told(browsed: api.Browsed) -> str:
    count = len(browsed.report.runs)
    first = (browsed.page - 1) * browsed.rows + 1
    return f"{first}–{first + count - 1} of {browsed.total}" if count else "none"


def _neighbours(query: Query, browsed: api.Browsed) -> list[tuple[str, str]]:
    page, last = browsed.page, browsed.pages
    ways = (
        ("first", 1, page > 2),
        ("previous", page - 1, page > 1),
        ("next", page + 1, page < last),
        ("last", last, page < last - 1),
    )
    return [(word, query.with_({"page": [str(to)]})) for word, to, is_there in ways if is_there]


def _named(report: Report, command: str) -> Report:
    return replace(report, command=f"dlscope {command}")


def _profiles(report: Report) -> Report:
    answer = report.answer if report.runs else "No profiles yet: try `dlscope profile`."
    return replace(report, title="Profiles", answer=answer, findings=())


def _fields(query: Query, fields: str) -> str:
    return query.with_({"fields": [] if fields == "differing" else [fields]})


def _id_of(baseline: str | None, runs: tuple[str, ...]) -> str | None:
    if not runs:
        raise refused(BAD, "there is nothing to compare", where="runs", fix="name two runs")
    if baseline is None:
        return runs[0]
    return next((run for run in runs if run.startswith(baseline)), runs[0])
