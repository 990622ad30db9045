from __future__ import annotations

import pytest

from dlscope.core.errors import FigureError
from dlscope.core.table import Column, Table
from dlscope.reporting.figures import png, svg
from dlscope.reporting.spec import MOST_MARKS, marks_in
from dlscope.reporting.timeline import timeline

MS = 1_000_000
EPOCH = 1_790_000_000_000_000_001
COLUMNS = (
    Column("level", "str", "level"),
    Column("name", "str", "what ran"),
    Column("start_ns", "int", "when", "ns"),
    Column("duration_ns", "int", "how long", "ns"),
    Column("part", "str", "kind of work"),
)
SPANS = Table(
    "spans",
    COLUMNS,
    (
        ("model", "ResNet-18 forward", EPOCH, 40 * MS, None),
        ("layer", "conv1", EPOCH, 30 * MS, "compute"),
        ("layer", "relu", EPOCH + 30 * MS, 8 * MS, "element-wise"),
        ("layer", "wait", EPOCH + 38 * MS, 2 * MS, "idle"),
        ("library", "reorder", EPOCH + MS, 5 * MS, "movement"),
        ("library", "resize", EPOCH + 6 * MS, 4 * MS, "interpolation"),
        ("library", "lost", EPOCH, None, "compute"),
    ),
)


def drawn(table: Table = SPANS, **options):
    given = {"row": "level", "name": "name", "start": "start_ns", "duration": "duration_ns"}
    return timeline(table, **given, part="part", **options)


def marks(figure):
    return [(v["lane"], v["name"], v["from"], v["to"]) for v in figure.spec["data"]["values"]]


def meta(figure):
    return figure.spec["usermeta"]["dlscope"]


def test_lanes_stand_in_order_of_appearance_and_time_begins_with_the_first_span() -> None:
    figure = drawn()
    assert marks(figure) == [
        ("model", "ResNet-18 forward", 0.0, 40.0),
        ("layer", "conv1", 0.0, 30.0),
        ("layer", "relu", 30.0, 38.0),
        ("layer", "wait", 38.0, 40.0),
        ("library", "reorder", 1.0, 6.0),
        ("library", "resize", 6.0, 10.0),
    ]
    assert figure.spec["encoding"]["y"]["sort"] == ["model", "layer", "library"]
    assert figure.spec["encoding"]["x"]["scale"]["domain"] == [0, 40.0]
    assert (figure.name, figure.title, figure.caption) == ("spans_timeline", "Timeline", "")
    assert meta(figure)["left_out"] == "1 row not drawn"


def test_times_of_a_clock_in_ns_keep_their_last_digit() -> None:
    rows = tuple(("kernel", f"k{n}", EPOCH + n, 1, "compute") for n in range(100))
    assert marks(drawn(Table("spans", COLUMNS, rows)))[57] == ("kernel", "k57", 57.0, 58.0)


def test_says_in_words_what_colours_mean() -> None:
    assert [(each["label"], each["color"]) for each in meta(drawn())["legend"]] == [
        ("compute (conv, gemm)", "var(--s1)"),
        ("data movement (reorder, copy)", "var(--s2)"),
        ("element-wise, norm, pool", "var(--s3)"),
        ("host, idle", "var(--s6)"),
        ("other", "var(--s4)"),
        ("several parts", "var(--s6-soft)"),
    ]


def test_names_stand_only_where_they_fit() -> None:
    wide, narrow = svg(drawn(), 1040), svg(drawn(), 330)
    for picture in (wide, narrow):
        assert ">ResNet-18 forward 40 ms<" in picture
        assert ">wait<" not in picture
    assert ">conv1 30 ms<" in narrow
    assert ">relu 8 ms<" in wide
    assert ">relu<" in narrow or ">relu 8 ms<" not in narrow
    assert 'aria-label="wait 2 ms"' in narrow


def test_colours_without_enough_contrast_carry_no_letters() -> None:
    assert ">reorder" not in svg(drawn(), 1800)
    assert 'aria-label="reorder 5 ms"' in svg(drawn(), 1800)


def test_what_overlaps_goes_to_a_further_lane_of_at_most_40() -> None:
    rows = tuple(("kernel", f"k{n}", EPOCH + n, 10 * MS, "compute") for n in range(45))
    figure = drawn(Table("spans", COLUMNS, rows))
    assert figure.spec["encoding"]["y"]["sort"][:2] == ["kernel", "kernel (2)"]
    assert len(marks(figure)) == 40
    assert meta(figure)["left_out"] == "5 rows not drawn"


def test_the_shortest_of_many_are_drawn_as_sums_and_counted() -> None:
    long = ("kernel", "gemm", EPOCH, 100 * MS, "compute")
    short = (("kernel", "k", EPOCH + (100 + n) * MS, MS // 2, "compute") for n in range(2400))
    figure = drawn(Table("spans", COLUMNS, (long, *short)))
    assert marks_in(figure.spec) <= MOST_MARKS
    assert figure.caption == "2\u202f400 spans under 2.50 ms drawn as their sums by part."
    assert marks(figure)[0] == ("kernel", "gemm", 0.0, 0.1)
    assert sum(end - start for *_, start, end in marks(figure)) == pytest.approx(1.3)
    assert meta(figure)["left_out"] == ""
    assert drawn(Table("spans", COLUMNS, (long,)), most=1).caption == ""


def test_more_marks_are_kept_where_a_face_can_draw_them() -> None:
    rows = tuple(("kernel", "k", EPOCH + n * MS, MS, "compute") for n in range(3000))
    assert len(marks(drawn(Table("spans", COLUMNS, rows), most=5000))) == 3000


def test_refuses_two_units_of_time() -> None:
    columns = (*COLUMNS[:3], Column("duration_ns", "int", "how long", "ms"), COLUMNS[4])
    with pytest.raises(FigureError) as error:
        drawn(Table("spans", columns))
    assert error.value.what == (
        "a timeline needs one unit of time: start_ns is in ns, duration_ns in ms"
    )
    assert error.value.where == "table spans"
    assert error.value.fix == "give both columns in ns"


def test_words_in_it_are_no_markup() -> None:
    rows = (("<b>", "</text><script>'\"", EPOCH, MS, "compute"),)
    assert "<script" not in svg(drawn(Table("spans", COLUMNS, rows)), 700)


def test_is_drawn() -> None:
    for table in (SPANS, Table("spans", COLUMNS)):
        assert "NaN" not in svg(drawn(table), 330)
    assert png(drawn(), 330).startswith(b"\x89PNG")
