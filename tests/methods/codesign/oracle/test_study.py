from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from dlscope.methods.codesign.oracle.enumeration import Enumeration
from dlscope.methods.codesign.oracle.generator import (
    oracle_instance,
    varied_instance,
)
from dlscope.methods.codesign.oracle.study import (
    OracleRun,
    baselines_table,
    families_table,
    runs_table,
    study,
)


def run(instance: str, method: str, seed: int, regret: float) -> OracleRun:
    return OracleRun(instance, method, seed, 1 + regret, regret, regret / 10, 1 - regret, 600)


RUNS = [
    run(instance, method, seed, regret)
    for instance, method, regrets in (
        ("oracle:1", "search", (0.0, 0.0)), ("oracle:1", "evolution", (0.02, 0.04)),
        ("oracle:2", "search", (0.0, 0.01)), ("oracle:2", "evolution", (0.0, 0.0)),
        ("pairs:1", "search", (0.0, 0.0)), ("pairs:1", "evolution", (0.08, 0.0)),
    )
    for seed, regret in enumerate(regrets)
]  # fmt: skip


def test_families_are_compared_instance_by_instance(text) -> None:
    names = ("instances", "method", "runs", "regret", "worst", "exact", "excess")
    found = text(families_table(RUNS), *names)
    assert (
        found
        == """
instances  method     runs  regret    worst  exact   excess
all        search     6     0.001667  0.01   0.8333  –
all        evolution  6     0.02333   0.08   0.5     0.02167
oracle     search     4     0.0025    0.01   0.75    –
oracle     evolution  4     0.015     0.04   0.5     0.0125
pairs      search     2     0         0      1       –
pairs      evolution  2     0.04      0.08   0.5     0.04
"""
    )


def test_baselines_of_one_instance_are_compared_seed_by_seed(text) -> None:
    own = [each for each in RUNS if each.instance == "oracle:1"]
    names = ("method", "seeds", "hypervolume", "regret", "cost", "difference", "p_value")
    found = text(baselines_table(own), *names)
    assert (
        found
        == """
method     seeds  hypervolume  regret  cost  difference  p_value
search     2      1            0       600   –           –
evolution  2      0.97         0.03    600   0.03        0.5
"""
    )


def test_runs_are_judged_by_all_designs(small) -> None:
    found = study([small], ["random", "exhaustive"], [0, 1], evaluations=50)
    table = runs_table(found)
    assert table.column("method") == ("random", "random", "exhaustive", "exhaustive")
    assert all(0 <= float(each or 0.0) < 1 for each in table.column("percentile"))
    assert table.column("regret")[2:] == (0.0, 0.0)
    assert table.column("hypervolume")[2:] == (1.0, 1.0)
    assert all(0 < float(each or 0.0) <= 1 for each in table.column("hypervolume"))
    assert study([small], ["random"], [1], evaluations=50) == found[1:2]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_recipe_is_within_2_percent_of_the_best_and_others_are_not() -> None:
    every = Enumeration.of(oracle_instance())
    runs = study([every], ["search", "random", "edd"], range(10))
    regret = {
        name: np.mean([each.regret for each in runs if each.method == name])
        for name in ("search", "random", "edd")
    }
    assert regret["search"] <= 0.02
    assert regret["search"] < regret["random"] < regret["edd"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_on_instances_drawn_anew_the_recipe_is_no_worse_than_evolution() -> None:
    instances = [
        *(oracle_instance(seed) for seed in range(1, 5)),
        *(varied_instance(seed) for seed in range(1, 3)),
        *(varied_instance(seed, has_pairs=True) for seed in range(1, 3)),
    ]
    runs = study(
        [Enumeration.of(each) for each in instances], ["search", "evolution", "random"], range(2)
    )
    rows = {row["method"]: row for row in families_table(runs) if row["instances"] == "all"}
    assert float(rows["random"]["excess_lo"] or 0.0) > 0
    assert float(rows["evolution"]["excess_lo"] or 0.0) >= 0
