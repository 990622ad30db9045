from __future__ import annotations

import pytest
from costed_networks import network, networks
from hypothesis import given

from dlscope.methods.bounds.costed import Cost, CostedLayer, view
from dlscope.methods.bounds.single_source import SingleSource, single_source, single_source_share


def test_the_share_of_the_bound_that_one_implementation_vouches_for() -> None:
    both = [Cost(6, "ort"), Cost(7, "torch")]
    costed = network([both, [Cost(3, "ort")], [Cost(1, "torch")]])
    assert single_source(costed) == (
        SingleSource("B", 0.3, 3, (1,), ("ort",)),
        SingleSource("C", 0.1, 1, (2,), ("torch",)),
    )
    assert single_source_share(costed) == pytest.approx(0.4)


def test_implementations_of_one_family_are_one_source() -> None:
    related = [
        Cost(4, "torch_nhwc", family="onednn"),
        Cost(5, "onednn_blocked", family="onednn"),
        Cost(6, "onednn_blocked", "winograd", family="onednn"),
    ]
    (row,) = single_source(network([related]))
    assert (row.share, row.sources) == (1.0, ("onednn",))


def test_layers_of_one_operator_are_one_row() -> None:
    lrn = tuple(
        CostedLayer(index, f"lrn{index}", "LRN", (Cost(2, name),))
        for index, name in enumerate(("torch", "ort"))
    )
    network_of = type(network([]))
    (row,) = single_source(network_of("net", lrn, {}))
    assert row == SingleSource("LRN", 1.0, 4, (0, 1), ("ort", "torch"))


def test_views_and_empty_networks_rest_on_nobody() -> None:
    assert single_source(network([[view()], [Cost(0, "ort")]])) == ()
    assert single_source_share(network([])) == 0


@given(networks())
def test_a_share_is_a_share(costed) -> None:
    assert 0 <= single_source_share(costed) <= 1 + 1e-9
