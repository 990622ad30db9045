from __future__ import annotations

from dlscope.core.table import Column, Table
from dlscope.reporting.figures import svg
from dlscope.reporting.load_curve import load_curve

MS = 1_000_000
COLUMNS = (
    Column("model", "str", "model"),
    Column("rate_qps", "float", "rate offered", "1/s", "value"),
    Column("latency_ns", "int", "bounded latency", "ns", "value"),
    Column("bound_ns", "int", "the most it may be", "ns", "value"),
    Column("holds", "bool", "whether it held", role="verdict"),
)
PEAK = Table(
    "peak",
    COLUMNS,
    (
        ("a", 100.0, 2 * MS, 10 * MS, True),
        ("a", 200.0, 90 * MS, 10 * MS, False),
        ("a", 400.0, None, 10 * MS, False),
    ),
)


def drawn(table: Table = PEAK, **options):
    return load_curve(table, ("model",), "rate_qps", "latency_ns", "holds", **options)


def test_tells_by_shape_and_colour_what_held() -> None:
    figure = drawn(bound="bound_ns")
    assert figure.spec["data"]["values"] == [
        {"panel": "a", "x": 100.0, "y": 2.0, "state": "holds", "bound": 10.0},
        {"panel": "a", "x": 200.0, "y": 90.0, "state": "does not hold", "bound": 10.0},
    ]
    legend = figure.spec["usermeta"]["dlscope"]["legend"]
    assert [(each["label"], each["color"], each["shape"]) for each in legend] == [
        ("holds", "var(--good)", "circle"),
        ("does not hold", "var(--bad)", "cross"),
    ]
    assert figure.spec["usermeta"]["dlscope"]["left_out"] == "1 row not drawn"


def test_draws_the_bound_where_there_is_one() -> None:
    assert drawn(bound="bound_ns").spec["layer"][0]["mark"]["type"] == "rule"
    assert drawn(bound="bound_ns").caption == "Grey rule: the bound."
    assert [layer["mark"]["type"] for layer in drawn().spec["layer"]] == ["point"]
    assert drawn().caption == ""


def test_is_logarithmic_over_a_factor_of_20_and_says_so() -> None:
    assert drawn().spec["layer"][0]["encoding"]["y"]["title"] == "latency, ms (log)"
    near = Table("peak", COLUMNS, PEAK.rows[:1])
    y = drawn(near).spec["layer"][0]["encoding"]["y"]
    assert (y["title"], y["scale"]) == ("latency, ms", {"zero": True})


def test_models_have_a_panel_each() -> None:
    table = Table("peak", COLUMNS, (*PEAK.rows, ("b", 50.0, MS, 10 * MS, True)))
    figure = drawn(table)
    assert figure.spec["facet"]["field"] == "panel"
    assert figure.spec["usermeta"]["dlscope"]["panels"] == 2


def test_is_titled_by_what_it_shows() -> None:
    assert drawn().title == "Latency by rate"
    assert drawn(title="Load").title == "Load"


def test_is_drawn() -> None:
    for table in (PEAK, Table("peak", COLUMNS)):
        assert svg(drawn(table, bound="bound_ns"), 700).startswith("<svg")
