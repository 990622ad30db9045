"""`adapt_statistics`: batch normalisations measured anew on the target, and nothing trained.

What a network with batch normalisation gains by looking at the target alone, which has to be told
from what a loss adds (Y. Li et al., "Revisiting Batch Normalization for Practical Domain
Adaptation", 2016).
"""

from __future__ import annotations

import torch

from dlscope.methods.adaptation.pictures import Pictures, network_input
from dlscope.zoo.segmenter.segmenter import Segmenter

_AT_ONCE = 8


def adapt_statistics(network: Segmenter, pictures: Pictures) -> int:
    """Replace running means and variances by those over `pictures`; how many layers have some.

    Each is the mean over batches of eight images, in their order. A network without such layers
    stays as it is, and sees no image.
    """
    layers = [each for each in network.modules() if isinstance(each, torch.nn.BatchNorm2d)]
    if not layers:
        return 0
    was_training, momenta = network.training, [each.momentum for each in layers]
    for each in layers:
        each.reset_running_stats()
        each.momentum = None  # torch's word for a mean over all batches
    network.train()
    try:
        with torch.no_grad():
            for first in range(0, len(pictures), _AT_ONCE):
                indices = range(first, min(first + _AT_ONCE, len(pictures)))
                network(network_input([pictures.image(i) for i in indices], network))
    finally:
        network.train(was_training)
        for each, momentum in zip(layers, momenta, strict=True):
            each.momentum = momentum
    return len(layers)
