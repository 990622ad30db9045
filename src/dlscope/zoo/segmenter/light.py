"""`LightSegmenter`: a small network for scenes on a processor, 155 507 parameters.

    image ─ 16, /2 ─ 32, /4 ─┬ 48, /8 ─ three residual blocks ─ + mean ─ 48 ─ ×2 ─┬ 64 ─ logits
                             └───────────────────── 16 ───────────────────────────┘

The blocks look 1, 2 and 4 pixels apart. Group normalisation everywhere, so that nothing is learnt
from the statistics of a batch.
"""

from __future__ import annotations

from typing import Any, final

import torch
from torch.nn import functional

from dlscope.zoo.segmenter.segmenter import CLASSES, Segmenter

_GROUPS, _MIDDLE, _LOW, _NARROW = 8, 48, 32, 16
_CHANNELS = 64
_DILATIONS = (1, 2, 4)


@final
class LightSegmenter(Segmenter):
    """The default where there is no GPU; images have sides that are multiples of 8."""

    name = "sceneseg_lite"
    channels = _CHANNELS
    mean = (110.0, 110.0, 110.0)
    scale = 1 / 60
    judged_share = 0.5

    def __init__(self) -> None:
        super().__init__()
        self.first = _Convolution(3, _NARROW, 3, stride=2)
        self.low = _Convolution(_NARROW, _LOW, 3, stride=2)
        self.down = _Convolution(_LOW, _MIDDLE, 3, stride=2)
        self.blocks = torch.nn.Sequential(*(_Residual(_MIDDLE, each) for each in _DILATIONS))
        self.mean_projection = torch.nn.Conv2d(_MIDDLE, _MIDDLE, 1)
        self.high = _Convolution(_MIDDLE, _MIDDLE, 1)
        self.shallow = _Convolution(_LOW, _NARROW, 1)
        joined = _MIDDLE + _NARROW
        self.spread = _Convolution(joined, joined, 3, groups=joined)
        self.project = _Convolution(joined, _CHANNELS, 1)
        self.classifier = torch.nn.Conv2d(_CHANNELS, CLASSES, 1)

    def head_parameters(self) -> list[Any]:
        """Those of the classifier."""
        return list(self.classifier.parameters())

    def _features(self, images_bchw: Any) -> Any:
        low = self.low(self.first(images_bchw))
        deep = self.blocks(self.down(low))
        deep = torch.relu(deep + self.mean_projection(deep.mean(dim=(2, 3), keepdim=True)))
        high = functional.interpolate(
            self.high(deep), size=low.shape[2:], mode="bilinear", align_corners=False
        )
        return self.project(self.spread(torch.cat([high, self.shallow(low)], dim=1)))

    def _head(self, features_bchw: Any) -> Any:
        return self.classifier(features_bchw)


@final
class _Convolution(torch.nn.Module):
    """Without bias, group normalisation after it, and ReLU where `is_active`."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        is_active: bool = True,
    ) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv2d(
            channels_in,
            channels_out,
            kernel,
            stride,
            padding=kernel // 2 * dilation,
            dilation=dilation,
            groups=groups,
            bias=False,
        )
        self.normalisation = torch.nn.GroupNorm(_GROUPS, channels_out)
        self.is_active = is_active

    def forward(self, values: Any) -> Any:
        normalised = self.normalisation(self.convolution(values))
        return torch.relu(normalised) if self.is_active else normalised


@final
class _Residual(torch.nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.first = _Convolution(channels, channels, 3, dilation=dilation)
        self.second = _Convolution(channels, channels, 3, dilation=dilation, is_active=False)

    def forward(self, values: Any) -> Any:
        return torch.relu(values + self.second(self.first(values)))
