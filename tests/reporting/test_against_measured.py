from __future__ import annotations

import pytest

from dlscope.core.table import Column, Table
from dlscope.reporting.against_measured import against_measured
from dlscope.reporting.figures import svg

COLUMNS = (
    Column("predicted_ns", "float", "predicted", "ns", "value"),
    Column("measured_ns", "float", "measured", "ns", "value", lo="lo_ns", hi="hi_ns"),
    Column("lo_ns", "float", "lower end", "ns"),
    Column("hi_ns", "float", "upper end", "ns"),
)
ROWS = (
    (5e6, 5.5e6, 5.3e6, 5.7e6),
    (2e7, 1.9e7, None, None),
    (0.0, 1e6, None, None),
    (1e6, *3 * (None,)),
)
TABLE = Table("predicted", COLUMNS, ROWS)


def drawn(table: Table = TABLE, **options):
    return against_measured(table, "predicted_ns", "measured_ns", **options)


def test_both_axes_have_one_unit_and_one_scale() -> None:
    table = Table("t", COLUMNS, ((900.0, 1.1e6, None, None), (950.0, 2e6, None, None)))
    figure = drawn(table)
    assert figure.spec["data"]["values"][0]["x"] == pytest.approx(9e-4)
    encoding = figure.spec["layer"][-1]["encoding"]
    assert encoding["x"]["scale"] == encoding["y"]["scale"]
    assert (encoding["x"]["title"], encoding["y"]["title"]) == (
        "predicted, ms (log)",
        "measured, ms (log)",
    )


def test_a_point_has_its_interval() -> None:
    first, second = drawn().spec["data"]["values"]
    assert first == pytest.approx({"x": 5, "y": 5.5, "lo": 5.3, "hi": 5.7})
    assert (second["lo"], second["hi"]) == pytest.approx((19, 19))


def test_the_band_lies_around_equal() -> None:
    area = drawn(band=0.2).spec["layer"][0]["data"]["values"]
    assert all(each["y"] / each["x"] == pytest.approx(0.8) for each in area)
    assert all(each["y2"] / each["x"] == pytest.approx(1.2) for each in area)
    assert "± 20 %" in drawn(band=0.2).caption


def test_what_has_no_place_is_counted() -> None:
    assert drawn().spec["usermeta"]["dlscope"]["left_out"] == "2 rows not drawn"


def test_it_can_be_drawn_with_and_without_rows() -> None:
    assert "NaN" not in svg(drawn(), 700)
    assert svg(drawn(Table("predicted", COLUMNS, ())), 330)
