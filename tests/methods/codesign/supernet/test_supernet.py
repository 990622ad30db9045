from __future__ import annotations

import math

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


def test_has_weights_of_the_largest_operation_of_each_type(grey, supernet) -> None:
    largest = 0
    for block in grey.blocks:
        of_type: dict[tuple[str, int], list[tuple[int, ...]]] = {}
        for m, operation in enumerate(block.operations):
            layers = block.layers(m)
            for place, shape in enumerate(layers):
                size = (shape.channels_out, shape.channels_in // shape.groups, *shape.kernel)
                of_type.setdefault((operation.type, place - len(layers)), []).append(size)
        largest += sum(math.prod(map(max, *sizes, sizes[0])) for sizes in of_type.values())
    ends = sum(shape.weights for shape in (*grey.stem_layers, *grey.head_layers))
    weights = [each for name, each in supernet.named_parameters() if name.endswith("weight")]
    assert sum(each.numel() for each in weights) == largest + ends


def test_operations_of_one_type_are_trained_together(grey, supernet, images_nchw) -> None:
    one, other = (Design.of(grey, (m, 0, 0, 0), (2,) * 4) for m in (0, 1))
    supernet(images_nchw, *one_hot(grey, one)).square().sum().backward()
    shared = [layer.weight for layer in supernet.blocks[0][other.operations[0]].layers]
    assert all(each.untyped_storage().data_ptr() for each in shared)
    trained = supernet.blocks[0][0].layers[0].weight, shared[0]
    assert trained[0].untyped_storage().data_ptr() == trained[1].untyped_storage().data_ptr()


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
