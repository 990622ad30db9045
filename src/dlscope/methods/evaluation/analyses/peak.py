"""`Peak`: every rate that a search for the peak has tried, and what it came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, takewhile
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import Probe, Run
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import format_number, scale_for
from dlscope.methods.evaluation.analyses.point import failure
from dlscope.methods.evaluation.analyses.subject import SUBJECT_COLUMNS, subject

_COLUMNS = (
    *SUBJECT_COLUMNS,
    Column("scenario", "str", "how queries arrive", priority=3),
    Column("trial", "int", "place in the search, from 1", role="count"),
    Column("rate_qps", "float", "rate that was offered", "1/s", "value"),
    Column("seed", "int", "seed of the schedule", role="count", priority=3),
    Column("queries", "int", "queries of the trial", role="count", priority=3),
    Column("latency_ns", "int", "latency at the percentile that is bounded", "ns", "value"),
    Column("percentile", "float", "which percentile that is", "share", "share", 3),
    Column("bound_ns", "int", "the most that it may be", "ns", "value", 3),
    Column("lateness_ns", "int", "how late 99 % of the queries left at most", "ns", "value", 2),
    Column("holds", "bool", "whether the system kept up", role="verdict"),
    Column("confirms", "bool", "a further trial of a rate that had held", priority=2),
    Column("is_peak", "bool", "whether this rate is the confirmed peak"),
    Column("reason", "str", "what does not hold, or why there was no trial", priority=2),
)
_CONFIRMATIONS = 3
_ADVICE = "raise latency_bound_ms, or measure longer"


@final
class Peak(Analysis):
    """One row for each trial of each Run that looked for its peak, in the order of the search.

    A rate is the peak when the search ended with three further trials of it, all of which held
    (see `PeakSearch`). A search that tried nothing is a row that says why.
    """

    name: ClassVar[str] = "peak"
    doc: ClassVar[str] = "The highest rate that a system keeps up with, and every rate tried."

    def _table(self, runs: Sequence[Run]) -> Table:
        searches = [run for run in runs if run.probes or run.plan.scenario.mode == "find_peak"]
        return Table.of(
            "peak",
            _COLUMNS,
            [record for run in searches for record in _records(run)],
            title="Search for the peak",
            note="The peak has held in three further trials, each with a fresh schedule.",
        )

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        numbered = groupby(enumerate(table), key=lambda each: each[1]["run"])
        return tuple(_told(table, list(group)) for _, group in numbered)


def confirmed_peak(probes: Sequence[Probe]) -> float | None:
    """The rate in queries/s of the trials that ended a search by confirming it, else None."""
    last = list(takewhile(lambda each: each.confirms and each.holds, reversed(probes)))
    is_confirmed = len([p for p in last if p.rate_qps == last[0].rate_qps]) >= _CONFIRMATIONS
    return last[0].rate_qps if is_confirmed else None


def _records(run: Run) -> Iterator[Mapping[str, Cell]]:
    scenario = run.plan.scenario
    bound_ms = scenario.latency_bound_ms
    about: dict[str, Cell] = {
        **subject(run),
        "scenario": scenario.name,
        "percentile": scenario.percentile,
        "bound_ns": None if bound_ms is None else round(bound_ms * 1e6),
    }
    if not run.probes:
        yield {**about, "reason": failure(run) or "no rate was tried"}
    peak_qps = confirmed_peak(run.probes)
    for number, probe in enumerate(run.probes, 1):
        yield {**about, **_trial(number, probe), "is_peak": probe.rate_qps == peak_qps}


def _trial(number: int, probe: Probe) -> Mapping[str, Cell]:
    told: dict[str, Cell] = {**vars(probe)}
    return {**told, "trial": number, "reason": probe.reason or None}


Numbered = tuple[int, Mapping[str, Cell]]


def _told(table: Table, trials: Sequence[Numbered]) -> Finding:
    first = trials[0][1]
    what = f"{first['model']} on {first['backend']}"
    peak = [each for each in trials if each[1]["is_peak"]]
    if not peak:
        detail, rows = _why_none(trials)
        claim = f"{what}: no peak was confirmed"
        return Finding("bad", claim, table.name, rows, detail, advice=_ADVICE)
    rate = float(peak[0][1]["rate_qps"] or 0)
    above = _first_above(trials, rate)
    return Finding(
        "good",
        f"{what} keeps up with {format_number(rate, 4)} queries/s",
        table.name,
        (*(index for index, _ in peak), *(index for index, _ in above)),
        f"{_bounded(peak)}; {_beyond(above)}",
    )


def _bounded(peak: Sequence[Numbered]) -> str:
    """The worst latency of the trials at the peak, beside the bound."""
    row = peak[0][1]
    worst = max(float(each["latency_ns"] or 0) for _, each in peak)
    name = f"p{100 * float(row['percentile'] or 0):g}"
    limit = "" if row["bound_ns"] is None else f" of at most {_time(row['bound_ns'])}"
    return f"{name} {_time(worst)}{limit} in the worst of {len(peak)} trials"


def _beyond(above: Sequence[Numbered]) -> str:
    if not above:
        return "no higher rate was tried"
    row = above[0][1]
    return f"{_rate(row)} queries/s did not hold: {row['reason'] or 'no reason given'}"


def _first_above(trials: Sequence[Numbered], rate_qps: float) -> Sequence[Numbered]:
    """The lowest rate above the peak that did not hold, if there is one."""
    failed = [
        each
        for each in trials
        if not each[1]["holds"] and float(each[1]["rate_qps"] or 0) > rate_qps
    ]
    return sorted(failed, key=lambda each: float(each[1]["rate_qps"] or 0))[:1]


def _why_none(trials: Sequence[Numbered]) -> tuple[str, tuple[int, ...]]:
    """Why a search found nothing, and the rows that show it."""
    first, rows = trials[0][1], tuple(index for index, _ in trials)
    if first["rate_qps"] is None:
        return str(first["reason"]), rows
    lost = [each for each in trials if each[1]["confirms"] and not each[1]["holds"]]
    if lost:
        index, row = lost[-1]
        said = f"{_rate(row)} queries/s had held, and did not when tried again: {row['reason']}"
        return said, (index,)
    held = [each for each in trials if each[1]["holds"]]
    if held:
        return f"the search ended after {len(trials)} trials before it could confirm a rate", rows
    index, row = min(trials, key=lambda each: float(each[1]["rate_qps"] or 0))
    return f"no rate held; the lowest was {_rate(row)} queries/s: {row['reason']}", (index,)


def _rate(row: Mapping[str, Cell]) -> str:
    # Two rates of a bisection differ by 1 %: three digits would not tell them apart.
    return format_number(float(row["rate_qps"] or 0), 4)


def _time(value_ns: Cell) -> str:
    scale = scale_for("ns", [float(value_ns or 0)])
    return f"{format_number(float(value_ns or 0) * scale.factor)} {scale.unit}"
