"""What the store holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlscope.core.table import Column, Table

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.core.run import Run

_RUN_COLUMNS = (
    Column("run", "str", "id of the Run", role="id"),
    Column("started_utc", "str", "when it began, UTC", priority=2),
    Column("model", "str", "model manifest"),
    Column("backend", "str", "framework that ran it"),
    Column("version", "str", "exact version of the framework", priority=2),
    Column("dataset", "str", "data set manifest", priority=2),
    Column("scenario", "str", "how queries arrived", priority=2),
    Column("batch_size", "int", "items in one query", role="count", priority=3),
    Column("metric", "str", "headline metric", priority=3),
    Column("value", "float", "its value", role="value"),
    Column("queries", "int", "queries measured", role="count", priority=3),
    Column("status", "str", "finished, failed or aborted"),
    Column("valid", "bool", "whether every condition holds", role="verdict"),
    Column("error", "str", "what went wrong", priority=3),
)
_INFO_COLUMNS = (
    Column("field", "str", "what is counted"),
    Column("value", "str", "how much"),
)


def runs(
    *,
    model: str | None = None,
    backend: str | None = None,
    dataset: str | None = None,
    status: Any = None,
    limit: int = 50,
    store: str | None = None,
) -> Report:
    """The stored runs that fit, newest first."""
    from dlscope.core.report import Report, Section
    from dlscope.store import RunFilter, Store

    wanted = RunFilter(model=model, framework=backend, dataset=dataset, status=status, limit=limit)
    with Store.open(store) as opened:
        found = opened.runs(wanted)
        answer = _listed(len(found), opened.count(wanted if found else RunFilter()))
    records = [
        {
            "run": each.id,
            "started_utc": each.started_utc,
            "model": each.model,
            "backend": each.framework,
            "version": each.framework_version,
            "dataset": each.dataset,
            "scenario": each.scenario,
            "batch_size": each.batch_size,
            "metric": each.metrics[0].name if each.metrics else None,
            "value": each.metrics[0].value if each.metrics else None,
            "queries": each.samples,
            "status": each.status,
            "valid": each.is_valid,
            "error": each.error,
        }
        for each in found
    ]
    table = Table.of("runs", _RUN_COLUMNS, records)
    return Report(
        title="Runs",
        answer=answer,
        tables=(table,),
        sections=(Section("Runs", (table,)),),
        runs=tuple(each.id for each in found),
        command="dlscope store list",
    )


def _listed(shown: int, stored: int) -> str:
    """How many Runs are shown of those that fit, or of all where none fits."""
    from dlscope.reporting.words import plural

    if not stored:
        return "No runs yet: try `dlscope demo`."
    if not shown:
        return f"None of {plural(stored, 'run')} fits."
    return (
        f"{plural(shown, 'run')}." if shown == stored else f"The newest {shown} of {stored} runs."
    )


def stored_run(run: str, *, store: str | None = None) -> Run:
    """The Run with this id, or with an id that alone begins so. Raises `StoreError` for others."""
    from dlscope.store import Store

    with Store.open(store) as opened:
        return opened.run(run)


def store_info(*, store: str | None = None) -> Report:
    """Where the store is and how large it has grown."""
    from dataclasses import asdict

    from dlscope.core.report import Report, Section
    from dlscope.reporting.words import plural
    from dlscope.store import Store

    with Store.open(store) as opened:
        place, size = opened.location.shown, opened.size()
    records = [{"field": "place", "value": place}]
    records.extend({"field": field, "value": str(value)} for field, value in asdict(size).items())
    table = Table.of("store", _INFO_COLUMNS, records)
    return Report(
        title="Store",
        answer=f"{plural(size.runs, 'run')} in {place}.",
        tables=(table,),
        sections=(Section("Store", (table,)),),
        command="dlscope store info",
    )
