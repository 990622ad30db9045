"""`TorchAnswering`: a network of torch, asked by a tracker."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from dlscope.methods.skynet.tracking.answering import Answer
from dlscope.methods.skynet.tracking.inputs import as_input
from dlscope.zoo.siamese.network import Kernels, SiameseNetwork


@final
class TorchAnswering:
    """See `answering.Answering`."""

    def __init__(self, network: SiameseNetwork) -> None:
        self.design = network.design
        self._network = network.eval().to(memory_format=torch.channels_last)

    def kernels(self, template_1ctt: NDArray[np.float32]) -> Kernels:
        """See `Answering.kernels`."""
        with torch.inference_mode():
            kept: Kernels = self._network.kernels(as_input(template_1ctt))
        return kept

    def answer(self, search_1css: NDArray[np.float32], kernels: Kernels) -> Answer:
        """See `Answering.answer`."""
        with torch.inference_mode():
            response = self._network.respond(as_input(search_1css), kernels)
        features = response.mask_features
        return Answer(
            response.scores[0].numpy(),
            response.boxes[0].numpy(),
            None if features is None else features[0].numpy(),
        )

    def mask(self, features_c: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Answering.mask`."""
        with torch.inference_mode():
            logits = self._network.masks(torch.from_numpy(features_c).reshape(1, -1, 1, 1))
        return np.asarray(logits.flatten().numpy())
