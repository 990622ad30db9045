"""Pages of jobs: how far each is, and what it has measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final
from urllib.parse import quote

import yaml
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dlscope.web.jobs import MODEL_KINDS, Job, Jobs
from dlscope.web.page_parts import Frame
from dlscope.web.pages import Pages
from dlscope.web.queries import Query


@dataclass(frozen=True)
class Cell:
    """A model on a framework in the matrix of an experiment: how far it is, in words."""

    key: str
    kind: str
    head: str
    tail: str


@final
class ExperimentPages:
    """The pages on which jobs are watched and stopped."""

    def __init__(self, pages: Pages, jobs: Jobs) -> None:
        self._pages, self._jobs = pages, jobs

    def experiments(self, request: Request) -> Response:
        """Every job of this server, the newest first."""
        Query(request, ())
        return self._pages.render(
            request,
            "experiments.html.j2",
            title="Experiments",
            answer="What was asked of this server since it was started.",
            frame=Frame(
                place="Evaluate",
                crumbs=(("Evaluate", "/evaluate"), ("experiments", "")),
                actions=(("Evaluate…", "/evaluate"),),
            ),
            jobs=[job.to_json() for job in self._jobs.all()],
        )

    def experiment(self, request: Request, job_id: str) -> Response:
        """One job: how far it is, and what it has measured."""
        Query(request, ())
        job = self._jobs.job(job_id)
        told = job.to_json()
        runs = told["runs"]
        return self._pages.render(
            request,
            "experiment.html.j2",
            title=job.title,
            answer=_state(told),
            command="",
            frame=Frame(
                place="Bounds" if job.model else "Evaluate",
                crumbs=(("Experiments", "/experiments"), (job.id, "")),
                actions=_results(job, runs),
            ),
            job=job,
            told=told,
            last=len(job.events) - 1,
            share=_share(job),
            matrix=([], []) if job.model else _matrix(job),
            now=_now(job),
            log=[_line(event) for event in job.events if event["type"] == "run"][-40:],
            yaml=yaml.safe_dump(dict(job.experiment), sort_keys=False, allow_unicode=True),
        )

    async def stop(self, request: Request) -> Response:
        """Stop a job after its current query."""
        job = self._jobs.cancel(request.path_params["job"])
        return RedirectResponse(f"/experiments/{job.id}", 303)


def _results(job: Job, runs: Sequence[str]) -> tuple[tuple[str, str], ...]:
    if job.model:
        address = f"/models/{quote(job.model)}/{job.kind}"
        return (("Result", address),) if job.is_over else ()
    if job.kind == "try":
        return (("Answers", f"/try/{job.id}"),) if runs and job.is_over else ()
    if not runs:
        return ()
    if len(runs) == 1:
        return (("Result", f"/runs/{quote(runs[0])}"),)
    return (("Results", f"/compare?runs={','.join(map(quote, runs[:12]))}"),)


def _state(told: Mapping[str, Any]) -> str:
    if told["kind"] in MODEL_KINDS:
        return f"{str(told['state']).capitalize()}."
    total = f" of {told['total']}" if told["total"] else ""
    refused_runs = f", {len(told['refused'])} refused with reasons" if told["refused"] else ""
    return f"{str(told['state']).capitalize()}: {told['done']}{total} runs{refused_runs}."


def _now(job: Job) -> str:
    stages = [event for event in job.events if event["type"] == "stage"]
    if job.state == "queued":
        return "waiting for the job before it"
    if not stages:
        return "starting"
    label = stages[-1]["label"]
    return f"{label}: {stages[-1]['step']}" if label else str(stages[-1]["step"])


def _share(job: Job) -> float:
    """How much of the step at work is done."""
    stages = [event for event in job.events if event["type"] == "stage"]
    return float(stages[-1].get("share") or 0.0) if stages else 0.0


def _line(event: Mapping[str, Any]) -> str:
    known = ", already measured" if event["known"] else ""
    return f"{event['sign']} {event['label']}: {event['told']}{known}"


def _matrix(job: Job) -> tuple[list[str], list[tuple[str, list[Cell]]]]:
    """The names of the frameworks, and the cells of each model."""
    models, frameworks = (
        [str(each["name"]) for each in job.experiment[key]] for key in ("models", "frameworks")
    )
    latest: dict[str, Mapping[str, Any]] = {}
    for event in job.events:
        if event["type"] in ("run", "stage"):
            latest[event["cell"]] = event
    refusals = {(row["model"], row["backend"]): row["reason"] for row in job.refused}
    rows = []
    for model in models:
        cells = []
        for framework in frameworks:
            key = f"{model} · {framework}"
            cells.append(_cell(key, latest.get(key), refusals.get((model, framework)), job))
        rows.append((model, cells))
    return frameworks, rows


def _cell(key: str, event: Mapping[str, Any] | None, refusal: str | None, job: Job) -> Cell:
    if refusal is not None:
        return Cell(key, "refused", "✕ no plan", refusal)
    if event is None:
        return Cell(key, "", "not measured" if job.is_over else "queued", "")
    if event["type"] == "stage":
        if job.is_over:
            return Cell(key, "", "▲ stopped", str(event["step"]))
        return Cell(key, "running", "● running", str(event["step"]))
    kinds = {"valid": "done", "invalid": "invalid"}
    head = str(event["told"]) if event["verdict"] == "valid" else f"{event['sign']} {event['told']}"
    return Cell(key, kinds.get(event["verdict"], "failed"), head, str(event["runs_done"]))
