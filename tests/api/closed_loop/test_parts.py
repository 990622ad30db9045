from __future__ import annotations

from dlscope.api.closed_loop.parts import HandOver


def test_a_ratio_is_predicted_over_measured() -> None:
    assert HandOver("time", "predicted", "the network", 12.0, 10.0, "µs").ratio == 1.2
