from __future__ import annotations

from dlscope.backends.timed_loop import Crossing


def test_the_share_of_the_way_is_what_the_framework_did_not_take() -> None:
    crossing = Crossing()
    assert crossing.share is None
    crossing.whole_ns += 200
    crossing.inside_ns += 150
    assert crossing.share == 0.25
    crossing.clear()
    assert crossing.share is None
