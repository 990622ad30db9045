from __future__ import annotations

from pathlib import Path

import pytest

from dlscope import api
from dlscope.core.errors import Unsatisfiable
from dlscope.testing.small_experiment import write_experiment


def test_tells_what_would_be_measured_and_what_cannot(tmp_path: Path) -> None:
    small = write_experiment(tmp_path)
    asked = api.experiment(
        str(small.model),
        dataset=str(small.dataset),
        backend=["onnxruntime", "litert"],
        scenario=str(small.scenario),
        repeats=2,
    )
    report = api.plan(asked, store=str(tmp_path / "store"))
    plans = list(report.table("plans"))
    assert {row["backend"] for row in plans} >= {"onnxruntime"}
    assert {row["repeat"] for row in plans} == {0, 1}
    assert not any(row["known"] for row in plans)
    count, refused = len(plans), len(report.table("refused"))
    assert report.answer == f"{count} runs, 0 of them measured already, {refused} refused."


def test_nothing_that_can_be_done_is_an_error(tmp_path: Path) -> None:
    small = write_experiment(tmp_path)
    asked = api.experiment(
        str(small.model),
        dataset=str(small.dataset),
        backend="onnxruntime==0.0.1",
        scenario=str(small.scenario),
        stack="current",
    )
    with pytest.raises(Unsatisfiable):
        api.plan(asked, store=str(tmp_path / "store"))
