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
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import format_interval
from dlscope.reporting.view import table_view
from dlscope.reporting.words import plural
from dlscope.web import profile_pages
from dlscope.web.exports import exported, streamed_csv
from dlscope.web.page_parts import Frame
from dlscope.web.pages import Pages
from dlscope.web.places import RUNS, Place, place_of
from dlscope.web.queries import Query
from dlscope.web.refusals import BAD, refused
from dlscope.web.shown_tables import ShownTable, run_target, shown_table, sort_of, table_links

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
    *("run", "model", "backend", "version", "scenario", "value", "value_interval", "p50_ns"),
    *("p90_ns", "queries_per_s", "verdict", "started_utc"),
)
_DRAWN_COLUMNS = {
    "value": Column("value", "float", "headline metric of the task", None, "value", 2),
    "value_interval": Column("value_interval", "str", "95 % interval of the value", priority=3),
}
_COMPARE_KEYS = ("runs", "baseline", "fields", "sort")


@final
class Listing:
    """The pages of stored runs."""

    def __init__(self, pages: Pages, store: str | None) -> None:
        self._pages, self._store = pages, store

    def browse(self, place: Place, request: Request, form: str | None) -> Response:
        """Runs of a place by filter, sorted, page by page."""
        query = Query(request, _KEYS)
        asked: dict[str, Any] = {name: query.text(name) for name in _KEYS[:-3]}
        asked |= {"sort": query.texts("sort"), "workload": place.workload, "store": self._store}
        if form == "csv" and query.text("table") in (None, "runs"):
            return streamed_csv("runs", _every(asked))
        asked |= {"page": query.number("page", 1), "rows": query.number("rows", api.ROWS)}
        browsed = api.browse(**asked)
        if form is not None:
            return exported(browsed.report, form, query.text("table"))
        choices = {**browsed.choices, "backend": browsed.choices["framework"]}
        frame = Frame(
            place=place.word,
            actions=(("Analyses", "/analyses"), ("Evaluate…", "/evaluate"))
            if place is RUNS
            else (),
            tables=_listing_table(query),
            hrefs=_to_run,
            context={
                "heading": place.heading,
                "filters": FILTERS,
                "choices": {**choices, "status": api.STATUSES},
                "chosen": {**asked, "sort": ",".join(asked["sort"])},
                "told": _told(browsed),
                "pages": _neighbours(query, browsed),
                "picks": browsed.total > 1,
            },
        )
        report = _of_place(browsed.report, place)
        return self._pages.report(request, query, report, frame, "runs.html.j2")

    def run(self, request: Request, run: str, form: str | None) -> Response:
        """The report of one run."""
        query = Query(request, profile_pages.KEYS)
        report = api.report([run], store=self._store)
        if form is not None:
            return exported(report, form, query.text("table"))
        found = report.runs[0]
        address = f"/runs/{quote(found)}"
        if found != run:
            return RedirectResponse(query.with_({}, address))
        stored = api.stored_run(found, store=self._store)
        place = place_of(stored.plan.workload)
        is_profile = stored.plan.workload == "profiling"
        frame = Frame(
            place=place.word,
            crumbs=((place.word, place.path), (found, "")),
            actions=(
                ("Compare with…", f"/runs?model={quote(stored.plan.model.name)}"),
                *((("Items", f"{address}/items"),) if stored.items else ()),
                *((("Trace", f"/api/v1/runs/{quote(found)}/trace"),) if is_profile else ()),
                ("Plan", f"/api/v1/runs/{quote(found)}/plan"),
                ("Report", f"/api/v1/runs/{quote(found)}/report"),
            ),
            verdict=api.verdict_of(stored),
            left_out=() if is_profile else ("Models",),
        )
        report = _named(report, f"report {found}")
        if is_profile and "timeline" in [table.name for table in report.tables]:
            return self._profile(request, query, report, frame)
        return self._pages.report(request, query, report, frame)

    def _profile(self, request: Request, query: Query, report: Report, frame: Frame) -> Response:
        """A profile: a tab for each level."""

        def shown(table: Table, number: int) -> ShownTable | None:
            return profile_pages.layer_links(query, table, number)

        told = {
            "tabs": profile_pages.tabs(report, query),
            "moves": profile_pages.moves(report, query),
            "all_layers": profile_pages.all_layers(report, query),
            "analyses": f"/analyses?runs={quote(report.runs[0])}",
        }
        frame = replace(frame, tables=shown, context=told, ends_with_findings=True)
        report = profile_pages.of_level(report, query)
        return self._pages.report(request, query, report, frame, "profile.html.j2")

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
            tables=_differing_items(query, report.runs),
            left_out=("Models", "Latency", "Accuracy", "Stages"),
            context={"runs": report.runs},
        )
        return self._pages.report(request, query, report, frame, "compare.html.j2")


def _every(asked: Mapping[str, Any]) -> Iterator[Table]:
    """All pages of a listing, as its table."""
    page, pages = 1, 1
    while page <= pages:
        browsed = api.browse(**asked, page=page, rows=api.MOST_ROWS)
        yield browsed.report.table("runs")
        page, pages = page + 1, browsed.pages


def _differing_items(
    query: Query, runs: tuple[str, ...]
) -> Callable[[Table, int], ShownTable | None]:
    """Items lead to what all of the runs answered to them."""
    first, *others = runs

    def target(name: str, cell: Cell) -> str:
        del name
        return f"/runs/{quote(first)}/items/{cell}?with={','.join(map(quote, others))}"

    def shown(table: Table, number: int) -> ShownTable | None:
        if table.name != "differing_items":
            return None
        return shown_table(table, query, number, targets={"index": target})

    return shown


def _listing_table(query: Query) -> Callable[[Table, int], ShownTable | None]:
    def shown(table: Table, number: int) -> ShownTable | None:
        if table.name != "runs":
            return None
        keys = query.texts("sort")
        table = _drawn(table)
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


def _drawn(table: Table) -> Table:
    """The columns of a listing: the interval of the value in words, the time to the minute."""
    columns = [_DRAWN_COLUMNS.get(name) or table.describe(name) for name in _DRAWN]
    ends = [name for name in ("p50_lo_ns", "p50_hi_ns") if name in table]
    columns += [table.describe(name) for name in ends]
    records = [{**row, **_words(row)} for row in table]
    return Table.of(table.name, columns, records, title=table.title, note=table.note)


def _words(row: Mapping[str, Cell]) -> Mapping[str, Cell]:
    lo, hi, value = row["value_lo"], row["value_hi"], row["value"]
    said = None
    if isinstance(lo, float) and isinstance(hi, float) and isinstance(value, float):
        said = format_interval(lo, hi, value=value)
    return {
        "value_interval": said,
        "started_utc": str(row["started_utc"])[:16].replace("T", " "),
    }


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


def _of_place(report: Report, place: Place) -> Report:
    """The runs of one workload under its own title."""
    if place is RUNS:
        return report
    none = f"No {place.heading.lower()} yet: try `{place.command}`."
    answer = report.answer if report.runs else none
    return replace(report, title=place.heading, answer=answer, findings=())


def _fields(query: Query, fields: str) -> str:
    return query.with_({"fields": [] if fields == "differing" else [fields]})


def _id_of(baseline: str | None, runs: tuple[str, ...]) -> str | None:
    if not runs:
        raise refused(BAD, "there is nothing to compare", where="runs", fix="name two runs")
    if baseline is None:
        return runs[0]
    return next((run for run in runs if run.startswith(baseline)), runs[0])
