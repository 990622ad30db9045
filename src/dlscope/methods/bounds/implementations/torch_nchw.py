"""PyTorch on the CPU, activations as ONNX lists them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import torch

from dlscope.graph.brick import Brick
from dlscope.methods.bounds.implementation import (
    PLAIN,
    Configuration,
    Implementation,
    Runnable,
    Unsupported,
)
from dlscope.methods.bounds.implementations.torch_eager import eager
from dlscope.methods.bounds.implementations.torch_module import torch_ways


@final
class TorchNchw(Implementation):
    """Every operator as PyTorch has it, in the plain layout."""

    name = "torch_nchw"
    family = "aten"

    @classmethod
    def version(cls) -> str:
        """Version of PyTorch with its build."""
        return str(torch.__version__)

    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        """In the type that the brick declares, and in bfloat16."""
        return torch_ways(brick, PLAIN)

    def _build(self, brick: Brick, configuration: Configuration, threads: int) -> Runnable:
        return eager(brick, configuration, threads)
