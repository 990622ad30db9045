from __future__ import annotations

import pytest

from dlscope.core.manifest import SpaceManifest
from dlscope.methods.codesign.network_plan import NetworkPlan
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space

OPERATIONS = [
    {"type": "mbconv", "k": 3, "e": 4},
    {"type": "mbconv", "k": 3, "e": 1},
    {"type": "separable", "k": 3},
    {"type": "conv", "k": 1},
    {"type": "skip"},
]


@pytest.fixture
def space() -> Space:
    return Space(
        SpaceManifest(
            schema_version=1,
            name="one",
            input=(1, 8, 8),
            classes=3,
            stem={"c_out": 4},
            head={"c_out": 8},
            blocks=[{"name": "b", "c_out": 4, "stride": 1, "ops": OPERATIONS}],
            quant=[4, 8],
            quant_scope="block",
            pf={"min": 0, "max": 3, "scope": "op"},
        )
    )


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (0, {"b.expand": "relu6", "b.depthwise": "relu6", "b.project": None}),
        (1, {"b.depthwise": "relu6", "b.project": None}),
        (2, {"b.depthwise": "relu6", "b.pointwise": "relu6"}),
        (3, {"b.conv": "relu6"}),
        (4, {}),
    ],
)
def test_names_and_activations_of_each_operation(space, operation, expected) -> None:
    plan = NetworkPlan.of(space, Design.of(space, (operation,), (0,)))
    assert {layer.name: layer.activation for layer in plan.layers} == {
        "stem": "relu6",
        **expected,
        "head": "relu6",
        "classifier": None,
    }


def test_an_inverted_residual_of_one_shape_adds_its_input(space) -> None:
    assert NetworkPlan.of(space, Design.of(space, (0,), (0,))).residuals == ((0, 3),)
    assert NetworkPlan.of(space, Design.of(space, (2,), (0,))).residuals == ()


def test_a_block_has_its_bits_and_the_ends_have_the_widest(space) -> None:
    layers = NetworkPlan.of(space, Design.of(space, (3,), (0,))).layers
    assert [layer.precision.weight_bits for layer in layers] == [8, 4, 8, 8]
