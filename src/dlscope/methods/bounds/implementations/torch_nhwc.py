"""PyTorch on the CPU, channels last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import torch

from dlscope.graph.brick import Brick
from dlscope.methods.bounds.implementation import (
    CHANNELS_LAST,
    Configuration,
    Implementation,
    Runnable,
    Unsupported,
)
from dlscope.methods.bounds.implementations.torch_eager import eager
from dlscope.methods.bounds.implementations.torch_module import has_image, torch_ways


@final
class TorchNhwc(Implementation):
    """Every operator as PyTorch has it, images and their weights with the channels last."""

    name = "torch_nhwc"
    family = "aten"

    @classmethod
    def version(cls) -> str:
        """Version of PyTorch with its build."""
        return str(torch.__version__)

    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        """In the type that the brick declares, and in bfloat16."""
        if not has_image(brick):
            reason = "no tensor of four axes goes in or comes out"
            return [Unsupported(reason, Configuration(layout=CHANNELS_LAST))]
        return torch_ways(brick, CHANNELS_LAST)

    def _build(self, brick: Brick, configuration: Configuration, threads: int) -> Runnable:
        return eager(brick, configuration, threads)
