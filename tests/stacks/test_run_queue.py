from __future__ import annotations

from dlscope.stacks.run_queue import waited_ns


def test_the_time_in_line_never_falls_below_zero() -> None:
    assert waited_ns() >= 0
