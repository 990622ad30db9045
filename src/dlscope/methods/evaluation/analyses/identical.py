"""`Identical`: two models that give the very same predictions, hence have the same weights."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.digest import digest
from dlscope.core.report import Finding
from dlscope.core.run import ItemResult, Run
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.evaluation.analyses.point import failure
from dlscope.metrics.classification import ranking

_COLUMNS = (
    Column("model", "str", "name and version of the model"),
    Column("backend", "str", "framework that ran it"),
    Column("version", "str", "exact version of the framework", priority=3),
    Column("dataset", "str", "data set manifest", priority=2),
    Column("run", "str", "id of the Run", role="id", priority=3),
    Column("n", "int", "items with a prediction", role="count", priority=2),
    Column("same_as", "str", "other models with the same predictions on all common items"),
    Column("distinct", "bool", "whether no other model gives the same", role="verdict"),
    Column("reason", "str", "why nothing can be said", priority=3),
)
_LEAST_ITEMS = 5
_SAME_PROBABILITY = 1e-6


@final
class Identical(Analysis):
    """One row for each model on each framework and data set, by its first Run that answered.

    Predictions are the same when the classes listed are, in the same order, with probabilities
    within 10⁻⁶; those of other tasks when they are equal. At least 5 items must be common.
    """

    name: ClassVar[str] = "identical"
    doc: ClassVar[str] = "Models that give the very same predictions."

    def _table(self, runs: Sequence[Run]) -> Table:
        firsts = _firsts(runs)
        twins = _twins([run for run in firsts if len(_answered(run)) >= _LEAST_ITEMS])
        return Table.of(
            "identical",
            _COLUMNS,
            [_record(run, twins.get(run.id, ())) for run in firsts],
            title="Identical predictions",
        )

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(_registered_twice(table))


def _firsts(runs: Sequence[Run]) -> list[Run]:
    """One Run for each model, framework and data set: the first with most answers."""
    best: dict[tuple[str, ...], Run] = {}
    for run in runs:
        plan = run.plan
        framework = (plan.framework.name, plan.framework.version)
        key = (plan.model.identity, *framework, plan.dataset.identity)
        if key not in best or len(_answered(run)) > len(_answered(best[key])):
            best[key] = run
    return [best[key] for key in sorted(best)]


def _answered(run: Run) -> list[ItemResult]:
    return [item for item in run.items if item.prediction is not None]


def _twins(runs: Sequence[Run]) -> Mapping[str, Sequence[str]]:
    """Identities of models with the same predictions, by the id of the Run.

    Only Runs that begin with the same answers are held against each other, so that the work
    grows with the Runs and not with their pairs.
    """
    alike: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        plan = run.plan
        framework = (plan.framework.name, plan.framework.version)
        key = (*framework, plan.dataset.identity, _beginning(run))
        alike.setdefault(key, []).append(run)
    twins: dict[str, list[str]] = {}
    for members in alike.values():
        for a, b in combinations(members, 2):
            if _is_same(a, b):
                twins.setdefault(a.id, []).append(b.plan.model.identity)
                twins.setdefault(b.id, []).append(a.plan.model.identity)
    return twins


def _beginning(run: Run) -> str:
    """The first answers of `run`, without probabilities."""
    first = _answered(run)[:_LEAST_ITEMS]
    return digest([[item.item, _classes(item) or "other"] for item in first])


def _classes(item: ItemResult) -> list[int]:
    if item.prediction is None or "classes" not in item.prediction:
        return []
    return [index for index, _ in ranking(item)]


def _is_same(a: Run, b: Run) -> bool:
    others = {item.item: item for item in _answered(b)}
    pairs = [(item, others[item.item]) for item in _answered(a) if item.item in others]
    return len(pairs) >= _LEAST_ITEMS and all(_is_same_answer(x, y) for x, y in pairs)


def _is_same_answer(a: ItemResult, b: ItemResult) -> bool:
    if not _classes(a):
        return a.prediction == b.prediction
    return _classes(a) == _classes(b) and all(
        math.isclose(p, q, rel_tol=0.0, abs_tol=_SAME_PROBABILITY)
        for (_, p), (_, q) in zip(ranking(a), ranking(b), strict=True)
    )


def _record(run: Run, twins: Sequence[str]) -> Mapping[str, Cell]:
    n = len(_answered(run))
    is_told = n >= _LEAST_ITEMS
    few = f"{n} items with a prediction, {_LEAST_ITEMS} are needed"
    return {
        "model": run.plan.model.identity,
        "backend": run.plan.framework.label,
        "version": run.plan.framework.version,
        "dataset": run.plan.dataset.name,
        "run": run.id,
        "n": n,
        "same_as": ", ".join(sorted(twins)) or None,
        "distinct": not twins if is_told else None,
        "reason": None if is_told else (failure(run) or few),
    }


def _registered_twice(table: Table) -> Iterator[Finding]:
    """One finding for each set of models that give the same, over all frameworks."""
    sets: dict[tuple[str, ...], list[int]] = {}
    rows = list(table)
    for index, row in enumerate(rows):
        if row["same_as"] is not None:
            members = tuple(sorted([str(row["model"]), *str(row["same_as"]).split(", ")]))
            sets.setdefault(members, []).append(index)
    for members, indices in sets.items():
        n = min(int(rows[index]["n"] or 0) for index in indices)
        yield Finding(
            "warn",
            f"The same weights are registered {_times(len(members))}: {', '.join(members)}",
            table.name,
            tuple(indices),
            f"identical predictions on {n} items",
            advice="check the weights each manifest names",
        )


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"
