"""The report of an analysis of bounds: how far from possible, why, and what to change."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from dlscope.core.report import Figure, Prose, Report, Section
from dlscope.core.table import Table
from dlscope.core.units import format_number
from dlscope.methods.bounds.analysis import MissingLayer
from dlscope.methods.bounds.bound import Step
from dlscope.methods.bounds.drawing import MOST_NODES, dot, svg
from dlscope.methods.bounds.end_to_end import is_disturbed, setup_of
from dlscope.methods.bounds.findings import findings_of
from dlscope.methods.bounds.model_analysis import ModelAnalysis
from dlscope.methods.bounds.report_figures import figures_of
from dlscope.methods.bounds.report_tables import tables_of
from dlscope.methods.bounds.request import Strategy

Missing = Mapping[str, Sequence[MissingLayer]]

_SHOWN: Mapping[str, tuple[str, ...]] = {
    "bounds": (
        *("backend", "batch_size", "measured_ns", "fused_ns", "measured_over_fused"),
        *("sequential_ns", "parallel_ns", "layout_ns", "roofline_ns"),
    ),
    "advice": (
        *("change", "where", "how", "predicted_saving_ms", "achieved_saving_ms", "status"),
        *("analysis", "confidence"),
    ),
    "plan": (
        *("rank", "change", "how", "predicted_saving_ms", "latency_then_ms", "achieved_ms"),
        "status",
    ),
    "gap_by_operator": ("operator", "layers", "used_ns", "bound_ns", "gap_ns", "gap_pct"),
    "slower_than_bound": ("layer", "type", "used", "used_ns", "fastest", "bound_ns", "ratio"),
    "branch_sets": ("first", "last", "steps", "start_ns", "saved_ns"),
    "fusion_patterns": ("pattern", "groups", "saved_ns"),
    "precision": ("dtype", "sequential_ns", "speedup", "gaining", "losing", "unsupported"),
    "layout_policies": ("layout", "total_ns", "reorder_ns", "strays"),
    "single_source": ("operator", "layers", "bound_ns", "share_pct", "source"),
    "missing": ("layer", "type", "reasons"),
    "batches": ("backend", "batch_size", "sequential_per_input_ns", "measured_per_input_ns"),
}
_TITLES: Mapping[str, str] = {
    "bounds": "Measured against bounds",
    "advice": "Advice, each change by itself",
    "plan": "What to do first, and then",
    "gap_by_operator": "Gap by operator type",
    "slower_than_bound": "Layers much slower than they can be",
    "branch_sets": "Branches beside the critical path",
    "fusion_patterns": "Fusion",
    "precision": "Short types",
    "layout_policies": "One layout for all layers",
    "single_source": "What rests on one implementation",
    "missing": "Layers without a measurement",
    "batches": "By batch size",
}
_MOST_ROWS = 12
_NOT_TOLD: Mapping[Strategy, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "sequential": (
        ("critical_path", "branch_sets"),
        ("parallel_ns", "fused_parallel_ns", "resource_ns", "sequential_over_parallel"),
    ),
    "parallel": (
        ("fusion_patterns", "layout_policies"),
        (
            *("sequential_ns", "fused_ns", "layout_ns", "roofline_ns", "measured_over_fused"),
            *("measured_over_sequential", "sequential_over_parallel", "sequential_over_fused"),
        ),
    ),
}
"""Tables, and columns of `bounds`, that are left out."""


def bounds_report(
    analyses: Sequence[ModelAnalysis],
    missing: Missing | None = None,
    *,
    strategy: Strategy = "both",
    is_drawn: bool = False,
    command: str = "",
) -> Report:
    """Everything to tell of models and their bounds; `missing` are layers of those without.

    With a `strategy`, only what follows from layers one after another, or at once.
    """
    lacking = missing or {}
    everything = tables_of(analyses, lacking)
    tables = _told(everything, strategy)
    return Report(
        title=_title(analyses, lacking),
        answer=_answer(analyses, lacking),
        tables=tuple(tables.values()),
        findings=tuple(
            each for each in findings_of(analyses, everything) if each.evidence in tables
        ),
        sections=(
            *_sections(figures_of(analyses, everything), tables, len(analyses) > 1),
            Section("How this was measured", tuple(_method(analyses))),
        ),
        warnings=tuple(_warnings(analyses)),
        next_commands=_next(analyses),
        command=command,
        created_utc=max((each.started_utc for a in analyses for each in a.measured), default=""),
        attachments=dict(_drawings(analyses)) if is_drawn else {},
    )


def _told(tables: dict[str, Table], strategy: Strategy) -> dict[str, Table]:
    """The tables without what belongs to the other strategy alone."""
    if strategy == "both":
        return tables
    kept = {name: each for name, each in tables.items() if name not in _NOT_TOLD[strategy][0]}
    others = set(_NOT_TOLD[strategy][1])
    names = [column.name for column in tables["bounds"].columns if column.name not in others]
    return kept | {"bounds": tables["bounds"].view(*names)}


def _drawings(analyses: Sequence[ModelAnalysis]) -> Iterator[tuple[str, str]]:
    for analysis in analyses:
        yield f"{analysis.name}.dot", dot(analysis.bounds)
        if len(analysis.bounds.costed.layers) <= MOST_NODES:
            yield f"{analysis.name}.svg", svg(analysis.bounds)


def _title(analyses: Sequence[ModelAnalysis], missing: Missing) -> str:
    names = list(dict.fromkeys([*(each.name for each in analyses), *missing]))
    what = names[0] if len(names) == 1 else f"{len(names)} models"
    return f"{what}: how far from possible?"


def _answer(analyses: Sequence[ModelAnalysis], missing: Missing) -> str:
    """How far the first model is from its bound, what saves the most, and what that rests on."""
    if not analyses:
        count = sum(map(len, missing.values()))
        return f"Nothing can be bounded: {count} layers have no measurement."
    first = analyses[0]
    bounds = first.bounds
    said = [_distance(first)]
    if first.plan:
        best = first.plan[0].advice
        change = best.change[:1].lower() + best.change[1:]
        said.append(
            f"to {change} is predicted to save {_ms(best.saving_ns)} of "
            f"{_ms(first.subject.latency_ns)} ms"
        )
    several = 100 * (1 - bounds.single_source_share)
    rests = f"The bound rests on two implementations or more for {several:.0f} % of its time."
    return f"{'; '.join(said)}. {rests}"


def _distance(analysis: ModelAnalysis) -> str:
    bound = analysis.bounds.fused.total_ns
    if analysis.subject.measured_ns is None:
        return f"{analysis.name} cannot take less than {_ms(bound)} ms, layer by layer"
    ratio = analysis.subject.measured_ns / bound
    return f"{analysis.baseline.label} is {format_number(ratio)}× its fused bound, {_ms(bound)} ms"


def _ms(duration_ns: float) -> str:
    return format_number(duration_ns / 1e6)


def _sections(
    figures: Mapping[str, Figure], tables: Mapping[str, Table], has_several: bool
) -> Iterator[Section]:
    apart = ("model",) if has_several else ()
    for name, title in _TITLES.items():
        table = tables.get(name)
        if table is None or not len(table):
            continue
        drawn = [figures[name]] if name in figures else []
        shown = _first(table).view(*apart, *(each for each in _SHOWN[name] if each in table))
        left = len(table) - len(shown)
        note = f"{len(shown)} of {len(table)}" if left else ""
        yield Section(title, (*drawn, shown), note=note)
        if name == "bounds" and {"critical_path"} <= figures.keys() & tables.keys():
            yield Section("Critical path", (figures["critical_path"],))


def _first(table: Table) -> Table:
    return Table(table.name, table.columns, table.rows[:_MOST_ROWS], table.title, table.note)


def _method(analyses: Sequence[ModelAnalysis]) -> Iterator[Prose]:
    yield Prose(
        "Every layer, and every group of layers that one kernel could compute, is a network of its "
        "own, timed back to back by each implementation that knows it; what a call costs without "
        "any layer is taken off. Its outputs are compared with a reference first. A bound is one "
        "over these implementations: another, faster one would lower it."
    )
    yield Prose(
        "Whole models are timed in processes of their own that take turns; intervals are of the "
        "median, and what a change achieved is the median difference over rounds. A prediction is "
        "the ratio of two latencies put together from benchmarks of one backend each, times what "
        "the model takes now."
    )
    for analysis in analyses[:1]:
        peaks = analysis.bounds.reached_peaks
        if peaks is not None and analysis.bounds.floor is not None:
            levels = ", ".join(
                f"{each.name} {each.bytes_per_s / 1e9:.3g} GB/s" for each in peaks.levels
            )
            flops = peaks.flops_per_s.get("float32", 0.0)
            yield Prose(f"Peaks: {flops / 1e9:.3g} GFLOP/s in float32, {levels}, all measured.")


def _warnings(analyses: Sequence[ModelAnalysis]) -> Iterator[str]:
    for analysis in analyses:
        yield from _contended(analysis.name, analysis.bounds.fused.steps, "the bound")
        for threads, bounds in analysis.bounds.threaded.items():
            yield from _contended(
                analysis.name, bounds.fused.steps, f"the bound on {threads} cores"
            )
        if any(map(is_disturbed, analysis.measured)):
            yield (
                f"{analysis.name}: other work held whole models up while they were measured; "
                "ratios to bounds are too high"
            )
        for result in analysis.measured:
            if result.status != "ok":
                yield f"{analysis.name} on {setup_of(result).label}: {result.reason}"


def _contended(model: str, steps: Sequence[Step], what: str) -> Iterator[str]:
    timed = [step.cost for step in steps if step.cost.cost_ns]
    contended = sum(cost.is_contended for cost in timed)
    if contended:
        share = f"{contended} of {len(timed)} steps of {what}"
        yield f"{model}: other work held the core while {share} were measured; try --refresh"


def _next(analyses: Sequence[ModelAnalysis]) -> tuple[tuple[str, str], ...]:
    if not analyses:
        return ()
    asked = _asked(analyses[0])
    is_verified = any(each.achieved(a.setup) for each in analyses for a in each.advice)
    commands = [(f"{asked} --show graph", "the critical path as a graph")]
    if is_verified:
        commands.insert(0, (f"{asked} --verify --all", "what each change saves, and was to save"))
    else:
        commands.insert(0, (f"{asked} --verify", "carry the advice out"))
    return tuple(commands)


def _asked(analysis: ModelAnalysis) -> str:
    """The command that analyses the model in the same setup."""
    setup = analysis.baseline
    backend = "" if setup.backend == "onnxruntime" else f" --backend {setup.backend}"
    options = "".join(f" --option {name}={each}" for name, each in sorted(setup.options.items()))
    model = shlex.quote(analysis.bounds.benches.asked or analysis.name)
    return f"dlscope bound analyze {model}{backend}{options}"
