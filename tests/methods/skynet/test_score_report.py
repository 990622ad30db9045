from __future__ import annotations

import pytest

from dlscope.methods.skynet.results import Overlaps
from dlscope.methods.skynet.score_report import read_overlaps, score_report
from dlscope.methods.skynet.scoring import Entry


def test_tells_score_and_overlaps():
    found = Overlaps({"a/1": 0.5, "a/2": 0.0}, ("a/2",))
    report = score_report(Entry(2, 0.1, energy_j=5.0, iou=found.mean), "2019", overlaps=found)
    (row,) = report.table("score")
    assert (row["score"], row["fps"], row["missing"]) == (0.5, 20.0, 1)
    assert report.table("overlaps").rows == (("a/1", 0.5), ("a/2", 0.0))
    assert report.warnings == ("1 of 2 images is not in the results and count as 0: a/2",)


def test_stands_without_files():
    report = score_report(Entry(100, 2.0, f1=0.5), "2023")
    assert report.table("score").column("score") == (12.5,)
    assert [table.name for table in report.tables] == ["score"]
    assert report.warnings == ()


def test_reads_results_and_annotations(tmp_path):
    truth = tmp_path / "truth"
    truth.mkdir()
    (truth / "1.xml").write_text(
        "<annotation><size><width>640</width><height>360</height></size><object><bndbox>"
        "<xmin>0</xmin><ymin>0</ymin><xmax>10</xmax><ymax>10</ymax></bndbox></object></annotation>"
    )
    results = tmp_path / "results.csv"
    results.write_text("image,xmin,ymin,xmax,ymax\n1.jpg,0,0,5,10\n")
    assert read_overlaps(results, truth).mean == pytest.approx(0.5)
