"""A brick as a PyTorch module on tensors that lie as they should, ready to be timed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx

from dlscope.backends.onnx_to_torch.translate import RULES, translate
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_feeds, brick_model
from dlscope.methods.bounds.implementation import (
    CHANNELS_LAST,
    Configuration,
    Runnable,
    Unsupported,
    declared_dtype,
)
from dlscope.methods.bounds.implementations.cpu_features import missing_instructions

Function = Callable[..., Sequence[Tensor]]

IMAGE_AXES = 4
_BY_ONEDNN = frozenset({"Conv", "ConvTranspose"})
_BY_BLAS = frozenset({"Gemm", "MatMul"})


@final
class TorchRunnable(Runnable):
    """A function of tensors, without gradients; the number of threads is PyTorch's, for all."""

    def __init__(
        self, function: Function, inputs: Sequence[Tensor], threads: int, family: str
    ) -> None:
        torch.set_num_threads(threads)
        self._function, self._inputs = function, tuple(inputs)
        self.notes = {"family": family}
        self._results: Sequence[Tensor] = ()

    def run(self) -> None:
        """One call."""
        with torch.inference_mode():
            self._results = self._function(*self._inputs)

    def outputs(self) -> Sequence[NDArray[Any]]:
        """The results; what NumPy lacks as float32."""
        return [_array(each) for each in self._results]


def torch_ways(brick: Brick, layout: str) -> Sequence[Configuration | Unsupported]:
    """The types in which PyTorch computes a brick in `layout`, and those in which it does not."""
    declared = declared_dtype(brick)
    dtypes = (declared, "bfloat16") if declared == "float32" else (declared,)
    wanted = [Configuration(dtype=dtype, layout=layout) for dtype in dtypes]
    reason = _missing(brick)
    return [_way(each, reason or missing_instructions(each.dtype)) for each in wanted]


def has_image(brick: Brick) -> bool:
    """Whether a tensor that goes in or comes out has four axes."""
    places = (*brick.inputs, *brick.outputs)
    return any(len(brick.tensors[place].shape) == IMAGE_AXES for place in places)


def module_of(brick: Brick, dtype: str) -> fx.GraphModule:
    """The brick translated, its weights in `dtype` where they are float32."""
    module = translate(brick_model(brick), Path(f"brick {brick.id}"))
    return module.to(torch.bfloat16) if dtype == "bfloat16" else module


def tensors_of(brick: Brick, dtype: str, layout: str) -> list[Tensor]:
    """The inputs of a brick, those in float32 as `dtype`."""
    tensors = [torch.from_numpy(np.array(each)) for each in brick_feeds(brick).values()]
    if dtype == "bfloat16":
        tensors = [each.bfloat16() if each.dtype == torch.float32 else each for each in tensors]
    return [each.contiguous(memory_format=memory_format(each, layout)) for each in tensors]


def laid_out(function: Function, inputs: Sequence[Tensor], layout: str) -> Function:
    """`function`, whose results lie as `layout` says: a view that does not is copied.

    A permuted or cut view costs nothing here and everything where it is read.
    """
    with torch.inference_mode():
        results = function(*inputs)
    formats = [memory_format(each, layout) for each in results]
    pairs = zip(results, formats, strict=True)
    if all(each.is_contiguous(memory_format=wanted) for each, wanted in pairs):
        return function

    def copied(*tensors: Tensor) -> Sequence[Tensor]:
        pairs = zip(function(*tensors), formats, strict=True)
        return [each.contiguous(memory_format=wanted) for each, wanted in pairs]

    return copied


def memory_format(tensor: Tensor, layout: str) -> torch.memory_format:
    """PyTorch's word for how `tensor` lies in `layout`: only images have their channels last."""
    is_image = layout == CHANNELS_LAST and tensor.ndim == IMAGE_AXES
    return torch.channels_last if is_image else torch.contiguous_format


def family_of(brick: Brick, dtype: str) -> str:
    """Whose code PyTorch runs for a brick: that of its heaviest kind of operator."""
    operators = {layer.op_type for layer in brick.layers}
    if operators & _BY_ONEDNN:
        return "onednn"
    if operators & _BY_BLAS:
        return "mkl" if dtype == "float32" and torch.backends.mkl.is_available() else "onednn"
    return "aten"


def _missing(brick: Brick) -> str | None:
    unknown = sorted({each.operator for each in brick.layers if each.domain or not _has_rule(each)})
    return f"no PyTorch rule for {', '.join(unknown)}" if unknown else None


def _has_rule(layer: Any) -> bool:
    return layer.op_type in RULES


def _way(wanted: Configuration, reason: str | None) -> Configuration | Unsupported:
    return wanted if reason is None else Unsupported(reason, wanted)


def _array(tensor: Tensor) -> NDArray[Any]:
    dense = tensor.to_dense() if tensor.is_mkldnn else tensor
    return np.asarray((dense.float() if dense.dtype == torch.bfloat16 else dense).numpy())
