from __future__ import annotations

from awkward_tables import reports, tables
from hypothesis import given
from report_sample import AGREEMENT, LATENCY

from dlscope.reporting.markdown import MarkdownRenderer, escape, table_to_markdown


def test_a_table_has_units_in_the_header_and_intervals_beside_values():
    assert table_to_markdown(LATENCY).splitlines()[:3] == [
        "| framework | p50 (ms) | p90 (ms) | throughput (1/s) | verdict |",
        "| --- | ---: | ---: | ---: | --- |",
        "| openvino 2026.4.1 | 18.9 \\[18.6, 19.3\\] | 20.1 | 52.6 | ✓ valid |",
    ]


def test_a_report_reads_from_the_answer_to_the_command(report):
    text = MarkdownRenderer().report(report)
    assert text.startswith("# EfficientNet-Lite0 in six frameworks\n\nopenvino is fastest")
    assert "- ● **openvino is fastest: 4.5 % before onnxruntime** (\u2212900 µs)  \n" in text
    assert (
        "paired difference \u22120.9 ms \\[\u22121.5, \u22120.4\\]; table latency rows 1, 2" in text
    )
    assert text.endswith("Same result: `dlscope report e-41c7 --format html -o report.html`\n")
    assert table_to_markdown(AGREEMENT) in text


def test_rows_left_out_are_counted(large_report):
    text = MarkdownRenderer().report(large_report)
    assert "100 of 100\u202f000 rows shown." in text
    assert len(text.splitlines()) < 120


def test_markup_is_escaped():
    assert escape("<b>*x*|`y`") == r"\<b\>\*x\*\|\`y\`"
    assert [escape(text) for text in ("1. one", "- two", "+ three", "12) x")] == [
        "1\\. one",
        "\\- two",
        "\\+ three",
        "12\\) x",
    ]


@given(tables())
def test_every_row_has_all_its_cells(table):
    lines = table_to_markdown(table).splitlines()
    bars = {line.replace("\\|", "").count("|") for line in lines if line}
    assert len(bars) == 1


@given(reports())
def test_no_markup_of_others_gets_through(report):
    text = MarkdownRenderer().report(report)
    command = text.rpartition("Same result:")[0] or text
    assert "<script" not in command.replace("\\<", "")
    assert MarkdownRenderer().report(report) == text
