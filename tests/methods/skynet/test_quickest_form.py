from __future__ import annotations

import pytest
from small_detectors import drawn_weights

from dlscope.methods.skynet.quickest_form import quickest_form
from dlscope.zoo.skynet.layout import Layout


@pytest.mark.parametrize(
    ("variant", "forms"),
    [("A", {"slices", "space_to_depth"}), ("C", {"slices", "space_to_depth", "absorb"})],
)
def test_every_form_that_there_is_takes_a_turn(variant, forms):
    layout = Layout(variant, 0.1, (32, 64))
    found = quickest_form(drawn_weights(layout), layout, rounds=2)
    assert set(found.ratios) == forms
    assert found.ratios["slices"] == 1.0
    assert found.ratios[found.form] == min(found.ratios.values())
