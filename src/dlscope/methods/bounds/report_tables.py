"""The tables of an analysis of bounds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from dlscope.core.stats import percentile_interval
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.bounds import report_columns as columns
from dlscope.methods.bounds.advice.base import Advice
from dlscope.methods.bounds.advice.batches import knee
from dlscope.methods.bounds.advice.fusion import gain_by_pattern
from dlscope.methods.bounds.advice.precision import SHORT, in_type
from dlscope.methods.bounds.analysis import MissingLayer
from dlscope.methods.bounds.bound import Step
from dlscope.methods.bounds.branches import branch_sets
from dlscope.methods.bounds.costed import Cost, cheapest
from dlscope.methods.bounds.end_to_end import calm_samples_ns, latency_ns, setup_of
from dlscope.methods.bounds.lower_bounds import resource_bound_ns
from dlscope.methods.bounds.model_analysis import ModelAnalysis
from dlscope.methods.bounds.slower_layers import slower_layers
from dlscope.methods.bounds.verifying import Achieved
from dlscope.store.benchmarks import BenchmarkResult

Record = Mapping[str, Cell]
Records = Callable[[ModelAnalysis], Iterable[Record]]

_MOST_EVIDENCE = 20
_MOST_NAMES = 4
_ID_DIGITS = 12
ON_PATH, BESIDE = "critical path", "beside"
_MOVEMENT = frozenset(
    {"Concat", "Expand", "Gather", "Pad", "Reshape", "Slice", "Split", "Tile", "Transpose"}
)


def tables_of(
    analyses: Sequence[ModelAnalysis], missing: Mapping[str, Sequence[MissingLayer]]
) -> dict[str, Table]:
    """All tables by name, the rows of several models below each other."""
    found = {
        name: Table.of(name, declared, _each(analyses, records))
        for name, (declared, records) in _TABLES.items()
    }
    return found | {
        "batches": Table.of("batches", columns.BATCHES, _batches(analyses)),
        "missing": Table.of("missing", columns.MISSING, _missing_records(missing)),
    }


def _each(analyses: Iterable[ModelAnalysis], records: Records) -> Iterator[Record]:
    for analysis in analyses:
        for record in records(analysis):
            yield {"model": analysis.name, **record}


def _bounds(analysis: ModelAnalysis) -> Iterator[Record]:
    """A row for each measured setup; one without a measurement where there is none."""
    shared = _shared(analysis)
    for result in analysis.measured:
        yield {**shared, **_measured(analysis, result)}
    if not analysis.measured:
        yield {**shared, "backend": analysis.baseline.label}


def _shared(analysis: ModelAnalysis) -> Record:
    bounds = analysis.bounds
    sequential, parallel = bounds.sequential.total_ns, bounds.parallel.total_ns
    floor, layout = bounds.floor, bounds.layout
    methods = {f"S_f {bounds.fused.method}", *([f"S_l {layout.bound.method}"] if layout else [])}
    return {
        "batch_size": analysis.batch,
        "threads": analysis.threads,
        "sequential_ns": sequential,
        "parallel_ns": parallel,
        "fused_ns": bounds.fused.total_ns,
        "fused_parallel_ns": bounds.fused_parallel.total_ns,
        "layout_ns": layout.bound.total_ns if layout else None,
        "roofline_ns": floor.total_ns if floor else None,
        "resource_ns": resource_bound_ns(bounds.costed, floor) if floor else None,
        "sequential_over_parallel": _over(sequential, parallel),
        "sequential_over_fused": _over(sequential, bounds.fused.total_ns),
        "single_source_pct": 100 * bounds.single_source_share,
        "method": ", ".join(sorted(methods)),
    }


def _measured(analysis: ModelAnalysis, result: BenchmarkResult) -> Record:
    setup = setup_of(result)
    if result.status != "ok":
        return {"backend": setup.label}
    latency = latency_ns(result)
    composed = analysis.subject.composed_ns(setup)
    interval = percentile_interval(calm_samples_ns(result).astype(np.float64), 0.5)
    return {
        "backend": setup.label,
        "measured_ns": round(latency),
        "measured_lo_ns": round(interval.lo),
        "measured_hi_ns": round(interval.hi),
        "composed_ns": composed,
        "measured_over_fused": _over(latency, analysis.bounds.fused.total_ns),
        "measured_over_sequential": _over(latency, analysis.bounds.sequential.total_ns),
        "measured_over_composed": _over(latency, composed),
    }


def _advice(analysis: ModelAnalysis) -> Iterator[Record]:
    for each in analysis.advice:
        got = analysis.achieved(each.setup)
        yield {
            **_told(each),
            "kind": each.kind,
            "layers": len(each.layers),
            "predicted_speedup": each.speedup,
            "confidence": each.confidence,
            "status": _status(each, got),
            "evidence": _listed([evidence[:_ID_DIGITS] for evidence in each.evidence]),
            **_achieved(each, got),
        }


def _told(advice: Advice) -> Record:
    return {
        "analysis": advice.analysis,
        "change": advice.change,
        "where": advice.where,
        "how": advice.how,
        "predicted_saving_ms": advice.saving_ns / 1e6,
    }


def _achieved(advice: Advice, got: Achieved | None) -> Record:
    if got is None or got.failed:
        return {}
    return {
        "achieved_saving_ms": got.saving_ns / 1e6,
        "achieved_lo_ms": got.interval_ns.lo / 1e6,
        "achieved_hi_ms": got.interval_ns.hi / 1e6,
        "predicted_over_achieved": _over(advice.saving_ns, got.saving_ns),
    }


def _status(advice: Advice, got: Achieved | None) -> str:
    """What became of it; words that faces know give it a colour."""
    if advice.saving_ns <= 0:
        return "predicted loss: not advised"
    if advice.setup is None:
        return "not automatic here"
    if got is None:
        return "predicted"
    return f"failed: {got.failed}" if got.failed else "applied"


def _plan(analysis: ModelAnalysis) -> Iterator[Record]:
    for each in analysis.plan:
        got = analysis.achieved(each.advice.setup)
        yield {
            **_told(each.advice),
            "rank": each.rank,
            "latency_then_ms": each.latency_then_ns / 1e6,
            "achieved_ms": got.latency_ns / 1e6 if got and not got.failed else None,
            "status": _status(each.advice, got),
        }


def _layers(analysis: ModelAnalysis) -> Iterator[Record]:
    bounds = analysis.bounds
    used = (
        {step.layers[0]: step for step in analysis.subject.composition.steps}
        if analysis.is_composed
        else {}
    )
    fused = {layer: step.pattern for step in bounds.fused.steps for layer in step.layers}
    on_path = {layer for step in bounds.parallel.path for layer in step.layers}
    for layer in bounds.benches.graph.layers:
        costed, everything = bounds.costed.by_id[layer.id], bounds.everything.by_id[layer.id]
        best, step = costed.best, used.get(layer.id)
        short = cheapest(cost for cost in everything.costs if cost.dtype in SHORT)
        is_shorter = short is not None and short.cost_ns < best.cost_ns
        yield {
            "index": layer.id,
            "layer": layer.name,
            "type": layer.operator,
            "bound_ns": best.cost_ns,
            "implementation": _named(best),
            "layout": _layout(best),
            "used_ns": step.cost.cost_ns if step else None,
            "used": _named(step.cost) if step else None,
            "fused": fused[layer.id] or None,
            "on_path": layer.id in on_path,
            "short_dtype": short.dtype if short and is_shorter else None,
            "short_ns": short.cost_ns if short else None,
            "alternatives": _alternatives(costed.costs, best),
            "evidence": best.evidence[:_ID_DIGITS] or None,
        }


def _named(cost: Cost) -> str:
    return f"{cost.implementation} {cost.algorithm}".strip()


def _layout(cost: Cost) -> str:
    given, made = cost.layout_in, cost.layout_out
    return given if given == made else f"{given}>{made}"


def _alternatives(costs: Iterable[Cost], best: Cost) -> str | None:
    others = sorted((cost for cost in costs if cost != best), key=lambda cost: cost.order)
    told = [f"{_named(each)} {each.cost_ns / 1e6:.4g} ms" for each in others]
    return ", ".join(told) or None


def _gap(analysis: ModelAnalysis) -> Iterator[Record]:
    """By operator; what no layer of the graph takes has rows of its own."""
    if not analysis.is_composed:
        return
    subject, bounds = analysis.subject, analysis.bounds
    used, bound = (
        _by_operator(analysis, subject.composition.steps),
        _by_operator(analysis, bounds.fused.steps),
    )
    used["reorder"] = subject.composition.reorder_ns
    used["outside of layers"] = subject.latency_ns - subject.composition.total_ns
    whole = subject.latency_ns - bounds.fused.total_ns
    counts = _counts(analysis)
    for operator in sorted(used, key=lambda each: bound.get(each, 0) - used[each]):
        gap = used[operator] - bound.get(operator, 0)
        if used[operator] or bound.get(operator):
            yield {
                "operator": operator,
                "layers": counts.get(operator, 0),
                "used_ns": round(used[operator]),
                "bound_ns": round(bound.get(operator, 0)),
                "gap_ns": round(gap),
                "gap_pct": 100 * gap / whole if whole > 0 else None,
            }


def _by_operator(analysis: ModelAnalysis, steps: Iterable[Step]) -> dict[str, float]:
    """Of a group, each operator its share by what its layers take alone."""
    found: dict[str, float] = defaultdict(float)
    best_ns = analysis.bounds.costed.best_ns
    for step in steps:
        alone = [best_ns[layer] for layer in step.layers]
        whole = sum(alone)
        for layer, part in zip(step.layers, alone, strict=True):
            share = part / whole if whole else 1 / len(alone)
            found[analysis.bounds.costed.by_id[layer].op_type] += step.cost.cost_ns * share
    return found


def _counts(analysis: ModelAnalysis) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for layer in analysis.bounds.costed.layers:
        found[layer.op_type] += 1
    return found


def _path(analysis: ModelAnalysis) -> Iterator[Record]:
    parallel = analysis.bounds.parallel
    on_path = {step.layers for step in parallel.path}
    timed = sorted(zip(parallel.starts_ns, parallel.steps, strict=True), key=lambda each: each[0])
    for start, step in timed:
        if step.cost.cost_ns:
            operators = _operators(analysis, step)
            yield {
                "lane": ON_PATH if step.layers in on_path else BESIDE,
                "name": _names(analysis, step),
                "type": operators,
                "start_ns": start,
                "duration_ns": step.cost.cost_ns,
                "implementation": _named(step.cost),
                "part": "movement" if operators in _MOVEMENT else "compute",
            }


def _branches(analysis: ModelAnalysis) -> Iterator[Record]:
    for each in branch_sets(analysis.bounds.parallel):
        yield {
            "first": _names(analysis, each.steps[0]),
            "last": _names(analysis, each.steps[-1]),
            "steps": len(each.steps),
            "start_ns": each.start_ns,
            "saved_ns": each.saved_ns,
        }


def _patterns(analysis: ModelAnalysis) -> Iterator[Record]:
    for pattern, (count, saved_ns) in gain_by_pattern(analysis.subject).items():
        yield {"pattern": pattern, "groups": count, "saved_ns": saved_ns}


def _layouts(analysis: ModelAnalysis) -> Iterator[Record]:
    for each in analysis.bounds.policies:
        yield {
            "layout": each.layout,
            "total_ns": each.bound.bound.total_ns,
            "reorder_ns": each.bound.reorder_ns,
            "strays": len(each.strays),
        }


def _precision(analysis: ModelAnalysis) -> Iterator[Record]:
    """A row for each short type that anything was measured in."""
    best = analysis.bounds.costed.best_ns
    layers = [layer for layer in analysis.bounds.everything.layers if best[layer.id]]
    for dtype in SHORT:
        short = {layer.id: in_type(layer, dtype) for layer in layers}
        known = {layer: cost.cost_ns for layer, cost in short.items() if cost}
        if not known:
            continue
        total = sum(min(cost, known.get(layer, cost)) for layer, cost in best.items())
        yield {
            "dtype": dtype,
            "sequential_ns": total,
            "speedup": _over(sum(best.values()), total),
            "gaining": sum(cost < best[layer] for layer, cost in known.items()),
            "losing": sum(cost >= best[layer] for layer, cost in known.items()),
            "unsupported": len(layers) - len(known),
        }


def _slower(analysis: ModelAnalysis) -> Iterator[Record]:
    if not analysis.is_composed:
        return
    for each in slower_layers(analysis.subject):
        yield {
            "backend": analysis.baseline.label,
            "layer": _names(analysis, each.step),
            "type": _operators(analysis, each.step),
            "used_ns": each.step.cost.cost_ns,
            "used": _named(each.step.cost),
            "bound_ns": each.best.cost_ns,
            "fastest": _named(each.best),
            "ratio": each.ratio,
            "evidence": _listed(
                [cost.evidence[:_ID_DIGITS] for cost in (each.step.cost, each.best)]
            ),
        }


def _single(analysis: ModelAnalysis) -> Iterator[Record]:
    for each in analysis.bounds.single_sources:
        yield {
            "operator": each.op_type,
            "layers": len(each.layers),
            "bound_ns": each.cost_ns,
            "share_pct": 100 * each.share,
            "source": ", ".join(each.sources),
        }


def _batches(analyses: Sequence[ModelAnalysis]) -> Iterator[Record]:
    """Models that were analysed at several batch sizes."""
    models: dict[str, list[ModelAnalysis]] = defaultdict(list)
    for analysis in analyses:
        models[analysis.name].append(analysis)
    for name, found in models.items():
        if len(found) < 2:
            continue
        bound = {each.batch: float(each.bounds.sequential.total_ns) for each in found}
        latency = {each.batch: each.subject.measured_ns or 0.0 for each in found}
        for each in sorted(found, key=lambda each: each.batch):
            measured = latency[each.batch]
            yield {
                "model": name,
                "backend": each.baseline.label,
                "batch_size": each.batch,
                "measured_per_input_ns": round(measured / each.batch) if measured else None,
                "sequential_per_input_ns": round(bound[each.batch] / each.batch),
                "measured_knee": each.batch == knee(latency),
                "bound_knee": each.batch == knee(bound),
            }


def _missing_records(missing: Mapping[str, Sequence[MissingLayer]]) -> Iterator[Record]:
    for model, layers in missing.items():
        for each in layers:
            told = [
                f"{refusal.implementation}: {refusal.status}, {refusal.reason}"
                for refusal in each.refusals
            ]
            yield {
                "model": model,
                "layer": each.layer.name,
                "type": each.layer.operator,
                "brick": each.brick_id,
                "reasons": "; ".join(dict.fromkeys(told)) or "nothing was measured",
            }


def _names(analysis: ModelAnalysis, step: Step) -> str:
    return _listed([analysis.bounds.costed.by_id[each].name for each in step.layers], _MOST_NAMES)


def _operators(analysis: ModelAnalysis, step: Step) -> str:
    return " + ".join(analysis.bounds.costed.by_id[layer].op_type for layer in step.layers)


def _listed(words: Sequence[str], most: int = _MOST_EVIDENCE) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def _over(above: float, below: float | None) -> float | None:
    return above / below if below else None


_TABLES: Mapping[str, tuple[Sequence[Column], Records]] = {
    "bounds": (columns.BOUNDS, _bounds),
    "advice": (columns.ADVICE, _advice),
    "plan": (columns.PLAN, _plan),
    "layers": (columns.LAYER, _layers),
    "gap_by_operator": (columns.GAP, _gap),
    "critical_path": (columns.PATH, _path),
    "branch_sets": (columns.BRANCHES, _branches),
    "fusion_patterns": (columns.PATTERNS, _patterns),
    "layout_policies": (columns.LAYOUTS, _layouts),
    "precision": (columns.PRECISION, _precision),
    "slower_than_bound": (columns.SLOWER, _slower),
    "single_source": (columns.SINGLE, _single),
}
