"""Reports of suites: what they hold, and what models take that are rebuilt from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dlscope.core.report import Finding, Prose, Report, Section
from dlscope.core.table import Cell, Table
from dlscope.core.units import format_number, format_percent, scale_for
from dlscope.methods.bricks.composition import Estimate
from dlscope.methods.bricks.figures import ratio_dots
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.suite import Suite
from dlscope.methods.bricks.tables import operators_table, stats_table, tables
from dlscope.methods.bricks.times import Times
from dlscope.reporting.words import plural

_FAR, _TOO_FAR = 0.08, 0.12
_FEW = 12
_APART = ("granularity", "partition")
_COMPOSITION = ("layers", "bricks", "composed_ns", "measured_ns", "ratio", "spread")
_BRACKET = ("hot_ns", "composed_ns", "walk_ns", "touch_ns", "parallel_ns", "assumptions")
_BRACKET_NOTE = (
    "hot: bricks timed over and over, which find all that they need in the caches. walk: as "
    "estimated, but less taken out for sessions. touch: each brick after its inputs were written "
    "anew. parallel: the longest path through the bricks."
)


Composed = tuple[Suite, Sequence[Times], Sequence[Estimate]]
"""A suite, what was measured of it, and its models rebuilt."""


def suite_report(suite: Suite, *, command: str = "") -> Report:
    """What a suite holds: layers, bricks, how often they are used again."""
    stats, operators = stats_table(suite), operators_table(suite)
    occurrences = suite.occurrences().total()
    answer = (
        f"{plural(len(suite.models), 'model')} of {plural(suite.layers, 'layer')} "
        f"{'is' if len(suite.models) == 1 else 'are'} "
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
    suites: Sequence[Composed],
    protocol: Protocol,
    *,
    against: str = "",
    warnings: Sequence[str] = (),
    created_utc: str = "",
    command: str = "",
) -> Report:
    """Models rebuilt from the bricks of one or several suites of different granularity.

    `against` is the file with what was measured, where that was not measured among the bricks.
    """
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
        sections=(*_sections(joined), _method(suites, protocol, against)),
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
        return f"{_accurate(accuracy[0])}{_cheap(joined['speedup'])}."
    known = [each for each in estimates if each.composed_ns is not None]
    if not known:
        return "No model could be rebuilt: bricks have no time."
    first = known[0]
    return f"{first.model.name} takes {_time(first.composed_ns or 0)}, rebuilt from bricks."


def _accurate(row: Mapping[str, Cell]) -> str:
    off = format_percent(float(row["mape"] or 0), 1)
    most = f"bricks of at most {plural(int(row['granularity'] or 0), 'layer')}"
    worst = f"{row['worst_model']}, {float(row['worst'] or 1):.2f} of what it takes"
    models = int(row["models"] or 0)
    if models == 1:
        return f"Rebuilt from {most}, the latency is {off} off: {worst}"
    return f"Rebuilt from {most}, {models} latencies are {off} off on average, the furthest {worst}"


def _cheap(speedup: Table) -> str:
    """What running bricks saves, in words; nothing where that is not known."""
    shares = [float(row["bricks_ns"] or 0) / float(row["models_ns"] or 1) for row in speedup]
    if not shares:
        return ""
    return f"; running every brick takes {format_percent(shares[0])} of running every model"


def _time(duration_ns: float) -> str:
    scale = scale_for("ns", [duration_ns])
    return f"{format_number(duration_ns * scale.factor)} {scale.unit}"


def _findings(joined: Mapping[str, Table]) -> Iterator[Finding]:
    untimed = "see table failed" if len(joined["failed"]) else "time them: dlscope bricks run SUITE"
    for place, row in enumerate(joined["composition"]):
        if row["missing"]:
            share = format_percent(float(row["missing"]))
            claim = f"{row['model']} is incomplete: {share} of its layers have no time"
            yield Finding("bad", claim, "composition", (place,), advice=untimed)
        elif row["ratio"] is not None and abs(float(row["ratio"]) - 1) > _FAR:
            ratio = float(row["ratio"])
            sign = "bad" if abs(ratio - 1) > _TOO_FAR else "warn"
            claim = f"{row['model']} is rebuilt as {ratio:.2f} of what it takes"
            yield Finding(sign, claim, "composition", (place,), str(row["assumptions"] or ""))  # type: ignore[arg-type]
    for place, row in enumerate(joined["accuracy"]):
        if row["holds"] is False:
            spread = format_percent(float(row["spread"] or 0), 1)
            most = plural(int(row["granularity"] or 0), "layer")
            claim = f"with bricks of {most}, the error is below what a repeat changes, {spread}"
            yield Finding("note", claim, "accuracy", (place,), "it tells no more than that")


def _sections(joined: Mapping[str, Table]) -> Iterator[Section]:
    composed = joined["composition"]
    apart = (name for name in _APART if len(set(composed.column(name))) > 1)
    labels = ["model", *apart]
    dots = ratio_dots(composed, labels)
    rebuilt = composed.view(*labels, *_COMPOSITION)
    yield Section("Rebuilt from bricks", (rebuilt, dots) if dots else (rebuilt,))
    for name in ("accuracy", "speedup"):
        if len(joined[name]):
            yield Section(joined[name].title, (joined[name],))
    if any(row["hot_ns"] is not None for row in composed):  # a quick run has no bracket
        bracket = replace(composed.view(*labels, *_BRACKET), title="Bracket", note=_BRACKET_NOTE)
        yield Section("Bracket", (bracket,))
    parts = joined["parts"]
    if len(parts):
        few = Table(parts.name, parts.columns, parts.rows[:_FEW], parts.title)
        yield Section("Largest parts", (few,), note=_of(few, parts))
    if len(joined["failed"]):
        yield Section("Bricks without a time", (joined["failed"],))


def _of(few: Table, all_: Table) -> str:
    return f"{len(few)} of {len(all_)}" if len(few) < len(all_) else ""


def _method(suites: Sequence[Composed], protocol: Protocol, against: str) -> Section:
    whole = "Whole models are timed right before and right after their walk."
    if against:
        whole = f"Latencies of whole models are those in {against}."
    times = [each for _, several, _ in suites for each in several]
    cuts = dict.fromkeys(_cut(suite) for suite, _, _ in suites)
    said = (_walked(protocol, times, max(len(several) for _, several, _ in suites)), whole, *cuts)
    return Section("How this was measured", tuple(map(Prose, said)))


def _walked(protocol: Protocol, times: Sequence[Times], processes: int) -> str:
    rounds = min((len(brick.walk) for each in times for brick in each.bricks.values()), default=0)
    fresh = "a fresh process" if processes == 1 else f"{processes} fresh processes"
    clock = "CPU time of the thread" if protocol.threads == 1 else "wall time"
    until = ", until each model that has them is known to 1 %" if protocol.is_quick else ""
    return (
        f"Bricks are timed one after the other in the order of their model, {clock}, in {fresh} "
        f"of at least {plural(rounds, 'round')}{until}; "
        "each walk follows one that is not timed, and the weights that a model has and its walk "
        "has not are read in between, so that caches hold what they hold in the model. What a "
        "session adds is taken out: half of what the cold caches of the walk add to one that does "
        "nothing stays."
    )


def _cut(suite: Suite) -> str:
    graph = "the graph that it executes" if suite.cut == "executed" else "the graph as written"
    how = f"Cut from {graph}, for {suite.runtime}, by {suite.generator}."
    if suite.partition == "standard":
        return how
    return (
        f"{how} Windows overlap in all layers but one: each adds what it takes beyond its overlap "
        "with the one before, and never less than nothing."
    )


def _visible(suite: Suite) -> Iterator[str]:
    if suite.is_anonymous and suite.models:
        yield (
            "an anonymous suite still shows the shapes and parameters of bricks and how often "
            "models have them"
        )
