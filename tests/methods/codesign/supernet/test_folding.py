from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import torch

from dlscope.methods.codesign.float_model import to_onnx
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.supernet.folding import folded
from dlscope.methods.codesign.supernet.network import DesignNetwork


def calibrated(space, design: Design) -> DesignNetwork:
    torch.manual_seed(0)
    network = DesignNetwork(space, design)
    network(torch.rand(2, *space.input))
    return network.eval()


def test_a_folded_network_runs_elsewhere_and_gives_the_same(digits, tmp_path) -> None:
    network = calibrated(digits, Design.of(digits, (1, 4, 0, 6, 4), (1,) * 5))
    path = tmp_path / "network.onnx"
    onnx.save(to_onnx(folded(network)), path)
    images = torch.rand(3, 1, 28, 28)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (logits,) = session.run(None, {"input": images.numpy()})
    with torch.no_grad():
        expected = network(images).numpy()
    assert np.abs(logits - expected).max() < 1e-4 * np.abs(expected).max()


def test_the_network_itself_is_not_folded(digits) -> None:
    network = calibrated(digits, Design.of(digits, (0,) * 5, (1,) * 5))
    folded(network)
    assert not network.is_folded


def test_steps_of_inputs_are_powers_of_two(grey) -> None:
    found = folded(calibrated(grey, Design.of(grey, (0, 1, 4, 4), (0, 1, 2, 1))))
    steps = [layer.activation_scale for layer in found.layers]
    assert all(step is not None and np.log2(step) == round(np.log2(step)) for step in steps)


def test_without_rounding_there_are_no_steps(digits) -> None:
    found = folded(calibrated(digits, Design.of(digits, (0,) * 5, (1,) * 5)))
    assert {layer.activation_scale for layer in found.layers} == {None}
