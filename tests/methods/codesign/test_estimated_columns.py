from __future__ import annotations

from dlscope.core.table import Column
from dlscope.methods.codesign.estimated_columns import estimated


def test_a_column_is_followed_by_the_ends_of_its_interval() -> None:
    value, *ends = estimated("regret", "value / best − 1", "share", "share", priority=2)
    assert value == Column(
        *("regret", "float", "value / best − 1", "share", "share", 2),
        lo="regret_lo",
        hi="regret_hi",
    )
    assert ends == [
        Column("regret_lo", "float", "lower end of the 95 % interval", "share", "interval", 3),
        Column("regret_hi", "float", "upper end of the 95 % interval", "share", "interval", 3),
    ]


def test_ends_of_a_time_keep_its_unit_last() -> None:
    names = [each.name for each in estimated("measured_ns", "measured", "ns")]
    assert names == ["measured_ns", "measured_lo_ns", "measured_hi_ns"]
