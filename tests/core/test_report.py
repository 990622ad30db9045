from __future__ import annotations

import json

import pytest

from dlscope.core.report import Facts, Finding, Picture, Prose, Report, Section, tables_of
from dlscope.core.table import Column, Table

TABLE = Table("latency", (Column("n", "int", "Number of samples."),), ((1,), (2,)))
FINDING = Finding(
    "good", "B is faster than A", "latency", (1,), gain=-3.5, gain_unit="ms", advice="use B"
)


def test_a_finding_names_its_evidence() -> None:
    assert FINDING.to_json() == {
        "sign": "good",
        "claim": "B is faster than A",
        "detail": "",
        "evidence": {"table": "latency", "rows": [1]},
        "gain": -3.5,
        "gain_unit": "ms",
        "advice": "use B",
    }


def test_the_json_contract_has_four_parts() -> None:
    report = Report(
        "Title", "Answer", (TABLE,), (FINDING,), runs=("r1",), warnings=("few samples",)
    )
    data = report.to_json()
    assert list(data) == ["tables", "findings", "runs", "warnings"]
    assert data["tables"] == {"latency": TABLE.to_json()}
    assert data["findings"] == [FINDING.to_json()]
    assert data["runs"] == ["r1"]
    assert data["warnings"] == ["few samples"]
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_a_table_is_found_by_name() -> None:
    report = Report("Title", "Answer", (TABLE,))
    assert report.table("latency") is TABLE
    with pytest.raises(KeyError, match="accuracy"):
        report.table("accuracy")


def test_tables_of_picks_the_tables_in_order() -> None:
    other = Table("other", TABLE.columns)
    section = Section("Results", (Prose("text"), TABLE, Facts((("CPU", "x"),)), other))
    assert tables_of(section.blocks) == (TABLE, other)


def test_a_picture_is_an_address_with_all_of_it() -> None:
    assert Picture("a", "A", b"\x89PNG", "a").source == "data:image/png;base64,iVBORw=="
    assert Picture("a", "A", b"\xff\xd8\xff", "a").source.startswith("data:image/jpeg;base64,")


def test_what_is_no_picture_has_no_address() -> None:
    with pytest.raises(ValueError, match="picture a is neither PNG nor JPEG"):
        _ = Picture("a", "A", b"<svg onload=x>", "a").source
