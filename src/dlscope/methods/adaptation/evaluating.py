"""What a network gets right in a domain: a confusion matrix, and the scores that are told of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from dlscope.data.scene_classes import CLASSES, ClassSplit, Ids, subset
from dlscope.methods.adaptation.pictures import Pictures, network_input
from dlscope.metrics.confusion import ConfusionMatrix
from dlscope.zoo.segmenter.segmenter import Segmenter

_AT_ONCE = 8


@final
@dataclass(frozen=True)
class DomainScores:
    """Mean IoU in percent over conventions and kinds of classes, None where there are no pixels."""

    matrix: ConfusionMatrix
    miou: float | None
    miou_16: float | None
    miou_13: float | None
    stuff: float | None
    things: float | None


def evaluated(network: Segmenter, pictures: Pictures, split: ClassSplit) -> DomainScores:
    """The scores of `network` on labelled `pictures`, at the size that the labels have in files."""
    matrix = ConfusionMatrix(len(CLASSES))
    for index, predicted in enumerate(predictions(network, pictures)):
        truth = pictures.original_labels(index)
        matrix.add(truth, predicted)
    return DomainScores(
        matrix=matrix,
        miou=_percent(matrix.mean_iou(subset(19))),
        miou_16=_percent(matrix.mean_iou(subset(16))),
        miou_13=_percent(matrix.mean_iou(subset(13))),
        stuff=_percent(matrix.mean_iou(split.stuff)),
        things=_percent(matrix.mean_iou(split.things)),
    )


def predictions(network: Segmenter, pictures: Pictures) -> Iterator[Ids]:
    """The predicted ids of each picture, at the size of its labels."""
    was_training = network.training
    network.eval()
    try:
        for first in range(0, len(pictures), _AT_ONCE):
            indices = range(first, min(first + _AT_ONCE, len(pictures)))
            images = network_input([pictures.image(i) for i in indices], network)
            with torch.no_grad():
                _, logits = network(images)
            for each, index in zip(logits, indices, strict=True):
                size = pictures.original_labels(index).shape
                enlarged = network.enlarged(each[None], size)
                yield enlarged[0].argmax(dim=0).cpu().numpy().astype(np.uint8)
    finally:
        network.train(was_training)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
