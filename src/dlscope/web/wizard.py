"""Pages of experiments: choose one, see its plan, start it, watch it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

import pydantic
import yaml
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dlscope import api
from dlscope.core.errors import DlscopeError, RequestError
from dlscope.web.asked import Asked
from dlscope.web.jobs import Jobs
from dlscope.web.machine import Machine
from dlscope.web.page_parts import Frame
from dlscope.web.pages import Pages
from dlscope.web.queries import Query, address
from dlscope.web.refusals import BAD, TAKEN, refused
from dlscope.web.uploads import Uploads

KEYS = (
    *("task", "model", "dataset", "backend", "scenario", "batch", "pipeline", "mode"),
    *("repeats", "items", "threads", "min_duration_ms", "stack", "check"),
)
_SENT = (*KEYS, "digest")
_PIPELINES = ("preloaded", "sequential", "stream")
_MODES = ("submission", "performance", "accuracy")
_STACKS = (
    ("", "what is installed here"),
    ("auto", "one of its own where needed"),
    ("isolated", "one of its own for each"),
)
_BATCHES = ("1", "2", "4", "8", "16", "32")


@final
class Wizard:
    """The pages on which experiments are made and watched."""

    def __init__(
        self,
        pages: Pages,
        machine: Machine,
        jobs: Jobs,
        uploads: Uploads,
        allow_hooks: tuple[str, ...],
    ) -> None:
        self._pages, self._machine, self._jobs = pages, machine, jobs
        self._uploads, self._allow_hooks = uploads, allow_hooks

    def choose(self, request: Request) -> Response:
        """Every choice of an experiment, and once asked the plan that it makes."""
        query = Query(request, KEYS)
        models, datasets = (list(api.catalog(kind).table(kind)) for kind in ("models", "datasets"))
        tasks = sorted({str(row["task"]) for row in models})
        task = _task(query, models, tasks)
        asked, problems = _asked(query)
        plan = self._planned(asked, problems) if query.text("check") else None
        told = [] if asked is None or asked.dataset is None else [asked.dataset]
        return self._pages.render(
            request,
            "evaluate.html.j2",
            title="Evaluate",
            answer="Choose what to measure; each choice is in the address.",
            command=asked.command() if asked else "",
            frame=Frame(place="Evaluate", crumbs=(("Experiments", "/experiments"), ("new", ""))),
            query=query,
            tasks=tasks,
            task=task,
            models=[row for row in models if row["task"] == task],
            datasets=_fitting(datasets, task, told),
            backends=list(self._machine.backends()),
            scenarios=_scenarios(),
            stacks=_STACKS,
            others=[
                each for each in query.texts("backend") if each not in self._machine.available()
            ],
            pipelines=_PIPELINES,
            modes=_MODES,
            batches=_BATCHES,
            asked=asked,
            yaml=_yaml(asked, self._machine) if plan and not problems else "",
            plan=plan,
            problems=problems,
        )

    async def start(self, request: Request) -> Response:
        """Put the experiment of a form into the queue; the same one twice is one job."""
        async with request.form(max_files=0, max_fields=200) as form:
            query = Query.of_form("/evaluate", form, _SENT)
        asked, problems = _asked(query)
        if asked is None:
            return RedirectResponse(_back(query), 303)
        if problems:
            raise problems[0]
        if asked.digest != query.text("digest"):
            fix = "check the plan again, then start it"
            raise refused(TAKEN, "this is not the plan that was shown", where="digest", fix=fix)
        job = self._jobs.submit(
            asked.experiment(self._machine), title=asked.title, rerun=asked.rerun
        )
        return RedirectResponse(f"/experiments/{job.id}", 303)

    async def upload(self, request: Request) -> Response:
        """Keep what was sent as a data set, and go back to the choices with it chosen."""
        async with request.form(max_files=1, max_fields=200) as form:
            name = await self.uploaded(form)
            query = Query.of_form("/evaluate", form, _SENT)
        return RedirectResponse(query.with_({"dataset": [name], "digest": []}), 303)

    async def uploaded(self, form: FormData, task: str | None = None) -> str:
        """The name of the data set made of the file of a form."""
        import anyio.to_thread

        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise refused(BAD, "no file was sent", where="file", fix="choose a file")
        chosen = task or str(form.get("task") or "image_classification")
        return await anyio.to_thread.run_sync(self._uploads.add, file.filename, file.file, chosen)

    def _planned(
        self, asked: Asked | None, problems: list[DlscopeError]
    ) -> Mapping[str, Any] | None:
        """The plan of what is asked; what is wrong with it joins the `problems`."""
        if asked is None or problems:
            return None
        try:
            told = self._machine.plan(asked.experiment(self._machine), self._allow_hooks)
        except DlscopeError as error:
            problems.extend(error.problems)
            return None
        if told["type"] == "end":
            return told
        problems.extend(
            RequestError(each["what"], where=each["where"], fix=each["fix"])
            for each in told.get("problems", _died(told))
        )
        return None


def _died(told: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    log = " ".join(told.get("log", ()))[-300:] or "it said nothing"
    fix = "look at `dlscope doctor`"
    return [{"what": "planning came to nothing", "where": log, "fix": fix}]


def _asked(query: Query) -> tuple[Asked | None, list[DlscopeError]]:
    """What the choices ask; None while no model is chosen."""
    models = query.texts("model")
    if not models:
        return None, []
    scenario: dict[str, Any] = {"name": query.text("scenario") or "online"}
    for key in ("pipeline", "mode"):
        if text := query.text(key):
            scenario[key] = text
    if batches := query.texts("batch"):
        scenario["batch_size"] = [int(each) if each.isdecimal() else each for each in batches]
    if duration := query.text("min_duration_ms"):
        scenario["min_duration_ms"] = duration
    given = {key: query.text(key) for key in ("repeats", "items", "threads", "stack")}
    fields = {key: text for key, text in given.items() if text is not None}
    try:
        asked = Asked.model_validate(
            {
                "models": models,
                "backends": query.texts("backend") or ["onnxruntime"],
                "dataset": query.text("dataset"),
                "scenario": scenario["name"] if len(scenario) == 1 else scenario,
                **fields,
            }
        )
    except pydantic.ValidationError as error:
        return None, [_problem(each) for each in error.errors()]
    return asked, []


def _problem(error: Mapping[str, Any]) -> RequestError:
    where = ".".join(map(str, error["loc"]))
    return RequestError(str(error["msg"]), where=where, fix="correct this choice")


def _task(query: Query, models: Sequence[Mapping[str, Any]], tasks: Sequence[str]) -> str:
    chosen = set(query.texts("model"))
    of_model = next((str(row["task"]) for row in models if row["model"] in chosen), None)
    usual = "image_classification" if "image_classification" in tasks else tasks[0]
    return query.text("task") or of_model or usual


def _fitting(
    datasets: Sequence[Mapping[str, Any]], task: str, chosen: Sequence[str]
) -> list[Mapping[str, Any]]:
    """The data sets for a task, those without one, and what is chosen anyhow."""
    return [row for row in datasets if row["task"] in (task, "raw") or row["dataset"] in chosen]


def _scenarios() -> tuple[str, ...]:
    from dlscope.catalog.finder import names

    return names("scenarios")


def _yaml(asked: Asked | None, machine: Machine) -> str:
    if asked is None:
        return ""
    return yaml.safe_dump(asked.experiment(machine), sort_keys=False, allow_unicode=True)


def _back(query: Query) -> str:
    return address("/evaluate", [pair for pair in query.pairs if pair[0] != "digest"])
