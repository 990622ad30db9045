from __future__ import annotations

import pytest

from dlscope.core.errors import GraphError
from dlscope.zoo.bundles.bundle import BUNDLES, bundle_named


def test_eighteen_in_the_order_of_the_enumeration():
    assert [f"{bundle.id} {bundle}" for bundle in BUNDLES] == [
        "B01 Conv3",
        "B02 Conv5",
        "B03 Conv1",
        "B04 Conv1→Conv3",
        "B05 Conv3→Conv1",
        "B06 Conv3→Conv3",
        "B07 Conv1→Conv5",
        "B08 Conv5→Conv1",
        "B09 DW3→Conv1",
        "B10 DW5→Conv1",
        "B11 DW7→Conv1",
        "B12 Conv1→DW3",
        "B13 Conv1→DW3→Conv1",
        "B14 Conv1→DW5→Conv1",
        "B15 Conv1→Conv3→Conv1",
        "B16 DW3→Conv1→Conv1",
        "B17 DW3→DW3→Conv1",
        "B18 DW3→Conv3",
    ]


def test_the_first_convolution_over_all_channels_changes_their_number():
    assert bundle_named("B09").channels(3, 48) == ((3, 3), (3, 48))
    assert bundle_named("B13").channels(16, 32) == ((16, 32), (32, 32), (32, 32))


def test_refuses_an_unknown_bundle():
    with pytest.raises(GraphError) as refused:
        bundle_named("B9")
    assert str(refused.value) == (
        "GraphError: there is no bundle 'B9'\n  where  bundles\n  fix    did you mean B09?"
    )
