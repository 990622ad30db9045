"""`mobilenet_trunk`: MobileNetV2 of width 1.4 at an eighth of the size, as SiamRPN++ uses it.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018; from stage 4 on the
size is kept and kernels look further apart instead. Layers with a stride have no padding.
"""

from __future__ import annotations

from typing import Any, final

import torch

from dlscope.zoo.siamese.staged_trunk import StagedTrunk

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


def mobilenet_trunk(levels: tuple[int, ...], width: float = 1.0) -> StagedTrunk:
    """Stages up to the last of `levels`; 3, 5 and 7 have 44, 134 and 448 channels at width 1."""
    wider = _WIDTH * width
    stages, widths = [], [max(int(_STEM * wider), 1)]
    for expansion, narrow, blocks, stride, dilation in _STAGES[: max(levels)]:
        channels = max(int(narrow * wider), 1)
        stage = [_Inverted(widths[-1], channels, expansion, stride, dilation)]
        stage += [_Inverted(channels, channels, expansion, 1, dilation) for _ in range(blocks - 1)]
        stages.append(torch.nn.Sequential(*stage))
        widths.append(channels)
    return StagedTrunk(_convolution(3, widths[0], 3, stride=2), stages, widths[1:], levels)


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
