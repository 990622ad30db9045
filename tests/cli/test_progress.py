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
