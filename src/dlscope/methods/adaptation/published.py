"""What the paper reports on Cityscapes: IoU by class of SIM, and mean IoU of other methods, in %.

To be read beside results of one's own; nothing here was measured by dlscope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from dlscope.data.scene_classes import Subset, subset


@final
@dataclass(frozen=True)
class PublishedRow:
    """IoU of each class of a subset, in the order of its ids, and the mean that is printed."""

    source: str
    network: str
    classes: Subset
    iou: tuple[float, ...]
    miou: float

    def __post_init__(self) -> None:
        assert len(self.iou) == len(subset(self.classes))

    @property
    def mean(self) -> float:
        """The mean over classes, not rounded."""
        return float(np.mean(self.iou))


SIM_ROWS: Sequence[PublishedRow] = (
    PublishedRow(
        "GTA5",
        "ResNet-101",
        19,
        (
            90.6,
            44.7,
            84.8,
            34.3,
            28.7,
            31.6,
            35.0,
            37.6,
            84.7,
            43.3,
            85.3,
            57.0,
            31.5,
            83.8,
            42.6,
            48.5,
            1.9,
            30.4,
            39.0,
        ),
        49.2,
    ),
    PublishedRow(
        "SYNTHIA",
        "ResNet-101",
        13,
        (83.0, 44.0, 80.3, 17.1, 15.8, 80.5, 81.8, 59.9, 33.1, 70.2, 37.3, 28.5, 45.8),
        52.1,
    ),
    PublishedRow(
        "GTA5",
        "VGG-16",
        19,
        (
            88.1,
            35.8,
            83.1,
            25.8,
            23.9,
            29.2,
            28.8,
            28.6,
            83.0,
            36.7,
            82.3,
            53.7,
            22.8,
            82.3,
            26.4,
            38.6,
            0.0,
            19.6,
            17.1,
        ),
        42.4,
    ),
)
OTHER_METHODS: Mapping[str, float] = {
    "AdaptSegNet": 42.4,
    "ADVENT": 45.5,
    "BDL": 48.5,
    "SIM": 49.2,
    "FDA": 50.5,
    "DACS": 52.1,
    "ProDA": 57.5,
    "DAFormer": 68.3,
    "HRDA": 73.8,
    "MIC": 75.9,
}
"""GTA5 to Cityscapes, 19 classes; networks and image sizes differ."""
