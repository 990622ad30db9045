"""Reports of suites: what they hold, and what models take that are rebuilt from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dlscope.core.report import Figure, Finding, Prose, Report, Section
from dlscope.core.table import Table
from dlscope.core.units import format_number, format_percent, scale_for
from dlscope.methods.bricks.composition import Estimate
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.suite import Suite
from dlscope.methods.bricks.tables import operators_table, stats_table, tables
from dlscope.methods.bricks.times import Times
from dlscope.reporting.charts import interval_dots
from dlscope.reporting.words import plural

_FAR, _TOO_FAR = 0.08, 0.12
_FEW = 12
_COMPOSITION = ("model", "layers", "bricks", "composed_ns", "measured_ns", "ratio", "spread")
_BRACKET = ("model", "hot_ns", "walk_ns", "touch_ns", "parallel_ns", "assumptions")


def suite_report(suite: Suite, *, command: str = "") -> Report:
    """What a suite holds: layers, bricks, how often they are used again."""
    stats, operators = stats_table(suite), operators_table(suite)
    occurrences = suite.occurrences().total()
    answer = (
        f"{plural(len(suite.models), 'model')} of {suite.layers} layers are "
        f"{plural(len(suite.bricks), 'brick')} of at most "
        f"{plural(suite.granularity, 'layer')}, each used "
        f"{occurrences / max(len(suite.bricks), 1):.1f} times."
    )
    few = Table(operators.name, operators.columns, operators.rows[:_FEW], operators.title)
    return Report(
        title=f"Suite of {plural(len(suite.bricks), 'brick')}",
        answer=answer,
        tables=(stats, operators),
        sections=(
            Section("Layers and bricks", (stats,)),
            Section("Kinds of bricks", (few,), note=_of(few, operators)),
            Section("How it was cut", (Prose(_cut(suite)),)),
        ),
        warnings=tuple(_visible(suite)),
        command=command,
    )


def composition_report(
    suites: Sequence[tuple[Suite, Sequence[Times], Sequence[Estimate]]],
    protocol: Protocol,
    *,
    warnings: Sequence[str] = (),
    created_utc: str = "",
    command: str = "",
) -> Report:
    """Models rebuilt from the bricks of one or several suites of different granularity."""
    found = [
        {table.name: table for table in tables(suite, estimates, times, protocol.scope)}
        for suite, times, estimates in suites
    ]
    joined = {name: _joined([each[name] for each in found]) for name in found[0]}
    estimates = [each for _, _, several in suites for each in several]
    return Report(
        title=_title(estimates),
        answer=_answer(estimates, joined),
        tables=tuple(joined.values()),
        findings=tuple(_findings(joined)),
        sections=tuple(_sections(joined, suites[0][0], protocol)),
        warnings=tuple(warnings),
        created_utc=created_utc,
        command=command,
    )


def _joined(several: Sequence[Table]) -> Table:
    first = several[0]
    rows = tuple(row for table in several for row in table.rows)
    return Table(first.name, first.columns, rows, first.title, first.note)


def _title(estimates: Sequence[Estimate]) -> str:
    names = sorted({each.model.name for each in estimates})
    return f"{names[0] if len(names) == 1 else plural(len(names), 'model')} rebuilt from bricks"


def _answer(estimates: Sequence[Estimate], joined: Mapping[str, Table]) -> str:
    accuracy = list(joined["accuracy"])
    if accuracy:
        best = accuracy[0]
        said = (
            f"Composed latencies are {format_percent(float(best['mape'] or 0), 1)} off on average"
            f" over {plural(int(best['models'] or 0), 'model')}, at most "
            f"{float(best['worst'] or 1):.2f} of what was measured ({best['worst_model']})"
        )
        speedups = [float(row["speedup"] or 0) for row in joined["speedup"]]
        return (
            f"{said}; bricks take {speedups[0]:.1f} times less to run." if speedups else f"{said}."
        )
    known = [each for each in estimates if each.composed_ns is not None]
    if not known:
        return "No model could be rebuilt: bricks have no time."
    first = known[0]
    return f"{first.model.name} takes {_time(first.composed_ns or 0)}, rebuilt from bricks."


def _time(duration_ns: float) -> str:
    scale = scale_for("ns", [duration_ns])
    return f"{format_number(duration_ns * scale.factor)} {scale.unit}"


def _findings(joined: Mapping[str, Table]) -> Iterator[Finding]:
    for place, row in enumerate(joined["composition"]):
        if row["missing"]:
            share = format_percent(float(row["missing"]))
            claim = f"{row['model']} is incomplete: {share} of its layers have no time"
            yield Finding("bad", claim, "composition", (place,), advice="see table failed")
        elif row["ratio"] is not None and abs(float(row["ratio"]) - 1) > _FAR:
            ratio = float(row["ratio"])
            sign = "bad" if abs(ratio - 1) > _TOO_FAR else "warn"
            claim = f"{row['model']} is rebuilt as {ratio:.2f} of what it takes"
            yield Finding(sign, claim, "composition", (place,), str(row["assumptions"] or ""))  # type: ignore[arg-type]
    for place, row in enumerate(joined["accuracy"]):
        if row["holds"] is False:
            spread = format_percent(float(row["spread"] or 0), 1)
            claim = f"the error is smaller than what repeating it changes, {spread}"
            yield Finding("note", claim, "accuracy", (place,), "it tells no more than that")


def _sections(joined: Mapping[str, Table], suite: Suite, protocol: Protocol) -> Iterator[Section]:
    composed = joined["composition"]
    apart = ("granularity",) if len(set(composed.column("granularity"))) > 1 else ()
    yield Section(
        "Rebuilt from bricks", (composed.view(*_COMPOSITION[:1], *apart, *_COMPOSITION[1:]),)
    )
    dots = _dots(composed, apart)
    if dots is not None:
        yield Section("Composed ÷ measured", (dots,))
    for name in ("accuracy", "speedup"):
        if len(joined[name]):
            yield Section(joined[name].title, (joined[name],))
    yield Section("Bracket", (composed.view(*_BRACKET[:1], *apart, *_BRACKET[1:]),))
    parts = joined["parts"]
    if len(parts):
        few = Table(parts.name, parts.columns, parts.rows[:_FEW], parts.title)
        yield Section("Largest parts", (few,), note=_of(few, parts))
    if len(joined["failed"]):
        yield Section("Bricks without a time", (joined["failed"],))
    yield Section("How this was measured", (Prose(_method(protocol)), Prose(_cut(suite))))


def _dots(composed: Table, apart: Sequence[str]) -> Figure | None:
    known = [row for row, cells in zip(composed.rows, composed, strict=True) if cells["ratio"]]
    if not known:
        return None
    table = Table(composed.name, composed.columns, tuple(known), composed.title)
    return interval_dots(table, ["model", *apart], "ratio", reference=1.0)


def _of(few: Table, all_: Table) -> str:
    return f"{len(few)} of {len(all_)}" if len(few) < len(all_) else ""


def _method(protocol: Protocol) -> str:
    clock = "CPU time of the thread" if protocol.threads == 1 else "wall time"
    return (
        f"Bricks are timed one after the other in the order of their model, {clock}, in "
        f"{plural(protocol.processes, 'fresh process')} of at least {protocol.min_rounds} rounds; "
        "each walk follows one that is not timed, and the weights that a model has and its walk "
        "has not are read in between, so that caches hold what they hold in the model. What a "
        "session adds is taken out: half of what the cold caches of the walk add to one that does "
        "nothing stays. Whole models are timed right before and right after their walk."
    )


def _cut(suite: Suite) -> str:
    graph = "the graph that it executes" if suite.cut == "executed" else "the graph as written"
    return f"Cut from {graph}, for {suite.runtime}, by {suite.generator}."


def _visible(suite: Suite) -> Iterator[str]:
    if suite.is_anonymous and suite.models:
        yield (
            "an anonymous suite still shows the shapes and parameters of bricks and how often "
            "models have them"
        )
