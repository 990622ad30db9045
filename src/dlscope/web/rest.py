"""REST under `/api/v1`: the same functions as the pages, as JSON and CSV."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Header, Query, Request, Response, UploadFile
from starlette.responses import StreamingResponse

from dlscope import api
from dlscope.core import registry
from dlscope.core.plan import Plan
from dlscope.core.report import Report
from dlscope.web.asked import Asked
from dlscope.web.exports import TYPES, exported, table_file, table_of
from dlscope.web.jobs import Job, Jobs
from dlscope.web.machine import Machine
from dlscope.web.refusals import UNFIT, refused
from dlscope.web.uploads import Uploads

Format = Literal["json", "csv", "parquet", "md", "tex"]
Runs = Annotated[list[str], Query(description="ids, or unique beginnings; commas are fine, too")]
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": meaning,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refused"}}},
    }
    for status, meaning in (
        (400, "what is asked is malformed"),
        (401, "a token is required"),
        (403, "the request comes from another site"),
        (404, "there is no such thing"),
        (409, "not now"),
        (413, "too much was sent"),
        (422, "it cannot be done here"),
        (503, "the store cannot be used"),
    )
}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {media.partition(";")[0]: {} for media in TYPES.values()}}
}
_YAML: dict[int | str, dict[str, Any]] = {200: {"content": {"application/yaml": {}}}}
_EVENTS: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {}}}}
_POLL_S, _ALIVE_EVERY_S = 0.5, 15.0


def router(store: str | None, machine: Machine, jobs: Jobs, uploads: Uploads) -> APIRouter:
    """The routes of `/api/v1` over one store."""
    made = APIRouter(prefix="/api/v1", responses=_ERRORS)
    _add_runs(made, store)
    _add_catalog(made, machine, uploads)
    _add_jobs(made, machine, jobs)
    return made


def _add_runs(made: APIRouter, store: str | None) -> None:
    @made.get("/runs", responses=_FILES, tags=["runs"])
    def runs(
        task: str | None = None,
        model: str | None = None,
        backend: str | None = None,
        dataset: str | None = None,
        scenario: str | None = None,
        status: Literal["valid", "invalid", "finished", "failed", "aborted"] | None = None,
        workload: str | None = None,
        q: Annotated[str | None, Query(max_length=200)] = None,
        sort: Annotated[str, Query(max_length=200)] = "",
        page: Annotated[int, Query(ge=1, le=10**6)] = 1,
        rows: Annotated[int, Query(ge=1, le=api.MOST_ROWS)] = api.ROWS,
        format: Format = "json",
    ) -> Response:
        """A page of the stored runs; `X-Total-Count` says how many fit."""
        browsed = api.browse(
            task=task,
            model=model,
            backend=backend,
            dataset=dataset,
            scenario=scenario,
            status=status,
            workload=workload,
            q=q,
            sort=[word for word in sort.split(",") if word],
            page=page,
            rows=rows,
            store=store,
        )
        answer = _told(browsed.report, "runs" if format != "json" else None, format)
        answer.headers["x-total-count"] = str(browsed.total)
        return answer

    @made.get("/runs/{run}", responses=_FILES, tags=["runs"])
    def run(run: str, table: str | None = None, format: Format = "json") -> Response:
        """The report of one run: every table and finding, or one table of it."""
        return _told(api.report([run], store=store), table, format)

    @made.get("/runs/{run}/tables/{table}", responses=_FILES, tags=["runs"])
    def table(run: str, table: str, format: Format = "json") -> Response:
        """One table of the report of a run."""
        return _told(api.report([run], store=store), table, format)

    @made.get("/runs/{run}/plan", tags=["runs"])
    def plan(run: str) -> Plan:
        """The closed plan that a run carried out."""
        return api.stored_run(run, store=store).plan

    @made.get("/runs/{run}/report", responses={200: {"content": {"text/html": {}}}}, tags=["runs"])
    def report(run: str) -> Response:
        """The report of a run as one page that opens from disk."""
        found = api.report([run], store=store)
        page: str = registry.load("renderers", "html")().report(found)
        name = f'attachment; filename="{found.runs[0]}.html"'
        return Response(page, media_type="text/html", headers={"content-disposition": name})

    @made.get("/runs/{run}/items", responses=_FILES, tags=["runs"])
    def items(run: str, format: Format = "json") -> Response:
        """What a run answered to each item, in the order of the data set."""
        return _told(api.items(run, order="index", store=store), None, format)

    @made.get("/compare", responses=_FILES, tags=["runs"])
    def compare(
        runs: Runs,
        baseline: str | None = None,
        fields: Literal["differing", "all"] = "differing",
        table: str | None = None,
        format: Format = "json",
    ) -> Response:
        """Two to twelve runs side by side, and the fields of their plans that differ."""
        ids = [part for text in runs for part in text.split(",") if part]
        found = api.compare_runs(ids, baseline=baseline, fields=fields, store=store)
        return _told(found, table, format)


def _add_catalog(made: APIRouter, machine: Machine, uploads: Uploads) -> None:
    @made.get("/models", responses=_FILES, tags=["catalog"])
    def models(format: Format = "json") -> Response:
        """The models of the catalog."""
        return _told(api.catalog("models"), None, format)

    @made.get("/datasets", responses=_FILES, tags=["catalog"])
    def datasets(format: Format = "json") -> Response:
        """The data sets of the catalog, uploads included."""
        return _told(api.catalog("datasets"), None, format)

    @made.get("/models/{name}", tags=["catalog"], responses=_YAML)
    def model(name: str) -> Response:
        """The manifest of one model, as YAML."""
        text = api.manifest_text("models", machine.plain_name("models", name))
        return Response(text, media_type="application/yaml")

    @made.get("/datasets/{name}", tags=["catalog"], responses=_YAML)
    def dataset(name: str) -> Response:
        """The manifest of one data set, as YAML."""
        text = api.manifest_text("datasets", machine.plain_name("datasets", name))
        return Response(text, media_type="application/yaml")

    @made.post("/datasets", status_code=201, tags=["catalog"])
    def upload(
        file: UploadFile, task: Annotated[str, Form(max_length=80)] = "image_classification"
    ) -> dict[str, str]:
        """Keep a file, or those of a zip file, as a data set of the catalog; its name."""
        return {"dataset": uploads.add(file.filename or "", file.file, task)}

    @made.get("/systems", responses=_FILES, tags=["catalog"])
    def systems(format: Format = "json") -> Response:
        """This machine, as every run of it records it."""
        return _told(api.systems(), None, format)

    @made.get("/backends", responses=_FILES, tags=["catalog"])
    def backends(format: Format = "json") -> Response:
        """The registered backends, and which of them work here."""
        table = machine.backends()
        return _told(Report("Backends", "", tables=(table,)), None, format)


def _add_jobs(made: APIRouter, machine: Machine, jobs: Jobs) -> None:
    @made.post("/evaluate", status_code=202, tags=["jobs"])
    def evaluate(asked: Asked, response: Response) -> dict[str, Any]:
        """Put an evaluation into the queue; the same one twice is one job."""
        job = jobs.submit(asked.experiment(machine), title=asked.title, rerun=asked.rerun)
        response.headers["location"] = f"/api/v1/jobs/{job.id}"
        return job.to_json()

    @made.get("/jobs", tags=["jobs"])
    def all_jobs() -> list[dict[str, Any]]:
        """Every job of this server, the newest first."""
        return [job.to_json() for job in jobs.all()]

    @made.get("/jobs/{job}", tags=["jobs"])
    def one_job(job: str) -> dict[str, Any]:
        """How far a job is; its runs are under `/runs`."""
        return jobs.job(job).to_json()

    @made.post("/jobs/{job}/cancel", tags=["jobs"])
    def cancel(job: str) -> dict[str, Any]:
        """Stop a job after its current query; asked twice, at once."""
        return jobs.cancel(job).to_json()

    @made.get("/jobs/{job}/events", tags=["jobs"], responses=_EVENTS)
    async def events(
        request: Request,
        job: str,
        after: Annotated[int, Query(ge=-1, le=10**9)] = -1,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Server-sent events `plan`, `stage`, `run`, `log` and, as the last, `done`.

        Those with a number up to `after`, or up to the header `Last-Event-ID`, are left out.
        """
        told = jobs.job(job)
        start = _number(last_event_id, after) + 1
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        stream = _stream(request, told, start)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _stream(request: Request, job: Job, start: int) -> AsyncIterator[str]:
    """The events of `job` from the number `start` on, until the last or until nobody listens."""
    quiet_s = 0.0
    while True:
        is_over = job.is_over  # asked before the events, so that none after it is missed
        for number in range(start, len(job.events)):
            yield _written(number, job)
            start, quiet_s = number + 1, 0.0
        if is_over or await request.is_disconnected():
            return
        await asyncio.sleep(_POLL_S)
        quiet_s += _POLL_S
        if quiet_s >= _ALIVE_EVERY_S:
            yield ": still there\n\n"
            quiet_s = 0.0


def _written(number: int, job: Job) -> str:
    event = job.events[number]
    told = json.dumps({key: value for key, value in event.items() if key != "type"})
    return f"id: {number}\nevent: {event['type']}\ndata: {told}\n\n"


def _number(last_event_id: str | None, otherwise: int) -> int:
    if last_event_id is None:
        return otherwise
    if not (last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) < 10):
        raise refused(
            UNFIT,
            "that is not the number of an event",
            where="header Last-Event-ID",
            fix="give the id of an event, or leave it out",
        )
    return int(last_event_id)


def _told(report: Report, table: str | None, form: str) -> Response:
    if table is not None and form != "json":
        return table_file(table_of(report, table), form)
    return exported(report, form, table)
