from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dlscope.core.errors import SearchError
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.folded_network import FoldedLayer, FoldedNetwork


def _layer(shape: LayerShape, **changes) -> FoldedLayer:
    weights = np.zeros((shape.channels_out, shape.channels_in // shape.groups, *shape.kernel))
    fields = {
        "name": "stem",
        "shape": shape,
        "weights": weights.astype(np.float32),
        "bias": np.zeros(shape.channels_out, np.float32),
        "activation": "relu6",
        "precision": Precision.of(8),
    }
    return FoldedLayer(**{**fields, **changes})


STEM = LayerShape.conv(3, 8, 6, 3)
DENSE = LayerShape.dense(8, 2)


def test_the_classifier_is_where_averages_are_taken_for() -> None:
    layers = (_layer(STEM), _layer(DENSE, name="classifier", activation=None))
    assert FoldedNetwork((3, 6, 6), layers).head == 1


def test_without_an_average_there_is_no_such_place() -> None:
    layers = (_layer(LayerShape.conv(3, 8, 1)), _layer(DENSE, name="classifier"))
    assert FoldedNetwork((3, 1, 1), layers, pooled=False).head is None


@pytest.mark.parametrize(
    ("shape", "padding"),
    [(LayerShape.conv(3, 8, 6, 3), (1, 1)), (LayerShape.conv(3, 8, 6, 3, padding=0), (0, 0))],
)
def test_padding_follows_from_the_maps(shape, padding) -> None:
    assert _layer(shape).padding == padding


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"weights": np.zeros((8, 3, 3), np.float32)},
            "weights are float32 [8, 3, 3]|use float32 [8, 3, 3, 3]",
        ),
        ({"bias": np.zeros(8)}, "bias are float64 [8]|use float32 [8]"),
        (
            {"bias": np.full(8, np.nan, np.float32)},
            "bias are not finite|train again at a smaller rate",
        ),
        ({"activation_scale": 0.0}, "the step of its input is 0.0|use a number above 0"),
    ],
)
def test_refuses_arrays_that_are_not_those_of_the_layer(changes, message) -> None:
    with pytest.raises(SearchError) as refused:
        _layer(STEM, **changes)
    assert f"{refused.value.what}|{refused.value.fix}" == message
    assert refused.value.where == "layer stem: conv 3x3/1 3->8 on 6x6"


def test_refuses_a_pool() -> None:
    with pytest.raises(SearchError, match="a pool has no weights"):
        _layer(LayerShape.pool(8, 6, 6, stride=6))


def test_refuses_a_padding_that_is_neither_half_nor_none() -> None:
    layer = _layer(LayerShape.conv(3, 8, 6, 5, padding=1))
    with pytest.raises(SearchError, match=r"no padding gives a map of \(4, 4\)"):
        _ = layer.padding


def test_refuses_layers_that_do_not_follow_one_another() -> None:
    layers = (_layer(STEM), _layer(LayerShape.dense(9, 2), name="classifier"))
    with pytest.raises(SearchError) as refused:
        FoldedNetwork((3, 6, 6), layers)
    assert refused.value.what == "layer stem gives 8 channels of (6, 6)"
    assert refused.value.where == "layer classifier: dense 1x1/1 9->2 on 1x1"


def test_refuses_an_input_that_the_first_layer_does_not_take() -> None:
    with pytest.raises(SearchError, match=r"the input is \[1, 6, 6\]"):
        FoldedNetwork((1, 6, 6), (_layer(STEM),))


def test_refuses_no_layers() -> None:
    with pytest.raises(SearchError, match="a network has no layers"):
        FoldedNetwork((1, 6, 6), ())


@pytest.mark.parametrize("residual", [(1, 0), (0, 0), (0, 5), (1, 2)])
def test_refuses_residuals_that_cannot_be_added(residual) -> None:
    layers = (_layer(STEM), *[_layer(LayerShape.conv(8, 8, 6), name="b")] * 1)
    network = FoldedNetwork((3, 6, 6), (*layers, _layer(DENSE, name="classifier")))
    with pytest.raises(SearchError) as refused:
        replace(network, residuals=(residual,))
    source, target = residual
    assert refused.value.what == f"layer {source} cannot be added to layer {target}"
