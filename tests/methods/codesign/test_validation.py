from __future__ import annotations

import pytest

from dlscope.core.report import Report
from dlscope.core.table import Table
from dlscope.methods.codesign.folded_fits import folded_fits
from dlscope.methods.codesign.validation import validation_report


@pytest.fixture(scope="module")
def report() -> Report:
    return validation_report()


def test_every_check_holds(report: Report) -> None:
    verdicts = report.table("validation").column("holds")
    assert False not in verdicts
    assert verdicts.count(True) == 47
    assert report.answer.startswith("47 of 47 checks hold; ")


def test_a_plan_that_its_part_is_too_small_for_is_flagged(report: Report) -> None:
    claims = [finding.claim for finding in report.findings]
    assert claims[0] == "DNNBuilder VGG-16, plan A takes more DSPs than its part has"
    row = list(report.table("validation"))[report.findings[0].rows[0]]
    assert (row["figure"], row["predicted"], row["reference"]) == (
        "over_budget of dsp on zc706",
        1152,
        900,
    )


def test_no_measured_accelerator_exceeds_its_peak(report: Report) -> None:
    rows = [row for row in report.table("validation") if row["device"] == "roofline"]
    assert len(rows) == 17
    assert all(float(row["error"] or 0) < 0 for row in rows)


def test_the_table_says_how_sure_each_reference_is(report: Report) -> None:
    known = {"public", "printed", "recalled", "derived"}
    assert set(report.table("validation").column("confidence")) <= known
    assert None not in report.table("validation").column("source")


def test_predictions_are_those_that_the_splits_sum_up(report: Report) -> None:
    predictions = list(report.table("predictions"))
    for split in report.table("splits"):
        errors = [
            abs(float(row["error"] or 0))
            for row in predictions
            if (row["split"], row["form"]) == (split["split"], split["form"])
        ]
        assert len(errors) == split["rows"]
        assert sum(errors) / len(errors) == pytest.approx(split["mape"])
        assert max(errors) == pytest.approx(split["worst"])


def test_the_tables_travel_and_are_the_same_again(report: Report) -> None:
    folded_fits.cache_clear()
    again = validation_report()
    for table in report.tables:
        assert again.table(table.name).digest == table.digest
        assert Table.from_json(table.name, table.to_json()).rows == table.rows
