"""A network of torch as what finds boxes in images."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dlscope.methods.skynet.detection_scores import Predict, head_predictor


def network_predictor(network: Any, anchors: tuple[tuple[float, float], ...]) -> Predict:
    """Boxes by `network`, which is in evaluation mode and gives the raw map of the head."""

    def head_of(images_bchw: NDArray[np.float32]) -> NDArray[Any]:
        device = next(network.parameters()).device
        given = torch.from_numpy(images_bchw).to(device, memory_format=torch.channels_last)
        with torch.no_grad():
            return np.asarray(network(given).cpu().numpy())

    return head_predictor(head_of, anchors)
