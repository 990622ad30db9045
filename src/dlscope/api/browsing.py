"""`browse`: a page of the stored runs, sorted and filtered, with what people look for beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dlscope.core.table import Cell, Column, Table

if TYPE_CHECKING:
    from dlscope.core.report import Figure, Finding, Report
    from dlscope.core.run import Run
    from dlscope.store import RunSummary, Store

ROWS = 50
MOST_ROWS = 1000
SORTED = {
    "run": "id",
    "model": "model",
    "backend": "framework",
    "version": "framework_version",
    "dataset": "dataset",
    "scenario": "scenario",
    "batch_size": "batch_size",
    "value": "value",
    "p50": "p50_ns",
    "p90": "p90_ns",
    "rate": "queries_per_s",
    "queries": "samples",
    "when": "started_utc",
}
"""Words to sort by and the columns of the store that they mean."""
STATUSES = ("valid", "invalid", "finished", "failed", "aborted")
_DRAWN = 100
_LOOKED_AT = 5
_DRAWN_NOTE = "newest valid run of each model on each backend, batch 1"
_COLUMNS = (
    Column("run", "str", "id of the Run", role="id"),
    Column("model", "str", "model manifest"),
    Column("backend", "str", "framework that ran it"),
    Column("version", "str", "exact version of the framework", priority=3),
    Column("dataset", "str", "data set manifest", priority=3),
    Column("scenario", "str", "how queries arrived", priority=3),
    Column("batch_size", "int", "items in one query", role="count", priority=3),
    Column("metric", "str", "headline metric", priority=3),
    Column("value", "float", "its value", None, "value", 2, "value_lo", "value_hi"),
    Column("value_lo", "float", "lower end of its 95 % interval", priority=3),
    Column("value_hi", "float", "upper end of its 95 % interval", priority=3),
    Column("p50_ns", "int", "median latency", "ns", "value", 1, "p50_lo_ns", "p50_hi_ns"),
    Column("p50_lo_ns", "float", "lower end of its 95 % interval", "ns", priority=3),
    Column("p50_hi_ns", "float", "upper end of its 95 % interval", "ns", priority=3),
    Column("p90_ns", "int", "0.9 percentile of the latencies", "ns", "value", 3),
    Column("queries_per_s", "float", "queries answered per second", "1/s", "share", 2),
    Column("queries", "int", "queries measured", role="count", priority=3),
    Column("verdict", "str", "valid, invalid, failed or aborted", role="verdict"),
    Column("started_utc", "str", "when it began, UTC", priority=3),
    Column("error", "str", "what went wrong", priority=3),
)


@dataclass(frozen=True)
class Browsed:
    """A `report` whose table `runs` is one page; `total` Runs fit the filter, on `pages` pages."""

    report: Report
    total: int
    page: int
    pages: int
    rows: int
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)


def browse(
    *,
    task: str | None = None,
    model: str | None = None,
    backend: str | None = None,
    dataset: str | None = None,
    scenario: str | None = None,
    status: str | None = None,
    workload: str | None = None,
    q: str | None = None,
    sort: Sequence[str] = (),
    page: int = 1,
    rows: int = ROWS,
    store: str | None = None,
) -> Browsed:
    """The runs that fit, a page of at most 1000 `rows`, and findings on the newest.

    `sort` holds words of `SORTED`, a `-` before one puts the greatest first; without any the
    newest come first. `status` is one of `STATUSES`, `q` a part of a name or the beginning of an
    id. Raises `PlanError` for another word, and for a page that there is not.
    """
    from dlscope.store import RunFilter, Store

    keys = [_key(word) for word in sort]
    wanted = RunFilter(
        *(model, backend, dataset, task, scenario, workload), text=q or None, **_status(status)
    )
    rows = _within("rows", rows, MOST_ROWS)
    with Store.open(store) as opened:
        offset = (_within("page", page, 10**9) - 1) * rows
        found, total = opened.page(wanted, keys, offset=offset, count=rows), opened.count(wanted)
        newest = opened.page(wanted, count=_DRAWN)
        choices = opened.choices()
        findings = tuple(_findings(opened))
    pages = max(1, -(-total // rows))
    if page > pages:
        raise _refused(f"there is no page {page}", "page", f"the last page is {pages}")
    report = _report(found, newest, findings, _answer(total, choices))
    return Browsed(report, total, page, pages, rows, choices)


def _report(
    found: Sequence[RunSummary],
    newest: Sequence[RunSummary],
    findings: tuple[Finding, ...],
    answer: str,
) -> Report:
    from dlscope.core.report import Report, Section

    table, drawn = _table("runs", found), _trade_off(newest)
    shown = (
        (Section("Accuracy against latency", (_figure(drawn),), _DRAWN_NOTE),)
        if len(drawn) > 1
        else ()
    )
    return Report(
        title="Runs",
        answer=answer,
        tables=(table, drawn),
        findings=findings,
        sections=(*shown, Section("Runs", (table,))),
        runs=tuple(each.id for each in found),
        command="dlscope store list",
    )


def _answer(total: int, choices: Mapping[str, Sequence[str]]) -> str:
    from dlscope.reporting.words import plural

    if not choices["model"]:
        return "No runs yet: try `dlscope demo`."
    models, backends = len(choices["model"]), len(choices["framework"])
    shown = f"{plural(total, 'run')} shown" if total else "No run fits"
    return f"{shown}; the store knows {plural(models, 'model')} on {plural(backends, 'backend')}."


def _table(name: str, runs: Sequence[RunSummary]) -> Table:
    return Table.of(name, _COLUMNS, map(_record, runs))


def _record(run: RunSummary) -> Mapping[str, Cell]:
    headline = run.metrics[0] if run.metrics else None
    names = ("dataset", "scenario", "batch_size", "started_utc", "error", "model")
    latencies = ("p50_ns", "p50_lo_ns", "p50_hi_ns", "p90_ns", "queries_per_s")
    return {
        **{name: getattr(run, name) for name in (*names, *latencies)},
        "run": run.id,
        "backend": run.framework,
        "version": run.framework_version,
        "metric": headline and headline.name,
        "value": headline and headline.value,
        "value_lo": headline and headline.lo,
        "value_hi": headline and headline.hi,
        "queries": run.samples,
        "verdict": verdict_of(run),
    }


def verdict_of(run: Run | RunSummary) -> str:
    """`valid` or `invalid` of a Run that finished, else how it ended."""
    if run.status != "finished":
        return run.status
    return "valid" if run.is_valid else "invalid"


def _trade_off(newest: Sequence[RunSummary]) -> Table:
    """The newest valid Run of each model on each backend, where they share a metric."""
    first: dict[tuple[str, str], RunSummary] = {}
    for run in newest:
        if run.is_valid and run.metrics and run.p50_ns is not None and run.batch_size == 1:
            first.setdefault((run.model, run.framework), run)
    names = [run.metrics[0].name for run in first.values()]
    usual = max(names, key=names.count, default="")
    return _table("trade_off", [run for run in first.values() if run.metrics[0].name == usual])


def _figure(drawn: Table) -> Figure:
    from dlscope.reporting.charts import scatter

    metric = str(drawn.column("metric")[0]).replace("_", "-")
    title = f"{metric} against median latency"
    return scatter(drawn, ("model", "backend"), "p50_ns", "value", title=title)


def _findings(store: Store) -> Iterator[Finding]:
    """The newest Runs that failed or do not count."""
    from dlscope.core.report import Finding
    from dlscope.store import RunFilter

    for run in store.page(RunFilter(is_valid=False), count=_LOOKED_AT):
        broken = [each.name for each in store.conditions(run.id) if not each.holds]
        what = run.error or ", ".join(broken) or "stopped before it ended"
        yield Finding(
            "bad" if run.status == "failed" else "warn",
            f"{run.model} on {run.framework} is {verdict_of(run)}: {what}",
            run.id,
            detail=f"{run.scenario}, {run.started_utc[:16].replace('T', ' ')}",
        )


def _status(status: str | None) -> Mapping[str, Any]:
    if status is None:
        return {}
    if status not in STATUSES:
        from dlscope.core.errors import did_you_mean

        raise _refused(f"{status!r} is no status", "status", did_you_mean(status, STATUSES))
    if status in ("valid", "invalid"):
        return {"status": "finished", "is_valid": status == "valid"}
    return {"status": status}


def _key(word: str) -> str:
    name = word.removeprefix("-")
    if name not in SORTED:
        from dlscope.core.errors import did_you_mean

        raise _refused(f"runs cannot be sorted by {name!r}", "sort", did_you_mean(name, SORTED))
    return ("-" if word.startswith("-") else "") + SORTED[name]


def _within(name: str, number: int, most: int) -> int:
    if not 1 <= number <= most:
        raise _refused(f"{name} cannot be {number}", name, f"give a number from 1 to {most}")
    return number


def _refused(what: str, where: str, fix: str) -> Exception:
    from dlscope.core.errors import PlanError

    return PlanError(what, where=where, fix=fix)
