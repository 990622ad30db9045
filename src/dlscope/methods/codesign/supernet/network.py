"""`DesignNetwork`: one design of a space as a network by itself."""

from __future__ import annotations

from typing import Any, final

import torch

from dlscope.methods.codesign.network_plan import NetworkPlan
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space
from dlscope.methods.codesign.supernet.layer import TrainedLayer


@final
class DesignNetwork(torch.nn.Module):
    """The layers of `design`, each at its own bits, as they are emitted.

    `signed_input`: images have values below 0.
    """

    def __init__(self, space: Space, design: Design, *, signed_input: bool = False) -> None:
        super().__init__()
        design.require_in(space)
        self.plan = NetworkPlan.of(space, design)
        self.layers = torch.nn.ModuleList()
        signed = signed_input
        for planned in self.plan.layers:
            self.layers.append(TrainedLayer(planned, tracks=True, signed=signed))
            signed = planned.activation is None
        self._sources = {target: source for source, target in self.plan.residuals}

    def forward(self, images_nchw: Any) -> Any:
        """Logits of the images."""
        values, kept = images_nchw, {}
        for place, layer in enumerate(self.layers):
            if layer.plan.shape.kind == "dense":
                values = values.mean((2, 3), keepdim=True)
            read = layer.read(values, layer.plan.precision)
            if place - 1 in self._sources.values():
                kept[place - 1] = read
            values = layer(read, layer.plan.precision, kept.get(self._sources.get(place, -1)))
        return values

    @property
    def is_folded(self) -> bool:
        """Whether normalisation is part of the weights."""
        return all(bool(layer.is_folded) for layer in self.layers)

    def fold(self) -> None:
        """Fold the normalisation of every layer, and keep the ranges of what they read."""
        for layer in self.layers:
            layer.fold()
            layer.range.freeze()
