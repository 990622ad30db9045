from __future__ import annotations

import pytest
from single_layers import IMAGE, LAYERS, layer, zeros

from dlscope.methods.bounds.implementation import Configuration, Unsupported
from dlscope.methods.bounds.implementations import torch_module
from dlscope.methods.bounds.implementations.onednn_blocked import OneDnnBlocked
from dlscope.methods.bounds.implementations.reference import Reference

OWN = Configuration(layout="onednn")


@pytest.mark.parametrize(
    "kind",
    ["dense", "depthwise", "pointwise", "first", "relu", "add", "global pool", "batch norm"],
)
def test_on_tensors_of_its_own_onednn_is_right(kind) -> None:
    assert OneDnnBlocked().configurations(LAYERS[kind])[0] == OWN
    runnable = OneDnnBlocked().build(LAYERS[kind], OWN)
    assert all(each.is_mkldnn for each in runnable._inputs)
    assert Reference(LAYERS[kind]).checked(runnable) < 1e-5
    assert all(each.is_mkldnn for each in runnable._results)


def test_scales_that_would_be_misread_are_not_handed_over(monkeypatch) -> None:
    monkeypatch.setattr(torch_module, "missing_instructions", lambda _: None)
    ways = OneDnnBlocked().configurations(LAYERS["batch norm"])
    assert ways == [
        OWN,
        Unsupported(
            "PyTorch hands bfloat16 scales to oneDNN as if they were float32",
            Configuration(dtype="bfloat16", layout="onednn"),
        ),
    ]


@pytest.mark.parametrize(
    ("brick", "reason"),
    [
        (LAYERS["concat"], "PyTorch does not hand Concat to oneDNN"),
        (
            layer("Relu", [zeros(3, 4)]),
            "only float32 tensors of four axes get a layout of oneDNN's",
        ),
        (
            LAYERS["add of weights"],
            "an operand is a constant, which is not put into a layout of oneDNN's",
        ),
        (layer("Add", [IMAGE, zeros(1, 32, 1, 1)]), "the operands have several shapes"),
    ],
)
def test_says_what_gets_no_layout_of_its_own(brick, reason) -> None:
    assert OneDnnBlocked().configurations(brick) == [Unsupported(reason, OWN)]
