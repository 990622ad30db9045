from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from dlscope.zoo.skynet.folded_network import FoldedNetwork  # noqa: E402 - after the check
from dlscope.zoo.skynet.folding import fold_bn  # noqa: E402
from dlscope.zoo.skynet.network import build, state_of  # noqa: E402


@pytest.mark.parametrize(
    ("variant", "act", "trunk"),
    [("A", "relu6", False), ("B", "relu", False), ("C", "relu6", False), ("C", "relu6", True)],
)
def test_gives_what_the_network_gives(variant, act, trunk):
    torch.manual_seed(2)
    network = build(variant, act, 0.25, (32, 32), trunk=trunk)
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        network(images)
        expected = network.eval()(images)
        found = FoldedNetwork(fold_bn(state_of(network)), act)(images)
    assert float((found - expected).abs().max()) <= 1e-4


def test_a_step_is_taken_on_the_input_and_behind_every_activation():
    network = build("A", width_mult=0.25)
    seen = []

    def after(values):
        seen.append(values.shape[1])
        return values

    FoldedNetwork(fold_bn(state_of(network)))(torch.rand(1, 3, 16, 16), after=after)
    assert len(seen) == 1 + 2 * 5
    assert seen[0] == 3
