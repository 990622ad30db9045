from __future__ import annotations

from dlscope.core.table import Table
from dlscope.methods.bounds.assumptions import assumptions_table
from dlscope.methods.bounds.report_columns import BOUNDS


def bounds(**cells: object) -> Table:
    return Table.of("bounds", BOUNDS, [{"model": "m", "backend": "b", **cells}])  # type: ignore[dict-item]


def test_bounds_are_told_from_the_least_with_what_they_assume() -> None:
    table = assumptions_table(
        bounds(measured_ns=300, sequential_ns=200, parallel_ns=100, fused_ns=150)
    )
    assert [(row["bound"], row["latency_ns"], row["measured_over_bound"]) for row in table] == [
        ("parallel P", 100, 3.0),
        ("fused S_f", 150, 2.0),
        ("sequential S", 200, 1.5),
    ]
    assert all(row["assumes"] for row in table)


def test_without_a_measured_model_there_is_no_ratio() -> None:
    table = assumptions_table(bounds(sequential_ns=200))
    assert [row["measured_over_bound"] for row in table] == [None]


def test_without_a_bound_the_table_is_empty() -> None:
    assert len(assumptions_table(Table.of("bounds", BOUNDS, []))) == 0
