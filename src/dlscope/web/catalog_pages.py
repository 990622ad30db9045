"""Pages of the catalog: models, data sets, one manifest, this machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from dlscope import api
from dlscope.core.report import Report, Section
from dlscope.core.table import Cell, Table
from dlscope.web.exports import exported
from dlscope.web.machine import Machine
from dlscope.web.page_parts import Frame
from dlscope.web.pages import Pages
from dlscope.web.queries import Query
from dlscope.web.shown_tables import ShownTable, shown_table

_PLACES = {"models": "Models", "datasets": "Data sets"}
_KEYS = ("task", "sort")


@final
class CatalogPages:
    """What there is to measure, and on what."""

    def __init__(self, pages: Pages, machine: Machine) -> None:
        self._pages, self._machine = pages, machine

    def models(self, request: Request, form: str | None) -> Response:
        """The models of the catalog."""
        return self._listed(request, "models", form)

    def datasets(self, request: Request, form: str | None) -> Response:
        """The data sets of the catalog, uploads included."""
        return self._listed(request, "datasets", form)

    def model(self, request: Request, name: str, form: str | None) -> Response:
        """The manifest of one model."""
        return self._one(request, "models", name, form)

    def dataset(self, request: Request, name: str, form: str | None) -> Response:
        """The manifest of one data set."""
        return self._one(request, "datasets", name, form)

    def systems(self, request: Request, form: str | None) -> Response:
        """This machine, and which backends work on it."""
        query = Query(request, ("sort",))
        report = api.systems()
        backends = self._machine.backends()
        report = replace(
            report,
            tables=(backends, *report.tables),
            sections=(Section("Backends", (backends,)), *report.sections),
        )
        if form is not None:
            return exported(report, form, query.text("table"))
        return self._pages.report(request, query, report, Frame(place="Systems"))

    def _listed(self, request: Request, kind: str, form: str | None) -> Response:
        query = Query(request, _KEYS)
        report = api.catalog(kind)
        tasks = sorted({str(task) for task in report.table(kind).column("task")})
        report = _of_task(report, kind, query.text("task"))
        if form is not None:
            return exported(report, form, query.text("table"))
        frame = Frame(
            place=_PLACES[kind],
            tables=_linked(query, kind),
            context={"tasks": tasks, "task": query.text("task")},
        )
        return self._pages.report(request, query, report, frame, "catalog.html.j2")

    def _one(self, request: Request, kind: str, name: str, form: str | None) -> Response:
        query = Query(request, ())
        text = api.manifest_text(kind, self._machine.plain_name(kind, name))
        if form is not None:
            return Response(text, media_type="application/yaml")
        word = kind.removesuffix("s")
        key = "model" if kind == "models" else "dataset"
        return self._pages.render(
            request,
            "manifest.html.j2",
            title=name,
            command=f"dlscope {kind} {name}",
            text=text,
            frame=Frame(
                place=_PLACES[kind],
                crumbs=((_PLACES[kind], f"/{kind}"), (name, "")),
                actions=(
                    *(_model_actions(name) if kind == "models" else ()),
                    ("Its runs", f"/runs?{key}={quote(name)}"),
                    ("Evaluate…", f"/evaluate?{key}={quote(name)}"),
                ),
            ),
            word=word,
            file=f"{query.path}.yaml",
        )


def _model_actions(name: str) -> tuple[tuple[str, str], ...]:
    address = f"/models/{quote(name)}"
    return ("Bounds", f"{address}/bounds"), ("Bricks", f"{address}/bricks")


def _of_task(report: Report, kind: str, task: str | None) -> Report:
    if task is None:
        return report
    table = report.table(kind)
    pairs = zip(table.rows, table.column("task"), strict=True)
    kept = replace(table, rows=tuple(row for row, each in pairs if each == task))
    answer = f"{len(kept)} of {len(table)} {kind} are for {task.replace('_', ' ')}."
    sections = (Section(report.sections[0].title, (kept,)),)
    return replace(report, tables=(kept,), sections=sections, answer=answer)


def _linked(query: Query, kind: str) -> Callable[[Table, int], ShownTable]:
    def target(name: str, cell: Cell) -> str:
        return f"/{name}s/{quote(str(cell))}"

    def shown(table: Table, number: int) -> ShownTable:
        targets = {"model": target, "dataset": target}
        return shown_table(table, query, number, targets=targets)

    del kind
    return shown
