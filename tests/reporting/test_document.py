from __future__ import annotations

import dataclasses
import json
import math

from dlscope.core.report import Picture, Report, Section
from dlscope.core.table import Column, Table
from dlscope.reporting.document import document_of, report_of

PNG = b"\x89PNG and more"


def test_a_report_comes_back_as_it_was(illustrated: Report) -> None:
    whole = dataclasses.replace(
        illustrated, next_commands=(("dlscope demo", "try it"),), attachments={"a.dot": "digraph{}"}
    )
    text = json.dumps(document_of(whole))
    assert report_of(json.loads(text)) == whole


def test_a_picture_comes_back_byte_for_byte() -> None:
    picture = Picture("seen", "What it saw", PNG, "a red square", "from above")
    report = Report("Title", "Answer.", sections=(Section("Seen", (picture,)),))
    assert report_of(json.loads(json.dumps(document_of(report)))) == report


def test_numbers_that_json_does_not_know_come_back() -> None:
    table = Table("odd", (Column("x", "float", "a number"),), ((math.inf,), (-math.inf,), (None,)))
    report = Report("Title", "Answer.", tables=(table,))
    assert report_of(json.loads(json.dumps(document_of(report), allow_nan=False))) == report


def test_roles_of_columns_are_kept_for_faces(report: Report) -> None:
    again = report_of(document_of(report))
    for table in report.tables:
        assert again.table(table.name).columns == table.columns
