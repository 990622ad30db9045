from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dlscope.agents.guard import Ended
from dlscope.agents.patience import TIMEOUTS, Patience
from dlscope.agents.scheduler import Assignment
from dlscope.testing.stores import sample_plan, sample_run

HUNG = Ended("timeout", "a prediction took longer than 1 s", 7)


def _timeout():
    error = {"kind": "MeasurementError", "what": "", "where": "", "fix": "", "reason": "timeout"}
    return replace(sample_run("r-1", status="failed"), error=error)


def _patience(folder: Path, items: int) -> Patience:
    plan = sample_plan().model_copy(update={"items": items})
    return Patience(Assignment(plan, folder))


@pytest.mark.parametrize(("items", "most"), [(20, 3), (300, 3), (1000, 10)])
def test_goes_on_three_times_or_for_one_percent_of_the_items(
    tmp_path: Path, items: int, most: int
) -> None:
    patience = _patience(tmp_path / "partial", items)
    assert [patience.goes_on_after(_timeout(), HUNG) for _ in range(most + 1)] == [True] * most + [
        False
    ]
    assert (tmp_path / "partial" / TIMEOUTS).read_text().split() == ["7"] * (most + 1)


def test_does_not_go_on_when_the_first_prediction_hung(tmp_path: Path) -> None:
    first = Ended("timeout", HUNG.what, 1)
    assert not _patience(tmp_path, 20).goes_on_after(_timeout(), first)


def test_a_run_that_ended_otherwise_is_over(tmp_path: Path) -> None:
    patience = _patience(tmp_path, 20)
    assert not patience.goes_on_after(sample_run("r-1"), None)
    assert not patience.goes_on_after(sample_run("r-2", status="failed"), Ended("oom", "", 9))
    assert not (tmp_path / TIMEOUTS).exists()
