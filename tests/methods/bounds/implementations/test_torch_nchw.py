from __future__ import annotations

from single_layers import LAYERS

from dlscope.methods.bounds.implementation import Configuration
from dlscope.methods.bounds.implementations.reference import Reference
from dlscope.methods.bounds.implementations.torch_nchw import TorchNchw


def test_images_are_computed_in_this_layout() -> None:
    way = TorchNchw().configurations(LAYERS["dense"])[0]
    assert way == Configuration(layout="plain")
    assert Reference(LAYERS["dense"]).checked(TorchNchw().build(LAYERS["dense"], way)) < 1e-5
