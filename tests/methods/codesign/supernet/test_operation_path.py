from __future__ import annotations

import torch

from dlscope.devices.precision import Precision
from dlscope.methods.codesign.supernet.operation_path import OperationPath

WHOLE = Precision.of(32)


def test_nothing_to_do_hands_on_what_came_in() -> None:
    values = torch.rand(1, 2, 3, 3)
    assert OperationPath((), (), is_residual=False)(values, WHOLE) is values


def test_a_residual_adds_what_the_first_layer_reads(grey) -> None:
    from dlscope.methods.codesign.supernet.supernet import Supernet

    torch.manual_seed(0)
    path = Supernet(grey).blocks[2][0]
    with torch.no_grad():
        for layer in path.layers:
            layer.gain.zero_()  # so that nothing but the residual is left
    values = torch.rand(2, 16, 7, 7)
    assert torch.equal(path(values, WHOLE), values)
    rounded = path(values, Precision.of(4))
    assert torch.equal(rounded, path.layers[0].read(values, Precision.of(4)))
    assert not torch.equal(rounded, values)
