"""`Stepping`: one step of a training after another, each with both domains.

source forward → memory → its loss backward → target forward → its losses backward
→ discriminator → both optimizers

L = L_seg(source) + λ_adv L_adv + λ_s L_stuff + λ_i L_instance + λ_p L_seg(target, pseudo)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import torch
from torch.nn import functional

from dlscope.data.scene_classes import IGNORED
from dlscope.methods.adaptation.adversarial import deceiving_loss, discriminator_loss
from dlscope.methods.adaptation.feature_memory import FeatureMemory
from dlscope.methods.adaptation.health import target_figures
from dlscope.methods.adaptation.matching import Matching, MatchingRules, matching_losses
from dlscope.methods.adaptation.options import LossWeights
from dlscope.training.loop import Figures
from dlscope.zoo.segmenter.segmenter import Segmenter


@final
@dataclass(frozen=True)
class Batch:
    """Images of one domain [B, 3, H, W], as the network wants them, and ids [B, H, W] if known."""

    images: Any
    labels: Any = None
    names: Sequence[str] = ()


@final
class Stepping:
    """The parts of a training that a step changes."""

    def __init__(
        self,
        network: Segmenter,
        optimizer: Any,
        memory: FeatureMemory,
        rules: MatchingRules,
        discriminator: Any = None,
        discriminator_optimizer: Any = None,
    ) -> None:
        self.network, self.optimizer = network, optimizer
        self.memory, self._rules = memory, rules
        self.discriminator = discriminator
        self.discriminator_optimizer = discriminator_optimizer

    def step(self, source: Batch, target: Batch | None, weights: LossWeights) -> Figures:
        """One step; the losses of it, without their weights. Without a target none is looked at."""
        self.optimizer.zero_grad(set_to_none=True)
        figures, source_logits = self._source(source, weights)
        if target is not None:
            figures |= self._target(target, source_logits, weights)
        self.optimizer.step()
        return figures

    def _source(self, source: Batch, weights: LossWeights) -> tuple[Figures, Any]:
        features, logits = self.network(source.images)
        loss = segmentation_loss(self.network, logits, source.labels)
        if weights.matches:
            small = resized_labels(source.labels, tuple(features.shape[2:]))
            self.memory.store(features, logits, small, self.network.classify)
        loss.backward()
        return {"segmentation": float(loss.detach())}, logits.detach()

    def _target(self, target: Batch, source_logits: Any, weights: LossWeights) -> Figures:
        features, logits = self.network(target.images)
        figures = target_figures(logits)
        loss = features.sum() * 0.0
        if weights.adversarial > 0:
            deceiving = deceiving_loss(
                self.discriminator, judged(self.network, logits, _size(target))
            )
            loss = loss + weights.adversarial * deceiving
            figures["adversarial"] = float(deceiving.detach())
        if weights.matches:
            matching = self._matching(features, logits, target)
            loss = loss + weights.stuff * matching.stuff + weights.instance * matching.instance
            figures |= {
                "stuff": float(matching.stuff.detach()),
                "instance": float(matching.instance.detach()),
                "stuff_regions": float(matching.stuff_regions),
                "instance_regions": float(matching.instance_regions),
            }
        if weights.pseudo > 0:
            own = segmentation_loss(self.network, logits, target.labels)
            loss = loss + weights.pseudo * own
            figures["pseudo"] = float(own.detach())
        if loss.requires_grad and weights.sees_target:
            loss.backward()
        if weights.adversarial > 0:
            figures |= self._discriminate(source_logits, logits.detach(), _size(target))
        return figures

    def _matching(self, features: Any, logits: Any, target: Batch) -> Matching:
        head, labels = self.network.classify, target.labels
        small = None if labels is None else resized_labels(labels, tuple(features.shape[2:]))
        return matching_losses(features, logits, self.memory, head, self._rules, small)

    def _discriminate(
        self, source_logits: Any, target_logits: Any, size: tuple[int, int]
    ) -> Figures:
        self.discriminator_optimizer.zero_grad(set_to_none=True)
        told = discriminator_loss(
            self.discriminator,
            judged(self.network, source_logits, size),
            judged(self.network, target_logits, size),
        )
        told.loss.backward()
        self.discriminator_optimizer.step()
        return {
            "discriminator": float(told.loss.detach()),
            "source_accuracy": told.source_accuracy,
            "target_accuracy": told.target_accuracy,
        }


def segmentation_loss(network: Segmenter, logits_bkhw: Any, labels_bhw: Any) -> Any:
    """Cross entropy at the size of the labels, over pixels that are not ignored; 0 without any."""
    enlarged = network.enlarged(logits_bkhw, tuple(labels_bhw.shape[1:]))
    counted = labels_bhw != IGNORED
    if not bool(counted.any()):
        return enlarged.sum() * 0.0
    if not enlarged.is_cpu:  # torch's own mean is not the same twice on a GPU
        each = functional.cross_entropy(
            enlarged, labels_bhw, ignore_index=IGNORED, reduction="none"
        )
        return each.sum() / counted.sum()
    return functional.cross_entropy(enlarged, labels_bhw, ignore_index=IGNORED)


def resized_labels(labels_bhw: Any, size: tuple[int, ...]) -> Any:
    """Labels at the size of a map of features, each the nearest one."""
    resized = functional.interpolate(labels_bhw[:, None].float(), size=size, mode="nearest")
    return resized[:, 0].long()


def judged(network: Segmenter, logits_bkhw: Any, size: tuple[int, int]) -> Any:
    """What the discriminator sees of images of `size`: probabilities, enlarged."""
    return torch.softmax(network.enlarged(logits_bkhw, network.judged_size(size)), dim=1)


def _size(batch: Batch) -> tuple[int, int]:
    height, width = batch.images.shape[2:]
    return height, width
