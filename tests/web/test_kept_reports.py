from __future__ import annotations

from pathlib import Path

from dlscope.core.report import Report
from dlscope.web.kept_reports import KeptReports

REPORT = Report("Title", "Answer.")


def test_a_report_is_found_by_what_it_was_made_from(tmp_path: Path) -> None:
    kept = KeptReports(tmp_path / "reports")
    assert kept.find({"model": "m", "results": 1}) is None
    kept.keep({"model": "m", "results": 1}, REPORT)
    assert kept.find({"results": 1, "model": "m"}) == REPORT
    assert kept.find({"model": "m", "results": 2}) is None


def test_a_broken_file_is_as_none(tmp_path: Path) -> None:
    kept = KeptReports(tmp_path)
    kept.keep({"model": "m"}, REPORT)
    (file,) = tmp_path.glob("*.json")
    file.write_text("{")
    assert kept.find({"model": "m"}) is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    KeptReports(tmp_path / "reports").keep({"model": "m"}, REPORT)


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    kept = KeptReports(tmp_path)
    for results in range(210):
        kept.keep({"results": results}, REPORT)
    assert len(list(tmp_path.iterdir())) == 200
    assert kept.find({"results": 209}) == REPORT
