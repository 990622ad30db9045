"""Tables of suites: what is composed of what, what it takes, what timing bricks saves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dlscope.core.table import Cell, Column, Table
from dlscope.methods.bricks.composition import Estimate
from dlscope.methods.bricks.suite import Suite
from dlscope.methods.bricks.times import Times

Record = Mapping[str, Cell]

_COMPOSITION = (
    Column("model", "str", "model", role="id"),
    Column("granularity", "int", "most layers of a brick", role="count"),
    Column("partition", "str", "standard, or overlapping windows", priority=3),
    Column("layers", "int", "layers of the model", role="count", priority=2),
    Column("bricks", "int", "different bricks it consists of", role="count", priority=2),
    Column(
        "composed_ns",
        "float",
        "latency put together from bricks",
        "ns",
        role="value",
        lo="lo_ns",
        hi="hi_ns",
    ),
    Column("measured_ns", "float", "latency of the whole model", "ns", role="value"),
    Column(
        "ratio",
        "float",
        "composed ÷ measured, paired round by round where they were timed together",
        role="value",
        lo="ratio_lo",
        hi="ratio_hi",
    ),
    Column("lo_ns", "float", "lower end of the 95 % interval", "ns", role="interval", priority=3),
    Column("hi_ns", "float", "upper end of the 95 % interval", "ns", role="interval", priority=3),
    Column("ratio_lo", "float", "lower end of the ratio's interval", role="interval", priority=3),
    Column("ratio_hi", "float", "upper end of the ratio's interval", role="interval", priority=3),
    Column("hot_ns", "float", "composed of bricks timed over and over", "ns", priority=2),
    Column("walk_ns", "float", "composed with the least that sessions add", "ns", priority=2),
    Column("touch_ns", "float", "composed of bricks with fresh inputs", "ns", priority=3),
    Column("spread", "float", "standard deviation between processes", role="value", priority=2),
    Column("parallel_ns", "float", "if layers that can did overlap", "ns", priority=3),
    Column("processes", "int", "fresh processes pooled", role="count", priority=3),
    Column("missing", "float", "share of layers without a time", role="share", priority=2),
    Column("clamped", "int", "windows that take less than their overlap", role="count", priority=3),
    Column("assumptions", "str", "what the latency rests on", priority=2),
)
_PARTS = (
    Column("model", "str", "model", role="id"),
    Column("brick", "str", "identity of the brick", role="id"),
    Column("operators", "str", "what it computes"),
    Column("count", "int", "how often the model has it", role="count"),
    Column("each_ns", "float", "what it adds each time", "ns", role="value"),
    Column("share", "float", "share of the model's latency", role="share"),
)
_SPEEDUP = (
    Column("models", "int", "models of the suite", role="count"),
    Column("granularity", "int", "most layers of a brick", role="count"),
    Column("layers", "int", "layers of all models", role="count"),
    Column("bricks", "int", "different bricks", role="count"),
    Column("models_ns", "float", "running every model once", "ns", role="value"),
    Column("bricks_ns", "float", "running every brick once", "ns", role="value"),
    Column("speedup", "float", "models ÷ bricks, equal repetitions", role="value"),
    Column(
        "with_opening",
        "float",
        "the same with opening sessions on both sides",
        role="value",
        priority=2,
    ),
    Column("scope", "str", "what one walk passes over", priority=2),
)
_ACCURACY = (
    Column("granularity", "int", "most layers of a brick", role="count"),
    Column("models", "int", "models with a measured latency", role="count"),
    Column("mape", "float", "mean absolute error of the ratios", role="value"),
    Column("geomean", "float", "geometric mean of composed ÷ measured", role="value"),
    Column("worst", "float", "ratio furthest from 1", role="value"),
    Column("worst_model", "str", "whose that is"),
    Column("spread", "float", "mean standard deviation between processes", role="value"),
    Column("holds", "bool", "whether the error is more than the spread", role="verdict"),
)
_STATS = (
    Column("model", "str", "model, or all of them", role="id"),
    Column("layers", "int", "layers", role="count"),
    Column("free", "int", "layers that move nothing and are not run", role="count"),
    Column("bricks", "int", "different bricks", role="count"),
    Column("new", "int", "bricks that no earlier model has", role="count"),
    Column(
        "share_new", "float", "of its segments, how many need a time of their own", role="share"
    ),
    Column("task", "str", "what the model is for", priority=2),
)
_OPERATORS = (
    Column("operators", "str", "what the brick computes", role="id"),
    Column("bricks", "int", "different bricks of this kind", role="count"),
    Column("occurrences", "int", "how often models have them", role="count"),
)
_FAILED = (
    Column("brick", "str", "identity of the brick", role="id"),
    Column("operators", "str", "what it computes"),
    Column("reason", "str", "why it has no time"),
)


def composition_table(suite: Suite, estimates: Sequence[Estimate]) -> Table:
    """One row for each model: composed, measured, and how far to trust it."""
    records = [_composition(suite, each) for each in estimates]
    return Table.of("composition", _COMPOSITION, records, title="Rebuilt from bricks")


def parts_table(estimates: Sequence[Estimate]) -> Table:
    """What each brick adds to each model, the largest first."""
    records: list[Record] = [
        {
            "model": each.model.name,
            "brick": part.brick,
            "operators": part.label,
            "count": part.count,
            "each_ns": part.each_ns,
            "share": part.count * part.each_ns / each.composed_ns,
        }
        for each in estimates
        if each.composed_ns
        for part in each.parts
    ]
    return Table.of("parts", _PARTS, records, title="What models consist of")


def speedup_table(suite: Suite, processes: Sequence[Times], scope: str) -> Table:
    """What timing each brick once saves against running each model once; a row where both are.

    Warm-up counts on neither side; both are medians over rounds, then over processes.
    """
    found = [each for each in (_both_sides(suite, times) for times in processes) if each]
    records: list[Record] = []
    if found:
        running, opening = (np.median(np.array(side), axis=0) for side in zip(*found, strict=True))
        records.append(
            {
                "models": len(suite.models),
                "granularity": suite.granularity,
                "layers": suite.layers,
                "bricks": len(suite.bricks),
                "models_ns": float(running[0]),
                "bricks_ns": float(running[1]),
                "speedup": float(running[0] / running[1]),
                "with_opening": float((running + opening)[0] / (running + opening)[1]),
                "scope": scope,
            }
        )
    return Table.of("speedup", _SPEEDUP, records, title="What bricks save")


def accuracy_table(suite: Suite, estimates: Sequence[Estimate]) -> Table:
    """How far composed latencies are from measured ones, over all models that were measured."""
    known = [(each.model.name, each.ratio, each.spread) for each in estimates if each.ratio]
    records: list[Record] = []
    if known:
        ratios = np.array([ratio for _, ratio, _ in known])
        spreads = [spread for *_, spread in known if spread is not None]
        worst = int(np.argmax(np.abs(np.log(ratios))))
        mape = float(np.mean(np.abs(ratios - 1)))
        spread = float(np.mean(spreads)) if spreads else None
        records.append(
            {
                "granularity": suite.granularity,
                "models": len(known),
                "mape": mape,
                "geomean": float(np.exp(np.mean(np.log(ratios)))),
                "worst": float(ratios[worst]),
                "worst_model": known[worst][0],
                "spread": spread,
                "holds": None if spread is None else mape >= spread,
            }
        )
    return Table.of("accuracy", _ACCURACY, records, title="Composed against measured")


def stats_table(suite: Suite) -> Table:
    """How many bricks each model needs, and how many of them no earlier model has."""
    seen: set[str] = set()
    records: list[Record] = []
    for model in suite.models:
        occurrences = model.occurrences()
        new = set(occurrences) - seen
        seen |= new
        records.append(
            {
                "model": model.name,
                "layers": model.layers,
                "free": model.views,
                "bricks": len(occurrences),
                "new": len(new),
                "share_new": len(new) / max(occurrences.total(), 1),
                "task": model.task or None,
            }
        )
    if len(suite.models) > 1:
        records.append(_all_models(suite))
    return Table.of("stats", _STATS, records, title="Layers and bricks")


def operators_table(suite: Suite) -> Table:
    """The kinds of bricks, the most frequent first."""
    occurrences = suite.occurrences()
    kinds: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for name, brick in suite.bricks.items():
        kinds[brick.label] += 1
        counts[brick.label] += occurrences[name]
    records: list[Record] = [
        {"operators": label, "bricks": kinds[label], "occurrences": count}
        for label, count in counts.most_common()
    ]
    return Table.of("operators", _OPERATORS, records, title="Kinds of bricks")


def failed_table(suite: Suite, processes: Sequence[Times]) -> Table:
    """Bricks that failed in any process, each once."""
    reasons = {brick: why for times in processes for brick, why in times.failed.items()}
    records: list[Record] = [
        {"brick": brick, "operators": suite.bricks[brick].label, "reason": why}
        for brick, why in sorted(reasons.items())
        if brick in suite.bricks
    ]
    return Table.of("failed", _FAILED, records, title="Bricks without a time")


def _composition(suite: Suite, each: Estimate) -> Record:
    low, high = each.interval_ns or (None, None)
    ratio_low, ratio_high = each.ratio_interval or (None, None)
    told: dict[str, Any] = {
        name: getattr(each, name)
        for name in ("composed_ns", "measured_ns", "ratio", "hot_ns", "walk_ns", "touch_ns")
    }
    return {
        **told,
        "model": each.model.name,
        "granularity": suite.granularity,
        "partition": suite.partition,
        "layers": each.model.layers,
        "bricks": len(each.model.occurrences()),
        "lo_ns": low,
        "hi_ns": high,
        "ratio_lo": ratio_low,
        "ratio_hi": ratio_high,
        "spread": each.spread,
        "parallel_ns": each.parallel_ns,
        "processes": each.processes,
        "missing": each.missing,
        "clamped": each.clamped,
        "assumptions": "; ".join(each.assumptions) or None,
    }


Sides = tuple[float, float]
"""Of all models, and of all bricks, in ns."""


def _both_sides(suite: Suite, times: Times) -> tuple[Sides, Sides] | None:
    """What running each once takes, and what opening each takes."""
    ids = {model.whole for model in suite.models}
    walked = {place: each for place, each in times.bricks.items() if place[0] in suite.bricks}
    if ids - set(times.wholes) or {brick for brick, _ in walked} != set(suite.bricks):
        return None
    models = sum(float(np.median(times.wholes[model.whole])) for model in suite.models)
    bricks = sum(float(np.median(each.walk)) for each in walked.values())
    opened = {brick: each.opened_ns for (brick, _), each in walked.items()}
    opened_models = sum(times.opened[model.whole] for model in suite.models)
    return (models, bricks), (opened_models, sum(opened.values()))


def _all_models(suite: Suite) -> Record:
    occurrences = suite.occurrences()
    return {
        "model": "all",
        "layers": suite.layers,
        "free": sum(model.views for model in suite.models),
        "bricks": len(suite.bricks),
        "new": len(suite.bricks),
        "share_new": len(suite.bricks) / max(occurrences.total(), 1),
    }


def tables(
    suite: Suite, estimates: Sequence[Estimate], processes: Sequence[Times], scope: str
) -> Iterator[Table]:
    """All tables of a suite that was run."""
    yield composition_table(suite, estimates)
    yield accuracy_table(suite, estimates)
    yield speedup_table(suite, processes, scope)
    yield parts_table(estimates)
    yield stats_table(suite)
    yield operators_table(suite)
    yield failed_table(suite, processes)
