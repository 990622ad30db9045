"""`/try`: one picture, sound or text through one to four models; nothing of it is stored."""

from __future__ import annotations

from typing import final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dlscope import api
from dlscope.web.asked import Asked
from dlscope.web.item_pages import ItemPages, input_file, item_document
from dlscope.web.jobs import Job, Jobs
from dlscope.web.machine import Machine
from dlscope.web.page_parts import Frame
from dlscope.web.pages import Pages
from dlscope.web.queries import Query
from dlscope.web.refusals import BAD, UNKNOWN, refused
from dlscope.web.wizard import Wizard

MOST_MODELS = 4
_KEYS = ("task", "model", "backend", "dataset")
_KIND = "try"


@final
class Trial:
    """The pages on which somebody tries models on something of their own.

    Runs go to a store of their own at `store`, which ends with the server.
    """

    def __init__(
        self,
        pages: Pages,
        machine: Machine,
        jobs: Jobs,
        wizard: Wizard,
        viewer: ItemPages,
        store: str,
    ) -> None:
        self._pages, self._machine, self._jobs = pages, machine, jobs
        self._wizard, self._viewer, self._store = wizard, viewer, store

    def choose(self, request: Request) -> Response:
        """Models, a backend, and what to give them."""
        query = Query(request, _KEYS)
        models = list(api.catalog("models").table("models"))
        tasks = sorted({str(row["task"]) for row in models})
        usual = "image_classification" if "image_classification" in tasks else tasks[0]
        task = query.text("task") or usual
        datasets = api.catalog("datasets").table("datasets")
        return self._pages.render(
            request,
            "try.html.j2",
            title="Try",
            answer="One picture, sound or text through up to four models.",
            frame=Frame(place="Try"),
            tasks=tasks,
            task=task,
            models=[row for row in models if row["task"] == task],
            chosen=query.texts("model"),
            backends=self._machine.available(),
            backend=query.text("backend") or "onnxruntime",
            datasets=[row["dataset"] for row in datasets if row["task"] in (task, "raw")],
        )

    async def start(self, request: Request) -> Response:
        """Answer in a job, whose page leads to the answers."""
        async with request.form(max_files=1, max_fields=50) as form:
            query = Query.of_form("/try", form, _KEYS)
            sent = form.get("file")
            has_file = bool(getattr(sent, "filename", ""))
            dataset = (
                await self._wizard.uploaded(form, query.text("task"))
                if has_file
                else query.text("dataset")
            )
        models = query.texts("model")
        if not 1 <= len(models) <= MOST_MODELS:
            raise refused(
                BAD,
                f"{len(models)} models are chosen",
                where="model",
                fix=f"choose 1 to {MOST_MODELS}",
            )
        asked = Asked(
            models=models,
            backends=query.texts("backend") or ["onnxruntime"],
            dataset=dataset,
            scenario={"name": "quick", "mode": "accuracy"},
            items=1,
        )
        job = self._jobs.submit(
            asked.experiment(self._machine), title=asked.title, store=self._store, kind=_KIND
        )
        return RedirectResponse(f"/experiments/{job.id}", 303)

    def answers(self, request: Request, job_id: str, form: str | None) -> Response:
        """What each model answered."""
        query = Query(request, ("score", "truth"))
        job = self._job(job_id)
        first, *others = job.runs
        shown = api.item(first, 0, also=others, store=self._store)
        if form is not None:
            return item_document(shown)
        frame = Frame(
            place="Try",
            crumbs=(("Try", "/try"), (job.id, "")),
            actions=(("Try another…", "/try"),),
        )
        source = f"/try/{job.id}/input"
        return self._viewer.show(request, query, shown, frame, source, self._store)

    def input(self, request: Request, job_id: str) -> Response:
        """The picture or sound that was given."""
        Query(request, ())
        return input_file(self._job(job_id).runs[0], 0, self._store)

    def _job(self, job_id: str) -> Job:
        job = self._jobs.job(job_id)
        if job.kind != _KIND or not job.runs:
            fix = f"see /experiments/{job.id}"
            raise refused(UNKNOWN, "there are no answers", where="address", fix=fix)
        return job
