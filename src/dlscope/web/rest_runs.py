"""REST about stored runs and what they are asked."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from dlscope import api
from dlscope.core import registry
from dlscope.core.plan import Plan
from dlscope.web.rest_answers import FILES, Format, told

Runs = Annotated[list[str], Query(description="ids, or unique beginnings; commas are fine, too")]
_TRACES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}


def add_runs(made: APIRouter, store: str | None) -> None:
    """Add the routes of stored runs."""
    _add_listing(made, store)
    _add_run(made, store)
    _add_files(made, store)
    _add_comparison(made, store)


def _add_listing(made: APIRouter, store: str | None) -> None:
    """All runs, page by page."""

    @made.get("/runs", responses=FILES, tags=["runs"])
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
        answer = told(browsed.report, "runs" if format != "json" else None, format)
        answer.headers["x-total-count"] = str(browsed.total)
        return answer


def _add_run(made: APIRouter, store: str | None) -> None:
    """What one run tells."""

    @made.get("/runs/{run}", responses=FILES, tags=["runs"])
    def run(run: str, table: str | None = None, format: Format = "json") -> Response:
        """The report of one run: every table and finding, or one table of it."""
        return told(api.report([run], store=store), table, format)

    @made.get("/runs/{run}/tables/{table}", responses=FILES, tags=["runs"])
    def table(run: str, table: str, format: Format = "json") -> Response:
        """One table of the report of a run."""
        return told(api.report([run], store=store), table, format)

    @made.get("/runs/{run}/plan", tags=["runs"])
    def plan(run: str) -> Plan:
        """The closed plan that a run carried out."""
        return api.stored_run(run, store=store).plan

    @made.get("/runs/{run}/items", responses=FILES, tags=["runs"])
    def items(run: str, format: Format = "json") -> Response:
        """What a run answered to each item, in the order of the data set."""
        return told(api.items(run, order="index", store=store), None, format)


def _add_files(made: APIRouter, store: str | None) -> None:
    """A run as files to keep: its report as a page, its spans."""

    @made.get("/runs/{run}/report", responses={200: {"content": {"text/html": {}}}}, tags=["runs"])
    def report(run: str) -> Response:
        """The report of a run as one page that opens from disk."""
        found = api.report([run], store=store)
        page: str = registry.load("renderers", "html")().report(found)
        name = f'attachment; filename="{found.runs[0]}.html"'
        return Response(page, media_type="text/html", headers={"content-disposition": name})

    @made.get("/runs/{run}/trace", responses=_TRACES, tags=["runs"])
    def trace(run: str, format: Literal["json.gz", "otlp.json", "parquet"] = "json.gz") -> Response:
        """The spans of a run: `json.gz` for Perfetto, `otlp.json` for collectors, or a table."""
        found = api.stored_run(run, store=store).id
        name = f"{found}.{format}"
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"trace.{format}"
            api.export_trace(found, file, store=store)
            content = file.read_bytes()
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type="application/octet-stream", headers=headers)


def _add_comparison(made: APIRouter, store: str | None) -> None:
    """Several runs side by side."""

    @made.get("/compare", responses=FILES, tags=["runs"])
    def compare(
        runs: Runs,
        baseline: str | None = None,
        fields: Literal["differing", "all"] = "differing",
        table: str | None = None,
        format: Format = "json",
    ) -> Response:
        """Two to twelve runs side by side, and the fields of their plans that differ."""
        found = api.compare_runs(_ids(runs), baseline=baseline, fields=fields, store=store)
        return told(found, table, format)


def add_analyses(made: APIRouter, store: str | None) -> None:
    """Add the routes of the registered analyses."""

    @made.get("/analyses", responses=FILES, tags=["analyses"])
    def analyses(format: Format = "json") -> Response:
        """The registered analyses, and what each answers."""
        return told(api.analyses(), None, format)

    @made.get("/analyses/{name}", responses=FILES, tags=["analyses"])
    def analysis(
        name: str, runs: Runs, table: str | None = None, format: Format = "json"
    ) -> Response:
        """The table of one analysis over stored runs."""
        return told(api.analyse(name, _ids(runs), store=store), table, format)


def _ids(runs: list[str]) -> list[str]:
    return [part for text in runs for part in text.split(",") if part]
