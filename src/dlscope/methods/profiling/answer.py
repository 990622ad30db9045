"""The first line of a report on leveled experiments: how long a forward call takes, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from dlscope.core.table import Cell, Table
from dlscope.core.units import format_number, scale_for
from dlscope.methods.profiling.analyses.base import is_of
from dlscope.methods.profiling.profile import Profile
from dlscope.reporting.words import plural

Row = Mapping[str, Cell]
_LAYERS = "M/L"
_WHOLE = 100.0
_NAMED: Mapping[str, Callable[[Cell], str]] = {
    "model": str,
    "backend": lambda name: f"on {name}",
    "threads": lambda count: f"with {plural(int(count or 0), 'thread')}",
    "batch_size": lambda size: f"at batch {size}",
}


def answer(
    profiles: Sequence[Profile], tables: Mapping[str, Table], differing: Sequence[str]
) -> str:
    """How long the model takes, what takes most of it, and what is accounted for.

    Of several profiles the fastest and the slowest, named by the columns that are `differing`.
    """
    if not profiles:
        return "No model could be profiled."
    if len(profiles) > 1:
        return _range(tables["a1"], differing)
    (only,) = profiles
    models, types, calls, costs = (
        [row for row in tables[name] if is_of(row, only)] for name in ("a1", "a6", "a17", "a16")
    )
    if not models:
        return "No iteration was measured."
    said = [f"{_time(models[0]['duration_us'])} for a batch of {only.batch_size}"]
    if types and types[0]["percent"] is not None:
        said.append(f"{types[0]['percent']:.0f} % of its layers' time is {types[0]['type']}")
    if calls:
        moved = sum(float(each["movement_pct"] or 0) for each in calls)
        said.append(f"{moved:.0f} % is moving data between layouts")
    said.extend(_accounted(costs))
    return "; ".join(said) + "."


def _accounted(costs: Sequence[Row]) -> Iterator[str]:
    """Model and layers are from two runs, so that layers may sum up to more than the model."""
    for row in costs:
        share = row["accounted_pct"]
        if row["level_set"] != _LAYERS or not share:
            continue
        if float(share) <= _WHOLE:
            yield f"{share:.0f} % of the model is accounted for by layers"
        else:
            yield f"its layers, timed in another run, sum to {share:.0f} % of it"


def _range(models: Table, differing: Sequence[str]) -> str:
    rows = [row for row in models if row["latency_ms_per_input"] is not None]
    if not rows:
        return "No iteration was measured."
    rates = [(1e3 * float(row["latency_ms_per_input"] or 0), row) for row in rows]
    ordered = sorted(rates, key=lambda each: each[0])
    first, last = (
        " ".join(filter(None, (_time(latency_us), _named(row, differing))))
        for latency_us, row in (ordered[0], ordered[-1])
    )
    of = "" if "model" in differing else f" of {rows[0]['model']}"
    return f"An input{of} takes from {first} to {last}."


def _named(row: Row, differing: Sequence[str]) -> str:
    """What tells a profile from the others: `on torch at batch 4`, or `for resnet18 on torch`."""
    words = " ".join(_NAMED[name](row[name]) for name in _NAMED if name in differing)
    return f"for {words}" if "model" in differing else words


def _time(duration_us: Cell) -> str:
    if duration_us is None:
        return "–"
    duration_ns = 1e3 * float(duration_us)
    scale = scale_for("ns", [duration_ns])
    return f"{format_number(duration_ns * scale.factor)} {scale.unit}"
