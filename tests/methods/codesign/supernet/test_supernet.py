from __future__ import annotations

import numpy as np
import pytest
import torch

from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.supernet.layer import TrainedLayer
from dlscope.methods.codesign.supernet.supernet import Supernet, one_hot


@pytest.fixture
def supernet(grey) -> Supernet:
    torch.manual_seed(0)
    return Supernet(grey)


def test_has_the_weights_of_every_operation_of_the_space_once(grey, supernet) -> None:
    shapes = [
        *grey.stem_layers,
        *(
            layer
            for block in grey.blocks
            for m in range(len(block.operations))
            for layer in block.layers(m)
        ),
        *grey.head_layers,
    ]
    weights = sum(
        parameter.numel()
        for name, parameter in supernet.named_parameters()
        if name.endswith("weight")
    )
    assert weights == sum(shape.weights for shape in shapes)


def test_every_layer_gives_the_map_of_its_shape(grey, supernet, images_nchw) -> None:
    seen = []

    def note(layer: TrainedLayer, _read: object, given: torch.Tensor) -> None:
        shape = layer.plan.shape
        height, width = given.shape[2:] if given.dim() == 4 else (1, 1)
        assert (given.shape[1], height, width) == (shape.channels_out, *shape.map_out)
        seen.append(height * width * layer.weight[0].numel() * given.shape[1])

    for module in supernet.modules():
        if isinstance(module, TrainedLayer):
            module.register_forward_hook(note)
    for seed in range(3):
        design = Design.random(grey, np.random.default_rng(seed))
        seen.clear()
        supernet(images_nchw, *one_hot(grey, design))
        assert sum(seen) == sum(layer.macs for layer, _ in design.layers(grey))


def test_a_mixture_lies_between_its_operations(grey, supernet, images_nchw) -> None:
    designs = [Design.of(grey, (0, 0, 0, m), (1, 1, 1, 1)) for m in (0, 1)]
    weights = [one_hot(grey, design) for design in designs]
    mean = [sum(pair) / 2 for pair in zip(*weights, strict=True)]
    supernet(images_nchw, *mean)
    apart = [supernet.blocks[3][m] for m in (0, 1)]
    values = torch.rand(4, 16, 7, 7)
    halves = [path(values, grey.precisions[1]) for path in apart]
    from dlscope.methods.codesign.supernet.mixed import mixed

    given = mixed([lambda: halves[0], lambda: halves[1]], torch.tensor([0.5, 0.5]))
    assert torch.allclose(given, (halves[0] + halves[1]) / 2)


def test_weights_of_operations_and_bits_get_gradients(grey, supernet, images_nchw) -> None:
    operations, precisions = one_hot(grey, Design.random(grey, np.random.default_rng(0)))
    operations, precisions = operations + 0.1, precisions + 0.1
    operations.requires_grad_()
    precisions.requires_grad_()
    supernet(images_nchw, operations, precisions).square().sum().backward()
    assert operations.grad is not None and precisions.grad is not None
    assert operations.grad.abs().sum() > 0
    assert precisions.grad[0].abs().sum() > 0


def test_bits_change_the_result_of_the_same_weights(grey, supernet, images_nchw) -> None:
    few, many = (Design.of(grey, (0, 0, 0, 0), (q,) * 4) for q in (0, 2))
    logits = [supernet(images_nchw, *one_hot(grey, design)) for design in (few, many)]
    assert not torch.allclose(*logits)


def test_stem_and_head_have_the_bits_of_the_whole_network(digits) -> None:
    torch.manual_seed(0)
    supernet, images = Supernet(digits), torch.rand(2, 1, 28, 28)
    design = Design.of(digits, (0, 0, 0, 0, 0), (1,) * 5)
    supernet(images, *one_hot(digits, design))
    assert not supernet.stem.range.largest  # 32 bits: nothing is rounded
    supernet(images, *one_hot(digits, Design.of(digits, (0, 0, 0, 0, 0), (0,) * 5)))
    assert supernet.stem.range.largest
