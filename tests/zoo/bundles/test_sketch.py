from __future__ import annotations

import pytest

from dlscope.core.errors import GraphError
from dlscope.zoo.bundles.bundle import BUNDLES, bundle_named
from dlscope.zoo.bundles.sketch import TOLERANCE, sketch


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.id)
@pytest.mark.parametrize("macs", [1.2e8, 2e8])
def test_every_bundle_meets_the_work_within_3_percent(bundle, macs):
    found = sketch(bundle, macs)
    assert abs(found.macs / macs - 1) <= TOLERANCE
    assert found.pools == (1, 2, 3)
    assert len(found.widths) == 5
    assert all(width % 8 == 0 for width in found.widths)


def test_refuses_less_work_than_8_channels_have():
    with pytest.raises(GraphError) as refused:
        sketch(bundle_named("B07"), 1e6)
    assert str(refused.value) == (
        "GraphError: no sketch of Conv1→Conv5 has 1,000,000 multiply-accumulates; the nearest has "
        "112,499,200\n  where  sketch of B07\n  fix    ask for more work"
    )
