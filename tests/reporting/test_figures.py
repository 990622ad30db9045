from __future__ import annotations

import importlib.util

import pytest
from report_sample import BATCHES, LATENCY, TRADE_OFF

from dlscope.core.errors import FigureError
from dlscope.core.report import Figure
from dlscope.core.table import Table
from dlscope.reporting import charts
from dlscope.reporting.figures import pdf, png, sized, svg

needs_drawing = pytest.mark.skipif(
    importlib.util.find_spec("vl_convert") is None, reason="needs the extra figures"
)
DOTS = charts.interval_dots(LATENCY, "framework", "p50_ns")
PANELS = charts.lines(BATCHES, "batch", "rate_per_s", series="framework", panel="model")
FRONT = charts.scatter(TRADE_OFF, "model", "p50_ns", "top1_share")
ORDER = charts.run_order([1e6, 2e6, 3e6] * 30, "latency")
BARS = charts.histogram([1e6, 2e6, 3e6] * 30, "latency", rules=[charts.Rule("p50", 2e6, 1e6, 3e6)])


@needs_drawing
@pytest.mark.parametrize("figure", [DOTS, PANELS, FRONT, ORDER, BARS], ids=lambda f: f.name)
def test_every_figure_is_drawn_in_the_colours_of_the_page(figure):
    for width in (1180, 330):
        drawn = svg(figure, width, prefix="f1-")
        assert drawn.startswith("<svg")
        assert "var(--s1)" in drawn
        assert "NaN" not in drawn
        assert "undefined" not in drawn
        assert float(drawn.split('width="')[1].split('"')[0]) <= width + 30
        assert svg(figure, width, prefix="f1-") == drawn


@needs_drawing
def test_words_in_a_figure_are_no_markup():
    rows = tuple(("</text><script>alert(1)</script>", *row[1:]) for row in LATENCY.rows)
    table = Table("t", LATENCY.columns, rows)
    drawn = svg(charts.interval_dots(table, "framework", "p50_ns"), 700)
    assert "<script" not in drawn
    assert "&lt;/text&gt;" in drawn or "&lt;" in drawn


@needs_drawing
def test_pictures_have_no_variables_left():
    assert png(DOTS, 400).startswith(b"\x89PNG")
    assert pdf(DOTS).startswith(b"%PDF")


@needs_drawing
def test_refuses_what_is_no_specification():
    broken = Figure("f", "F", {"mark": {"type": "nothing"}, "encoding": []}, "latency")
    with pytest.raises(FigureError) as error:
        svg(broken, 300)
    assert error.value.what.startswith("the drawing library refuses the figure: ")


@needs_drawing
def test_nothing_is_fetched():
    spec = {
        "data": {"url": "http://127.0.0.1:9/data.json"},
        "mark": "point",
        "encoding": {"x": {"field": "a", "type": "quantitative"}},
    }
    try:
        drawn = svg(Figure("f", "F", spec, "latency"), 300)
    except FigureError:
        return
    assert 'aria-roledescription="point"' not in drawn


def test_refuses_more_marks_than_a_figure_may_hold():
    spec = {"data": {"values": [{}] * 2001}, "mark": "point"}
    with pytest.raises(FigureError) as error:
        svg(Figure("crowd", "Crowd", spec, "latency"), 300)
    assert str(error.value) == (
        "FigureError: 2001 marks are more than the 2000 that a figure may hold\n"
        "  where  figure crowd\n"
        "  fix    aggregate the table before drawing it"
    )


def test_says_how_to_install_the_drawing_library(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(FigureError) as error:
        svg(DOTS, 300)
    assert str(error.value) == (
        "FigureError: figures need 'vl-convert-python', which is not installed\n"
        "  where  figure latency_dots\n"
        "  fix    pip install 'dlscope[figures]'"
    )


def test_panels_wrap_where_the_page_is_narrow():
    assert [sized(PANELS.spec, width)["columns"] for width in (1180, 560, 330)] == [3, 2, 1]
    assert sized(DOTS.spec, 700)["width"] == 700
