"""`Branch`: template and search made alike, correlated channel by channel, and read by a head.

Letters: B pairs, C channels, t side of the template's features, s of the search's, S = s − t + 1
after the kernels of both, O outputs.
"""

from __future__ import annotations

from typing import Any, final

import torch
from torch.nn import functional


@final
class Branch(torch.nn.Module):
    """Depth-wise correlation of two maps behind a convolution each (SiamRPN++, section 3.3)."""

    def __init__(self, channels: int, outputs: int) -> None:
        super().__init__()
        self.template = _convolution(channels, channels, 3)
        self.search = _convolution(channels, channels, 3)
        self.head = torch.nn.Sequential(
            _convolution(channels, channels, 1), torch.nn.Conv2d(channels, outputs, 1)
        )

    def kernel(self, template_bctt: Any) -> Any:
        """What is kept of a template, [B, C, t − 2, t − 2]."""
        return self.template(template_bctt)

    def features(self, search_bcss: Any, kernel_bcrr: Any) -> Any:
        """What was found at every place, [B, C, S, S]."""
        return self.head[0](correlate(self.search(search_bcss), kernel_bcrr))

    def read(self, features_bcss: Any) -> Any:
        """The outputs of as many places as are asked for, [B, O, S, S]."""
        return self.head[1](features_bcss)

    def forward(self, search_bcss: Any, kernel_bcrr: Any) -> Any:
        """[B, O, S, S]."""
        return self.read(self.features(search_bcss, kernel_bcrr))


def correlate(search_bcss: Any, kernel_bcrr: Any) -> Any:
    """Each channel of each search correlated with its own kernel; one template may serve all."""
    batch, channels, height, width = search_bcss.shape
    kernels = kernel_bcrr.expand(batch, -1, -1, -1).reshape(-1, 1, *kernel_bcrr.shape[2:])
    found = functional.conv2d(
        search_bcss.reshape(1, batch * channels, height, width), kernels, groups=batch * channels
    )
    return found.reshape(batch, channels, *found.shape[2:])


def centre(values_bchw: Any) -> Any:
    """The middle half of a map: 8 of 16 rows and columns, 7 of 15."""
    side = int(values_bchw.shape[-1])
    kept = side // 2
    first = (side - kept) // 2
    return values_bchw[..., first : first + kept, first : first + kept]


def _convolution(channels_in: int, channels_out: int, kernel: int) -> Any:
    return torch.nn.Sequential(
        torch.nn.Conv2d(channels_in, channels_out, kernel, bias=False),
        torch.nn.BatchNorm2d(channels_out),
        torch.nn.ReLU(),
    )
