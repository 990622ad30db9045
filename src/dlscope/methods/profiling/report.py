"""The report of leveled experiments: where the time goes, and what it cost to find out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dlscope.core import registry
from dlscope.core.errors import DlscopeError
from dlscope.core.report import Finding, Prose, Report, Section
from dlscope.core.run import Run
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import format_number, scale_for
from dlscope.methods.profiling.analyses.base import (
    WORKLOAD,
    ProfileAnalysis,
    Record,
    is_of,
    subject,
)
from dlscope.methods.profiling.characterisation import characterisation
from dlscope.methods.profiling.characterisation_findings import characterised
from dlscope.methods.profiling.layer_summary import columns_of, layer_summary, slowest
from dlscope.methods.profiling.planning import Missing
from dlscope.methods.profiling.profile import INPUTS, WORK_MISSING, Profile
from dlscope.methods.profiling.ranking import ranking
from dlscope.methods.profiling.report_figures import figures
from dlscope.methods.profiling.shown import characterisation_section, sections
from dlscope.methods.profiling.structure import structure_table, structure_warnings
from dlscope.methods.profiling.timeline import timeline_table

Refused = tuple[str, str, DlscopeError]
"""Model, framework, and why the pair cannot be profiled."""
ANALYSES = tuple(f"a{number}" for number in range(1, 23))
"""A1 to A15 are the paper's, the others dlscope's own."""
_SUBJECT = ("model", "backend")
_PROFILE = (*_SUBJECT, "threads", "batch_size")
_LAYERS = "M/L"
_SIGN_ORDER = ("bad", "warn", "good", "note")
_MISSING = (
    Column("backend", "str", "framework"),
    Column("level", "str", "level that cannot be seen"),
    Column("reason", "str", "why not"),
    Column("fix", "str", "what would mend it"),
)
_REFUSED = (
    Column("model", "str", "model asked for"),
    Column("backend", "str", "framework asked for"),
    Column("reason", "str", "why it cannot be profiled"),
    Column("fix", "str", "how to make it possible"),
)
_FAILED = (
    Column("model", "str", "model"),
    Column("backend", "str", "framework"),
    Column("batch_size", "int", "items in one forward call", role="count"),
    Column("reason", "str", "why there is no profile"),
)
_LAYER = ("index", "layer", "type", "latency_us", "share", "gflops", "of_attainable", "bound")
_MODEL = ("batch_size", "duration_us", "throughput_per_s", "cv", "n", "optimal_batch")
_FEW, _MANY = 3, 10


def profiling_report(
    runs: Sequence[Run],
    refused: Sequence[Refused] = (),
    missing: Sequence[Missing] = (),
    *,
    command: str = "",
) -> Report:
    """Everything to tell of leveled experiments; the same Runs always give the same report."""
    finished = [run for run in runs if run.plan.workload == WORKLOAD and run.status == "finished"]
    profiles = [Profile(run) for run in finished]
    tables: dict[str, Table] = {}
    told: list[Finding] = []
    for name in ANALYSES:
        analysis: ProfileAnalysis = registry.load("analyses", name)()
        table = analysis.of_profiles(profiles)
        tables[table.name] = table
        told.extend(analysis.findings(table))
    tables["characterisation"] = characterisation(profiles, tables["a18"])
    tables["ranking"] = ranking(profiles)
    found: list[Finding] = []
    if len(profiles) > 1:
        found.extend(characterised(tables["characterisation"], tables["ranking"]))
    # Of many models only what calls for something is told one by one.
    is_many = len({profile.run.plan.model.name for profile in profiles}) > _FEW
    found.extend(each for each in told if each.sign != "note" or not is_many)
    tables["layers"] = layer_summary(tables)
    tables["timeline"] = timeline_table(profiles)
    tables["structure"] = structure_table(profiles)
    tables["missing"] = _missing_table(missing)
    tables["refused"] = _refused_table(refused)
    tables["failed"] = _failed_table(runs)
    found.extend(_failures(tables))
    return Report(
        title=_title(profiles),
        answer=_answer(profiles, tables),
        tables=tuple(tables.values()),
        findings=tuple(sorted(found, key=lambda each: _SIGN_ORDER.index(each.sign))),
        sections=tuple(_sections(profiles, tables)),
        runs=tuple(run.id for run in runs),
        warnings=(*_warnings(finished, missing), *structure_warnings(profiles)),
        next_commands=_next(finished),
        command=command,
        created_utc=max((run.started_utc for run in runs), default=""),
    )


def _title(profiles: Sequence[Profile]) -> str:
    names = sorted({profile.run.plan.model.name for profile in profiles})
    frameworks = sorted({profile.run.plan.framework.name for profile in profiles})
    if not names:
        return "Nothing was profiled"
    what = names[0] if len(names) == 1 else f"{len(names)} models"
    return f"{what} on {', '.join(frameworks)}, by level"


def _answer(profiles: Sequence[Profile], tables: Mapping[str, Table]) -> str:
    """How long the first model takes, what takes most of it, and what is accounted for."""
    if not profiles:
        return "No model could be profiled."
    if len({profile.run.plan.model.name for profile in profiles}) > 1:
        return _range(tables["a1"])
    first = profiles[0]
    models, types, calls, costs = (
        [row for row in tables[name] if is_of(row, first)] for name in ("a1", "a6", "a17", "a16")
    )
    if not models:
        return "No iteration was measured."
    said = [f"{_time(models[0]['duration_us'])} for a batch of {first.batch_size}"]
    if types and types[0]["percent"] is not None:
        said.append(f"{types[0]['percent']:.0f} % of its layers' time is {types[0]['type']}")
    if calls:
        moved = sum(float(each["movement_pct"] or 0) for each in calls)
        said.append(f"{moved:.0f} % is moving data between layouts")
    layers = [row for row in costs if row["level_set"] == _LAYERS and row["accounted_pct"]]
    if layers:
        said.append(f"{layers[0]['accounted_pct']:.0f} % of the model is accounted for by layers")
    return "; ".join(said) + "."


def _range(models: Table) -> str:
    """The fastest and the slowest of several models, per input."""
    rows = [row for row in models if row["latency_ms_per_input"] is not None]
    if not rows:
        return "No iteration was measured."
    rates = [(1e3 * float(row["latency_ms_per_input"] or 0), row) for row in rows]
    ordered = sorted(rates, key=lambda each: each[0])
    ends = [
        f"{row['model']} on {row['backend']}, {_time(latency_us)}"
        for latency_us, row in (ordered[0], ordered[-1])
    ]
    return f"From {ends[0]}, to {ends[1]} for an input."


def _time(duration_us: Cell) -> str:
    if duration_us is None:
        return "–"
    duration_ns = 1e3 * float(duration_us)
    scale = scale_for("ns", [duration_ns])
    return f"{format_number(duration_ns * scale.factor)} {scale.unit}"


def _sections(profiles: Sequence[Profile], tables: Mapping[str, Table]) -> Iterator[Section]:
    drawn = figures(profiles, tables)
    layers = tables["layers"]
    several = _several(profiles)
    if "model" in several:
        yield characterisation_section(tables, several)
    models = tables["a1"].view(*several, *columns_of(_MODEL, tables["a1"]))
    if len(profiles) > 1 or not len(layers):
        yield Section("Models", (models,), note=models.note)
    if len(layers):
        few = slowest(layers, _FEW if several else _MANY)
        note = f"{len(few)} of {len(layers)} by latency" if len(few) < len(layers) else ""
        yield Section("Layers", (few.view(*several, *columns_of(_LAYER, few)),), note=note)
    for name in ("timeline", "latency", "roofline"):
        if name in drawn:
            yield Section(drawn[name].title, (drawn[name],))
    yield from sections(tables, several)
    for name, title in (("missing", "What cannot be seen here"), ("failed", "Failed")):
        if len(tables[name]):
            yield Section(title, (tables[name],))
    yield Section("How this was measured", tuple(_method(profiles)))


def _several(profiles: Sequence[Profile]) -> tuple[str, ...]:
    """The columns that tell profiles apart."""
    told = [{**subject(each), "batch_size": each.batch_size} for each in profiles]
    return tuple(name for name in _PROFILE if len({each[name] for each in told}) > 1)


def _method(profiles: Sequence[Profile]) -> Iterator[Prose]:
    yield Prose(
        "Each level's latency is read from the run in which it is the deepest level, so that the "
        "cost of looking deeper does not enter; what it cost is told in A16. Runs are processes of "
        "their own that take turns, one iteration each; a latency is the mean without the fastest "
        "and the slowest fifth, its interval a bootstrap."
    )
    for profile in profiles:
        if profile.ceilings is not None:
            yield Prose(
                f"Ceilings: {profile.ceilings.flops_per_s / 1e9:.3g} GFLOP/s and "
                f"{profile.ceilings.bytes_per_s / 1e9:.3g} GB/s, {profile.ceilings.source}. Work "
                "and bytes that no counter told follow from shapes, each tensor moved once: less "
                "where it is still in a cache, more where it is read again."
            )
            return


def _missing_table(missing: Sequence[Missing]) -> Table:
    records = [
        {"backend": each.backend, "level": each.level.name, "reason": each.reason, "fix": each.fix}
        for each in missing
    ]
    return Table.of("missing", _MISSING, records, title="What cannot be seen here")


def _refused_table(refused: Sequence[Refused]) -> Table:
    records: list[Record] = [
        {"model": model, "backend": backend, "reason": error.what, "fix": error.fix}
        for model, backend, error in refused
    ]
    return Table.of("refused", _REFUSED, records)


def _failed_table(runs: Sequence[Run]) -> Table:
    records: list[Record] = [
        {
            "model": run.plan.model.name,
            "backend": run.plan.framework.name,
            "batch_size": run.plan.batch_size,
            "reason": (run.error or {}).get("what", run.status),
        }
        for run in runs
        if run.status != "finished"
    ]
    return Table.of("failed", _FAILED, records)


def _failures(tables: Mapping[str, Table]) -> Iterator[Finding]:
    for place, row in enumerate(tables["failed"]):
        claim = f"{row['model']} on {row['backend']}, batch {row['batch_size']}, has no profile"
        yield Finding("bad", claim, "failed", (place,), str(row["reason"]))
    for place, row in enumerate(tables["refused"]):
        claim = f"{row['model']} was not profiled on {row['backend']}"
        yield Finding(
            *("bad", claim, "refused", (place,), str(row["reason"])), advice=str(row["fix"])
        )


def _warnings(runs: Sequence[Run], missing: Sequence[Missing]) -> Iterator[str]:
    for each in missing:
        yield f"{each.backend}: level {each.level.name} cannot be seen: {each.reason}"
    for run in runs:
        for name in (INPUTS, WORK_MISSING):
            if name in run.artifacts:
                yield f"{run.plan.label}: {run.artifacts[name]}"
        for condition in run.conditions:
            if not condition.holds:
                yield f"{run.plan.label}: {condition.name}: {condition.measured}"


def _next(runs: Sequence[Run]) -> tuple[tuple[str, str], ...]:
    if not runs:
        return ()
    return ((f"dlscope trace export {runs[0].id} trace.json", "the timeline, for Perfetto"),)
