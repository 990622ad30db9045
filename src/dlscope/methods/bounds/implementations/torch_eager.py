"""`eager`: PyTorch's own operators, one after another, in a layout."""

from __future__ import annotations

import torch

from dlscope.graph.brick import Brick
from dlscope.methods.bounds.implementation import CHANNELS_LAST, Configuration, Runnable
from dlscope.methods.bounds.implementations.refusals import refusals
from dlscope.methods.bounds.implementations.torch_module import (
    TorchRunnable,
    family_of,
    laid_out,
    module_of,
    tensors_of,
)


def eager(brick: Brick, configuration: Configuration, threads: int) -> Runnable:
    """The brick in the type and the layout of `configuration`, ready to be timed.

    Raises `BackendError` where PyTorch cannot compute it so.
    """
    dtype, layout = configuration.dtype, configuration.layout
    with refusals("PyTorch", brick):
        module = module_of(brick, dtype)
        if layout == CHANNELS_LAST:
            module.to(memory_format=torch.channels_last)
        inputs = tensors_of(brick, dtype, layout)
        # Called by itself, a module from a graph prints what fails to standard error.
        function = laid_out(module.forward, inputs, layout)
        return TorchRunnable(function, inputs, threads, family_of(brick, dtype))
