from __future__ import annotations

import dataclasses

from dlscope.api.side_by_side import differing_items, side_by_side
from dlscope.core.run import ItemResult
from dlscope.testing.analyses import example_run

SLOW = (9_000_000, 9_900_000, 10_800_000, 11_700_000, 12_600_000)


def test_metrics_are_rows_and_runs_are_columns_in_one_unit_a_row() -> None:
    runs = [example_run("r-fast"), example_run("r-slow", latencies_ns=SLOW)]
    rows = {row["metric"]: row for row in side_by_side(runs)}
    assert rows["latency p50"]["unit"] == "ms"
    assert str(rows["latency p50"]["r-fast"]).startswith("1.2")
    assert str(rows["latency p50"]["r-slow"]).startswith("10.8")
    assert rows["verdict"]["r-fast"] == "valid"


def test_what_no_run_measured_is_no_row() -> None:
    runs = [example_run(name, latencies_ns=(), mode="accuracy") for name in ("r-a", "r-b")]
    assert not [row for row in side_by_side(runs) if str(row["metric"]).startswith("latency")]


def test_what_a_run_lacks_is_absent() -> None:
    runs = [example_run("r-fast"), example_run("r-none", latencies_ns=(), mode="accuracy")]
    (row,) = (row for row in side_by_side(runs) if row["metric"] == "latency p90")
    assert row["r-none"] is None


def answered(run: str, *sure: float, named: str = "cat"):
    items = tuple(
        ItemResult(f"item-{place}", {"classes": [[0, named, p]], "p_label": p}, {"label": 0})
        for place, p in enumerate(sure)
    )
    return dataclasses.replace(example_run(run), items=items)


def test_items_come_by_the_spread_of_what_is_right() -> None:
    runs = [answered("r-a", 0.9, 0.5, 0.7), answered("r-b", 0.8, 0.9, 0.7)]
    table = differing_items(runs)
    assert [(row["index"], row["r-a"], row["r-b"]) for row in table] == [
        (1, 0.5, 0.9),
        (0, 0.9, 0.8),
    ]
    assert table.note == "2 of 3, by spread of p(right)"


def test_rounding_is_no_difference_but_another_answer_is() -> None:
    same = [answered("r-a", 0.9), answered("r-b", 0.9000001)]
    assert len(differing_items(same)) == 0
    other = [answered("r-a", 0.9), answered("r-b", 0.9, named="dog")]
    assert [row["answers"] for row in differing_items(other)] == [2]


def test_without_items_nothing_differs() -> None:
    assert len(differing_items([])) == 0
