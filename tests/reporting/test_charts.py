from __future__ import annotations

import json

from awkward_tables import large
from hypothesis import given
from hypothesis import strategies as st
from report_sample import BATCHES, LATENCY, TRADE_OFF

from dlscope.core.table import Column, Table
from dlscope.reporting.charts import interval_dots, lines, scatter
from dlscope.reporting.spec import MOST_MARKS, marks_in

_NUMBER = st.one_of(st.none(), st.floats())
_COLUMNS = (
    Column("name", "str", "name", role="id"),
    Column("x", "float", "first", "ns", "value", lo="lo", hi="hi"),
    Column("lo", "float", "lower end", "ns", "interval"),
    Column("hi", "float", "upper end", "ns", "interval"),
    Column("y", "float", "second", role="value"),
)


def _meta(figure):
    return figure.spec["usermeta"]["dlscope"]


def test_dots_are_in_the_unit_of_the_table_and_in_its_order():
    figure = interval_dots(LATENCY, "framework", "p50_ns", reference=19_800_000)
    assert (figure.table, figure.title) == ("latency", "p50, ms")
    assert figure.spec["data"]["values"][0] == {
        "name": "openvino 2026.4.1",
        "x": 18.9,
        "lo": 18.599999999999998,
        "hi": 19.3,
    }
    assert figure.spec["layer"][0]["encoding"]["x"]["title"] == "p50, ms (log)"
    assert abs(figure.spec["layer"][-1]["encoding"]["x"]["datum"] - 19.8) < 1e-9


def test_a_scale_that_shows_zero_or_less_is_never_logarithmic():
    figure = interval_dots(LATENCY, "framework", "p50_ns", reference=0.0)
    x = figure.spec["layer"][0]["encoding"]["x"]
    assert (x["title"], x["scale"]) == ("p50, ms", {"zero": False})


def test_equal_names_stay_apart():
    table = Table("t", _COLUMNS, (("a", 1.0, None, None, 1.0), ("a", 2.0, None, None, 2.0)))
    values = interval_dots(table, "name", "x").spec["data"]["values"]
    assert [value["name"] for value in values] == ["a", "a (2)"]


def test_a_batch_sweep_has_a_panel_per_model_and_a_shape_per_series():
    figure = lines(BATCHES, "batch", "rate_per_s", series="framework", panel="model")
    x = figure.spec["spec"]["layer"][0]["encoding"]["x"]
    assert x["scale"] == {"type": "log", "base": 2, "nice": False}
    assert _meta(figure)["panels"] == 3
    assert [entry["shape"] for entry in _meta(figure)["legend"][1:]] == [
        "circle",
        "square",
        "triangle-up",
    ]


def test_more_than_four_series_are_left_out_and_counted():
    rows = tuple((f"s{i}", float(i), None, None, 1.0) for i in range(6))
    figure = lines(Table("t", _COLUMNS, rows), "y", "x", series="name")
    assert len(figure.spec["data"]["values"]) == 4
    assert _meta(figure)["left_out"] == "2 rows not drawn"


def test_the_front_holds_what_no_other_beats():
    figure = scatter(TRADE_OFF, "model", "p50_ns", "top1_share")
    front = [value["name"] for value in figure.spec["data"]["values"] if value["front"]]
    assert front == ["Lite0 · openvino", "Lite1 · openvino", "Lite2 · openvino"]


def test_both_may_be_better_when_smaller():
    figure = scatter(TRADE_OFF, "model", "p50_ns", "top1_share", lower_is_better="both")
    front = [value["name"] for value in figure.spec["data"]["values"] if value["front"]]
    assert front == ["Lite0 · openvino"]


def test_a_long_table_keeps_to_the_limit_of_marks():
    table = large()
    for figure in (
        interval_dots(table, "layer", "mean_ns"),
        lines(table, "mean_ns", "mean_ns"),
        scatter(table, "layer", "mean_ns", "mean_ns"),
    ):
        assert 0 < marks_in(figure.spec) <= MOST_MARKS
        assert "rows not drawn" in _meta(figure)["left_out"]


@given(st.lists(st.tuples(st.text(max_size=3), _NUMBER, _NUMBER, _NUMBER, _NUMBER), max_size=6))
def test_no_specification_holds_what_is_not_finite(rows):
    table = Table("t", _COLUMNS, tuple(rows))
    for figure in (
        interval_dots(table, "name", "x"),
        lines(table, "y", "x", series="name"),
        scatter(table, "name", "x", "y"),
    ):
        json.dumps(figure.spec, allow_nan=False)
