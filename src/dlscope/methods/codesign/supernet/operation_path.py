"""`OperationPath`: one operation of one block, at any precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import torch

from dlscope.devices.precision import Precision
from dlscope.methods.codesign.network_plan import PlannedLayer
from dlscope.methods.codesign.supernet.layer import TrainedLayer
from dlscope.methods.codesign.supernet.weights import LayerWeights


@final
class OperationPath(torch.nn.Module):
    """The layers of an operation one after another; none at all to skip its block.

    Where it `is_residual`, what its first layer reads is added to what its last one gives. Each
    has the weights that stand at its place of `shared`.
    """

    def __init__(
        self,
        plans: Sequence[PlannedLayer],
        shared: Sequence[LayerWeights],
        *,
        is_residual: bool,
    ) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(
            TrainedLayer(plan, shared=weights) for plan, weights in zip(plans, shared, strict=True)
        )
        self._is_residual = is_residual

    def forward(self, values: Any, precision: Precision) -> Any:
        """The output of the block, were it this operation at `precision`."""
        if not self.layers:
            return values
        first = self.layers[0].read(values, precision)
        values = first
        last = len(self.layers) - 1
        for place, layer in enumerate(self.layers):
            read = values if place == 0 else layer.read(values, precision)
            values = layer(read, precision, first if self._is_residual and place == last else None)
        return values
