from __future__ import annotations

import json

import pytest

from dlscope.core.errors import DlscopeError
from dlscope.zoo.bundles.bundle import BUNDLES, bundle_named
from dlscope.zoo.bundles.layout import StackedLayout

B09 = bundle_named("B09")
CASES = {
    ((), (), (160, 320), False): (
        "GraphError: widths of [] make no network\n"
        "  where  stacked bundles\n"
        "  fix    give a width from 1 on for each"
    ),
    ((8, 16), (2, 1), (160, 320), False): (
        "GraphError: pools after [2, 1] are not in 2 bundles, each once, in order\n"
        "  where  stacked bundles\n"
        "  fix    use different numbers from 1 to 2, ascending"
    ),
    ((8, 16), (1, 2), (160, 320), True): (
        "GraphError: a bypass needs a bundle behind the last pool to lead to\n"
        "  where  stacked bundles\n"
        "  fix    pool earlier, or add a bundle"
    ),
    ((8, 16), (1, 2), (161, 320), False): (
        "ShapeError: height 161 is not a multiple of 4\n"
        "  where  stacked bundles, height of the image\n"
        "  fix    use height 160 or 164"
    ),
}


@pytest.mark.parametrize(("given", "told"), CASES.items())
def test_refuses_what_is_no_network(given, told):
    widths, pools, size, bypass = given
    with pytest.raises(DlscopeError) as refused:
        StackedLayout(B09, widths, pools, bypass=bypass, size=size)
    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("field", "told"), [({"act": "relu5"}, "there is no 'relu5'"), ({"pooling": "l2"}, "'l2'")]
)
def test_refuses_unknown_parts(field, told):
    with pytest.raises(DlscopeError, match=told):
        StackedLayout(B09, (8, 16), (1,), **field)


def test_maps_shrink_behind_pools_and_the_bypass_quadruples_channels():
    layout = StackedLayout(B09, (8, 16, 32), (1, 2), bypass=True, size=(16, 32))
    assert [layer.size for layer in layout.layers] == [
        *[(16, 32)] * 2,
        *[(8, 16)] * 2,
        *[(4, 8)] * 3,
    ]
    assert [layer.channels_in for layer in layout.layers] == [3, 3, 8, 8, 80, 80, 32]
    assert layout.stride == 4


def test_the_peak_counts_the_map_that_waits():
    plain = StackedLayout(bundle_named("B03"), (8, 8, 8), (1, 2), size=(8, 8))
    around = StackedLayout(bundle_named("B03"), (8, 8, 8), (1, 2), bypass=True, size=(8, 8))
    assert plain.peak_activation_bytes == 4 * 64 * 11
    assert around.peak_activation_bytes == 4 * max(64 * 11, 4 * 48 + 8 * 16)


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.id)
def test_comes_back_from_json(bundle):
    layout = StackedLayout(bundle, (8, 16, 24), (1, 3), act="relu6", size=(16, 32))
    back = StackedLayout.from_json(json.loads(json.dumps(layout.to_json())))
    assert back == layout
    assert back.digest == layout.digest
