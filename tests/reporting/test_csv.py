from __future__ import annotations

from report_sample import AGREEMENT, LATENCY

from dlscope.core.report import Report
from dlscope.reporting.csv import CsvRenderer


def test_one_table_stands_alone():
    assert CsvRenderer().report(Report("t", "a", (LATENCY,))) == LATENCY.to_csv()
    assert LATENCY.to_csv().startswith("framework,p50_ns [ns],p50_lo_ns [ns],")


def test_several_tables_are_named():
    text = CsvRenderer().report(Report("t", "a", (LATENCY, AGREEMENT)))
    assert text == f"# latency\n{LATENCY.to_csv()}\n# agreement\n{AGREEMENT.to_csv()}"


def test_a_report_without_tables_gives_nothing():
    assert CsvRenderer().report(Report("t", "a")) == ""
