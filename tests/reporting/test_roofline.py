from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest

from dlscope.core.errors import FigureError
from dlscope.core.table import Column, Table
from dlscope.reporting.figures import png, svg
from dlscope.reporting.roofline import roofline
from dlscope.reporting.spec import MOST_MARKS, marks_in

COLUMNS = (
    Column("layer", "str", "layer", role="id"),
    Column("intensity", "float", "work per byte", "FLOP/byte"),
    Column("rate", "float", "work per second", "GFLOP/s"),
    Column("latency_ns", "int", "duration", "ns"),
    Column("memory_bound", "bool", "whether memory is the limit"),
)
LAYERS = Table(
    "layers",
    COLUMNS,
    (
        ("relu", 0.125, 1.2, 1_000_000, True),
        ("conv", 60.0, 62.0, 4_000_000, False),
        ("pool", 2.0, 20.0, 2_000_000, None),
        ("reshape", 0.0, 0.0, 900, None),
        ("reorder", None, None, 10_000, None),
        ("add", math.inf, 3.0, 10_000, None),
    ),
)


def drawn(table: Table = LAYERS, **options):
    given = {"peak_gflops": 124, "bandwidth_gbytes": 11.8, "bound": "memory_bound", **options}
    return roofline(
        table, ["layer"], intensity="intensity", gflops="rate", area="latency_ns", **given
    )


def points(figure):
    return figure.spec["data"]["values"]


def texts(figure):
    return [layer["mark"].get("text") for layer in figure.spec["layer"]]


def test_draws_the_largest_first_so_that_small_ones_stay_in_sight() -> None:
    places = [(each["name"], each["x"], each["y"], each["area"]) for each in points(drawn())]
    assert places == [
        ("conv", 60.0, 62.0, 4e6),
        ("pool", 2.0, 20.0, 2e6),
        ("relu", 0.125, 1.2, 1e6),
    ]


def test_what_has_no_place_on_a_logarithmic_axis_is_counted_in_words() -> None:
    figure = drawn()
    assert figure.caption == (
        "Area: latency. Lines: measured ceilings. "
        "Without intensity or rate, in the table only: 3 rows."
    )
    assert figure.spec["usermeta"]["dlscope"]["left_out"] == ""
    whole = Table("layers", COLUMNS, LAYERS.rows[:2])
    assert drawn(whole).caption == "Area: latency. Lines: measured ceilings."


def test_colour_tells_what_limits_a_point() -> None:
    assert [each["class"] for each in points(drawn())] == [
        "compute-bound",
        "bound unknown",
        "memory-bound",
    ]
    legend = drawn().spec["usermeta"]["dlscope"]["legend"]
    assert [(each["label"], each["color"]) for each in legend] == [
        ("compute-bound", "var(--s1)"),
        ("memory-bound", "var(--s2)"),
        ("bound unknown", "var(--s6)"),
    ]
    assert drawn(bound=None).spec["usermeta"]["dlscope"]["legend"] == []


def test_area_is_proportional_to_its_column() -> None:
    scale = drawn().spec["layer"][-1]["encoding"]["size"]["scale"]
    assert scale == {"zero": True, "range": [0, 400]}
    areas = drawn_areas(drawn())
    assert areas["conv"] / areas["relu"] == pytest.approx(4, rel=0.02)
    assert areas["conv"] / areas["pool"] == pytest.approx(2, rel=0.02)


def drawn_areas(figure) -> dict[str, float]:
    """Square of the radius of each circle in the drawing, by the name that it is spoken with."""
    areas = {}
    for each in ElementTree.fromstring(svg(figure, 700)).iter():
        said = each.get("aria-label") or ""
        if "FLOP/byte, " in said and each.get("d"):
            areas[said.split(":")[0]] = float(each.get("d")[1:].split(",")[0]) ** 2
    return areas


def test_a_ratio_in_flop_per_second_is_drawn_in_gflops() -> None:
    columns = tuple(
        Column("rate", "float", "work per second", "flop/s") if each.name == "rate" else each
        for each in COLUMNS
    )
    table = Table("layers", columns, (("conv", 60.0, 62e9, 1, False),))
    assert points(drawn(table))[0]["y"] == pytest.approx(62.0)


def test_refuses_a_rate_of_which_it_does_not_know_the_unit() -> None:
    columns = tuple(
        Column("rate", "float", "work per second", "1/s") if each.name == "rate" else each
        for each in COLUMNS
    )
    with pytest.raises(FigureError) as error:
        drawn(Table("layers", columns))
    assert str(error.value.what) == "a roofline needs GFLOP/s, but column rate is in 1/s"
    assert error.value.where == "table layers"
    assert error.value.fix == "give the column in GFLOP/s or flop/s"


def test_names_no_point_unless_points_are_joined() -> None:
    assert texts(drawn()) == [None, "124 GFLOP/s measured", "11.8 GB/s measured", None]


def test_a_line_joins_points_in_the_order_of_a_column_and_names_them() -> None:
    table = Table("layers", (*COLUMNS, Column("batch_size", "int", "items")), ())
    rows = ((4, 9.0), (1, 1.0), (None, 80.0), (2, 3.0))
    table = Table(
        "batches",
        table.columns,
        tuple((f"b{batch}", x, x, 5, False, batch) for batch, x in rows),
    )
    line, names = drawn(table, joined="batch_size").spec["layer"][3:5]
    assert line["mark"]["type"] == "line"
    ranks = {each["name"]: each["rank"] for each in line["data"]["values"]}
    assert ranks == {"b1": 0, "b2": 1, "b4": 2, "bNone": 3}
    assert {each["name"] for each in names["data"]["values"]} == set(ranks)


def test_names_that_would_collide_are_left_out_but_for_the_first_and_the_last() -> None:
    rows = tuple((f"b{n}", 50.0 + n, 60.0, 5, False) for n in range(8))
    table = Table("batches", COLUMNS, (*rows, ("far", 1.0, 1.0, 5, True)))
    names = drawn(table, joined="intensity").spec["layer"][4]["data"]["values"]
    assert {each["name"] for each in names} == {"far", "b7"}


def test_keeps_the_largest_of_many_points_and_counts_the_rest() -> None:
    rows = tuple((f"k{n}", 1.0 + n, 1.0, n, False) for n in range(2500))
    figure = drawn(Table("kernels", COLUMNS, rows), joined="latency_ns")
    assert points(figure)[0]["name"] == "k2499"
    assert figure.spec["usermeta"]["dlscope"]["left_out"] == "1\u202f900 rows not drawn"
    assert marks_in(figure.spec) <= MOST_MARKS


def test_is_drawn() -> None:
    for table in (LAYERS, Table("layers", COLUMNS)):
        for width in (330, 1040):
            picture = svg(drawn(table, joined="latency_ns"), width)
            assert "124 GFLOP/s measured" in picture
            assert "NaN" not in picture
    assert png(drawn(), 330).startswith(b"\x89PNG")
