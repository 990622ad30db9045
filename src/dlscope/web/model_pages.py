"""Pages of one model from what the store holds: its bounds, and how bricks rebuild it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, final
from urllib.parse import quote

import pydantic
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dlscope import api
from dlscope.core import registry
from dlscope.core.errors import Problems, RequestError
from dlscope.core.report import Report, Section
from dlscope.core.table import Cell, Table
from dlscope.web.exports import exported
from dlscope.web.jobs import Job, Jobs
from dlscope.web.machine import Machine
from dlscope.web.model_jobs import (
    BoundsSettings,
    BricksSettings,
    What,
    is_known,
    known,
    known_soon,
    submit,
)
from dlscope.web.page_parts import Frame
from dlscope.web.pages import Pages
from dlscope.web.queries import Query
from dlscope.web.refusals import UNKNOWN, refused
from dlscope.web.shown_tables import ShownTable, shown_table

PLACE = "Bounds"
KEYS: Mapping[What, tuple[str, ...]] = {
    "bounds": ("backend", "threads", "batch_size", "seconds"),
    "bricks": ("threads", "batch_size"),
}
_SHOWN = ("model", "task", "description")
_OTHER: Mapping[What, tuple[What, str]] = {
    "bounds": ("bricks", "Rebuilt from bricks"),
    "bricks": ("bounds", "Bounds"),
}
_COMMANDS: Mapping[What, str] = {
    "bounds": "dlscope bound analyze {}",
    "bricks": "dlscope bricks generate {}; dlscope bricks run suite.json",
}
_DONE: Mapping[What, str] = {
    "bounds": "every layer by every implementation that is installed, then whole models",
    "bricks": "the bricks of each granularity in the order of the model, then the model whole",
}


@final
class ModelPages:
    """What is known of models beside their runs, and the jobs that find it out."""

    def __init__(self, pages: Pages, machine: Machine, jobs: Jobs) -> None:
        self._pages, self._machine, self._jobs = pages, machine, jobs

    def choose(self, request: Request, form: str | None) -> Response:
        """The models that have such pages."""
        query = Query(request, ("sort",))
        catalog = api.catalog("models").table("models")
        table = replace(catalog.view(*_SHOWN), title="Models")
        report = Report(
            title="Bounds",
            answer="How far a model is from what is possible on this machine: choose one.",
            tables=(table,),
            sections=(Section("Models", (table,)),),
            command="dlscope bound analyze MODEL",
        )
        if form is not None:
            return exported(report, form, query.text("table"))

        def shown(drawn: Table, number: int) -> ShownTable:
            return shown_table(drawn, query, number, targets={"model": _bounds_of})

        return self._pages.report(request, query, report, Frame(place=PLACE, tables=shown))

    def bounds(self, request: Request, name: str, form: str | None) -> Response:
        """Measured against bounds, advice, critical path, gap, rebuilt from bricks."""
        return self._known(request, "bounds", name, form)

    def bricks(self, request: Request, name: str, form: str | None) -> Response:
        """A model rebuilt from its bricks at several granularities."""
        return self._known(request, "bricks", name, form)

    async def measure(self, request: Request) -> Response:
        """Put the measurement of a model into the queue, and go to see how it comes along."""
        what = _what(request.path_params["what"])
        name = request.path_params["name"]
        async with request.form(max_files=0, max_fields=20) as form:
            sent = Query.of_form(request.url.path, form, (*KEYS[what], "seconds", "verify"))
        options = options_of(what, sent)
        if what == "bounds" and sent.text("verify"):
            options["verify"] = True
        job = submit(self._jobs, self._machine, what, name, options)
        return RedirectResponse(f"/experiments/{job.id}", 303)

    def _known(self, request: Request, what: What, name: str, form: str | None) -> Response:
        query = Query(request, (*KEYS[what], "sort"))
        options = options_of(what, query)
        if form is not None:
            report = known(self._machine, what, name, options)
            return exported(report, form, query.text("table"))
        found = known_soon(self._machine, what, name, options)
        if found is None:
            return self._waiting(request, what, name)
        frame = self._frame(what, name, query, found)
        return self._pages.report(request, query, found, frame, "model_report.html.j2")

    def _frame(self, what: What, name: str, query: Query, report: Report) -> Frame:
        other, word = _OTHER[what]
        address = f"/models/{quote(name)}"
        return Frame(
            place=PLACE,
            crumbs=(("Models", "/models"), (name, address), (what, "")),
            actions=(
                ("Its runs", f"/runs?model={quote(name)}"),
                (word, f"{address}/{other}"),
            ),
            context={
                "what": what,
                "asked": {key: query.text(key) or "" for key in KEYS[what]},
                "backends": registry.names("backends"),
                "is_known": is_known(what, report),
                "done": _DONE[what],
                "terminal": _COMMANDS[what].format(name),
                "jobs": [job for job in self._jobs.all() if _is_of(job, what, name)],
            },
        )

    def _waiting(self, request: Request, what: What, name: str) -> Response:
        """A page that asks again by itself until there is something to show."""
        return self._pages.render(
            request,
            "waiting.html.j2",
            title=f"{name}: {what}",
            frame=Frame(place=PLACE, crumbs=(("Models", "/models"), (name, ""), (what, ""))),
            told="Being put together from the benchmarks of the store. Nothing is measured.",
        )


def options_of(what: What, query: Query) -> dict[str, Any]:
    """What an address asks, in the words of the library. Raises every problem of it."""
    names = (*KEYS[what], "seconds")
    given = {key: query.text(key) for key in names if query.text(key) is not None}
    kind = BoundsSettings if what == "bounds" else BricksSettings
    try:
        return kind.model_validate(given).options()
    except pydantic.ValidationError as error:
        raise Problems.of(map(_problem, error.errors())) from None


def _problem(error: Mapping[str, Any]) -> RequestError:
    where = ".".join(map(str, error["loc"]))
    return RequestError(str(error["msg"]).lower(), where=where, fix="correct it, or leave it out")


def _what(word: str) -> What:
    if word == "bounds" or word == "bricks":
        return "bounds" if word == "bounds" else "bricks"
    fix = "send it to bounds or to bricks"
    raise refused(UNKNOWN, f"a model has no {word[:80]!r}", where="address", fix=fix)


def _bounds_of(name: str, cell: Cell) -> str:
    del name
    return f"/models/{quote(str(cell))}/bounds"


def _is_of(job: Job, what: What, name: str) -> bool:
    return not job.is_over and job.kind == what and job.model == name
