from __future__ import annotations

from single_layers import LAYERS

from dlscope.methods.bounds.implementation import Configuration, Unsupported
from dlscope.methods.bounds.implementations.reference import Reference
from dlscope.methods.bounds.implementations.torch_nhwc import TorchNhwc


def test_images_are_computed_in_this_layout() -> None:
    way = TorchNhwc().configurations(LAYERS["dense"])[0]
    assert way == Configuration(layout="channels_last")
    assert Reference(LAYERS["dense"]).checked(TorchNhwc().build(LAYERS["dense"], way)) < 1e-5


def test_what_has_no_image_has_no_such_layout() -> None:
    (way,) = TorchNhwc().configurations(LAYERS["gemm"])
    assert way == Unsupported(
        "no tensor of four axes goes in or comes out", Configuration(layout="channels_last")
    )
