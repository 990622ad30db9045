"""`DevicePixels`: images that are moved to a device once, and cut out there.

Letters: B views, H, W the size of images, h, w that of the views.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import numpy as np
import torch
from torch.nn import functional

from dlscope.methods.skynet.detector_training.views import GREY, Looks
from dlscope.methods.skynet.prepared_images import PreparedImages


@final
class DevicePixels:
    """The pixels of `images` on `device`, all of them as bytes."""

    def __init__(self, images: PreparedImages, device: Any) -> None:
        self._pixels_nhwc = torch.from_numpy(images.pixels_nhwc).to(device)

    def seen(self, indices: Sequence[int], looks: Looks, size: tuple[int, int]) -> Any:
        """What is looked at of the images at `indices`, [B, h, w, 3], at `size` (h, w).

        Whole numbers between the nearest four pixels, grey beyond the image, as on the CPU up to
        what is lost there by weights of five bits.
        """
        device = self._pixels_nhwc.device
        chosen = torch.tensor(list(indices)).to(device)
        pixels_bchw = self._pixels_nhwc[chosen].permute(0, 3, 1, 2).float().sub_(GREY)
        grid = torch.from_numpy(_grid(looks, size, pixels_bchw.shape[2:])).to(device)
        seen_bchw = functional.grid_sample(pixels_bchw, grid, align_corners=False)
        return seen_bchw.add_(GREY).round_().permute(0, 2, 3, 1)


def _grid(looks: Looks, size: tuple[int, int], image_size: Sequence[int]) -> Any:
    """Where the centres of the pixels of each view lie, [B, h, w, 2], the image being −1…1."""
    height, width = size
    across, down = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    columns_bw = np.where(looks.is_mirrored_b[:, None], across[::-1], across)
    left, top, right, bottom = (each[:, None] for each in looks.windows_b4.T)
    x_bw = 2 * (left + columns_bw * (right - left)) / image_size[1] - 1
    y_bh = 2 * (top + down * (bottom - top)) / image_size[0] - 1
    grid = np.empty((len(x_bw), height, width, 2), np.float32)
    grid[..., 0], grid[..., 1] = x_bw[:, None, :], y_bh[:, :, None]
    return grid
