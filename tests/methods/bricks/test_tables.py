from __future__ import annotations

import numpy as np
import pytest
from brick_models import chain_model, fork_model, graph_of
from hand_made_times import brick_times, exact_times, model_ns, with_whole

from dlscope.methods.bricks.composition import Estimate, compose
from dlscope.methods.bricks.cutting import cut_models
from dlscope.methods.bricks.tables import (
    accuracy_table,
    composition_table,
    failed_table,
    operators_table,
    parts_table,
    speedup_table,
    stats_table,
    tables,
)

GRAPHS = {"chain": graph_of(chain_model()), "fork": graph_of(fork_model())}


def both(granularity: int = 1, **changes):
    asked = {"cut": "authored", "runtime": "none", **changes}
    return cut_models(GRAPHS.items(), granularity, **asked)


def measured(suite, slower: float = 1.0):
    """Exact times, and whole models that take so much more than their layers."""
    times = exact_times(suite)
    for model in suite.models:
        with_whole(times, model, slower * model_ns(GRAPHS[model.name]))
    return times, [compose(model, suite.bricks, [times]) for model in suite.models]


def test_what_a_suite_holds(text) -> None:
    assert text(stats_table(both()), "model", "layers", "free", "bricks", "new", "share_new") == (
        """
model  layers  free  bricks  new  share_new
chain  5       1     2       2    0.5
fork   4       0     4       2    0.5
all    9       1     4       4    0.5
"""
    )


def test_one_model_needs_no_sum() -> None:
    suite = cut_models([("fork", GRAPHS["fork"])], 1, cut="authored", runtime="none")
    assert stats_table(suite).column("model") == ("fork",)


def test_the_most_frequent_kinds_come_first(text) -> None:
    assert text(operators_table(both()), "operators", "bricks", "occurrences") == (
        """
operators  bricks  occurrences
Conv       1       3
Relu       1       3
Sigmoid    1       1
Add        1       1
"""
    )


def test_the_columns_that_others_read() -> None:
    suite = both()
    table = composition_table(suite, measured(suite)[1])
    asked = ("model", "composed_ns", "measured_ns", "ratio", "lo_ns", "hi_ns")
    assert set(asked) <= {column.name for column in table.columns}
    chain, fork = table
    for row, name in ((chain, "chain"), (fork, "fork")):
        expected = model_ns(GRAPHS[name])
        assert [row[each] for each in asked] == [name, expected, expected, 1.0, expected, expected]
        assert (row["granularity"], row["partition"], row["missing"]) == (1, "standard", 0.0)


def test_an_incomplete_model_has_no_latency(text) -> None:
    suite = both()
    times, _ = measured(suite)
    add = next(name for name, brick in suite.bricks.items() if brick.label == "Add")
    del times.bricks[add, ""]
    found = [compose(model, suite.bricks, [times]) for model in suite.models]
    table = composition_table(suite, found)
    told = text(table, "model", "composed_ns", "ratio", "lo_ns", "missing", "processes")
    assert told.splitlines()[-1].split() == ["fork", "–", "–", "–", "0.25", "0"]
    assert table.column("missing") == (0.0, 0.25)


def test_parts_share_the_latency() -> None:
    suite = both()
    _, found = measured(suite)
    rows = [row for row in parts_table(found) if row["model"] == "fork"]
    assert [row["operators"] for row in rows] == ["Conv", "Sigmoid", "Add", "Relu"]
    total = sum(row["count"] * row["each_ns"] for row in rows)
    assert sum(row["share"] for row in rows) == pytest.approx(total / model_ns(GRAPHS["fork"]))


def test_windows_count_what_is_clamped() -> None:
    suite = both(2, partition="overlapping")
    (first, *_) = (term for model in suite.models for term in model.differences)
    times = exact_times(suite)
    times.bricks[first.brick, ""] = brick_times(0.0)
    found = [compose(model, suite.bricks, [times]) for model in suite.models]
    table = composition_table(suite, found)
    assert sum(table.column("clamped")) >= 1
    assert set(table.column("partition")) == {"overlapping"}


def test_what_bricks_save() -> None:
    suite = both()
    times, _ = measured(suite)
    (row,) = speedup_table(suite, [times], "suite")
    models = sum(map(model_ns, GRAPHS.values()))
    walked = sum(float(np.median(each.walk)) for each in times.bricks.values())
    assert (row["models_ns"], row["bricks_ns"]) == (models, walked)
    assert row["speedup"] == models / walked
    # Two models at 2 ms, four bricks at 1 ms.
    assert row["with_opening"] == (models + 4e6) / (walked + 4e6)
    assert (row["models"], row["bricks"], row["layers"]) == (2, 4, 9)


def test_nothing_is_saved_where_one_side_is_not_known() -> None:
    suite = both()
    times, _ = measured(suite)
    del times.wholes[suite.models[0].whole]
    assert len(speedup_table(suite, [times], "suite")) == 0
    times, _ = measured(suite)
    del times.bricks[next(iter(times.bricks))]
    assert len(speedup_table(suite, [times], "suite")) == 0


def test_bricks_of_each_walk_count_in_the_scope_of_a_model() -> None:
    suite = both()
    times, _ = measured(suite)
    for model in suite.models:
        for brick in model.composition:
            times.bricks[brick, model.whole] = times.bricks[brick, ""]
    times.bricks = {place: each for place, each in times.bricks.items() if place[1]}
    (row,) = speedup_table(suite, [times], "model")
    assert row["bricks_ns"] == sum(float(np.median(each.walk)) for each in times.bricks.values())
    assert row["scope"] == "model"


def test_accuracy_is_told_over_all_models() -> None:
    suite = both()
    ratios = {"chain": 0.9, "fork": 1.2}
    found = [
        Estimate(model, 1.0, (1.0, 1.0), 1.0, ratios[model.name], spread=0.3)
        for model in suite.models
    ]
    (row,) = accuracy_table(suite, found)
    assert row["mape"] == pytest.approx(0.15)
    assert row["geomean"] == pytest.approx((0.9 * 1.2) ** 0.5)
    assert (row["worst"], row["worst_model"]) == (1.2, "fork")
    assert (row["spread"], row["holds"]) == (0.3, False)


def test_accuracy_is_unknown_where_nothing_was_measured() -> None:
    suite = both()
    times = exact_times(suite)
    found = [compose(model, suite.bricks, [times]) for model in suite.models]
    assert len(accuracy_table(suite, found)) == 0


def test_one_process_has_no_spread() -> None:
    suite = both()
    (row,) = accuracy_table(suite, measured(suite)[1])
    assert (row["spread"], row["holds"]) == (None, None)


def test_bricks_that_failed_are_listed_with_the_reason(text) -> None:
    suite = both()
    times = exact_times(suite)
    name = next(name for name, brick in suite.bricks.items() if brick.label == "Add")
    times.failed = {name: "it is broken", "of another suite": "no matter"}
    assert text(failed_table(suite, [times, times]), "operators", "reason") == (
        """
operators  reason
Add        it is broken
"""
    )


def test_all_tables_have_another_name() -> None:
    suite = both()
    times, found = measured(suite)
    names = [table.name for table in tables(suite, found, [times], "suite")]
    assert names == [
        *("composition", "accuracy", "speedup", "parts", "stats", "operators", "failed"),
    ]
