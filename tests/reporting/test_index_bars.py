from __future__ import annotations

from dlscope.core.table import Column, Table
from dlscope.reporting.figures import png, svg
from dlscope.reporting.index_bars import index_bars
from dlscope.reporting.spec import MOST_MARKS, marks_in

MS = 1_000_000
COLUMNS = (
    Column("layer", "str", "layer"),
    Column("latency_ns", "int", "latency", "ns", "value", lo="lo_ns", hi="hi_ns"),
    Column("lo_ns", "int", "lower end", "ns", "interval"),
    Column("hi_ns", "int", "upper end", "ns", "interval"),
)
SHARES = (
    Column("layer", "str", "layer"),
    Column("part", "str", "where the time went"),
    Column("time_share", "float", "share of the layer", "share", "share"),
)
LAYERS = Table(
    "layers",
    COLUMNS,
    (
        ("conv1", 4 * MS, 3 * MS, 5 * MS),
        ("relu", 1 * MS, None, None),
        ("relu", 2 * MS, None, None),
        ("gone", None, None, None),
    ),
)
SPLIT = Table(
    "split",
    SHARES,
    (("conv1", "device", 0.75), ("relu", "device", 0.5), ("conv1", "non-device", 0.25)),
)


def many(count: int, highest: tuple[int, ...] = ()) -> Table:
    rows = ((f"layer{n}", (9 if n in highest else 1) * MS, None, None) for n in range(count))
    return Table("layers", COLUMNS, tuple(rows))


def bars(figure, *fields):
    return [tuple(each[f] for f in fields) for each in figure.spec["data"]["values"]]


def meta(figure):
    return figure.spec["usermeta"]["dlscope"]


def kinds(figure):
    return [layer["mark"]["type"] for layer in figure.spec["layer"]]


def test_every_row_has_its_bar_also_where_names_are_equal() -> None:
    figure = index_bars(LAYERS, "layer", "latency_ns")
    assert bars(figure, "index", "name", "value", "lo", "hi") == [
        (0, "conv1", 4.0, 3.0, 5.0),
        (1, "relu", 1.0, None, None),
        (2, "relu (2)", 2.0, None, None),
    ]
    x = figure.spec["encoding"]["x"]
    assert (x["field"], x["scale"]["domain"]) == ("name", ["conv1", "relu", "relu (2)", "gone"])
    assert meta(figure) == {"legend": [], "left_out": "1 row not drawn", "panels": 1}
    assert (figure.name, figure.title) == ("layers_latency_ns_bars", "Latency by layer")


def test_intervals_stand_on_bars_and_within_the_axis() -> None:
    figure = index_bars(LAYERS, "layer", "latency_ns")
    assert kinds(figure) == ["bar", "rule"]
    assert figure.caption == "Rules: 95 % interval."
    y = figure.spec["layer"][0]["encoding"]["y"]
    assert y["title"] == "latency, ms"
    assert y["scale"]["domain"][0] == 0
    assert y["scale"]["domain"][1] > 5


def test_of_many_bars_only_the_highest_that_stand_apart_are_named() -> None:
    figure = index_bars(many(300, highest=(3, 6, 150, 297)), "layer", "latency_ns")
    assert kinds(figure) == ["bar", "text"]
    named = figure.spec["layer"][1]["data"]["values"]
    assert [(each["name"], each["side"], each["value"]) for each in named] == [
        ("layer3", "left", 9.0),
        ("layer150", "center", 9.0),
        ("layer297", "right", 9.0),
    ]
    x = figure.spec["encoding"]["x"]
    assert (x["field"], x["title"]) == ("index", "layer index")
    assert x["axis"]["values"] == [0, 50, 100, 150, 200, 250]
    assert figure.caption == ""


def test_a_lower_bar_beside_a_higher_one_is_not_named() -> None:
    figure = index_bars(many(20, highest=(5,)), "layer", "latency_ns")
    named = figure.spec["layer"][-1]["data"]["values"]
    assert [each["index"] for each in named] == [5]


def test_parts_of_one_label_are_stacked_and_shares_reach_to_100_percent() -> None:
    figure = index_bars(SPLIT, "layer", "time_share", part="part", title="Device")
    assert bars(figure, "index", "name", "part", "rank", "value") == [
        (0, "conv1", "device", 0, 75.0),
        (1, "relu", "device", 0, 50.0),
        (0, "conv1", "non-device", 1, 25.0),
    ]
    y = figure.spec["layer"][0]["encoding"]["y"]
    assert (y["stack"], y["title"]) == ("zero", "time, %")
    assert y["scale"] == {"domain": [0.0, 100.0], "nice": False}
    assert figure.title == "Device"
    assert [(each["label"], each["color"]) for each in meta(figure)["legend"]] == [
        ("device", "var(--s1)"),
        ("non-device", "var(--s3)"),
    ]


def test_a_part_below_0_is_not_clipped() -> None:
    table = Table("split", SHARES, (("a", "device", 1.1), ("a", "non-device", -0.1)))
    figure = index_bars(table, "layer", "time_share", part="part")
    low, high = figure.spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert low == -10.0
    assert high >= 110.0


def test_more_than_four_parts_are_three_and_the_rest() -> None:
    rows = tuple(("a", part, 0.2) for part in "vwxyz")
    figure = index_bars(Table("split", SHARES, rows), "layer", "time_share", part="part")
    assert bars(figure, "part") == [("v",), ("w",), ("x",), ("other",), ("other",)]
    assert meta(figure)["legend"][-1] == {
        "label": "other",
        "color": "var(--s6)",
        "shape": "square",
    }


def test_keeps_to_the_limit_of_marks() -> None:
    figure = index_bars(many(2500), "layer", "latency_ns")
    assert marks_in(figure.spec) <= MOST_MARKS
    assert meta(figure)["left_out"] == "503 rows not drawn"


def test_is_drawn() -> None:
    for table in (LAYERS, many(300), Table("layers", COLUMNS)):
        for width in (330, 1040):
            picture = svg(index_bars(table, "layer", "latency_ns"), width)
            assert "NaN" not in picture
            assert "undefined" not in picture
    stacked = index_bars(SPLIT, "layer", "time_share", part="part")
    assert png(stacked, 330).startswith(b"\x89PNG")
