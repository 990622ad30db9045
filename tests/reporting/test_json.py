from __future__ import annotations

import json
import math

from awkward_tables import reports
from hypothesis import given
from report_sample import LATENCY

from dlscope.core.report import Finding, Report
from dlscope.core.table import Table
from dlscope.reporting.json import JsonRenderer


def test_the_contract_holds_every_table_whole(report):
    text = JsonRenderer().report(report)
    document = json.loads(text)
    assert list(document) == ["tables", "findings", "runs", "warnings"]
    assert list(document["tables"]) == ["latency", "accuracy", "agreement", "preprocessing_study"]
    assert Table.from_json("latency", document["tables"]["latency"]).rows == LATENCY.rows
    assert text.endswith("}\n")
    assert text.startswith('{\n  "tables"')


def test_what_is_not_finite_is_named():
    report = Report("t", "a", findings=(Finding("note", "c", "t", gain=math.nan),))
    assert json.loads(JsonRenderer().report(report))["findings"][0]["gain"] == "NaN"


@given(reports())
def test_every_report_is_strict_json(report):
    def refuse(name: str) -> None:
        raise AssertionError(name)

    json.loads(JsonRenderer().report(report), parse_constant=refuse)
