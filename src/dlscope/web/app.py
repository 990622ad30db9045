"""`create_app`: the application that `dlscope serve` runs, and tests call without a network."""

from __future__ import annotations

import contextlib
import functools
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Scope

from dlscope import api
from dlscope.core.errors import DlscopeError
from dlscope.store import Location
from dlscope.web import rest
from dlscope.web.analysis_pages import AnalysisPages
from dlscope.web.catalog_pages import CatalogPages
from dlscope.web.codesign_pages import CodesignPages
from dlscope.web.drawings import Drawings
from dlscope.web.experiment_pages import ExperimentPages
from dlscope.web.exports import TYPES
from dlscope.web.guard import COOKIE, Guard, mark_of
from dlscope.web.item_pages import ItemPages
from dlscope.web.jobs import Jobs
from dlscope.web.kept_pages import KeptPages
from dlscope.web.listing import Listing
from dlscope.web.machine import Machine
from dlscope.web.model_pages import ModelPages
from dlscope.web.page_parts import Frame
from dlscope.web.pages import Pages, asset
from dlscope.web.places import PLACES
from dlscope.web.refusals import (
    UNKNOWN,
    document,
    malformed,
    problem_of,
    refused,
    title_of,
)
from dlscope.web.trial import Trial
from dlscope.web.uploads import Uploads
from dlscope.web.wizard import Wizard

UPLOADS = ("/uploads", "/try", "/api/v1/datasets")
_ASSETS = ("site.css", "site.js")
_FOREVER = "public, max-age=31536000, immutable"
Handler = Callable[..., Response]


