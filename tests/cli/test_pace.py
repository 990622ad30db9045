from __future__ import annotations

from dlscope.cli import pace
from dlscope.cli.pace import Pace


def test_something_is_due_after_ten_seconds_of_silence(monkeypatch) -> None:
    now = 0.0
    monkeypatch.setattr(pace.time, "monotonic", lambda: now)
    mine = Pace()
    due = []
    for now in (9.0, 10.0, 11.0, 20.0, 30.0):
        due.append(mine.is_due())
        if now == 20.0:
            mine.begin()
    assert due == [False, True, False, True, True]
