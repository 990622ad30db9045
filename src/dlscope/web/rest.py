"""REST under `/api/v1`: the same functions as the pages, as JSON and CSV."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Header, Query, Request, Response, UploadFile
from starlette.responses import StreamingResponse

from dlscope import api
from dlscope.core.errors import did_you_mean
from dlscope.core.report import Report
from dlscope.web.asked import Asked
from dlscope.web.jobs import Job, Jobs
from dlscope.web.machine import Machine
from dlscope.web.model_jobs import AskedBounds, AskedBricks, MeasuredBricks, known, submit
from dlscope.web.refusals import BAD, UNFIT, refused
from dlscope.web.rest_answers import FILES, Format, told
from dlscope.web.rest_runs import add_analyses, add_runs
from dlscope.web.uploads import Uploads

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
_YAML: dict[int | str, dict[str, Any]] = {200: {"content": {"application/yaml": {}}}}
_EVENTS: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {}}}}
_POLL_S, _ALIVE_EVERY_S = 0.5, 15.0


def router(store: str | None, machine: Machine, jobs: Jobs, uploads: Uploads) -> APIRouter:
    """The routes of `/api/v1` over one store."""
    only_known = [Depends(_refuse_unknown_keys)]
    made = APIRouter(prefix="/api/v1", responses=_ERRORS, dependencies=only_known)
    add_runs(made, store)
    add_analyses(made, store)
    _add_catalog(made, machine, uploads)
    _add_models(made, machine, jobs)
    _add_jobs(made, machine, jobs)
    return made


def _refuse_unknown_keys(request: Request) -> None:
    """Raises an answer of 400 for a key of the query that the address does not declare."""
    methods = request.app.openapi()["paths"][request.scope["route"].path]
    declared = methods.get(request.method.lower(), {}).get("parameters", ())
    known = [each["name"] for each in declared if each["in"] == "query"]
    for key in request.query_params:
        if key not in known:
            fix = did_you_mean(key[:80], known) if known else "leave it out"
            raise refused(BAD, f"this address has no {key[:80]!r}", where="query", fix=fix)


def _add_catalog(made: APIRouter, machine: Machine, uploads: Uploads) -> None:
    @made.get("/models", responses=FILES, tags=["catalog"])
    def models(format: Format = "json") -> Response:
        """The models of the catalog."""
        return told(api.catalog("models"), None, format)

    @made.get("/datasets", responses=FILES, tags=["catalog"])
    def datasets(format: Format = "json") -> Response:
        """The data sets of the catalog, uploads included."""
        return told(api.catalog("datasets"), None, format)

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

    @made.get("/systems", responses=FILES, tags=["catalog"])
    def systems(format: Format = "json") -> Response:
        """This machine, as every run of it records it."""
        return told(api.systems(), None, format)

    @made.get("/backends", responses=FILES, tags=["catalog"])
    def backends(format: Format = "json") -> Response:
        """The registered backends, and which of them work here."""
        table = machine.backends()
        return told(Report("Backends", "", tables=(table,)), None, format)


def _add_models(made: APIRouter, machine: Machine, jobs: Jobs) -> None:
    @made.get("/models/{name}/bounds", responses=FILES, tags=["models"])
    def bounds(
        name: str, asked: AskedBounds, table: str | None = None, format: Format = "json"
    ) -> Response:
        """The bounds of a model from what the store holds; nothing is measured."""
        found = known(machine, "bounds", name, asked.options())
        return told(found, table, format)

    @made.get("/models/{name}/bricks", responses=FILES, tags=["models"])
    def bricks(
        name: str, asked: AskedBricks, table: str | None = None, format: Format = "json"
    ) -> Response:
        """A model rebuilt from the bricks that the store holds; nothing is measured."""
        found = known(machine, "bricks", name, asked.options())
        return told(found, table, format)

    @made.post("/models/{name}/bounds", status_code=202, tags=["jobs"])
    def measure_bounds(
        name: str, asked: AskedBounds, response: Response, verify: bool = False
    ) -> dict[str, Any]:
        """Put the measurement of the bounds of a model into the queue; `verify` its advice, too."""
        options = {**asked.options(), **({"verify": True} if verify else {})}
        return _queued(submit(jobs, machine, "bounds", name, options), response)

    @made.post("/models/{name}/bricks", status_code=202, tags=["jobs"])
    def measure_bricks(name: str, asked: MeasuredBricks, response: Response) -> dict[str, Any]:
        """Put the measurement of the bricks of a model into the queue."""
        return _queued(submit(jobs, machine, "bricks", name, asked.options()), response)


def _queued(job: Job, response: Response) -> dict[str, Any]:
    response.headers["location"] = f"/api/v1/jobs/{job.id}"
    return job.to_json()


def _add_jobs(made: APIRouter, machine: Machine, jobs: Jobs) -> None:
    @made.post("/evaluate", status_code=202, tags=["jobs"])
    def evaluate(asked: Asked, response: Response) -> dict[str, Any]:
        """Put an evaluation into the queue; the same one twice is one job."""
        job = jobs.submit(asked.experiment(machine), title=asked.title, rerun=asked.rerun)
        return _queued(job, response)

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
        followed = jobs.job(job)
        start = _number(last_event_id, after) + 1
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        stream = _stream(request, followed, start)
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
    data = json.dumps({key: value for key, value in event.items() if key != "type"})
    return f"id: {number}\nevent: {event['type']}\ndata: {data}\n\n"


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
