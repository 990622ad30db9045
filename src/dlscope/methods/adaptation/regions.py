"""`Regions`: the parts of a map of classes that are aligned, one an image and class, or instance.

Letters: H, W height and width of a map of features, C channels, R regions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from dlscope.data.scene_classes import IGNORED, ClassSplit

MOST_INSTANCES = 10
_TOUCHING = np.ones((3, 3), dtype=np.int64)


@final
@dataclass(frozen=True)
class Regions:
    """Disjoint parts of a map: the class of each of R, and for each pixel [H, W] its region.

    A pixel of no region has -1. Regions of stuff come first, by class; then the instances of each
    thing, the largest first.
    """

    classes: tuple[int, ...]
    places_hw: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        ids_hw: NDArray[np.integer],
        split: ClassSplit,
        *,
        most_instances: int = MOST_INSTANCES,
        least_pixels: int = 1,
    ) -> Regions:
        """The regions of a map of class ids; `IGNORED` belongs to none.

        An instance is what hangs together over edges and corners. Of each thing the
        `most_instances` largest with at least `least_pixels` are kept, the upper left first among
        equals.
        """
        places = np.full(ids_hw.shape, -1, dtype=np.int64)
        classes: list[int] = []
        present = set(np.unique(ids_hw).tolist()) - {IGNORED}
        for each in split.stuff:
            if each in present:
                places[ids_hw == each] = len(classes)
                classes.append(each)
        for each in split.things:
            if each in present:
                for instance in _instances(ids_hw == each, most_instances, least_pixels):
                    places[instance] = len(classes)
                    classes.append(each)
        return cls(tuple(classes), places)

    def means(self, features_chw: Any) -> Any:
        """The mean feature of each region, [R, C]: M · Fᵀ with the masks M normalised by row."""
        places = torch.from_numpy(self.places_hw.ravel()).to(features_chw.device)
        index = torch.arange(len(self.classes), device=features_chw.device)
        masks = (places[None, :] == index[:, None]).to(features_chw.dtype)
        weights = masks / masks.sum(dim=1, keepdim=True)
        return weights @ features_chw.flatten(1).T


def _instances(mask_hw: NDArray[np.bool_], most: int, least_pixels: int) -> list[NDArray[np.bool_]]:
    """Masks of the largest connected parts, in descending order of size.

    Parts are numbered by their first pixel, row by row, so that a stable sort keeps that order.
    """
    numbered, _ = ndimage.label(mask_hw, structure=_TOUCHING)
    sizes = np.bincount(numbered.ravel())[1:]
    firsts = _first_pixels(numbered, len(sizes))
    order = sorted(range(len(sizes)), key=lambda i: (-sizes[i], firsts[i]))
    return [numbered == i + 1 for i in order[:most] if sizes[i] >= least_pixels]


def _first_pixels(numbered: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """The first place of each number 1…count in a map, row by row."""
    flat = numbered.ravel()
    firsts = np.full(count + 1, flat.size, dtype=np.int64)
    np.minimum.at(firsts, flat, np.arange(flat.size))
    return firsts[1:]
