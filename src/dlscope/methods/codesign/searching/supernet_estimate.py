"""`SupernetEstimate`: the loss of a design, told by a supernet without training it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import torch

from dlscope.methods.codesign.searching.images import LabelledImages
from dlscope.methods.codesign.searching.scoring import score
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space
from dlscope.methods.codesign.supernet.supernet import one_hot


@final
class SupernetEstimate:
    """What `supernet` loses on `images` as it is now, were each design its only path.

    Each is computed once, on every image; normalisation takes the statistics of these images.
    `told` hears how many have been.
    """

    def __init__(
        self,
        space: Space,
        supernet: Any,
        images: LabelledImages,
        *,
        device: Any = "cpu",
        told: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._space, self._supernet = space, supernet
        self._images, self._device = images, device
        self._told = told
        self._known: dict[Design, float] = {}

    def loss(self, design: Design) -> float:
        """The mean cross-entropy of `design`."""
        if design not in self._known:
            weights = [each.to(self._device) for each in one_hot(self._space, design)]
            was_training = self._supernet.training
            self._supernet.eval()
            with torch.no_grad():
                scored = score(
                    lambda images: self._supernet(images, *weights),
                    self._images,
                    device=self._device,
                )
            self._supernet.train(was_training)
            self._known[design] = scored.loss
            self._told(len(self._known))
        return self._known[design]
