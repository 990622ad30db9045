"""`study`: methods on oracle instances, with several seeds each, and what that shows.

Every run is given as many evaluations. Regret is how far the value of the best design is above the
best of all. The hypervolume is that of the front of losses and times that a method has looked at,
of that of all designs; it reaches to a tenth beyond the worst of random designs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np

from dlscope.core.stats import Interval, bootstrap_interval, mean, sign_flip_test
from dlscope.core.table import Cell, Column, Table
from dlscope.devices.base import Floats
from dlscope.methods.codesign.estimated_columns import estimated
from dlscope.methods.codesign.exploring.judge import Judge
from dlscope.methods.codesign.measures.hypervolume import hypervolume
from dlscope.methods.codesign.oracle.enumeration import Enumeration
from dlscope.methods.codesign.oracle.methods import EXHAUSTIVE, METHODS, require_methods
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.tables import search_table

Told: TypeAlias = Callable[[str, float], None]
"""Told what is being done, and the share that has been."""

EVALUATIONS = 600
_RANDOM, _MARGIN = 600, 1.1
RUN_COLUMNS = (
    Column("instance", "str", "oracle space: a family and a seed", role="id"),
    Column("method", "str", "search, or the name of a baseline"),
    Column("seed", "int", "seed of the run", role="count"),
    Column("value", "float", "loss times ms of the best design that was found", role="value"),
    Column("regret", "float", "value / best of all − 1", "share", "share"),
    Column("percentile", "float", "share of all designs that are better", "share", "share"),
    Column("hypervolume", "float", "of the front of all designs", "share", "share"),
    Column("cost", "int", "evaluations that were spent", role="count"),
)
_FAMILY_COLUMNS = (
    Column("instances", "str", "instances that were searched: all, or one", role="id"),
    Column("method", "str", "search, or the name of a baseline", role="id"),
    Column("runs", "int", "runs, over instances and seeds", role="count"),
    *estimated("regret", "mean regret", "share", "share"),
    Column("worst", "float", "largest regret of a run", "share", "share"),
    Column("exact", "float", "share of runs that found the best of all", "share", "share"),
    Column("percentile", "float", "mean share of designs that are better", "share", "share"),
    *estimated(
        "excess", "mean regret less that of the search, instance by instance", "share", "share"
    ),
    Column("p_value", "float", "of the paired permutation test", role="value"),
)
_BEST = 1e-9


def tell_nobody(step: str, share: float) -> None:
    """Listens to what is being done, and says nothing."""
    del step, share


@final
@dataclass(frozen=True)
class OracleRun:
    """What one method found on one instance from one seed."""

    instance: str
    method: str
    seed: int
    value: float
    regret: float
    percentile: float
    hypervolume: float
    cost: int


def study(
    enumerations: Sequence[Enumeration],
    methods: Sequence[str],
    seeds: Sequence[int],
    *,
    evaluations: int = EVALUATIONS,
    told: Told = tell_nobody,
) -> list[OracleRun]:
    """Every method on every instance from every seed. Raises `SearchError` for an unknown one."""
    require_methods(methods)
    found: list[OracleRun] = []
    count = len(enumerations) * len(methods)
    for every in enumerations:
        reference = _reference(every)
        whole = hypervolume(np.stack([every.losses, every.times_ns], axis=1), reference)
        for name in methods:
            done = len(found) // len(seeds) / count
            told(f"{every.instance.space.name} {name}", done)
            found += [_run(every, name, seed, evaluations, reference, whole) for seed in seeds]
    return found


def runs_table(runs: Sequence[OracleRun]) -> Table:
    """A row for each run."""
    records: list[Mapping[str, Cell]] = [dict(vars(each)) for each in runs]
    return Table.of("oracle_runs", RUN_COLUMNS, records)


def families_table(runs: Sequence[OracleRun], *, against: str = "search") -> Table:
    """Methods over all instances and for each family, compared with `against`.

    What is compared is the mean of all seeds on each instance: seeds of one instance are not
    independent of one another. On a single instance it is the runs themselves.
    """
    families = dict.fromkeys(each.instance.partition(":")[0] for each in runs)
    groups = {"all": list(runs)} if len(families) > 1 else {}
    groups |= {
        family: [each for each in runs if each.instance.partition(":")[0] == family]
        for family in families
    }
    records = [
        {"instances": name, **record}
        for name, group in groups.items()
        for record in _compared(group, against)
    ]
    return Table.of("oracle", _FAMILY_COLUMNS, records)


def baselines_table(runs: Sequence[OracleRun], *, against: str = "search") -> Table:
    """The table `baselines` of a search report, over the runs of one instance."""
    ours = _by_method(runs).get(against)
    records: list[Mapping[str, Cell]] = []
    for name, own in _by_method(runs).items():
        volumes = np.array([each.hypervolume for each in own])
        regrets = np.array([each.regret for each in own])
        record: dict[str, Cell] = {
            "method": name,
            "seeds": len(own),
            "hypervolume": float(volumes.mean()),
            "regret": float(regrets.mean()),
            "cost": max(each.cost for each in own),
        }
        record |= _ends("hypervolume", _interval(volumes)) | _ends("regret", _interval(regrets))
        if ours is not None and name != against:
            difference = np.array([each.hypervolume for each in ours]) - volumes
            record |= {
                "difference": float(difference.mean()),
                "p_value": sign_flip_test(difference),
                **_ends("difference", _interval(difference)),
            }
        records.append(record)
    return search_table("baselines", records)


def _compared(runs: Sequence[OracleRun], against: str) -> list[dict[str, Cell]]:
    by_method = _by_method(runs)
    ours = _means(by_method[against]) if against in by_method else None
    records = []
    for name, own in by_method.items():
        regrets, means = np.array([each.regret for each in own]), _means(own)
        record: dict[str, Cell] = {
            "method": name,
            "runs": len(own),
            "regret": float(means.mean()),
            "worst": float(regrets.max()),
            "exact": float((regrets <= _BEST).mean()),
            "percentile": float(np.mean([each.percentile for each in own])),
            **_ends("regret", _interval(means)),
        }
        if ours is not None and name != against:
            excess = means - ours
            record |= {
                "excess": float(excess.mean()),
                "p_value": sign_flip_test(excess),
                **_ends("excess", _interval(excess)),
            }
        records.append(record)
    return records


def _by_method(runs: Sequence[OracleRun]) -> dict[str, list[OracleRun]]:
    found: dict[str, list[OracleRun]] = {}
    for each in runs:
        found.setdefault(each.method, []).append(each)
    return found


def _means(runs: Sequence[OracleRun]) -> Floats:
    """Mean regret of each instance; of a single instance that of each run."""
    found: dict[str, list[float]] = {}
    for each in runs:
        found.setdefault(each.instance, []).append(each.regret)
    if len(found) == 1:
        return np.array(next(iter(found.values())))
    return np.array([np.mean(regrets) for regrets in found.values()])


def _interval(values: Floats) -> Interval:
    return bootstrap_interval(values, mean)


def _ends(name: str, interval: Interval) -> dict[str, Cell]:
    return {f"{name}_lo": interval.lo, f"{name}_hi": interval.hi}


def _run(
    every: Enumeration,
    name: str,
    seed: int,
    evaluations: int,
    reference: tuple[float, float],
    whole: float,
) -> OracleRun:
    instance = every.instance
    if name == EXHAUSTIVE:
        return OracleRun(
            instance.space.name, name, seed, every.best, 0.0, 0.0, 1.0, len(every.values)
        )
    judge = Judge(instance.space, instance, instance.times_of, most=evaluations)
    METHODS[name](instance, judge, seed)
    points = [(each.loss, each.time_ns) for each in judge.looked_at]
    value = judge.best.value
    return OracleRun(
        instance=instance.space.name,
        method=name,
        seed=seed,
        value=value,
        regret=max(every.regret(value), 0.0),
        percentile=every.percentile(value * (1 - _BEST)),
        hypervolume=hypervolume(points, reference) / whole,
        cost=judge.evaluations,
    )


def _reference(every: Enumeration) -> tuple[float, float]:
    """A tenth beyond the worst loss and the worst time of random designs, always the same ones."""
    rng, instance = np.random.default_rng(0), every.instance
    designs = [Design.random(instance.space, rng) for _ in range(_RANDOM)]
    judge = Judge(instance.space, instance, instance.times_of, most=_RANDOM)
    seen = judge.judged(designs)
    return (
        _MARGIN * max(each.loss for each in seen),
        _MARGIN * max(each.time_ns for each in seen),
    )
