"""The report of leveled experiments: where the time goes, and what it cost to find out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dlscope.core import registry
from dlscope.core.errors import DlscopeError
from dlscope.core.report import Finding, Prose, Report, Section
from dlscope.core.run import Run
from dlscope.core.table import Column, Table
from dlscope.methods.profiling.analyses.base import (
    WORKLOAD,
    ProfileAnalysis,
    Record,
    subject,
)
from dlscope.methods.profiling.answer import answer
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
from dlscope.reporting.plan_labels import PlanLabels
from dlscope.reporting.words import plural

Refused = tuple[str, str, DlscopeError]
"""Model, framework, and why the pair cannot be profiled."""
ANALYSES = tuple(f"a{number}" for number in range(1, 23))
"""A1 to A15 are the paper's, the others dlscope's own."""
_SUBJECT = ("model", "backend")
_PROFILE = (*_SUBJECT, "threads", "batch_size")
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
_BEYOND = 1.25
"""Of what the machine was measured to do: kernels are better than the product that was, by less."""


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
    models = {profile.run.plan.model.name for profile in profiles}
    if len(profiles) > 1:
        found.extend(characterised(tables["characterisation"], tables["ranking"]))
    # Of many models only what calls for something is told one by one.
    is_many = len(models) > _FEW
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
        answer=answer(profiles, tables, _several(profiles)),
        tables=tuple(tables.values()),
        findings=tuple(sorted(found, key=lambda each: _SIGN_ORDER.index(each.sign))),
        sections=tuple(_sections(profiles, tables)),
        runs=tuple(run.id for run in runs),
        warnings=(
            *_warnings(finished, missing),
            *_low_ceilings(tables["layers"]),
            *structure_warnings(profiles),
        ),
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
    labels = PlanLabels(run.plan for run in runs)
    for run in runs:
        label = labels.of(run.plan)
        for name in (INPUTS, WORK_MISSING):
            if name in run.artifacts:
                yield f"{label}: {run.artifacts[name]}"
        for condition in run.conditions:
            if not condition.holds:
                told = f"{label}: {condition.name}: {condition.measured}"
                yield "; ".join(filter(None, (told, condition.advice)))


def _low_ceilings(layers: Table) -> Iterator[str]:
    """A ceiling that layers are well above is none: the machine was busy when it was measured."""
    shares = [float(each) for each in layers.column("of_attainable") if each is not None]
    beyond = [each for each in shares if each > _BEYOND]
    if beyond:
        yield (
            f"the roof is too low: {plural(len(beyond), 'layer')} came to at most "
            f"{100 * max(beyond):.0f} % of it; it is what matrix products of NumPy reached here, "
            "which other work may have slowed down: profile again with --rerun when it is quiet"
        )


def _next(runs: Sequence[Run]) -> tuple[tuple[str, str], ...]:
    if not runs:
        return ()
    return ((f"dlscope trace export {runs[0].id} trace.json", "the timeline, for Perfetto"),)
