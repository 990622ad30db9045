from __future__ import annotations

import pytest

from dlscope.core.manifest.space import OperationSpec
from dlscope.methods.codesign.space.operation import Operation


def test_an_inverted_residual_has_the_work_that_its_formula_says() -> None:
    layers = Operation("mbconv", 5, 4).layers(16, 24, (32, 32), 2)
    middle = 64
    assert [layer.kind for layer in layers] == ["conv", "depthwise", "conv"]
    assert sum(layer.work for layer in layers) == (
        32 * 32 * 16 * middle + 16 * 16 * 25 * middle + 16 * 16 * middle * 24
    )


def test_nothing_is_expanded_by_one() -> None:
    layers = Operation("mbconv", 3, 1).layers(16, 24, (8, 8), 1)
    assert [layer.kind for layer in layers] == ["depthwise", "conv"]


@pytest.mark.parametrize(
    ("operation", "kinds"),
    [
        (Operation("conv", 3), ["conv"]),
        (Operation("separable", 5), ["depthwise", "conv"]),
        (Operation("bundle", 3), ["depthwise", "conv"]),
        (Operation("skip"), []),
    ],
)
def test_others_are_what_they_are_called(operation, kinds) -> None:
    layers = operation.layers(8, 8, (9, 7), 1)
    assert [layer.kind for layer in layers] == kinds
    assert all(layer.map_out == (9, 7) for layer in layers)


def test_only_an_inverted_residual_of_one_shape_adds_its_input() -> None:
    block = Operation.of(OperationSpec(type="mbconv", k=3, e=4))
    assert block.is_residual(8, 8, 1)
    assert not block.is_residual(8, 8, 2)
    assert not block.is_residual(8, 9, 1)
    assert not Operation("conv", 3).is_residual(8, 8, 1)
