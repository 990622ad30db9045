"""The adversarial loss in the space of outputs: a discriminator tells source from target.

Its label of the source is 0, of the target 1. It sees probabilities, not features (Tsai et al.,
"Learning to Adapt Structured Output Space for Semantic Segmentation", CVPR 2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import torch
from torch.nn import functional

SOURCE, TARGET = 0.0, 1.0


@final
@dataclass(frozen=True)
class Discrimination:
    """Loss of the discriminator, and the share of its map that is right in either domain."""

    loss: Any
    source_accuracy: float
    target_accuracy: float


def deceiving_loss(discriminator: Any, probabilities_bkhw: Any) -> Any:
    """What the network is told: its output on the target should look like the source.

        L_adv = BCE(D(p), source)

    The discriminator is left as it is.
    """
    return _binary_cross_entropy(_judged(discriminator, probabilities_bkhw), SOURCE)


def discriminator_loss(discriminator: Any, source_bkhw: Any, target_bkhw: Any) -> Discrimination:
    """½ BCE(D(source), 0) + ½ BCE(D(target), 1), on probabilities whose graph is cut off."""
    of_source, of_target = discriminator(source_bkhw.detach()), discriminator(target_bkhw.detach())
    loss = _binary_cross_entropy(of_source, SOURCE) + _binary_cross_entropy(of_target, TARGET)
    return Discrimination(
        loss / 2,
        float((of_source.detach() < 0).float().mean()),
        float((of_target.detach() >= 0).float().mean()),
    )


def _judged(discriminator: Any, probabilities_bkhw: Any) -> Any:
    """The map of the discriminator, through which gradients pass but in which none stay."""
    fixed = {name: value.detach() for name, value in discriminator.named_parameters()}
    return torch.func.functional_call(discriminator, fixed, (probabilities_bkhw,))


def _binary_cross_entropy(logits: Any, domain: float) -> Any:
    wanted = torch.full_like(logits, domain)
    return functional.binary_cross_entropy_with_logits(logits, wanted)
