"""`Supernet`: every network of a space at once; operations of one type share weights at a place.

Axes: n images, N blocks, M operations of a block, Q precisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import torch

from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.network_plan import NetworkPlan, PlannedLayer
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Block, Space
from dlscope.methods.codesign.supernet.layer import TrainedLayer
from dlscope.methods.codesign.supernet.mixed import mixed
from dlscope.methods.codesign.supernet.operation_path import OperationPath
from dlscope.methods.codesign.supernet.weights import LayerWeights


@final
class Supernet(torch.nn.Module):
    """Stem, blocks of candidate operations, head.

    Operations of a block that differ in kernel and expansion alone have parts of the same weights,
    and those for all their precisions: with weights of its own, an operation that is one of eight
    is trained by an eighth of the steps, and what so little training tells designs apart by is
    chance. Normalisation takes the statistics of each batch, since those of one network say nothing
    about another.
    """

    def __init__(self, space: Space) -> None:
        super().__init__()
        self._space = space
        plan = NetworkPlan.of(space, _design(space, space.blocks[0], 0))
        named = {layer.name: layer for layer in plan.layers}
        self.stem = TrainedLayer(named["stem"])
        plans = [_plans(space, block) for block in space.blocks]
        self.shared = torch.nn.ModuleList(map(_shared, space.blocks, plans))
        self.blocks = torch.nn.ModuleList(
            _candidates(block, planned, shared)
            for block, planned, shared in zip(space.blocks, plans, self.shared, strict=True)
        )
        self.head = TrainedLayer(named["head"])
        self.classifier = TrainedLayer(named["classifier"])

    def forward(self, images_nchw: Any, operation_weights: Any, precision_weights: Any) -> Any:
        """Logits of the mixture with weights [N, M] of operations and [N, M, Q] of their bits.

        Only paths whose weights are not 0 are computed.
        """
        ends = self._ends(precision_weights)
        values = self._at(self._stemmed, images_nchw, *ends)
        for place, block in enumerate(self.blocks):
            paths = [
                self._bound(path, values, precision_weights[place, m])
                for m, path in enumerate(block)
            ]
            values = mixed(paths, operation_weights[place])
        return self._at(self._headed, values, *ends)

    def _bound(self, path: OperationPath, values: Any, weights_q: Any) -> Any:
        return lambda: self._at(path, values, self._space.precisions, weights_q)

    def _at(self, part: Any, values: Any, precisions: Sequence[Precision], weights_q: Any) -> Any:
        """A part of the network at a mixture of precisions."""
        paths = [lambda bits=bits: part(values, bits) for bits in precisions]
        return mixed(paths, weights_q)

    def _ends(self, precision_weights: Any) -> tuple[Sequence[Precision], Any]:
        """Precisions of stem and head, and their weights."""
        if self._space.precision_scope == "network":
            return self._space.precisions, precision_weights[0, 0]
        return (self._space.ends_precision(0),), torch.ones(1)

    def _stemmed(self, images_nchw: Any, precision: Precision) -> Any:
        return self.stem(self.stem.read(images_nchw, precision), precision)

    def _headed(self, values: Any, precision: Precision) -> Any:
        values = self.head(self.head.read(values, precision), precision)
        average = values.mean((2, 3), keepdim=True)
        return self.classifier(self.classifier.read(average, precision), precision)


def one_hot(space: Space, design: Design) -> tuple[Any, Any]:
    """Weights [N, M] and [N, M, Q] under which a supernet of `space` is `design`."""
    counts = max(len(block.operations) for block in space.blocks)
    operations = torch.zeros(len(space.blocks), counts)
    precisions = torch.zeros(len(space.blocks), counts, len(space.precisions))
    for place, (m, q) in enumerate(zip(design.operations, design.precisions, strict=True)):
        operations[place, m] = 1.0
        precisions[place, :, q] = 1.0
    return operations, precisions


def _plans(space: Space, block: Block) -> list[list[PlannedLayer]]:
    """The layers of each operation of a block."""
    return [_planned(space, block, m) for m in range(len(block.operations))]


def _shared(block: Block, plans: Sequence[Sequence[PlannedLayer]]) -> torch.nn.ModuleDict:
    """Weights by the type of operation and the part that a layer is of it."""
    shapes: dict[str, list[LayerShape]] = {}
    for m, layers in enumerate(plans):
        for layer in layers:
            shapes.setdefault(_role(block, m, layer), []).append(layer.shape)
    return torch.nn.ModuleDict({role: LayerWeights(each) for role, each in shapes.items()})


def _role(block: Block, operation: int, layer: PlannedLayer) -> str:
    """Which layers of a block have weights together: `mbconv_expand`."""
    part = layer.name.removeprefix(f"{block.name}.")
    return f"{block.operations[operation].type}_{part}"


def _candidates(
    block: Block, plans: Sequence[Sequence[PlannedLayer]], shared: torch.nn.ModuleDict
) -> torch.nn.ModuleList:
    return torch.nn.ModuleList(
        OperationPath(
            layers,
            [shared[_role(block, m, layer)] for layer in layers],
            is_residual=block.is_residual(m),
        )
        for m, layers in enumerate(plans)
    )


def _planned(space: Space, block: Block, operation: int) -> list[PlannedLayer]:
    """The layers of one operation of one block."""
    plan = NetworkPlan.of(space, _design(space, block, operation))
    return [layer for layer in plan.layers if layer.name.startswith(f"{block.name}.")]


def _design(space: Space, block: Block, operation: int) -> Design:
    """Any design that has this operation there."""
    operations = [0] * len(space.blocks)
    operations[block.place] = operation
    return Design.of(space, tuple(operations), (0,) * len(space.blocks))
