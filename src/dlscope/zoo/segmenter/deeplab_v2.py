"""`DeepLabV2`: ResNet-101 at an eighth of the size, and a head that looks at several distances.

Architecture: Chen et al., "DeepLab: Semantic Image Segmentation with Deep Convolutional Nets,
Atrous Convolution, and Fully Connected CRFs", 2017, in the form that was first trained in Caffe,
with the stride on the first convolution of a block, and weights and bias of normalisations fixed.
"""

from __future__ import annotations

from typing import Any, Literal, final

import torch

from dlscope.core.errors import GraphError
from dlscope.zoo.segmenter.segmenter import CLASSES, Segmenter

_STEM = 64
_STAGES = ((64, 3, 1, 1), (128, 4, 2, 1), (256, 23, 1, 2), (512, 3, 1, 4))
"""Width, blocks, stride and dilation of each stage."""
BLOCKS = tuple(blocks for _, blocks, _, _ in _STAGES)
_WIDER = 4
_DEVIATION = 0.01
DILATIONS = (6, 12, 18, 24)
SUMMED = {"first_two": 2, "all": 4}


@final
class DeepLabV2(Segmenter):
    """The network of the paper, 43 901 068 parameters.

    The code that its results come from returns within its loop over the head, so that two of the
    four branches count: `aspp` is `first_two` as there, or `all`.
    """

    name = "deeplabv2_resnet101"
    channels = 2048
    mean = (104.00698793, 116.66876762, 122.67891434)
    scale = 1.0
    is_bgr = True
    aligns_corners = True
    has_batch_statistics = True

    def __init__(self, aspp: Literal["first_two", "all"] | str = "first_two") -> None:
        super().__init__()
        if aspp not in SUMMED:
            raise GraphError(
                f"aspp is {aspp!r}",
                where=self.name,
                fix=f"use one of {', '.join(SUMMED)}",
            )
        self.summed = SUMMED[aspp]
        self.stem = torch.nn.Sequential(
            torch.nn.Conv2d(3, _STEM, 7, 2, padding=3, bias=False),
            _fixed_normalisation(_STEM),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(3, 2, padding=1, ceil_mode=True),
        )
        self.stages = torch.nn.Sequential(*_stages())
        self.branches = torch.nn.ModuleList(
            torch.nn.Conv2d(self.channels, CLASSES, 3, padding=each, dilation=each)
            for each in DILATIONS
        )
        for module in self.modules():
            if isinstance(module, torch.nn.Conv2d):
                torch.nn.init.normal_(module.weight, 0.0, _DEVIATION)

    def head_parameters(self) -> list[Any]:
        """Those of all branches."""
        return list(self.branches.parameters())

    def _features(self, images_bchw: Any) -> Any:
        return self.stages(self.stem(images_bchw))

    def _head(self, features_bchw: Any) -> Any:
        return sum(branch(features_bchw) for branch in self.branches[: self.summed])


@final
class _Bottleneck(torch.nn.Module):
    def __init__(self, channels_in: int, width: int, stride: int, dilation: int) -> None:
        super().__init__()
        channels_out = _WIDER * width
        self.reduce = _normed(channels_in, width, 1, stride=stride)
        self.spread = _normed(width, width, 3, dilation=dilation)
        self.enlarge = _normed(width, channels_out, 1)
        is_same = stride == 1 and channels_in == channels_out
        self.shortcut = (
            torch.nn.Identity() if is_same else _normed(channels_in, channels_out, 1, stride=stride)
        )

    def forward(self, values: Any) -> Any:
        deep = torch.relu(self.spread(torch.relu(self.reduce(values))))
        return torch.relu(self.enlarge(deep) + self.shortcut(values))


def _stages() -> list[Any]:
    stages, channels = [], _STEM
    for width, blocks, stride, dilation in _STAGES:
        for index in range(blocks):
            stages.append(_Bottleneck(channels, width, stride if index == 0 else 1, dilation))
            channels = _WIDER * width
    return stages


def _normed(
    channels_in: int, channels_out: int, kernel: int, *, stride: int = 1, dilation: int = 1
) -> Any:
    padding = kernel // 2 * dilation
    return torch.nn.Sequential(
        torch.nn.Conv2d(
            channels_in, channels_out, kernel, stride, padding, dilation=dilation, bias=False
        ),
        _fixed_normalisation(channels_out),
    )


def _fixed_normalisation(channels: int) -> Any:
    """Batch normalisation whose gain and bias are never trained; its statistics are."""
    normalisation = torch.nn.BatchNorm2d(channels)
    for parameter in normalisation.parameters():
        parameter.requires_grad = False
    return normalisation
