"""A21: two profiles of one model against each other, layer by layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, final

import numpy as np

from dlscope.core.report import Finding
from dlscope.core.stats import Interval, Sample, difference_interval, trimmed_mean
from dlscope.core.table import Cell, Column, Table
from dlscope.core.trace import Level
from dlscope.methods.profiling.analyses.base import (
    BATCH,
    SUBJECT,
    ProfileAnalysis,
    Record,
    microseconds,
)
from dlscope.methods.profiling.joining import Joined, joined
from dlscope.methods.profiling.node import Node, Times
from dlscope.methods.profiling.profile import Profile

Row = Mapping[str, Cell]
_FEWEST = 3
_SLOWER, _FASTER, _ALIKE = "slower", "faster", "cannot be told apart"
_TELLING = 0.05
_PAIR = (*(column.name for column in SUBJECT), BATCH.name, "from", "to")


@final
class Difference(ProfileAnalysis):
    """A21: one row for the model and each of its layers, the greatest change first."""

    name: ClassVar[str] = "a21"
    doc: ClassVar[str] = "Which layers make two profiles of one model differ?"
    title: ClassVar[str] = "Differences between profiles"
    formula: ClassVar[str] = (
        "ratio = latency per input after / before; layers that share a layer of the graph are "
        "taken together, the others joined by their structural key"
    )
    needs: ClassVar[tuple[Level, ...]] = (Level.MODEL, Level.LAYER)
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        Column("from", "str", "what differs, before"),
        Column("to", "str", "what differs, after"),
        Column("part", "str", "model, or layer"),
        Column("index", "int", "place of the layer in order of execution", role="id"),
        Column("name", "str", "the layer, or those that one side fuses"),
        Column("type", "str", "its operator"),
        Column("before_us", "float", "latency per input before", "µs", "value"),
        Column("after_us", "float", "latency per input after", "µs", "value"),
        Column("change_us", "float", "after − before", "µs", "value"),
        Column("ratio", "float", "after by before", role="value", lo="ratio_lo", hi="ratio_hi"),
        Column("ratio_lo", "float", "lower end of its 95 % interval", role="interval"),
        Column("ratio_hi", "float", "upper end of its 95 % interval", role="interval"),
        Column("verdict", "str", "slower, faster, not to be told apart, or only on one side"),
        Column("before_layers", "str", "its layers before", priority=3),
        Column("after_layers", "str", "its layers after", priority=3),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        for before in earlier(profile, profiles):
            yield from _compared(before, profile)

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(_told(table))


def earlier(profile: Profile, profiles: Sequence[Profile]) -> Iterator[Profile]:
    """What `profile` is compared with: of each framework the profile before that is most like it.

    Another framework is compared at the same batch size and number of threads only.
    """
    nearest: dict[str, Profile] = {}
    backend = profile.run.plan.framework.name
    for each in profiles[: profiles.index(profile)]:
        plan = each.run.plan
        is_other = plan.framework.name != backend
        if plan.model.name != profile.run.plan.model.name or Level.LAYER not in each.levels:
            continue
        if is_other and (each.batch_size, each.threads) != (profile.batch_size, profile.threads):
            continue
        best = nearest.get(plan.framework.name)
        if best is None or len(_differing(each, profile)) <= len(_differing(best, profile)):
            nearest[plan.framework.name] = each
    yield from nearest.values()


def ratio_interval(before: Sample, after: Sample) -> Interval:
    """95 % interval of the ratio of two trimmed means, by the difference of their logarithms.

    A mean under 1 counts as 1: profilers that count whole µs tell 0 of what is short.
    """
    ends = difference_interval(before, after, _log_mean)
    return Interval(float(np.exp(ends.lo)), float(np.exp(ends.hi)))


def _log_mean(ordered: Sample) -> Sample:
    return np.asarray(np.log(np.maximum(trimmed_mean(ordered), 1.0)))


def _setting(profile: Profile) -> dict[str, str]:
    """What can set two profiles of one model apart."""
    plan = profile.run.plan
    return {
        "backend": plan.framework.name,
        "version": plan.framework.version,
        "batch": str(profile.batch_size),
        "machine": str(profile.run.environment.system.get("name", "")),
        **{name: str(value) for name, value in sorted(plan.framework.options.items())},
    }


def _differing(first: Profile, second: Profile) -> list[str]:
    """The settings in which two profiles differ; of two frameworks the framework is enough."""
    one, other = _setting(first), _setting(second)
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    if "backend" in names:
        return [name for name in names if name in ("backend", "batch", "machine")]
    return names


def _labels(before: Profile, after: Profile) -> tuple[str, str]:
    names = _differing(before, after)
    if not names:
        return f"run {before.run.id}", f"run {after.run.id}"
    first, second = (
        ", ".join(_told_setting(name, _setting(each).get(name)) for name in names)
        for each in (before, after)
    )
    return first, second


def _told_setting(name: str, value: str | None) -> str:
    return str(value) if name == "backend" else f"{name} {value or 'unset'}"


def _compared(before: Profile, after: Profile) -> Iterator[Record]:
    first, second = _labels(before, after)
    labels: dict[str, Cell] = {"batch_size": after.batch_size, "from": first, "to": second}
    assert before.model is not None
    assert after.model is not None
    whole = Joined((before.model,), (after.model,))
    yield {**labels, "part": "model", "name": "model", **_change(before, after, whole)}
    layers: list[dict[str, Cell]] = [
        {
            **labels,
            "part": "layer",
            "index": group.layers[-1].index,
            "name": group.name,
            "type": " + ".join(dict.fromkeys(layer.type for layer in group.layers)),
            **_change(before, after, group),
            "before_layers": _names(group.before),
            "after_layers": _names(group.after),
        }
        for group in joined(before, after)
    ]
    yield from sorted(layers, key=_by_change)


def _by_change(row: Row) -> tuple[bool, float, int]:
    change = row.get("change_us")
    latency = row.get("before_us") or row.get("after_us")
    size = abs(float(latency or 0.0 if change is None else change))
    return change is None, -size, int(row["index"] or 0)


def _names(layers: Sequence[Node]) -> str | None:
    return " + ".join(layer.name for layer in layers) or None


def _change(before: Profile, after: Profile, group: Joined) -> dict[str, Cell]:
    """Latency per input on both sides, and what became of it."""
    first, second = _per_input(before, group.before), _per_input(after, group.after)
    old, new = (None if times is None else _latency(times) for times in (first, second))
    told: dict[str, Cell] = {"before_us": microseconds(old), "after_us": microseconds(new)}
    if old is None or new is None or first is None or second is None:
        return {**told, "verdict": "only before" if group.before else "only after"}
    told |= {"change_us": microseconds(new - old), "ratio": new / old if old else None}
    if min(first.size, second.size) < _FEWEST:
        return {**told, "verdict": "too few iterations"}
    ends = ratio_interval(first, second)
    verdict = _SLOWER if ends.lo > 1 else _FASTER if ends.hi < 1 else _ALIKE
    return {**told, "ratio_lo": ends.lo, "ratio_hi": ends.hi, "verdict": verdict}


def _latency(times: Sample) -> float:
    return float(trimmed_mean(np.sort(times)))


def _per_input(profile: Profile, nodes: Sequence[Node]) -> Sample | None:
    """Time of all `nodes` by iteration, in ns for one input; None where one was never seen."""
    known: list[Times] = []
    for node in nodes:
        durations = node.durations_ns.get(profile.run_of(node.level))
        if durations is None or not durations.size:
            return None
        known.append(durations)
    if not known:
        return None
    size = min(each.size for each in known)
    return np.asarray(sum(each[:size] for each in known) / profile.batch_size, dtype=np.float64)


def _told(table: Table) -> Iterator[Finding]:
    """For each pair how much the model changed, and which layer is most of it."""
    rows = list(table)
    groups: dict[tuple[Cell, ...], list[int]] = {}
    for place, row in enumerate(rows):
        groups.setdefault(tuple(row[name] for name in _PAIR), []).append(place)
    for whole, *layers in groups.values():
        verdict, change = rows[whole]["verdict"], rows[whole]["change_us"]
        if verdict not in (_SLOWER, _FASTER) or change is None:
            continue
        cause = [
            place
            for place in layers
            if rows[place]["verdict"] == verdict and _share(rows[place], change) >= _TELLING
        ][:1]
        yield Finding(
            "note",
            _claim(rows[whole]),
            table.name,
            (whole, *cause),
            "; ".join(_causes([rows[place] for place in layers], [rows[i] for i in cause], change)),
            gain=1e3 * float(change),
            gain_unit="ns",
        )


def _claim(row: Row) -> str:
    model, backend, batch, before, after = (
        row[name] for name in ("model", "backend", "batch_size", "from", "to")
    )
    # Of two frameworks the labels begin with their names.
    is_other = str(after).split(", ")[0] == backend
    subject, how = (model, "on") if is_other else (f"{model} on {backend}", "with")
    return (
        f"{subject}, batch {batch}, takes {row['ratio']:.2f}× as long per input {how} {after} as "
        f"{how} {before}"
    )


def _causes(layers: Sequence[Row], cause: Sequence[Row], change: Cell) -> Iterator[str]:
    for row in cause:
        yield f"{row['name']} is {100 * _share(row, change):.0f} % of the difference"
    if not cause:
        yield "no single layer makes much of the difference"
    unmatched = sum(row["change_us"] is None for row in layers)
    if unmatched:
        yield f"{unmatched} of its layers only on one side"


def _share(row: Row, change: Cell) -> float:
    return float(row["change_us"] or 0) / float(change or 1)