def create_app(
    *,
    store: str | None = None,
    token: str | None = None,
    allow_hooks: Sequence[str] = (),
    hosts: Sequence[str] = ("localhost",),
) -> FastAPI:
    """REST and pages over one store.

    With a `token` every request must show it. `hosts` are the names that the server goes by
    beside those of loopback; without any, by whatever name. `allow_hooks` are the SHA-256 of
    hooks that may run. Nothing is measured before somebody asks.
    """
    location = Location.of(store)
    uploads = Uploads(location.folder / "uploads")
    uploads.publish()
    machine = Machine(store, location.folder / "reports")
    jobs = Jobs(store=store, allow_hooks=allow_hooks, ended=machine.ended)
    pages = Pages(Drawings(lambda: not jobs.is_measuring), f"store {location.shown}")
    trials = Path(tempfile.mkdtemp(prefix="dlscope-try-"))

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        yield
        jobs.close()
        uploads.withdraw()
        shutil.rmtree(trials, ignore_errors=True)

    app = FastAPI(
        title="dlscope",
        version=version("dlscope"),
        summary="What a deep-learning model costs.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.jobs = jobs
    app.include_router(rest.router(store, machine, jobs, uploads))
    viewer = ItemPages(pages, store)
    wizard = Wizard(pages, machine, jobs, uploads, tuple(allow_hooks))
    trial = Trial(pages, machine, jobs, wizard, viewer, str(trials / "store"))
    _add_pages(app, Listing(pages, store), viewer, CatalogPages(pages, machine))
    _add_models(app, ModelPages(pages, machine, jobs), AnalysisPages(pages, store))
    _add_searches(app, CodesignPages(pages, store))
    for kind in api.KINDS:
        _add_kept(app, kind, KeptPages(pages, kind, store))
    _add_experiments(app, wizard, ExperimentPages(pages, jobs), trial)
    _add_frame(app, pages, token)
    _describe_refusals(app)

    def refuse(scope: Scope, status: int, error: DlscopeError) -> ASGIApp:
        return _refusal(Request(scope), pages, status, error)

    app.add_middleware(Guard, refuse=refuse, token=token, hosts=hosts, uploads=UPLOADS)
    return app


def _add_pages(app: FastAPI, listing: Listing, viewer: ItemPages, catalog: CatalogPages) -> None:
    for place in PLACES:
        _page(app, place.path, functools.partial(listing.browse, place))
    _page(app, "/compare", listing.compare)
    _page(app, "/runs/{run}", listing.run)
    _page(app, "/runs/{run}/items", viewer.items)
    _get(app, "/runs/{run}/items/{number}/input", viewer.input)
    _page(app, "/runs/{run}/items/{number}", viewer.item)
    _page(app, "/models", catalog.models)
    _page(app, "/datasets", catalog.datasets)
    _page(app, "/models/{name}", catalog.model, also=("yaml",))
    _page(app, "/datasets/{name}", catalog.dataset, also=("yaml",))
    _page(app, "/systems", catalog.systems)


def _add_models(app: FastAPI, models: ModelPages, analyses: AnalysisPages) -> None:
    _page(app, "/analyses", analyses.analyses)
    _page(app, "/analyses/{name}", analyses.analysis)
    _page(app, "/bounds", models.choose)
    _page(app, "/models/{name}/bounds", models.bounds)
    _page(app, "/models/{name}/bricks", models.bricks)
    app.add_route(
        "/models/{name}/{what}", models.measure, methods=["POST"], include_in_schema=False
    )


def _add_searches(app: FastAPI, searches: CodesignPages) -> None:
    _page(app, "/codesign", searches.searches)
    _page(app, "/codesign/{run}", searches.search)
    _get(app, "/codesign/{run}/report", searches.report)


def _add_kept(app: FastAPI, kind: api.Kind, kept: KeptPages) -> None:
    _page(app, f"/{kind}", kept.reports)
    _page(app, f"/{kind}/{{name}}", kept.report)
    _get(app, f"/{kind}/{{name}}/report", kept.file)


def _add_experiments(app: FastAPI, wizard: Wizard, watched: ExperimentPages, trial: Trial) -> None:
    _get(app, "/evaluate", wizard.choose)
    _get(app, "/experiments", watched.experiments)
    app.add_route("/experiments", wizard.start, methods=["POST"], include_in_schema=False)
    app.add_route("/uploads", wizard.upload, methods=["POST"], include_in_schema=False)
    _get(app, "/experiments/{job_id}", watched.experiment)
    app.add_route(
        "/experiments/{job}/stop", watched.stop, methods=["POST"], include_in_schema=False
    )
    _get(app, "/try", trial.choose)
    app.add_route("/try", trial.start, methods=["POST"], include_in_schema=False)
    _get(app, "/try/{job_id}/input", trial.input)
    _page(app, "/try/{job_id}", trial.answers)


def _add_frame(app: FastAPI, pages: Pages, token: str | None) -> None:
    """Home, assets, signing in, and what is answered when something is refused."""

    def home(request: Request) -> Response:
        del request
        return RedirectResponse("/runs")

    def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _ASSETS:
            raise refused(UNKNOWN, f"there is no {name[:80]!r}", where="address", fix="see /")
        text, media = asset(name)
        return Response(text, media_type=media, headers={"cache-control": _FOREVER})

    async def sign_in(request: Request) -> Response:
        async with request.form(max_files=0, max_fields=4) as form:
            given, back = str(form.get("token", "")), str(form.get("next", "/"))
        answer = RedirectResponse(back if _is_local(back) else "/", 303)
        if token is not None:
            # Whether it is the right one is told by the next request, as any other.
            answer.set_cookie(COOKIE, mark_of(given), httponly=True, samesite="strict")
        return answer

    _get(app, "/", home)
    app.add_route("/static/{name}", static, methods=["GET"], include_in_schema=False)
    app.add_route("/sign-in", sign_in, methods=["POST"], include_in_schema=False)

    def failed(request: Request, error: Exception) -> Response:
        if isinstance(error, RequestValidationError):
            return _refusal(request, pages, 422, malformed(error.errors()))
        assert isinstance(error, HTTPException | DlscopeError)
        return _refusal(request, pages, *problem_of(error))

    for kind in (DlscopeError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, failed)


def _page(app: FastAPI, path: str, handler: Handler, *, also: Sequence[str] = ()) -> None:
    """`handler` for `path`, and for the same with one of the forms of a file at its end."""

    def as_file(request: Request) -> Response:
        values = dict(request.path_params)
        form = values.pop("form")
        if form in (*TYPES, *also):
            return handler(request, form=form, **values)
        if not values:
            raise HTTPException(UNKNOWN, "not found")
        *_, last = values  # a dot may stand in an id
        return handler(request, form=None, **{**values, last: f"{values[last]}.{form}"})

    def as_page(request: Request) -> Response:
        return handler(request, form=None, **request.path_params)

    app.add_route(f"{path}.{{form}}", as_file, methods=["GET"], include_in_schema=False)
    app.add_route(path, as_page, methods=["GET"], include_in_schema=False)


def _get(app: FastAPI, path: str, handler: Handler) -> None:
    def answer(request: Request) -> Response:
        return handler(request, **request.path_params)

    app.add_route(path, answer, methods=["GET"], include_in_schema=False)


def _refusal(request: Request, pages: Pages, status: int, error: DlscopeError) -> Response:
    """The three fields of every problem, as JSON to programs and as a page to people."""
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    if request.url.path.startswith("/api/"):
        return JSONResponse(document(error), status, headers=headers)
    page = pages.render(
        request,
        "refused.html.j2",
        status=status,
        title=title_of(status),
        frame=Frame(),
        problems=error.problems,
        sign_in=str(request.url.path) if status == 401 else "",
    )
    page.headers.update(headers)
    return page


def _is_local(address: str) -> bool:
    return address.startswith("/") and not address.startswith(("//", "/\\"))


def _describe_refusals(app: FastAPI) -> None:
    """Put the shape of a refusal into the OpenAPI document, where every route names it."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        described = made()
        schemas = described.setdefault("components", {}).setdefault("schemas", {})
        fields = {name: {"type": "string"} for name in ("kind", "what", "where", "fix")}
        problem = {"type": "object", "properties": fields, "required": list(fields)}
        schemas["Problem"] = problem
        reference = {"$ref": "#/components/schemas/Problem"}
        schemas["Refused"] = {
            "type": "object",
            "properties": {"error": reference, "problems": {"type": "array", "items": reference}},
            "required": ["error", "problems"],
        }
        return described

    app.openapi = openapi  # type: ignore[method-assign]
