from __future__ import annotations

import pytest

from dlscope.core.errors import DlscopeError, GraphError, ShapeError
from dlscope.zoo.skynet.layout import Layout

# number, weights, MACs: the published table at 160×320, rows 11 to 13 of variant C.
ROWS = [
    (1, 27, 1_382_400),
    (2, 144, 7_372_800),
    (3, 432, 5_529_600),
    (4, 4_608, 58_982_400),
    (5, 864, 2_764_800),
    (6, 18_432, 58_982_400),
    (7, 1_728, 1_382_400),
    (8, 73_728, 58_982_400),
    (9, 3_456, 2_764_800),
    (10, 196_608, 157_286_400),
    (11, 11_520, 9_216_000),
    (12, 122_880, 98_304_000),
    (13, 960, 768_000),
]


def test_has_the_layers_of_the_table():
    found = [(layer.number, layer.weights, layer.macs) for layer in Layout("C").layers]
    assert found == ROWS


@pytest.mark.parametrize(
    ("variant", "layers", "weights", "channels", "trainable", "fused", "state", "macs"),
    [
        ("A", 11, 305_147, 1_955, 309_057, 307_102, 1_251_868, 359_526_400),
        ("B", 13, 373_467, 3_283, 380_033, 376_750, 1_546_396, 414_182_400),
        ("C", 13, 435_387, 3_331, 442_049, 438_718, 1_794_844, 463_718_400),
    ],
)
def test_has_the_exact_counts(variant, layers, weights, channels, trainable, fused, state, macs):
    layout = Layout(variant)
    assert len(layout.layers) == layers
    assert (layout.conv_weights, layout.normalised_channels) == (weights, channels)
    assert (layout.trainable, layout.fused, layout.state_bytes) == (trainable, fused, state)
    assert layout.macs == macs


@pytest.mark.parametrize(("size", "macs"), [((128, 128), 113_737_728), ((256, 256), 454_950_912)])
def test_has_the_exact_counts_of_the_trunk(size, macs):
    trunk = Layout(size=size, is_trunk=True)
    assert (trunk.conv_weights, trunk.trainable, trunk.macs) == (300_027, 303_937, macs)
    assert trunk.joined == 1280


def test_has_the_exact_counts_at_half_the_width():
    half = Layout("C", 0.5)
    assert (half.trainable, half.fused, half.macs) == (116_977, 115_310, 124_416_000)


def test_no_width_falls_below_8():
    assert set(Layout("B", 0.01).widths) == {8}


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (
            (165, 320),
            "ShapeError: height 165 is not a multiple of 8\n"
            "  where  SkyNet, height of the image\n"
            "  fix    use height 160 or 168",
        ),
        (
            (160, 330),
            "ShapeError: width 330 is not a multiple of 8\n"
            "  where  SkyNet, width of the image\n"
            "  fix    use width 328 or 336",
        ),
        (
            (0, 320),
            "ShapeError: height 0 is not a multiple of 8\n"
            "  where  SkyNet, height of the image\n"
            "  fix    use height 8 or 16",
        ),
    ],
)
def test_refuses_a_size_that_the_pools_do_not_divide(size, told):
    with pytest.raises(ShapeError) as refused:
        Layout(size=size)
    assert str(refused.value) == told


def test_tells_of_both_axes_at_once():
    with pytest.raises(DlscopeError) as refused:
        Layout(size=(165, 330))
    assert [problem.what for problem in refused.value.problems] == [
        "height 165 is not a multiple of 8",
        "width 330 is not a multiple of 8",
    ]


@pytest.mark.parametrize("width", [0.0, -1.0, float("nan"), float("inf")])
def test_refuses_a_width_that_gives_no_network(width):
    with pytest.raises(GraphError, match="gives no network"):
        Layout("C", width)


def test_refuses_an_unknown_variant():
    with pytest.raises(GraphError, match="there is no SkyNet 'D'"):
        Layout("D")
