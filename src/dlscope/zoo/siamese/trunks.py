"""`SkyNetTrunk` and `AlexNetTrunk`, and `trunk_of` for every trunk: features of one or more stages.

Every trunk gives a tuple of maps, one for each of its `levels`, with `channels` of each.
Letters: B images, H, W their size; h, w = about H/8, W/8.
"""

from __future__ import annotations

from typing import Any, final

import torch

from dlscope.zoo.siamese.design import Design
from dlscope.zoo.siamese.mobilenet_trunk import mobilenet_trunk
from dlscope.zoo.siamese.resnet_trunk import resnet_trunk
from dlscope.zoo.skynet.layout import Layout
from dlscope.zoo.skynet.network import SkyNet

_ALEXNET = ((96, 11, 2), (256, 5, 1), (384, 3, 1), (384, 3, 1), (256, 3, 1))
"""Channels, side of the kernel and stride of each convolution."""
_POOLED = 2


@final
class SkyNetTrunk(torch.nn.Module):
    """Five bundles of SkyNet and the bypass: 1280 channels at width 1."""

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        layout = Layout(width_mult=width, is_trunk=True)
        self.network = SkyNet(layout)
        self.channels = (layout.joined,)

    def forward(self, images_bchw: Any) -> tuple[Any, ...]:
        """One map [B, C, H/8, W/8]."""
        return (self.network(images_bchw),)


@final
class AlexNetTrunk(torch.nn.Module):
    """Five convolutions without padding, each normalised, in one group: 256 channels at width 1."""

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        layers: list[Any] = []
        channels = 3
        for index, (full, kernel, stride) in enumerate(_ALEXNET):
            narrow = max(round(full * width), 1)
            layers += [
                torch.nn.Conv2d(channels, narrow, kernel, stride),
                torch.nn.BatchNorm2d(narrow),
            ]
            if index < _POOLED:
                layers.append(torch.nn.MaxPool2d(3, 2))
            if index < len(_ALEXNET) - 1:
                layers.append(torch.nn.ReLU())
            channels = narrow
        self.layers = torch.nn.Sequential(*layers)
        self.channels = (channels,)

    def forward(self, images_bchw: Any) -> tuple[Any, ...]:
        """One map [B, C, h, w]; 6×6 for 127, 26×26 for 287."""
        return (self.layers(images_bchw),)


def trunk_of(design: Design) -> Any:
    """The trunk of a tracker, freshly initialised."""
    if design.trunk == "skynet":
        return SkyNetTrunk(design.width)
    if design.trunk == "alexnet":
        return AlexNetTrunk(design.width)
    if design.trunk == "mobilenet_v2":
        return mobilenet_trunk(design.levels, design.width)
    return resnet_trunk(design.levels, design.width)
