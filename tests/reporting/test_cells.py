from __future__ import annotations

import math

import pytest
from awkward_tables import large, tables
from hypothesis import given
from report_sample import LATENCY, STUDY

from dlscope.core.table import Column, Table
from dlscope.reporting.cells import display, sign_of


def _texts(table, name):
    shown = display(table)
    column = next(column for column in shown.columns if column.column.name == name)
    return [cell.text for cell in column.cells]


def test_a_column_has_one_unit_and_intervals_are_folded_into_their_value():
    shown = display(LATENCY)
    assert [(c.header, c.unit) for c in shown.columns] == [
        ("framework", ""),
        ("p50", "ms"),
        ("p90", "ms"),
        ("throughput", "1/s"),
        ("verdict", ""),
    ]
    assert [cell.interval for cell in shown.columns[1].cells][:2] == [
        "[18.6, 19.3]",
        "[19.5, 20.2]",
    ]


def test_a_value_shows_only_the_digits_that_its_interval_supports():
    assert _texts(LATENCY, "p50_ns") == [
        "18.9",
        "19.8",
        "50.2",
        "23.4",
        "65",
        "1\u202f245",
    ]


def test_an_absent_cell_is_a_dash_and_never_zero():
    assert _texts(LATENCY, "p90_ns")[-1] == "–"
    assert display(LATENCY).columns[2].cells[-1].number is None


def test_the_unit_of_a_part_is_that_of_the_whole():
    part = display(LATENCY, [0])
    assert part.columns[1].unit == "ms"
    assert part.left_out == 5


def test_shares_are_percentages():
    column = display(STUDY).columns[2]
    assert (column.unit, column.cells[0].text, column.cells[0].interval) == ("%", "90", "[70, 97]")


@pytest.mark.parametrize(
    ("value", "text"),
    [(math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "\u2212∞"), (1e-12, "1.0·10⁻¹²")],
)
def test_what_is_not_finite_is_named_and_has_no_place_on_an_axis(value, text):
    cell = display(Table("t", (Column("x", "float", "x"),), ((value,),))).columns[0].cells[0]
    assert cell.text == text
    assert cell.number is None or math.isfinite(cell.number)


@pytest.mark.parametrize(
    ("verdict", "sign"),
    [
        ("valid", "good"),
        ("invalid: interference", "bad"),
        ("diverges", "warn"),
        ("yes", "good"),
        ("no", "bad"),
        ("shown", "good"),
        ("not shown", "note"),
        ("reversed", "bad"),
        ("right", "good"),
        ("wrong", "bad"),
        ("queued", "note"),
        ("", "note"),
    ],
)
def test_a_verdict_has_the_sign_of_its_first_word(verdict, sign):
    assert sign_of(verdict) == sign


def test_a_long_table_is_bounded():
    shown = display(large())
    assert (len(shown.rows), shown.left_out) == (100, 99_900)


@given(tables())
def test_every_table_can_be_shown(table):
    shown = display(table)
    for column in shown.columns:
        assert len(column.cells) == len(table)
        assert all("\n" not in cell.text for cell in column.cells)
