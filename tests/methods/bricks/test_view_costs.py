from __future__ import annotations

import numpy as np

from dlscope.methods.bricks.sessions import Sessions
from dlscope.methods.bricks.view_costs import view_costs


def test_one_more_view_costs_a_number_of_ns_on_both_clocks() -> None:
    found = view_costs(Sessions(threads=1, is_shared_arena=False), 2)
    assert found.shape == (6, 2)
    assert np.isfinite(found).all()
