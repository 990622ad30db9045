from __future__ import annotations

import pytest

from dlscope.methods.profiling.analyses.columns import COST, cost_cells, duration_cell
from dlscope.methods.profiling.cost import Ceilings, Cost

CEILINGS = Ceilings(4e12, 4e11)


def test_every_column_of_the_cost_has_a_cell() -> None:
    cells = cost_cells(Cost(6e8, 4e6, 2e6, 0.5, "measured"), 300_000, CEILINGS)
    assert list(cells) == [column.name for column in COST]
    assert cells == {
        "flops": 6e8,
        "dram_read_bytes": 4e6,
        "dram_write_bytes": 2e6,
        "achieved_occupancy_pct": 50.0,
        "intensity": 100.0,
        "gflops": 2000.0,
        "memory_bound": False,
        "efficiency": pytest.approx(0.5),
        "source": "measured",
    }


def test_what_is_not_known_is_absent_and_never_nothing() -> None:
    assert set(cost_cells(Cost(), 1000, CEILINGS).values()) == {None}


def test_without_ceilings_there_is_no_bound() -> None:
    cells = cost_cells(Cost(6e8, 4e6, 2e6), 300_000, None)
    assert cells["memory_bound"] is cells["efficiency"] is cells["source"] is None
    assert cells["gflops"] == 2000.0


def test_durations_are_told_in_microseconds() -> None:
    assert duration_cell(1500) == {"duration_us": 1.5}
    assert duration_cell(None) == {"duration_us": None}
