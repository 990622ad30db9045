"""Images of both domains put together: some classes of the source, pasted onto the target.

Class mixing of *DACS: Domain Adaptation via Cross-domain Mixed Sampling*, W. Tranheden et al.,
WACV 2021. Letters: B images, H, W their size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from dlscope.data.scene_classes import IGNORED


@final
@dataclass(frozen=True)
class Mixed:
    """Images [B, 3, H, W], ids [B, H, W], and how much each pixel counts [B, H, W]."""

    images: Any
    labels: Any
    weights: Any


def mixed(
    source: tuple[Any, Any],
    target: tuple[Any, Any],
    trust_b: Any,
    draw: np.random.Generator,
) -> Mixed:
    """Half of the classes of each source image, over the target image of the same place.

    Both are (images, ids). Pixels of the source count 1, those of the target as much as `trust` of
    their image.
    """
    (source_images, source_ids), (target_images, target_ids) = source, target
    mask = torch.stack([_pasted(ids, draw) for ids in source_ids])
    weights = torch.where(mask, 1.0, trust_b[:, None, None].to(torch.float32))
    return Mixed(
        images=torch.where(mask[:, None], source_images, target_images),
        labels=torch.where(mask, source_ids, target_ids),
        weights=weights,
    )


def _pasted(ids_hw: Any, draw: np.random.Generator) -> Any:
    """Where the classes are that are taken of an image: half of them, rounded up."""
    present = [each for each in torch.unique(ids_hw).tolist() if each != IGNORED]
    if not present:
        return torch.zeros_like(ids_hw, dtype=torch.bool)
    taken = draw.permutation(present)[: (len(present) + 1) // 2]
    return torch.isin(ids_hw, torch.from_numpy(np.sort(taken)).to(ids_hw.device))
