"""`SiameseNetwork`: templates and searches to scores, boxes and masks.

Letters: B pairs, K anchors, S side of the response, M = 63 side of a mask, C channels of a branch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias, final

import torch

from dlscope.zoo.siamese.anchors import RATIOS
from dlscope.zoo.siamese.branches import Branch, centre
from dlscope.zoo.siamese.design import Design
from dlscope.zoo.siamese.trunks import trunk_of

MASK_SIDE = 63
Kernels: TypeAlias = tuple[dict[str, Any], ...]
"""What is kept of a template: of every level, for every branch."""


@final
@dataclass(frozen=True)
class Response:
    """Scores [B, 2, K, S, S] (ground, object), boxes [B, 4, K, S, S], mask features [B, C, S, S].

    A box is (dx, dy, dw, dh): the centre moves by dx·w and dy·h of its anchor, its sides are
    multiplied by exp dw and exp dh. Features become masks by `SiameseNetwork.masks`, at the places
    that are asked for: masks of all places are two thirds of the work of a small tracker.
    """

    scores: Any
    boxes: Any
    mask_features: Any = None


@final
class SiameseNetwork(torch.nn.Module):
    """The tracker of a design, freshly initialised."""

    def __init__(self, design: Design) -> None:
        super().__init__()
        self.design = design
        self.trunk = trunk_of(design)
        self.adjust = torch.nn.ModuleList(
            _adjustment(channels, design) for channels in self.trunk.channels
        )
        self.heads = torch.nn.ModuleList(_head(design) for _ in design.levels)
        self.fusion = (
            torch.nn.Parameter(torch.zeros(2, len(design.levels)))
            if len(design.levels) > 1
            else None
        )

    def kernels(self, templates_bchw: Any) -> Kernels:
        """What the branches keep of templates."""
        features = self._features(templates_bchw)
        if self.design.crops_centre:
            features = [centre(each) for each in features]
        return tuple(
            {name: branch.kernel(each) for name, branch in head.items()}
            for head, each in zip(self.heads, features, strict=True)
        )

    def respond(self, searches_bchw: Any, kernels: Kernels) -> Response:
        """Where the templates are in the searches; levels are mixed by learnt weights."""
        found: dict[str, list[Any]] = {}
        for head, each, kept in zip(
            self.heads, self._features(searches_bchw), kernels, strict=True
        ):
            for name, branch in head.items():
                asked = branch.features if name == "masks" else branch
                found.setdefault(name, []).append(asked(each, kept[name]))
        scores, boxes = self._fused(found["scores"], 0), self._fused(found["boxes"], 1)
        batch, _, *sides = scores.shape
        return Response(
            scores.reshape(batch, 2, len(RATIOS), *sides),
            boxes.reshape(batch, 4, len(RATIOS), *sides),
            found["masks"][-1] if "masks" in found else None,
        )

    def masks(self, features_bchw: Any) -> Any:
        """Logits of the masks [B, M², H, W] of as many places as there are features of."""
        return self.heads[-1]["masks"].read(features_bchw)

    def masks_at(self, response: Response, places_p3: Any) -> Any:
        """Logits [P, M²] of the masks at places of a response: pair, row and column of each."""
        pair, row, column = places_p3.T
        features_pc = response.mask_features[pair, :, row, column]
        return self.masks(features_pc[:, :, None, None]).flatten(1)

    def forward(self, templates_bchw: Any, searches_bchw: Any) -> Response:
        """Templates and searches at once, as in training."""
        return self.respond(searches_bchw, self.kernels(templates_bchw))

    def _features(self, images_bchw: Any) -> list[Any]:
        maps = self.trunk(images_bchw)
        return [adjust(each) for adjust, each in zip(self.adjust, maps, strict=True)]

    def _fused(self, maps: list[Any], row: int) -> Any:
        if self.fusion is None:
            return maps[0]
        weights = torch.softmax(self.fusion[row], dim=0)
        return sum(weight * each for weight, each in zip(weights, maps, strict=True))


def _adjustment(channels: int, design: Design) -> Any:
    """A 1×1 convolution to the channels of the branches; none where the trunk has them already."""
    if design.trunk == "alexnet" and channels == design.hidden:
        return torch.nn.Identity()
    between = []
    if design.pre_adjust is not None:
        between = [torch.nn.Conv2d(channels, design.pre_adjust, 1)]
        channels = design.pre_adjust
    return torch.nn.Sequential(
        *between,
        torch.nn.Conv2d(channels, design.hidden, 1, bias=False),
        torch.nn.BatchNorm2d(design.hidden),
    )


def _head(design: Design) -> Any:
    outputs = {"scores": 2 * len(RATIOS), "boxes": 4 * len(RATIOS)}
    if design.has_mask:
        outputs["masks"] = MASK_SIDE**2
    return torch.nn.ModuleDict(
        {name: Branch(design.hidden, count) for name, count in outputs.items()}
    )
