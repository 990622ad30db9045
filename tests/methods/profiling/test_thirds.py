from __future__ import annotations

import pytest

from dlscope.core.trace import Level
from dlscope.methods.profiling.node import Node
from dlscope.methods.profiling.thirds import peak


def layers(*values: float | None) -> list[Node]:
    return [
        Node(Level.LAYER, place, "", "", None, {} if value is None else {"value": value})
        for place, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("values", "third", "percent"),
    [
        ((6, 1, 1, 1, 1, 0), "beginning", 70),
        ((1, 1, 4, 2, 1, 1), "middle", 60),
        ((1, 1, 1, 1, 1, 5), "end", 60),
        ((1, 1, 1), "beginning", 100 / 3),
        ((1, 1, None, None, 1, 7), "end", 80),
        # Of seven layers the first third is three long: ⌊3·2 / 7⌋ = 0.
        ((0, 0, 1, 0, 0, 0, 0), "beginning", 100),
    ],
)
def test_the_third_with_the_largest_share(values, third, percent) -> None:
    found = peak(layers(*values), lambda node: node.attributes.get("value"))
    assert found == (third, pytest.approx(percent))


@pytest.mark.parametrize("values", [(), (1, 2), (0, 0, 0), (None, None, None)])
def test_there_is_none_of_too_few_layers_or_of_nothing(values) -> None:
    assert peak(layers(*values), lambda node: node.attributes.get("value")) is None


def test_thirds_are_of_the_range_of_indices() -> None:
    """Layers 0 and 1 of nine are in the beginning, though they are half of those that are left."""
    kept = [node for node in layers(*range(1, 10)) if node.index in (0, 1, 7, 8)]
    assert peak(kept, lambda _: 1.0).third == "beginning"
    assert peak(kept, lambda node: float(node.index)).percent == 100 * 15 / 16
