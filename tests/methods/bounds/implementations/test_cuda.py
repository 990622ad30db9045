from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from gpu_stand_ins import TorchModule
from single_layers import LAYERS

from dlscope.core.errors import PluginError
from dlscope.graph.brick_model import brick_feeds
from dlscope.methods.bounds.implementation import CHANNELS_LAST, PLAIN
from dlscope.methods.bounds.implementations.cuda import CudaSettings, TorchOnGpu
from dlscope.methods.bounds.implementations.reference import Reference

PLACE = "dlscope.methods.bounds.implementations.cuda"


@pytest.fixture
def module(monkeypatch) -> TorchModule:
    module = TorchModule()
    monkeypatch.setitem(sys.modules, "torch", module)
    return module


@pytest.fixture
def gpu(module) -> TorchOnGpu:
    return TorchOnGpu("torch_cuda")


def test_says_that_pytorch_is_not_installed(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(PluginError) as caught:
        TorchOnGpu("cublaslt")
    assert str(caught.value) == (
        "PluginError: implementation 'cublaslt' needs 'torch', which is not installed\n"
        f"  where  {PLACE}\n"
        "  fix    pip install 'dlscope[torch]'"
    )


def test_says_that_there_is_no_gpu(module) -> None:
    module.has_gpu = False
    with pytest.raises(PluginError) as caught:
        TorchOnGpu("cublaslt")
    assert str(caught.value) == (
        f"PluginError: implementation 'cublaslt' needs a GPU, and PyTorch {torch.__version__} "
        "finds none\n"
        f"  where  {PLACE}\n"
        "  fix    measure where there is one, with a build of PyTorch for CUDA"
    )


def test_tells_what_the_device_is(gpu) -> None:
    assert (gpu.capability(), gpu.l2_bytes(), gpu.stream()) == ((8, 6), 6_000_000, 5)
    assert gpu.version() == torch.__version__


def test_numbers_become_the_type_that_is_asked_for_and_indices_do_not(gpu) -> None:
    image = np.ones((1, 2, 3, 4), np.float32)
    assert gpu.tensor(image, "bfloat16", PLAIN).dtype == torch.bfloat16
    assert gpu.tensor(np.arange(3), "float16", PLAIN).dtype == torch.int64
    assert gpu.array(gpu.tensor(image, "bfloat16", PLAIN)).dtype == np.float32
    assert gpu.array(gpu.tensor(image, "float16", PLAIN)).dtype == np.float16


def test_only_images_have_their_channels_last(gpu) -> None:
    image, matrix = np.zeros((1, 2, 3, 4), np.float32), np.zeros((3, 4), np.float32)
    assert gpu.tensor(image, "float32", CHANNELS_LAST).stride() == (24, 1, 8, 2)
    assert gpu.tensor(image, "float32", PLAIN).stride() == (24, 12, 4, 1)
    assert gpu.tensor(matrix, "float32", CHANNELS_LAST).stride() == (4, 1)
    assert gpu.empty((1, 2, 3, 4), "float16", CHANNELS_LAST).stride() == (24, 1, 8, 2)
    assert gpu.empty((5,), "uint8", PLAIN).nbytes == 5


def test_what_is_fed_may_be_read_only(gpu) -> None:
    array = np.zeros(3, np.float32)
    array.flags.writeable = False
    gpu.fill(gpu.tensor(array, "float32", PLAIN))
    assert array.tolist() == [0, 0, 0]


def test_settings_are_set_once_until_others_are_asked_for(gpu, module) -> None:
    for settings in (
        CudaSettings(tensor_float_32=True, library="cublaslt"),
        CudaSettings(tensor_float_32=True, library="cublaslt"),
        CudaSettings(exhaustive=True),
    ):
        gpu.apply(settings)
    assert module.libraries == ["cublaslt", "cublas"]
    assert module.backends.cudnn.benchmark is True
    assert module.backends.cudnn.allow_tf32 is False
    assert module.backends.cuda.matmul.allow_tf32 is False


def test_products_are_those_of_numpy(gpu) -> None:
    generator = np.random.default_rng(0)
    a, b, bias = (generator.standard_normal(shape) for shape in ((3, 4), (4, 5), (5,)))
    given = [gpu.tensor(each, "float64", PLAIN) for each in (a, b, bias)]
    np.testing.assert_allclose(gpu.multiplied(*given, 0.5, 2.0), 0.5 * a @ b + 2 * bias)
    np.testing.assert_allclose(gpu.multiplied(*given[:2], None, 0.5, 1.0), 0.5 * a @ b)
    vector = gpu.vector_multiplied(given[0], given[1][:, 0])
    np.testing.assert_allclose(vector, a @ b[:, 0])


@pytest.mark.parametrize("layout", [PLAIN, CHANNELS_LAST])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_a_translated_brick_computes_the_same_in_every_type_and_layout(gpu, dtype, layout) -> None:
    brick = LAYERS["dense"]
    feeds = brick_feeds(brick).values()
    given = [gpu.tensor(each, dtype, layout) for each in feeds]
    (found,) = gpu.translated(brick, dtype, layout)(*given)
    assert found.dtype == getattr(torch, dtype)
    assert found.stride()[1] == (1 if layout == CHANNELS_LAST else 64)
    (expected,) = Reference(brick).outputs
    assert np.abs(gpu.array(found) - expected).max() <= 2e-2 * np.abs(expected).max()


def test_marks_tell_whole_nanoseconds(gpu) -> None:
    first, second = gpu.mark(), gpu.mark()
    assert gpu.between_ns(first, second) == 1_500_000


def test_holding_lasts_long_enough_at_any_clock(gpu, module) -> None:
    gpu.hold(1000)
    gpu.synchronize()
    assert module.slept == [3000]
    assert module.waited == 1


def test_a_copy_is_other_memory(gpu) -> None:
    tensor = gpu.tensor(np.ones(2, np.float32), "float32", PLAIN)
    copy = gpu.copied(tensor)
    gpu.fill(tensor)
    assert copy.tolist() == [1, 1]
