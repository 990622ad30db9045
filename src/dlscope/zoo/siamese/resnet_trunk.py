"""`resnet_trunk`: ResNet-50 as the trackers' released code has it, at an eighth of the size.

It is not the ResNet-50 of classification: the stem has no padding, stages 3 and 4 keep their size
and look 2 and 4 pixels apart, and the shortcuts of stages 2 to 4 are 3×3. Features of a crop of
127 are 15×15, of 255 they are 31×31.
"""

from __future__ import annotations

from typing import Any, final

import torch

from dlscope.zoo.siamese.staged_trunk import StagedTrunk

_STEM, _WIDER = 64, 4
_STAGES = ((64, 3, 1, 1), (128, 4, 2, 1), (256, 6, 1, 2), (512, 3, 1, 4))
"""Width, blocks, stride and dilation of each stage."""


def resnet_trunk(levels: tuple[int, ...], width: float = 1.0) -> StagedTrunk:
    """Stages up to the last of `levels`, of 256, 512, 1024 and 2048 channels at width 1."""
    channels = max(round(_STEM * width), 1)
    stem = torch.nn.Sequential(
        torch.nn.Conv2d(3, channels, 7, 2, bias=False),
        torch.nn.BatchNorm2d(channels),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(3, 2, padding=1),
    )
    stages, widths = [], [channels]
    for full, blocks, stride, dilation in _STAGES[: max(levels)]:
        narrow = max(round(full * width), 1)
        stages.append(_stage(widths[-1], narrow, blocks, stride, dilation))
        widths.append(_WIDER * narrow)
    return StagedTrunk(stem, stages, widths[1:], levels)


@final
class _Bottleneck(torch.nn.Module):
    def __init__(
        self, channels_in: int, width: int, stride: int, dilation: int, shortcut: Any
    ) -> None:
        super().__init__()
        self.reduce = _normed(channels_in, width, 1)
        self.spread = _normed(width, width, 3, stride, dilation)
        self.enlarge = _normed(width, _WIDER * width, 1)
        self.shortcut = shortcut

    def forward(self, values: Any) -> Any:
        deep = torch.relu(self.spread(torch.relu(self.reduce(values))))
        return torch.relu(self.enlarge(deep) + self.shortcut(values))


def _stage(channels: int, width: int, blocks: int, stride: int, dilation: int) -> Any:
    """The first block has half the dilation, and a shortcut with a kernel like its own."""
    first = max(dilation // 2, 1)
    is_plain = stride == 1 and dilation == 1
    wide = _WIDER * width
    shortcut = _normed(channels, wide, 1) if is_plain else _normed(channels, wide, 3, stride, first)
    return torch.nn.Sequential(
        _Bottleneck(channels, width, stride, first, shortcut),
        *(_Bottleneck(wide, width, 1, dilation, torch.nn.Identity()) for _ in range(blocks - 1)),
    )


def _normed(
    channels_in: int, channels_out: int, kernel: int, stride: int = 1, dilation: int = 1
) -> Any:
    """A convolution and its normalisation; with a stride there is no padding."""
    padding = 0 if kernel == 1 or stride > 1 else dilation
    return torch.nn.Sequential(
        torch.nn.Conv2d(
            channels_in, channels_out, kernel, stride, padding, dilation=dilation, bias=False
        ),
        torch.nn.BatchNorm2d(channels_out),
    )
