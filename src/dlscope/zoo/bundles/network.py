"""`StackedNetwork`: a layout in torch, and weights that go from one network to another.

Letters: B images, H, W their size, h, w the map of the head.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from dlscope.zoo.bundles.bundle import BOUNDS
from dlscope.zoo.bundles.layout import HEAD, StackedLayout
from dlscope.zoo.skynet.reorder import Reorder

_POOLS = {"max": torch.nn.MaxPool2d, "average": torch.nn.AvgPool2d}


@final
class StackedBundle(torch.nn.Module):
    """The convolutions of a bundle, each normalised and activated."""

    def __init__(self, layout: StackedLayout, index: int) -> None:
        super().__init__()
        pairs = layout.bundle.channels(layout.channels_into(index), layout.widths[index])
        self.convolutions = torch.nn.ModuleList(
            torch.nn.Conv2d(
                inputs,
                outputs,
                component.kernel,
                padding=component.kernel // 2,
                groups=inputs if component.kind == "depthwise" else 1,
                bias=False,
            )
            for component, (inputs, outputs) in zip(layout.bundle.components, pairs, strict=True)
        )
        self.norms = torch.nn.ModuleList(torch.nn.BatchNorm2d(outputs) for _, outputs in pairs)
        bound = BOUNDS[layout.act]
        self.act = torch.nn.ReLU() if bound is None else torch.nn.Hardtanh(0.0, bound)

    def forward(self, values_bchw: Any) -> Any:
        """[B, width of the bundle, H, W]."""
        values = values_bchw
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            values = self.act(norm(convolution(values)))
        return values


@final
class StackedNetwork(torch.nn.Module):
    """The raw map of the head [B, 10, h, w]; freshly initialised (He et al. 2015, by outputs)."""

    def __init__(self, layout: StackedLayout) -> None:
        super().__init__()
        self.layout = layout
        self.bundles = torch.nn.ModuleList(
            StackedBundle(layout, index) for index in range(len(layout.widths))
        )
        self.pool = _POOLS[layout.pooling](2)
        self.reorder = Reorder()
        self.head = torch.nn.Conv2d(layout.widths[-1], HEAD, 1, bias=False)
        for module in self.modules():
            if isinstance(module, torch.nn.Conv2d):
                torch.nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, images_bchw: Any) -> Any:
        """The map of the head."""
        layout = self.layout
        last, values, around = len(layout.widths) - 1, images_bchw, None
        for index, bundle in enumerate(self.bundles):
            if layout.bypass and index == last:
                values = torch.cat([self.reorder(around), values], dim=1)
            values = bundle(values)
            if layout.pools and index == layout.pools[-1] - 1:
                around = values
            if index + 1 in layout.pools:
                values = self.pool(values)
        return self.head(values)


def build(layout: StackedLayout, *, seed: int) -> StackedNetwork:
    """The network with weights drawn from `seed`; the generator of torch stays as it is."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return StackedNetwork(layout)


def inherit(network: Any, weights: Mapping[str, NDArray[Any]]) -> int:
    """Put those `weights` into the network whose names and shapes are its own; their number."""
    own = network.state_dict()
    fitting = {
        name: torch.from_numpy(np.array(value))
        for name, value in weights.items()
        if name in own and tuple(own[name].shape) == np.shape(value)
    }
    network.load_state_dict(fitting, strict=False)
    return len(fitting)
