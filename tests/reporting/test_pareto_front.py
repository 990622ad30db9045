from __future__ import annotations

import pytest

from dlscope.core.table import Column, Table
from dlscope.reporting.figures import svg
from dlscope.reporting.pareto_front import pareto_front
from dlscope.reporting.spec import MOST_MARKS, marks_in

COLUMNS = (
    Column("method", "str", "who found it"),
    Column("time_ns", "float", "time", "ns", "value"),
    Column("error", "float", "error", "share", "value", lo="lo", hi="hi"),
    Column("lo", "float", "lower end", "share"),
    Column("hi", "float", "upper end", "share"),
    Column("is_trained", "bool", "trained"),
    Column("is_chosen", "bool", "chosen"),
)
ROWS = (
    ("search", 6e6, 0.25, 0.24, 0.26, True, False),
    ("search", 8e6, 0.24, None, None, False, True),
    ("search", 9e6, 0.245, None, None, False, False),
    ("evolution", 7e6, 0.30, None, None, False, False),
    ("random", 5e6, None, None, None, False, False),
)


def drawn(rows=ROWS, **options):
    return pareto_front(
        Table("pareto", COLUMNS, rows),
        "time_ns",
        "error",
        method="method",
        subject="search",
        trained="is_trained",
        chosen="is_chosen",
        **options,
    )


def layers(figure, kind: str):
    return [each for each in figure.spec["layer"] if each["mark"]["type"] == kind]


def test_a_design_has_its_place_in_shown_units_and_its_interval() -> None:
    first, second = drawn().spec["data"]["values"][:2]
    assert first == {
        "method": "search",
        "x": pytest.approx(6),
        "y": pytest.approx(25),
        "lo": pytest.approx(24),
        "hi": pytest.approx(26),
        "trained": True,
        "chosen": False,
    }
    assert (second["lo"], second["hi"], second["chosen"]) == (24, 24, True)


def test_the_front_is_that_of_the_subject_alone() -> None:
    (step,) = layers(drawn(), "line")
    places = [(each["x"], each["y"]) for each in step["data"]["values"]]
    assert places == [(6, 25), (8, 24)]


def test_other_methods_differ_in_colour_and_shape() -> None:
    legend = drawn().spec["usermeta"]["dlscope"]["legend"]
    assert [(each["label"], each["color"], each["shape"]) for each in legend] == [
        ("search, not trained", "var(--s1)", "ring"),
        ("trained, 95 % interval", "var(--s1)", "circle"),
        ("evolution", "var(--s4)", "square"),
        ("random", "var(--s6)", "circle"),
    ]


def test_nothing_trained_has_no_place_in_the_legend() -> None:
    legend = drawn(ROWS[1:]).spec["usermeta"]["dlscope"]["legend"]
    assert "trained, 95 % interval" not in [each["label"] for each in legend]


def test_a_limit_is_a_rule_with_its_words() -> None:
    figure = drawn(rules=[(7.5e6, "required ≤ 7.5 ms")])
    (rule,) = [each for each in layers(figure, "rule") if "datum" in each["encoding"]["x"]]
    assert rule["encoding"]["x"]["datum"] == pytest.approx(7.5)
    said = [each for each in layers(figure, "text") if "data" in each]
    assert said[0]["data"]["values"] == [{"said": "required ≤ 7.5 ms"}]


def test_the_chosen_one_is_named_towards_the_middle() -> None:
    def side(chosen: float) -> str:
        row = ("search", chosen, 0.2, None, None, True, True)
        ends = [("search", end, 0.3, None, None, True, False) for end in (1e6, 9e6)]
        word = [each for each in layers(drawn([row, *ends]), "text") if "data" not in each]
        return word[0]["mark"]["align"]

    assert (side(2e6), side(8e6)) == ("left", "right")


def test_a_limit_far_from_all_points_is_only_told() -> None:
    figure = drawn(rules=[(1e9, "required ≤ 1 s")])
    assert not [each for each in layers(figure, "rule") if "datum" in each["encoding"]["x"]]
    assert figure.caption.endswith("Off the figure: required ≤ 1 s.")


def test_what_has_no_error_is_counted() -> None:
    assert drawn().spec["usermeta"]["dlscope"]["left_out"] == "1 row not drawn"


def test_a_wide_range_is_logarithmic_and_says_so() -> None:
    rows = (("search", 1e6, 0.5, None, None, False, False), *ROWS, ("search", 4e7, *ROWS[1][2:]))
    x = layers(drawn(rows, x_title="time per result"), "point")[-1]["encoding"]["x"]
    assert (x["scale"], x["title"]) == ({"type": "log"}, "time per result, ms (log)")


def test_a_large_table_keeps_to_the_marks_of_a_figure() -> None:
    assert marks_in(drawn(ROWS[:1] * 3000).spec) <= MOST_MARKS


@pytest.mark.parametrize("rows", [ROWS, (), ROWS[3:]])
def test_it_can_be_drawn(rows) -> None:
    assert "NaN" not in svg(drawn(rows, rules=[(7.5e6, "required")]), 700)
