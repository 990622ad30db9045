"""`OnlineStepping`: labels of the target made anew in every step, by an average of the network.

    teacher ← d · teacher + (1 − d) · network, after each step
    labels of the target: what the teacher predicts; trust q: the share of pixels it is sure of
    L = L_seg(source) + Σ_pixels w · CE(network(mixed), labels)

w is 1 on the source and q on the target. The mixture has classes of the source pasted onto the
target, and its colors are changed (*DACS*, W. Tranheden et al., WACV 2021, and *DAFormer*,
L. Hoyer et al., CVPR 2022). Beyond the paper of SIM, whose instance term may be added.
"""

from __future__ import annotations

from typing import Any, final

import numpy as np
import torch
from torch.nn import functional

from dlscope.data.scene_classes import IGNORED
from dlscope.methods.adaptation.feature_memory import FeatureMemory
from dlscope.methods.adaptation.jitter import jittered
from dlscope.methods.adaptation.matching import MatchingRules, matching_losses
from dlscope.methods.adaptation.mixing import mixed
from dlscope.methods.adaptation.options import LossWeights, OnlineRules
from dlscope.methods.adaptation.stepping import Batch, resized_labels, segmentation_loss
from dlscope.training.average import ParameterAverage
from dlscope.training.loop import Figures
from dlscope.zoo.segmenter.segmenter import Segmenter


@final
class OnlineStepping:
    """The parts of an online training that a step changes; `teacher` is what is evaluated."""

    def __init__(
        self,
        network: Segmenter,
        optimizer: Any,
        memory: FeatureMemory,
        matching: MatchingRules,
        rules: OnlineRules,
    ) -> None:
        self.network, self.optimizer, self.memory = network, optimizer, memory
        self._matching, self._rules = matching, rules
        self.teacher = ParameterAverage(network, rules.decay)

    def step(
        self, source: Batch, target: Batch, weights: LossWeights, draw: np.random.Generator
    ) -> Figures:
        """One step; the losses of it, and how much of the target the teacher is sure of."""
        labels, trust = self._taught(target)
        self.optimizer.zero_grad(set_to_none=True)
        features, logits = self.network(source.images)
        loss = segmentation_loss(self.network, logits, source.labels)
        figures = {"segmentation": float(loss.detach()), "trust": float(trust.mean())}
        if weights.matches:
            small = resized_labels(source.labels, tuple(features.shape[2:]))
            self.memory.store(features, logits, small, self.network.classify)
        loss.backward()
        mixture = mixed((source.images, source.labels), (target.images, labels), trust, draw)
        seen = self._recolored(mixture.images, draw)
        mixing = _weighted_loss(self.network, seen, mixture.labels, mixture.weights)
        figures["mixed"] = float(mixing.detach())
        (weights.pseudo * mixing).backward()
        if weights.matches:
            figures |= self._matched(target, weights)
        self.optimizer.step()
        self.teacher.update()
        return figures

    def _taught(self, target: Batch) -> tuple[Any, Any]:
        """What the teacher makes of the target, and the share of each image it is sure of."""
        with self.teacher.applied(), torch.no_grad():
            self.network.eval()
            logits = self.network(target.images)[1]
            self.network.train()
            enlarged = self.network.enlarged(logits, tuple(target.images.shape[2:]))
            sure, labels = torch.softmax(enlarged, dim=1).max(dim=1)
        return labels, (sure >= self._rules.sure).float().mean(dim=(1, 2))

    def _recolored(self, images_bchw: Any, draw: np.random.Generator) -> Any:
        mean = torch.tensor(self.network.mean).to(images_bchw.device).reshape(1, 3, 1, 1)
        pixels = images_bchw / self.network.scale + mean
        return (jittered(pixels, draw) - mean) * self.network.scale

    def _matched(self, target: Batch, weights: LossWeights) -> Figures:
        features, logits = self.network(target.images)
        found = matching_losses(
            features, logits, self.memory, self.network.classify, self._matching
        )
        (weights.stuff * found.stuff + weights.instance * found.instance).backward()
        return {"stuff": float(found.stuff.detach()), "instance": float(found.instance.detach())}


def _weighted_loss(network: Segmenter, images: Any, labels: Any, weights: Any) -> Any:
    """The mean over all pixels of cross entropy times weight; ignored ones count as 0."""
    logits = network.enlarged(network(images)[1], tuple(labels.shape[1:]))
    each = functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="none")
    return (each * weights).mean()
