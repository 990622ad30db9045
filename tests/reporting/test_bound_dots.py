from __future__ import annotations

import re

from dlscope.core.table import Column, Table
from dlscope.reporting.bound_dots import bound_dots
from dlscope.reporting.figures import svg

_COLUMNS = (
    Column("backend", "str", "backend"),
    Column("measured_ns", "int", "measured", "ns", "value", lo="lo_ns", hi="hi_ns"),
    Column("lo_ns", "int", "lower end", "ns"),
    Column("hi_ns", "int", "upper end", "ns"),
    Column("fused_ns", "int", "fused", "ns", "value"),
    Column("floor_ns", "int", "floor", "ns", "value"),
)


def table(*rows) -> Table:
    return Table("bounds", _COLUMNS, rows)


def figure(shown: Table):
    rules = (("floor_ns", "floor"), ("fused_ns", "fused"))
    return bound_dots(shown, "backend", "measured_ns", rules=rules, floor="floor_ns")


TWO = table(
    ("a", 26_000_000, 25_000_000, 27_000_000, 22_000_000, 15_000_000),
    ("b", 20_000_000, None, None, 22_000_000, 15_000_000),
)


def test_a_dot_left_of_the_fused_bound_is_marked_and_stays_where_it_is():
    records = figure(TWO).spec["data"]["values"]
    assert [(each["name"], each["x"], each["below"]) for each in records] == [
        ("a", 26.0, False),
        ("b", 20.0, True),
    ]
    assert (records[1]["lo"], records[1]["hi"]) == (20.0, 20.0)


def test_every_bound_is_a_rule_with_its_name_in_order():
    spec = figure(TWO).spec
    names = [
        each["data"]["values"][0]["name"]
        for each in spec["layer"]
        if each["mark"] != "rect" and each.get("data", {}).get("values", [{}])[0].get("name")
    ]
    assert names == ["floor 15.0", "fused 22.0"]


def test_nothing_is_empty_above_the_names_of_the_bounds():
    found = re.search(r"translate\(\d+,(\d+)\)", svg(figure(TWO), 700))
    lines, line_height = 2, 13
    assert lines * line_height < int(found[1]) < (lines + 1) * line_height


def test_what_was_not_measured_is_left_out_and_counted():
    shown = table(("a", None, None, None, 22_000_000, None))
    spec = figure(shown).spec
    assert spec["data"]["values"] == []
    assert spec["usermeta"]["dlscope"]["left_out"] == "1 row not drawn"


def test_it_can_be_drawn():
    for shown in (TWO, table()):
        assert "NaN" not in svg(figure(shown), 700)
