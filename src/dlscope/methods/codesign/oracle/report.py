"""What several ways of searching find on one oracle space, as a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlscope.core.report import Finding, Prose, Report, Section
from dlscope.core.table import Table
from dlscope.core.units import format_percent
from dlscope.methods.codesign.oracle.enumeration import Enumeration
from dlscope.methods.codesign.oracle.generator import instance_named
from dlscope.methods.codesign.oracle.methods import METHODS, require_methods
from dlscope.methods.codesign.oracle.study import (
    EVALUATIONS,
    Told,
    baselines_table,
    runs_table,
    study,
    tell_nobody,
)

_SURE = 0.05
_SHOWN = ("method", "regret", "hypervolume", "cost", "difference", "p_value")
_METHOD = (
    "The loss of every design is given, and all designs are judged beforehand, so that the best is "
    "known. Every run may look at as many different designs as any other; a step of a gradient "
    "counts as one, looking again at a design is free. All end with the powers of two of lanes "
    "that are best for the design. Regret is how far loss times time is above the best; the "
    "hypervolume is that of the front of losses and times, as a share of the front of all designs."
)


def baselines_report(
    names: Sequence[str] = (),
    *,
    space: str = "oracle",
    evaluations: int = EVALUATIONS,
    seeds: int = 5,
    told: Told = tell_nobody,
) -> Report:
    """`names`, by default all methods, on the instance called `space`, from each of so many seeds.

    Raises `SearchError` for an unknown name or space.
    """
    wanted = list(names) or list(METHODS)
    require_methods(wanted)
    instance = instance_named(space)
    told(f"{space}: every design", 0.0)
    every = Enumeration.of(instance)
    runs = study([every], wanted, range(seeds), evaluations=evaluations, told=told)
    table = baselines_table(runs)
    return Report(
        title=f"Searches of {space} at equal cost",
        answer=_answer(table, space, evaluations),
        tables=(table, runs_table(runs)),
        findings=tuple(_findings(table)),
        sections=(
            Section("Methods", (table.view(*_SHOWN),)),
            Section("How this is compared", (Prose(_METHOD), Prose(_told_best(every)))),
        ),
        command=f"dlscope codesign baseline {' '.join(names)} --space {space} "
        f"--evaluations {evaluations} --seeds {seeds}".replace("  ", " "),
    )


def _answer(table: Table, space: str, evaluations: int) -> str:
    told = [
        f"{row['method']} {format_percent(float(row['regret'] or 0.0), 1)}"
        for row in sorted(table, key=lambda row: float(row["regret"] or 0.0))
    ]
    return f"Regret on {space} after {evaluations} evaluations: {', '.join(told)}."


def _told_best(every: Enumeration) -> str:
    best = every.design()
    return (
        f"The best of {len(every.values)} designs has the value {every.best:.6f}: "
        f"{best.told(every.instance.space)}."
    )


def _findings(table: Table) -> Iterator[Finding]:
    """Where a method is surely better or worse than the search, in the front that it finds."""
    for place, row in enumerate(table):
        p_value, difference = row["p_value"], row["difference"]
        if p_value is None or difference is None or float(p_value) >= _SURE:
            continue
        is_behind = float(difference) > 0
        claim = f"{row['method']} finds {'less' if is_behind else 'more'} of the front than search"
        yield Finding(
            "good" if is_behind else "bad",
            claim,
            table.name,
            (place,),
            detail=f"paired by seed, p = {float(p_value):.3g}",
        )
