from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dlscope.agents.device_lock import WAITING
from dlscope.cli.progress import Progress

PLAN: Any = SimpleNamespace(label="tiny · mock")


def test_says_that_another_measurement_must_end_first(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("evaluate") as progress:
        progress.progress(PLAN, {"step": "load", "share": 0.5})
        progress.progress(PLAN, {"step": WAITING})
    assert capsys.readouterr().err == "waiting for another measurement on this machine\n"


def test_off_a_terminal_a_long_run_says_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Progress("profile") as progress:
        progress.planned([PLAN], 0)
        monkeypatch.setattr(progress._pace, "is_due", lambda: True)
        progress.progress(PLAN, {"step": "measure", "share": 0.5})
    assert capsys.readouterr().err == "0/1 now tiny · mock · measure 50%\n"


def test_a_search_for_the_highest_rate_says_which_trial_it_is_at(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Progress("evaluate") as progress:
        progress.planned([PLAN], 0)
        monkeypatch.setattr(progress._pace, "is_due", lambda: True)
        event = {"step": "measure", "share": 0.5, "trial": 3, "rate_qps": 41.25}
        progress.progress(PLAN, event)
    assert capsys.readouterr().err == (
        "0/1 now tiny · mock · measure, trial 3 at 41.2 queries/s 50%\n"
    )
