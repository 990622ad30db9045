from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlscope.core.errors import GraphError  # noqa: E402 - after the check for torch
from dlscope.zoo.skynet.folding import fold_bn  # noqa: E402
from dlscope.zoo.skynet.layout import Layout  # noqa: E402
from dlscope.zoo.skynet.network import build, state_of  # noqa: E402


@pytest.mark.parametrize("variant", ["A", "B", "C"])
def test_holds_as_many_numbers_as_the_layout_says(variant):
    flat = fold_bn(state_of(build(variant))).flat
    assert flat.size == Layout(variant).fused
    assert flat.dtype == np.float32


def test_follows_the_equation():
    network = build("A", width_mult=0.25)
    norm = network.bundles[1].depthwise_norm
    with torch.no_grad():
        norm.weight[2], norm.bias[2], norm.running_mean[2], norm.running_var[2] = 3, 1, 2, 4
    bundle = fold_bn(state_of(network)).bundles[1]
    factor = 3 / np.sqrt(4 + 1e-5)
    weight = network.bundles[1].depthwise.weight.detach().numpy()[2]
    np.testing.assert_allclose(bundle.depthwise[2], weight * factor, rtol=1e-6)
    assert bundle.depthwise_bias[2] == pytest.approx(1 - 2 * factor)


def test_a_trunk_has_no_head():
    assert fold_bn(state_of(build(trunk=True, width_mult=0.25))).head is None


def test_names_the_first_layer_that_is_no_number():
    state = state_of(build("A", width_mult=0.25))
    state["bundles.1.pointwise.weight"] = np.array([1, np.nan, np.inf, 2], np.float32)
    with pytest.raises(GraphError) as refused:
        fold_bn(state)
    assert str(refused.value) == (
        "GraphError: 2 of 4 numbers of 'bundles.1.pointwise.weight' are NaN or infinite\n"
        "  where  SkyNet, layer bundles.1.pointwise\n"
        "  fix    load weights of a training that went well"
    )


def test_names_what_is_missing():
    state = state_of(build("A", width_mult=0.25))
    del state["bundles.4.pointwise_norm.running_var"]
    with pytest.raises(GraphError, match=r"no array 'bundles\.4\.pointwise_norm\.running_var'"):
        fold_bn(state)
