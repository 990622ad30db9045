"""A segmenter of a few weights with batch normalisation, for what the light network has not."""

from __future__ import annotations

from typing import Any

import torch

from dlscope.zoo.segmenter.segmenter import CLASSES, Segmenter


class NormalisedSegmenter(Segmenter):
    name = "normalised"
    channels = 4
    mean = (100.0, 100.0, 100.0)
    scale = 1 / 50
    has_batch_statistics = True

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(3, self.channels, 3, 4, padding=1)
        self.normalisation = torch.nn.BatchNorm2d(self.channels)
        self.classifier = torch.nn.Conv2d(self.channels, CLASSES, 1)

    def head_parameters(self) -> list[Any]:
        return list(self.classifier.parameters())

    def _features(self, images_bchw: Any) -> Any:
        return torch.relu(self.normalisation(self.first(images_bchw)))

    def _head(self, features_bchw: Any) -> Any:
        return self.classifier(features_bchw)
