from __future__ import annotations

from awkward_tables import tables
from hypothesis import given
from report_sample import LATENCY, STUDY

from dlscope.core.table import Column, Table
from dlscope.reporting.axis import Axis, axis_of
from dlscope.reporting.cells import display


def _axis(*values: float) -> Axis | None:
    columns = (Column("x", "float", "x", lo="lo"), Column("lo", "float", "lower end"))
    return axis_of(display(Table("t", columns, tuple((v, v) for v in values))).columns[0])


def test_a_slow_row_is_off_the_scale_instead_of_hiding_the_others():
    column = display(LATENCY).columns[1]
    axis = axis_of(column)
    assert axis is not None
    assert axis.label == "0–80 ms"
    assert [axis.is_off(cell) for cell in column.cells] == [False] * 5 + [True]


def test_shares_reach_from_zero_to_a_hundred():
    axis = axis_of(display(STUDY).columns[2])
    assert axis is not None
    assert axis.label == "0–100 %"


def test_a_scale_that_crosses_zero_says_so():
    axis = _axis(-4.2, 51.0)
    assert axis is not None
    assert axis.label == "\u221220 … 60"


def test_values_far_from_zero_do_not_start_there():
    axis = _axis(95.0, 100.0)
    assert axis is not None
    assert axis.low > 0


def test_there_is_no_scale_without_a_number():
    assert _axis(float("nan"), float("inf")) is None


def test_places_stay_within_the_scale():
    assert [Axis(0, 10, "").place(x) for x in (-5, 0, 5, 10, 99)] == [0, 0, 0.5, 1, 1]


@given(tables())
def test_every_number_has_a_place(table):
    for column in display(table).columns:
        axis = axis_of(column)
        if axis is not None:
            assert axis.high > axis.low
            for cell in column.cells:
                assert cell.number is None or 0 <= axis.place(cell.number) <= 1
