"""`jittered`: images in other light, other colors and out of focus, as a camera may see them.

Values are those of a network's input; `gain` and `shift` bring them back to 0…255.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional

_GREY = (0.299, 0.587, 0.114)
_BRIGHTNESS, _CONTRAST, _SATURATION = 0.35, 0.3, 0.6
_CHANNELS = 0.12
_BLURRED, _SIGMA = 0.5, (0.2, 1.1)
_NOISE = 6.0


def jittered(images_bchw: Any, draw: np.random.Generator) -> Any:
    """Images of 0…255 [B, 3, H, W], each changed by itself."""
    return torch.stack([_jittered(image, draw) for image in images_bchw])


def _jittered(image_chw: Any, draw: np.random.Generator) -> Any:
    grey = sum(weight * image_chw[i] for i, weight in enumerate(_GREY))[None]
    saturation = max(0.0, 1 + draw.uniform(-1.4 * _SATURATION, _SATURATION))
    changed = grey + saturation * (image_chw - grey)
    middle = changed.mean()
    changed = middle + (1 + draw.uniform(-_CONTRAST, _CONTRAST)) * (changed - middle)
    gains = 1 + draw.uniform(-_BRIGHTNESS, _BRIGHTNESS) + draw.uniform(-_CHANNELS, _CHANNELS, 3)
    changed = changed * torch.from_numpy(gains.astype(np.float32)).to(changed.device)[:, None, None]
    if draw.random() < _BLURRED:
        changed = _blurred(changed, draw.uniform(*_SIGMA))
    noise = draw.standard_normal(tuple(changed.shape), dtype=np.float32) * draw.uniform(0, _NOISE)
    return (changed + torch.from_numpy(noise).to(changed.device)).clamp(0, 255)


def _blurred(image_chw: Any, sigma: float) -> Any:
    reach = 3
    places = torch.arange(-reach, reach + 1, dtype=torch.float32).to(image_chw.device)
    kernel = torch.exp(-(places**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    padded = functional.pad(image_chw[:, None], (reach, reach, reach, reach), mode="replicate")
    across = functional.conv2d(padded, kernel.reshape(1, 1, 1, -1))
    return functional.conv2d(across, kernel.reshape(1, 1, -1, 1))[:, 0]
