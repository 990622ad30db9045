"""`FoldedNetwork`: a folded SkyNet in torch, whose maps can be changed on their way.

What is done between layers is a parameter: numbers of few bits after every activation, or several
images on one canvas, are the same network with other steps.

Letters: B images, C channels, H, W the size of a map.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, final

import torch
from torch.nn import functional

from dlscope.zoo.skynet.folding import Folded
from dlscope.zoo.skynet.reorder import space_to_depth

_STEM, _POOLED, _BYPASS = 5, 3, 2
_HIGHEST = 6.0
Step: TypeAlias = Callable[[Any], Any]


def unchanged(values_bchw: Any) -> Any:
    """The map itself."""
    return values_bchw


def pooled(values_bchw: Any) -> Any:
    """The largest of each 2×2."""
    return functional.max_pool2d(values_bchw, 2)


def joined(around_bchw: Any, values_bchw: Any) -> Any:
    """The reordered map of the bypass in front of the other."""
    return torch.cat([space_to_depth(around_bchw), values_bchw], dim=1)


@final
class FoldedNetwork:
    """The arrays of `folded` as a function of images; a trunk where it has no head."""

    def __init__(self, folded: Folded, act: str = "relu6") -> None:
        self._bundles = [
            tuple(torch.tensor(array) for array in bundle.arrays) for bundle in folded.bundles
        ]
        self._head = None if folded.head is None else torch.tensor(folded.head)
        self._highest = _HIGHEST if act == "relu6" else None

    def __call__(
        self,
        images_bchw: Any,
        *,
        after: Step = unchanged,
        pool: Step = pooled,
        join: Callable[[Any, Any], Any] = joined,
    ) -> Any:
        """The map of the head; `after` is applied to the input and behind every activation."""
        values = around = after(images_bchw)
        for index, bundle in enumerate(self._bundles[:_STEM]):
            values = self._bundle(values, bundle, after)
            around = values if index == _BYPASS else around
            values = pool(values) if index < _POOLED else values
        if len(self._bundles) > _STEM or self._head is None:
            values = join(around, values)
        for bundle in self._bundles[_STEM:]:
            values = self._bundle(values, bundle, after)
        return values if self._head is None else functional.conv2d(values, self._head)

    def _bundle(self, values: Any, bundle: tuple[Any, ...], after: Step) -> Any:
        spread, spread_bias, mix, mix_bias = bundle
        values = functional.conv2d(values, spread, spread_bias, padding=1, groups=len(spread))
        values = after(self._active(values))
        return after(self._active(functional.conv2d(values, mix, mix_bias)))

    def _active(self, values: Any) -> Any:
        return values.clamp(min=0.0, max=self._highest)
