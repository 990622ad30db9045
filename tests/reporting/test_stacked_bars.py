from __future__ import annotations

from dlscope.core.table import Column, Table
from dlscope.reporting.figures import svg
from dlscope.reporting.stacked_bars import stacked_bars

COLUMNS = (
    Column("model", "str", "model"),
    Column("part", "str", "part of the start"),
    Column("duration_ns", "int", "how long it took", "ns", "value"),
)
MS = 1_000_000
STARTS = Table(
    "cold_start",
    COLUMNS,
    (
        ("a", "import", 10 * MS),
        ("a", "load", 30 * MS),
        ("b", "load", 20 * MS),
        ("b", "import", None),
    ),
)


def drawn(table: Table = STARTS, **options):
    return stacked_bars(table, ("model",), "part", "duration_ns", **options)


def bars(figure):
    return [(v["name"], v["part"], v["from"], v["to"]) for v in figure.spec["data"]["values"]]


def meta(figure):
    return figure.spec["usermeta"]["dlscope"]


def test_sets_part_upon_part_from_0() -> None:
    figure = drawn()
    assert bars(figure) == [
        ("a", "import", 0.0, 10.0),
        ("a", "load", 10.0, 40.0),
        ("b", "import", 0.0, 0.0),
        ("b", "load", 0.0, 20.0),
    ]
    assert figure.spec["layer"][0]["encoding"]["x"]["title"] == "duration, ms"
    assert (figure.name, figure.title) == ("cold_start_bars", "Duration by part")


def test_says_in_words_what_colours_mean_and_what_has_no_number() -> None:
    assert [(each["label"], each["color"]) for each in meta(drawn())["legend"]] == [
        ("import", "var(--s1)"),
        ("load", "var(--s3)"),
    ]
    assert meta(drawn())["left_out"] == "1 row not drawn"


def test_the_smallest_of_more_than_four_parts_are_drawn_as_one() -> None:
    sizes = {"a": 5, "b": 1, "c": 4, "d": 2, "e": 3}
    rows = tuple(("m", part, size * MS) for part, size in sizes.items())
    figure = drawn(Table("t", COLUMNS, rows))
    assert bars(figure) == [
        ("m", "a", 0.0, 5.0),
        ("m", "c", 5.0, 9.0),
        ("m", "e", 9.0, 12.0),
        ("m", "other", 12.0, 15.0),
    ]
    assert meta(figure)["legend"][-1] == {
        "label": "other",
        "color": "var(--s6)",
        "shape": "square",
    }


def test_draws_at_most_30_bars_and_counts_the_rest() -> None:
    rows = tuple((f"m{n}", "load", MS) for n in range(32))
    figure = drawn(Table("t", COLUMNS, rows))
    assert len(bars(figure)) == 30
    assert meta(figure)["left_out"] == "2 rows not drawn"


def test_is_drawn() -> None:
    assert svg(drawn(title="Start"), 700).startswith("<svg")
    assert svg(drawn(Table("t", COLUMNS)), 330).startswith("<svg")
