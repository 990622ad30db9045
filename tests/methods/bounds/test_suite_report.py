from __future__ import annotations

from pathlib import Path

from measured_models import bricks_of, forked, results_of

from dlscope.methods.bounds.suite import BoundSuite
from dlscope.methods.bounds.suite_report import import_report, suite_report
from dlscope.store.benchmarks import Imported


def test_results_are_counted_by_implementation(tmp_path: Path) -> None:
    model = forked(tmp_path)
    results = results_of(bricks_of(model))
    report = suite_report(BoundSuite.of([model]), results, 3)
    assert report.answer == f"18 benchmarks, {len(results)} results, 3 of them new."
    counts = {
        (row["implementation"], row["dtype"]): row["results"] for row in report.table("measured")
    }
    assert counts["torch_nchw", "float32"] == 6
    assert counts["openvino", "bfloat16"] == 3
    (row,) = report.table("models")
    assert (row["model"], row["layers"], row["bricks"]) == ("forked", 6, 6)


def test_an_import_tells_what_was_new() -> None:
    report = import_report("a.json", Imported(3, 2, 1))
    assert report.answer == "3 results of a.json are new, 2 were known."
    assert list(report.table("imported")) == [
        {"file": "a.json", "stored": 3, "known": 2, "left_out": 1}
    ]
