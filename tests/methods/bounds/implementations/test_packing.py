from __future__ import annotations

import torch
from single_layers import LAYERS, RESIDUAL, layer, zeros

from dlscope.methods.bounds.implementations.packing import (
    Convolution,
    Dense,
    attach,
    may_be_packed,
    products,
    shape_of,
)
from dlscope.methods.bounds.implementations.torch_module import module_of, tensors_of


def found_in(brick):
    module = module_of(brick, "float32")
    return module, products(module, tensors_of(brick, "float32", "plain"))


def test_a_convolution_is_found_with_its_window_and_the_shape_it_is_given() -> None:
    _, (product,) = found_in(LAYERS["depthwise"])
    assert isinstance(product, Convolution)
    assert product.shape == (1, 32, 8, 8)
    assert product.window == ([1, 1], [1, 1], [1, 1], 32)
    assert product.packed().is_mkldnn


def test_uneven_pads_are_a_layer_of_their_own_in_front() -> None:
    _, (product,) = found_in(LAYERS["strided"])
    assert isinstance(product, Convolution)
    assert product.shape == (1, 32, 9, 9)
    assert product.window == ([0, 0], [2, 2], [1, 1], 1)


def test_dense_products_are_found_with_their_rows() -> None:
    found = [found_in(LAYERS[kind])[1] for kind in ("gemm", "matmul by weights")]
    assert [(type(each), each.rows, tuple(each.weight.shape)) for (each,) in found] == [
        (Dense, 4, (32, 64)),
        (Dense, 16, (32, 64)),
    ]


def test_products_of_two_inputs_and_transposed_ones_are_not() -> None:
    assert found_in(LAYERS["batched matmul"])[1] == ()
    assert found_in(LAYERS["transposed"])[1] == ()
    assert found_in(layer("MatMul", [zeros(2, 3)], [zeros(5, 3, 4)]))[1] == ()


def test_only_bricks_with_weights_are_worth_a_look() -> None:
    assert may_be_packed(RESIDUAL)
    assert may_be_packed(LAYERS["matmul by weights"])
    assert not may_be_packed(LAYERS["batched matmul"])
    assert not may_be_packed(LAYERS["relu"])


def test_a_packed_tensor_is_at_hand_in_the_graph() -> None:
    module, (product,) = found_in(LAYERS["gemm"])
    node = attach(module, product.node, torch.full((4, 32), 7.0))
    product.node.replace_all_uses_with(node)
    module.recompile()
    (given,) = module.forward(torch.zeros(4, 64))
    assert torch.equal(given, torch.full((4, 32), 7.0))
    assert shape_of(product.node) == (4, 32)
