"""`self_labels`: what a network makes of the target, kept where it is sure enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from dlscope.data.scene_classes import IGNORED, Ids
from dlscope.methods.adaptation.pictures import Pictures, network_input
from dlscope.methods.adaptation.pseudo_labels import ThresholdHistogram, pseudo_labels
from dlscope.zoo.segmenter.segmenter import Segmenter

_AT_ONCE = 8


@final
@dataclass(frozen=True)
class SelfLabels:
    """A map of ids for each picture, the threshold of each class, and the share that is kept."""

    labels: tuple[Ids, ...]
    thresholds: NDArray[np.float64]
    kept: float


def self_labels(network: Segmenter, pictures: Pictures) -> SelfLabels:
    """Two passes over `pictures`: one for the thresholds, one for the labels."""
    histogram = ThresholdHistogram()
    for predicted, sure in _answers(network, pictures):
        histogram.add(predicted, sure)
    thresholds = histogram.thresholds()
    labels = tuple(
        pseudo_labels(predicted, sure, thresholds)
        for predicted, sure in _answers(network, pictures)
    )
    kept = float(np.mean([(each != IGNORED).mean() for each in labels]))
    return SelfLabels(labels, thresholds, kept)


def _answers(
    network: Segmenter, pictures: Pictures
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """The most likely class of each pixel, and its probability, at the size of training."""
    was_training = network.training
    network.eval()
    try:
        for first in range(0, len(pictures), _AT_ONCE):
            last = min(first + _AT_ONCE, len(pictures))
            images = network_input([pictures.image(i) for i in range(first, last)], network)
            with torch.no_grad():
                probabilities = torch.softmax(network(images)[1], dim=1)
                enlarged = network.enlarged(probabilities, tuple(images.shape[2:]))
                sure, predicted = enlarged.max(dim=1)
            yield from zip(predicted.cpu().numpy(), sure.cpu().numpy(), strict=True)
    finally:
        network.train(was_training)
