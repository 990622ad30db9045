from __future__ import annotations

from dlscope.core.table import Column, Table
from dlscope.reporting.cells import display
from dlscope.reporting.picked import changing, column, first, heading, numbered, texts, titled

TABLE = Table(
    "t",
    (
        Column("model", "str", "model"),
        Column("backend", "str", "framework"),
        Column("version", "str", "its version"),
        Column("mean_ns", "int", "mean", "ns", "value"),
    ),
    (
        ("a", "x", "1", 2_000_000),
        ("b", "x", "1", 3_000_000),
        ("a", "y", "2", 4_000_000),
        ("b", "y", "2", None),
    ),
)
SHOWN = display(TABLE)


def named(*names: str) -> Table:
    return Table("t", TABLE.columns[:1], tuple((name,) for name in names))


def test_picks_a_column_by_its_name() -> None:
    assert [cell.text for cell in column(SHOWN, "mean_ns").cells] == ["2.00", "3.00", "4.00", "–"]


def test_joins_the_cells_of_several_columns() -> None:
    assert texts(SHOWN, "model", "backend") == ["a · x", "b · x", "a · y", "b · y"]
    assert texts(SHOWN) == ["", "", "", ""]


def test_cuts_long_texts_in_the_middle() -> None:
    (short,) = texts(display(named("x" * 30 + "y" * 30)), "model")
    assert short == "x" * 20 + "…" + "y" * 19


def test_cuts_nothing_where_different_texts_would_become_equal() -> None:
    names = [f"{'x' * 30}{middle}{'y' * 30}" for middle in "ab"]
    assert texts(display(named(*names)), "model") == names


def test_names_the_columns_that_tell_rows_apart_each_further_than_those_before() -> None:
    assert changing(SHOWN, ("model", "backend", "version")) == ["model", "backend"]
    assert changing(SHOWN, ("version", "backend")) == ["version"]


def test_where_nothing_changes_the_first_column_names_the_rows() -> None:
    assert changing(display(named("a", "a")), ("model",)) == ["model"]


def test_numbers_what_came_before() -> None:
    assert numbered(["a", "b", "a", "a"]) == ["a", "b", "a (2)", "a (3)"]


def test_takes_the_first_different_labels() -> None:
    assert first(["b", "a", "b", "c"], 2) == ["b", "a"]


def test_heads_a_column_with_its_unit() -> None:
    assert titled(column(SHOWN, "mean_ns")) == "mean, ms"
    assert titled(column(SHOWN, "model")) == "model"
    assert heading("mean, ms") == "Mean, ms"
