from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from dlscope.methods.adaptation.adversarial import (  # noqa: E402 - after the check for torch
    deceiving_loss,
    discriminator_loss,
)
from dlscope.zoo.segmenter.discriminator import Discriminator  # noqa: E402 - after the check


class Constant(torch.nn.Module):
    """Says the same of everything."""

    def __init__(self, logit: float) -> None:
        super().__init__()
        self.logit = torch.nn.Parameter(torch.tensor(logit))

    def forward(self, probabilities):
        return self.logit + 0 * probabilities[:, :1]


def maps(seed: int):
    draw = torch.Generator().manual_seed(seed)
    return torch.rand(1, 19, 32, 32, generator=draw, requires_grad=True)


@pytest.mark.parametrize("logit", [-2.0, 0.0, 3.0])
def test_losses_are_cross_entropies(logit):
    source, target = math.log1p(math.exp(logit)), math.log1p(math.exp(-logit))
    assert float(deceiving_loss(Constant(logit), maps(0)).detach()) == pytest.approx(source)
    told = discriminator_loss(Constant(logit), maps(0), maps(1))
    assert float(told.loss.detach()) == pytest.approx((source + target) / 2)
    assert (told.source_accuracy, told.target_accuracy) == (logit < 0, logit >= 0)


def test_deceiving_moves_the_network_and_not_the_discriminator():
    discriminator, probabilities = Discriminator(16), maps(0)
    deceiving_loss(discriminator, probabilities).backward()
    assert probabilities.grad.abs().sum() > 0
    assert all(value.grad is None for value in discriminator.parameters())


def test_discriminating_moves_the_discriminator_and_not_the_network():
    discriminator, source, target = Discriminator(16), maps(0), maps(1)
    discriminator_loss(discriminator, source, target).loss.backward()
    assert all(value.grad is not None for value in discriminator.parameters())
    assert source.grad is None
    assert target.grad is None
