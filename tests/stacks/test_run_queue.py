from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.stacks import run_queue
from dlscope.stacks.run_queue import waited_ns


def test_what_all_threads_waited_is_summed_and_what_has_ended_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for task, told in {"1": "900 40 3", "2": "100 2 1", "3": ""}.items():
        (tmp_path / task).mkdir()
        (tmp_path / task / "schedstat").write_text(told, encoding="ascii")
    (tmp_path / "4").mkdir()
    monkeypatch.setattr(run_queue, "_TASKS", tmp_path)
    assert waited_ns() == 42


def test_a_system_that_does_not_tell_has_no_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_queue, "_TASKS", tmp_path / "none")
    assert waited_ns() == 0
