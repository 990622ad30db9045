"""`counts_of`: exact parameters and multiply-accumulates of a tracker, without computing anything.

The network is outlined on torch's meta device, where arrays have shapes and no numbers.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, final

import torch

from dlscope.zoo.siamese.design import Design
from dlscope.zoo.siamese.network import SiameseNetwork


@final
@dataclass(frozen=True)
class Counts:
    """Learnt numbers of the tracker, of its trunk, of trunk and adjustment, and MACs.

    `search_macs` are those of the convolutions on one frame: the kernels of the template are kept
    from the first one, the correlations themselves do not count, masks do at every place. `fusion`
    is how many weights mix several levels, which `parameters` leaves out as publications do.
    `response` is the side of the response.
    """

    parameters: int
    trunk: int
    backbone: int
    fusion: int
    search_macs: int
    response: int


@functools.cache
def counts_of(design: Design) -> Counts:
    """The counts of a tracker."""
    with torch.device("meta"):
        network = SiameseNetwork(design).eval()
        template, search = (
            torch.zeros(1, 3, side, side) for side in (design.template, design.search)
        )
    kernels = network.kernels(template)
    macs = 0

    def counted(layer: Any, _: Any, output: Any) -> None:
        nonlocal macs
        macs += layer.weight.numel() * math.prod(output.shape[2:])

    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(counted)
    response = network.respond(search, kernels)
    if design.has_mask:
        network.masks(response.mask_features)
    fusion = 0 if network.fusion is None else network.fusion.numel()
    trunk = _learnt(network.trunk)
    return Counts(
        _learnt(network) - fusion,
        trunk,
        trunk + _learnt(network.adjust),
        fusion,
        macs,
        int(response.scores.shape[-1]),
    )


def _learnt(module: Any) -> int:
    return sum(each.numel() for each in module.parameters())
