"""`MobileNetTrunk`: MobileNetV2 of width 1.4 at an eighth of the size, as SiamRPN++ uses it.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018; from stage 4 on the
size is kept and kernels look further apart instead. Layers with a stride have no padding.
"""

from __future__ import annotations

from typing import Any, final

import torch

_WIDTH, _STEM = 1.4, 32
_STAGES = (
    (1, 16, 1, 1, 1),
    (6, 24, 2, 2, 1),
    (6, 32, 3, 2, 1),
    (6, 64, 4, 1, 2),
    (6, 96, 3, 1, 2),
    (6, 160, 3, 1, 4),
    (6, 320, 1, 1, 4),
)
"""Expansion, channels at width 1, blocks, stride and dilation of each stage."""


@final
class MobileNetTrunk(torch.nn.Module):
    """The maps behind the stages `levels`, of 44, 134 and 448 channels; no later stage."""

    def __init__(self, levels: tuple[int, ...]) -> None:
        super().__init__()
        channels = int(_STEM * _WIDTH)
        self.stem = _convolution(3, channels, 3, stride=2)
        self.levels = levels
        self.stages = torch.nn.ModuleList()
        for expansion, narrow, blocks, stride, dilation in _STAGES[: max(levels)]:
            width = int(narrow * _WIDTH)
            stage = [_Inverted(channels, width, expansion, stride, dilation)]
            stage += [_Inverted(width, width, expansion, 1, dilation) for _ in range(blocks - 1)]
            self.stages.append(torch.nn.Sequential(*stage))
            channels = width
        self.channels = tuple(int(_STAGES[level - 1][1] * _WIDTH) for level in levels)

    def forward(self, images_bchw: Any) -> tuple[Any, ...]:
        """The map of each level, all of one size."""
        values, found = self.stem(images_bchw), []
        for number, stage in enumerate(self.stages, 1):
            values = stage(values)
            if number in self.levels:
                found.append(values)
        return tuple(found)


@final
class _Inverted(torch.nn.Module):
    def __init__(
        self, channels: int, width: int, expansion: int, stride: int, dilation: int
    ) -> None:
        super().__init__()
        wide = channels * expansion
        expand = [_convolution(channels, wide, 1)] if expansion > 1 else []
        self.layers = torch.nn.Sequential(
            *expand,
            _convolution(wide, wide, 3, stride=stride, dilation=dilation, groups=wide),
            torch.nn.Conv2d(wide, width, 1, bias=False),
            torch.nn.BatchNorm2d(width),
        )
        self.is_added = stride == 1 and channels == width

    def forward(self, values: Any) -> Any:
        return values + self.layers(values) if self.is_added else self.layers(values)


def _convolution(
    channels_in: int,
    channels_out: int,
    kernel: int,
    *,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
) -> Any:
    padding = 0 if kernel == 1 or stride > 1 else dilation
    return torch.nn.Sequential(
        torch.nn.Conv2d(
            channels_in,
            channels_out,
            kernel,
            stride,
            padding,
            dilation=dilation,
            groups=groups,
            bias=False,
        ),
        torch.nn.BatchNorm2d(channels_out),
        torch.nn.ReLU6(),
    )
