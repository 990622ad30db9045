"""`StagedTrunk`: a stem and stages that follow one another, some of which give their map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import torch


@final
class StagedTrunk(torch.nn.Module):
    """The maps behind the stages `levels`, counted from 1, all of one size.

    `widths` are the channels behind each stage, `channels` those of the levels.
    """

    def __init__(
        self, stem: Any, stages: Sequence[Any], widths: Sequence[int], levels: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.stem = stem
        self.stages = torch.nn.ModuleList(stages)
        self.levels = levels
        self.channels = tuple(widths[level - 1] for level in levels)

    def forward(self, images_bchw: Any) -> tuple[Any, ...]:
        """The map of each level."""
        values, found = self.stem(images_bchw), []
        for number, stage in enumerate(self.stages, 1):
            values = stage(values)
            if number in self.levels:
                found.append(values)
        return tuple(found)
