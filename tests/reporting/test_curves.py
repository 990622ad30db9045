from __future__ import annotations

import pytest

from dlscope.core.table import Column, Table
from dlscope.reporting.curves import curves
from dlscope.reporting.figures import svg
from dlscope.reporting.spec import MOST_MARKS, marks_in

COLUMNS = (
    Column("epoch", "int", "epoch", role="count"),
    Column("expected_ns", "float", "expected", "ns", "value"),
    Column("discrete_ns", "float", "discrete", "ns", "value"),
)
TWO = (("expected_ns", "expected"), ("discrete_ns", "discretised"))
TABLE = Table("trajectory", COLUMNS, ((1, 9e6, 8e6), (2, 7e6, None), (3, 6e6, 6.5e6)))


def test_each_column_is_a_line_in_the_unit_of_the_first() -> None:
    figure = curves(TABLE, "epoch", TWO, unit_title="time per result")
    points = [(each["name"], each["x"], each["y"]) for each in figure.spec["data"]["values"]]
    assert points == [
        ("expected", 1, pytest.approx(9)),
        ("expected", 2, pytest.approx(7)),
        ("expected", 3, pytest.approx(6)),
        ("discretised", 1, pytest.approx(8)),
        ("discretised", 3, pytest.approx(6.5)),
    ]
    assert figure.spec["layer"][0]["encoding"]["y"]["title"] == "time per result, ms"


def test_what_is_absent_is_counted() -> None:
    figure = curves(TABLE, "epoch", TWO)
    assert figure.spec["usermeta"]["dlscope"]["left_out"] == "1 point not drawn"


def test_lines_are_named_at_their_ends_the_higher_above() -> None:
    names = curves(TABLE, "epoch", TWO).spec["layer"][1]["data"]["values"]
    assert [each["name"] for each in names] == ["discretised", "expected"]
    assert names[0]["offset"] < names[1]["offset"]


def test_lines_that_meet_are_named_in_a_legend() -> None:
    spec = curves(TABLE, "epoch", TWO, has_legend=True).spec
    assert len(spec["layer"]) == 1
    legend = spec["usermeta"]["dlscope"]["legend"]
    assert [(each["label"], each["color"], each["shape"]) for each in legend] == [
        ("expected", "var(--s1)", "line 1 0"),
        ("discretised", "var(--s2)", "line 6 3"),
    ]


def test_a_single_line_needs_no_name() -> None:
    assert len(curves(TABLE, "epoch", TWO[:1]).spec["layer"]) == 1


def test_a_short_run_shows_its_points() -> None:
    mark = curves(TABLE, "epoch", TWO).spec["layer"][0]["mark"]
    assert mark["point"] == {"size": 30}


def test_a_long_run_keeps_its_peaks() -> None:
    rows = tuple((n, 1e6, 5e7 if n == 7777 else 1e6) for n in range(10_000))
    figure = curves(Table("trajectory", COLUMNS, rows), "epoch", TWO)
    assert marks_in(figure.spec) <= MOST_MARKS
    assert max(each["y"] for each in figure.spec["data"]["values"]) == pytest.approx(50)


def test_it_can_be_drawn_with_and_without_rows() -> None:
    assert "NaN" not in svg(curves(TABLE, "epoch", TWO), 700)
    assert svg(curves(Table("trajectory", COLUMNS, ()), "epoch", TWO), 330)
