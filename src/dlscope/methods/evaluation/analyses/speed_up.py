"""`SpeedUp`: how many times as fast each machine is as each other (MLModelScope's matrix)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.run import Run
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.evaluation.analyses.point import Point
from dlscope.methods.evaluation.analyses.systems import Machine, by_machine

_COLUMNS = (
    Column("model", "str", "model manifest"),
    Column("backend", "str", "framework that ran it"),
    Column("version", "str", "exact version of the framework", priority=3),
    Column("system", "str", "name of the machine"),
    Column("against", "str", "name of the machine it is held against"),
    Column(
        "latency", "float", "latency there divided by latency here", "×", "value", 1, "lo", "hi"
    ),
    Column("lo", "float", "lower end of its interval", "×", "interval", 2),
    Column("hi", "float", "upper end of its interval", "×", "interval", 2),
    Column("throughput", "float", "throughput here divided by throughput there", "×", "value"),
    Column("reason", "str", "why a number is missing", priority=3),
)


@final
class SpeedUp(Analysis):
    """One row for each ordered pair of machines, for each model on each framework.

    The interval of a ratio goes from lo(there) / hi(here) to hi(there) / lo(here): at least as
    wide as a 95 % interval, since both ends would have to be missed at once.
    """

    name: ClassVar[str] = "speed_up"
    doc: ClassVar[str] = "How many times as fast each machine is as each other."

    def _table(self, runs: Sequence[Run]) -> Table:
        pairs = (pair for group in by_machine(runs) for pair in permutations(group.items(), 2))
        return Table.of(
            "speed_up",
            _COLUMNS,
            [_record(*here, *there) for here, there in pairs],
            title="Speed-up of one machine over another",
            note="Above 1 the machine is faster than the one it is held against.",
        )


def _record(here: Machine, point: Point, there: Machine, other: Point) -> Mapping[str, Cell]:
    rates = [max(each.throughput.values(), default=None) for each in (point, other)]
    return {
        "model": point.plan.model.name,
        "backend": point.plan.framework.label,
        "version": point.plan.framework.version,
        "system": here.name,
        "against": there.name,
        **_latency(point, other),
        "throughput": rates[0] / rates[1] if rates[0] and rates[1] else None,
        "reason": "; ".join(_missing({here: point, there: other})) or None,
    }


def _latency(point: Point, other: Point) -> Mapping[str, Cell]:
    a, b = point.online, other.online
    if a is None or b is None:
        return {}
    return {
        "latency": b.mean_ns / a.mean_ns,
        "lo": b.interval.lo / a.interval.hi,
        "hi": b.interval.hi / a.interval.lo,
    }


def _missing(points: Mapping[Machine, Point]) -> Iterator[str]:
    for machine, point in points.items():
        if point.online is None or not point.throughput:
            said = point.reason or "latency and throughput were not both measured"
            yield f"{machine.name}: {said}"
