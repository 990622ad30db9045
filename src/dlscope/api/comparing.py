"""`compare_runs`: stored runs side by side, and every field of their plans that differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from dlscope.api.side_by_side import differing_items, side_by_side
from dlscope.core.table import Cell, Column, Table

if TYPE_CHECKING:
    from dlscope.core.report import Figure, Report
    from dlscope.core.run import Run

Fields = Literal["differing", "all"]
MOST_RUNS = 12
_DIFFERENCE_COLUMNS = (
    Column("run", "str", "id of the Run", role="id"),
    Column("backend", "str", "framework that ran it"),
    Column("mean_ns", "float", "trimmed mean latency", "ns", "value"),
    Column("difference_ns", "float", "from the baseline", "ns", "value", 1, "lo_ns", "hi_ns"),
    Column("lo_ns", "float", "lower end of its 95 % interval", "ns", priority=3),
    Column("hi_ns", "float", "upper end of its 95 % interval", "ns", priority=3),
    Column("verdict", "str", "faster, slower, undecided, invalid or the baseline", role="verdict"),
)


def compare_runs(
    runs: Sequence[str],
    *,
    baseline: str | None = None,
    fields: Fields = "differing",
    store: str | None = None,
) -> Report:
    """Two to twelve stored runs side by side; differences are told from `baseline`, else the first.

    `fields` are those of plan and environment to show. Raises `PlanError` for another number of
    runs, and for a baseline that is none of them.
    """
    from dlscope.core.errors import PlanError
    from dlscope.core.report import Section
    from dlscope.methods.evaluation.report import evaluation_report
    from dlscope.store import Store

    if not 2 <= len(set(runs)) <= MOST_RUNS:
        count = len(set(runs))
        raise PlanError(
            f"{count} {'run' if count == 1 else 'runs'} cannot be compared",
            where="runs",
            fix=f"name 2 to {MOST_RUNS} different runs",
        )
    with Store.open(store) as opened:
        found = [opened.run(run) for run in dict.fromkeys(runs)]
    first = _baseline(found, baseline)
    report = evaluation_report(found, baseline=first.plan.framework.name)
    differing, equal = _fields_table(found, first, fields)
    note = f"{equal} of {equal + _count(differing, found)} fields are equal"
    against = _differences(found, first)
    sections = [section for section in report.sections if section.title != "Key figures"]
    beside, items = side_by_side(found), differing_items(found)
    return replace(
        report,
        title=f"{report.title}: {len(found)} runs",
        tables=(differing, against, beside, items, *report.tables),
        sections=(
            Section("What differs", (differing,), note),
            *(
                (Section(against.title, tuple(_drawn(against))), Section(against.title, (against,)))
                if len(against) > 1
                else ()
            ),
            Section("Side by side", (beside,), beside.note),
            *((Section(items.title, (items,), items.note),) if len(items) else ()),
            *sections,
        ),
        command=f"dlscope report {' '.join(run.id for run in found)}",
    )


def _baseline(found: Sequence[Run], baseline: str | None) -> Run:
    if baseline is None:
        return found[0]
    chosen = [run for run in found if run.id.startswith(baseline)]
    if len(chosen) == 1:
        return chosen[0]
    from dlscope.core.errors import PlanError, did_you_mean

    raise PlanError(
        f"the baseline {baseline!r} is not one of the runs",
        where="baseline",
        fix=did_you_mean(baseline, [run.id for run in found]),
    )


def _count(table: Table, runs: Sequence[Run]) -> int:
    """How many rows of the fields' table have cells that are not all the same."""
    return sum(len({row[run.id] for run in runs}) > 1 for row in table)


def _fields_table(runs: Sequence[Run], baseline: Run, fields: Fields) -> tuple[Table, int]:
    """Fields of plan and environment by run, and how many of all are equal."""
    told = {run.id: dict(_flat("", _all_fields(run))) for run in runs}
    names = sorted({name for each in told.values() for name in each})
    differing = [name for name in names if len({each.get(name) for each in told.values()}) > 1]
    columns = (
        Column("field", "str", "field of the plan or of the environment"),
        *(Column(run.id, "str", _said(run, baseline)) for run in runs),
    )
    shown = names if fields == "all" else differing
    records: list[dict[str, Cell]] = [
        {"field": name, **{run.id: told[run.id].get(name) for run in runs}} for name in shown
    ]
    table = Table.of("differing_fields", columns, records, title="What differs")
    return table, len(names) - len(differing)


def _said(run: Run, baseline: Run) -> str:
    framework = f"{run.plan.framework.name} {run.plan.framework.version}"
    return f"{framework}, the baseline" if run is baseline else framework


def _all_fields(run: Run) -> Mapping[str, Any]:
    environment = run.environment.to_json()
    del environment["volatile"]
    return {**run.plan.to_json(), "environment": environment}


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), inner)
    elif isinstance(value, list | tuple) and any(isinstance(each, Mapping) for each in value):
        for index, inner in enumerate(value):
            yield from _flat(f"{prefix}[{index}]", inner)
    elif value not in (None, [], ()):
        text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        yield prefix, text


def _differences(runs: Sequence[Run], baseline: Run) -> Table:
    """The trimmed mean latencies of the Runs that measured, as differences from the baseline."""
    measured = [run for run in runs if run.samples.ordered_ns.size]
    records = [_difference(run, baseline) for run in measured] if baseline in measured else []
    title = "Latency against the baseline"
    return Table.of("against_baseline", _DIFFERENCE_COLUMNS, records, title=title)


def _drawn(against: Table) -> Iterator[Figure]:
    """Differences from the baseline as dots, the baseline as a rule."""
    from dlscope.reporting.charts import interval_dots

    title = "Latency against the baseline"
    figure: Figure = interval_dots(
        against, ("backend", "run"), "difference_ns", reference=0.0, title=title
    )
    yield figure


def _difference(run: Run, baseline: Run) -> Mapping[str, Cell]:
    from dlscope.core.stats import difference_interval, trimmed_mean

    mean, reference = run.samples.trimmed_mean_ns, baseline.samples.trimmed_mean_ns
    assert mean is not None
    assert reference is not None
    record: dict[str, Cell] = {"run": run.id, "backend": run.plan.framework.name, "mean_ns": mean}
    if run is baseline:
        return {**record, "verdict": "baseline"}
    lo, hi = difference_interval(baseline.samples.latency_ns, run.samples.latency_ns, trimmed_mean)
    verdict = "faster" if hi < 0 else "slower" if lo > 0 else "undecided"
    ends: dict[str, Cell] = {"difference_ns": mean - reference, "lo_ns": lo, "hi_ns": hi}
    is_ranked = run.is_valid and baseline.is_valid
    return {**record, **ends, "verdict": verdict if is_ranked else "invalid, not ranked"}
