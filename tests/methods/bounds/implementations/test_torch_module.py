from __future__ import annotations

import numpy as np
import pytest
import torch
from single_layers import LAYERS, RESIDUAL, layer, zeros

from dlscope.graph.brick_model import brick_feeds
from dlscope.methods.bounds.implementation import Configuration, Unsupported
from dlscope.methods.bounds.implementations import torch_module
from dlscope.methods.bounds.implementations.torch_module import (
    TorchRunnable,
    family_of,
    has_image,
    laid_out,
    memory_format,
    module_of,
    tensors_of,
    torch_ways,
)


@pytest.fixture
def any_processor(monkeypatch):
    monkeypatch.setattr(torch_module, "missing_instructions", lambda _: None)


@pytest.mark.usefixtures("any_processor")
def test_float32_is_computed_in_bfloat16_as_well() -> None:
    ways = torch_ways(LAYERS["dense"], "plain")
    assert ways == [Configuration(), Configuration(dtype="bfloat16")]
    doubles = layer("Add", [zeros(3, dtype="float64")] * 2)
    assert torch_ways(doubles, "plain") == [Configuration(dtype="float64")]


@pytest.mark.usefixtures("any_processor")
def test_says_what_has_no_rule() -> None:
    reason = "no PyTorch rule for LSTM"
    ways = torch_ways(LAYERS["lstm"], "plain")
    assert ways == [
        Unsupported(reason),
        Unsupported(reason, Configuration(dtype="bfloat16")),
    ]


def test_bfloat16_takes_the_place_of_float32_alone() -> None:
    gathered = layer("Gather", [zeros(4, 2), zeros(3, dtype="int64")])
    assert [each.dtype for each in tensors_of(gathered, "bfloat16", "plain")] == [
        torch.bfloat16,
        torch.int64,
    ]
    assert {each.dtype for each in module_of(LAYERS["gemm"], "bfloat16").buffers()} == {
        torch.bfloat16
    }


def test_only_images_have_their_channels_last() -> None:
    image, rows = torch.zeros(1, 4, 3, 3), torch.zeros(3, 4)
    assert memory_format(image, "channels_last") is torch.channels_last
    assert memory_format(image, "plain") is torch.contiguous_format
    assert memory_format(rows, "channels_last") is torch.contiguous_format
    (tensor,) = tensors_of(LAYERS["relu"], "float32", "channels_last")
    assert tensor.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_array_equal(tensor.numpy(), brick_feeds(LAYERS["relu"])["v0"])


def test_a_view_that_lies_otherwise_is_copied_and_a_result_that_fits_is_not() -> None:
    image = torch.randn(1, 4, 3, 5)

    def turned(x):
        return (x.permute(0, 3, 1, 2),)

    def doubled(x):
        return (x * 2,)

    (found,) = laid_out(turned, [image], "plain")(image)
    assert found.is_contiguous()
    assert torch.equal(found, image.permute(0, 3, 1, 2))
    assert laid_out(doubled, [image], "plain") is doubled


def test_no_gradients_are_kept_and_threads_are_set() -> None:
    before = torch.get_num_threads()
    try:
        weights = torch.ones(2, requires_grad=True)
        runnable = TorchRunnable(lambda x: (x * weights,), [torch.ones(2)], 1, "aten")
        runnable.run()
        assert torch.get_num_threads() == 1
        assert not runnable._results[0].requires_grad
        assert runnable.outputs()[0].tolist() == [1, 1]
    finally:
        torch.set_num_threads(before)


def test_the_family_is_whose_code_the_heaviest_operator_runs() -> None:
    assert family_of(RESIDUAL, "float32") == "onednn"
    assert family_of(LAYERS["gemm"], "bfloat16") == "onednn"
    assert family_of(LAYERS["gemm"], "float32") in ("mkl", "onednn")
    assert family_of(LAYERS["relu"], "float32") == "aten"


def test_an_image_is_a_tensor_of_four_axes_at_an_edge() -> None:
    assert has_image(LAYERS["dense"])
    assert not has_image(LAYERS["gemm"])
