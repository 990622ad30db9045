from __future__ import annotations

from dlscope.core.table import Column, Table
from dlscope.reporting.choice_map import choice_map
from dlscope.reporting.figures import svg
from dlscope.reporting.spec import MOST_MARKS, marks_in

COLUMNS = (
    Column("block", "int", "block", role="count"),
    Column("operation", "str", "operation"),
    Column("probability", "float", "probability", "share", "share"),
    Column("is_chosen", "bool", "chosen"),
)
TABLE = Table(
    "choices",
    COLUMNS,
    (
        (1, "conv_k3", 0.19, False),
        (1, "skip", 0.81, True),
        (2, "conv_k3", 0.5, True),
        (2, "skip", None, False),
        (10, "conv_k3", 1.0, True),
    ),
)


def drawn(table: Table = TABLE, **options):
    return choice_map(table, "operation", "block", "probability", chosen="is_chosen", **options)


def values(figure):
    return figure.spec["data"]["values"]


def test_each_cell_is_tinted_by_the_fifth_of_its_share() -> None:
    cells = [(each["place"], each["choice"], each["tint"]) for each in values(drawn())]
    assert cells == [
        ("1", "conv_k3", 1),
        ("1", "skip", 5),
        ("2", "conv_k3", 3),
        ("10", "conv_k3", 5),
    ]


def test_places_stand_in_the_order_of_their_numbers() -> None:
    assert [each["order"] for each in values(drawn())] == [1, 1, 2, 10]


def test_what_was_chosen_has_a_ring() -> None:
    assert [each["chosen"] for each in values(drawn())] == [False, True, True, True]
    legend = drawn().spec["usermeta"]["dlscope"]["legend"]
    assert [each["label"] for each in legend] == [
        *("0–0.2", "0.2–0.4", "0.4–0.6", "0.6–0.8", "0.8–1"),
        "chosen",
    ]


def test_what_has_no_share_is_counted() -> None:
    assert drawn().spec["usermeta"]["dlscope"]["left_out"] == "1 cell not drawn"


def test_many_blocks_are_cut_at_sixty() -> None:
    rows = tuple((block, "skip", 0.5, False) for block in range(2500))
    figure = drawn(Table("choices", COLUMNS, rows))
    assert marks_in(figure.spec) == 60 <= MOST_MARKS


def test_it_can_be_drawn_with_and_without_rows() -> None:
    assert "NaN" not in svg(drawn(title="θ"), 700)
    assert svg(drawn(Table("choices", COLUMNS, ())), 330)
