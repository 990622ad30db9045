from __future__ import annotations

from awkward_tables import large

from dlscope.core.table import Column, Table
from dlscope.reporting.figures import svg
from dlscope.reporting.heat_map import heat_map
from dlscope.reporting.spec import MOST_MARKS, marks_in

COLUMNS = (
    Column("model", "str", "model"),
    Column("backend", "str", "framework"),
    Column("batch_size", "int", "items in a query", role="count"),
    Column("speed_up", "float", "gain", "×", "value"),
    Column("outcome", "str", "why there is none"),
)
SWEEP = Table(
    "scalability",
    COLUMNS,
    (
        ("a", "x", 1, 1.0, "finished"),
        ("a", "x", 8, 2.0, "finished"),
        ("a", "x", 16, None, "oom"),
        ("b", "x", 1, 1.0, "finished"),
        ("b", "x", 8, 1.5, "finished"),
    ),
)


def drawn(table: Table = SWEEP, **options):
    return heat_map(table, ("model", "backend"), "batch_size", "speed_up", **options)


def values(figure):
    return figure.spec["data"]["values"]


def test_writes_each_number_into_its_cell_and_tints_it_in_five_steps() -> None:
    figure = drawn(absent="outcome", title="Gain")
    assert (figure.name, figure.title, figure.table) == (
        "scalability_heat_map",
        "Gain",
        "scalability",
    )
    cells = [(each["row"], each["column"], each["text"], each["tint"]) for each in values(figure)]
    assert cells == [
        ("a", "1", "1.00", 1),
        ("a", "8", "2.00", 5),
        ("a", "16", "oom", 0),
        ("b", "1", "1.00", 1),
        ("b", "8", "1.50", 3),
    ]


def test_a_cell_without_a_reason_is_a_dash() -> None:
    assert values(drawn())[2]["text"] == "–"


def test_columns_stand_in_the_order_of_their_numbers() -> None:
    x = drawn().spec["layer"][0]["encoding"]["x"]
    assert x["sort"] == {"field": "order", "order": "ascending"}
    assert [each["order"] for each in values(drawn())] == [1.0, 8.0, 16.0, 1.0, 8.0]


def test_columns_that_are_no_numbers_stand_in_the_order_of_the_alphabet() -> None:
    rows = (("a", "y", 1, 1.0, ""), ("a", "x", 1, 1.0, ""))
    figure = heat_map(Table("t", COLUMNS, rows), ("model",), "backend", "speed_up")
    assert [(each["column"], each["order"]) for each in values(figure)] == [("y", 1), ("x", 0)]


def test_equal_numbers_have_the_lightest_tint() -> None:
    table = Table("t", COLUMNS, SWEEP.rows[:1])
    assert [each["tint"] for each in values(drawn(table))] == [1]


def test_is_titled_by_what_it_shows() -> None:
    assert drawn().title == "Speed up, × by batch size"


def test_no_two_rows_share_a_line_however_long_their_names() -> None:
    names = ("efficientnet-lite0-with-a-long-name", "efficientnet-lite1-with-a-long-name")
    rows = tuple((name, "onnxruntime-x", 1, 1.0, "") for name in names)
    figure = drawn(Table("t", COLUMNS, rows))
    assert len({each["row"] for each in values(figure)}) == 2


def test_draws_at_most_60_lines_and_counts_the_rest() -> None:
    rows = tuple((f"m{n}", "x", 1, 1.0, "") for n in range(70))
    figure = drawn(Table("t", COLUMNS, rows))
    assert len(values(figure)) == 60
    assert figure.spec["usermeta"]["dlscope"]["left_out"] == "10 rows not drawn"


def test_keeps_to_the_limit_of_marks() -> None:
    figure = heat_map(large(), ("layer",), "layer", "mean_ns")
    assert marks_in(figure.spec) <= MOST_MARKS


def test_is_drawn() -> None:
    assert "oom" in svg(drawn(absent="outcome"), 700)
    assert svg(drawn(Table("t", COLUMNS)), 330).startswith("<svg")
