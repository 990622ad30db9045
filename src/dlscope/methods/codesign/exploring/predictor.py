"""`LossPredictor`: what designs that nobody has looked at may have for a loss.

    loss ≈ c + Σ_i a_{i, m_i} + Σ_i b_{i, q_i}          a and b by ridge regression

It knows nothing of what produces the loss; the strength of the ridge is the one with the least
error on designs that were left out one at a time.
"""

from __future__ import annotations

from typing import Self, final

import numpy as np

from dlscope.devices.base import Floats
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import DesignSpace

_STRENGTHS = (1e-6, 1e-4, 1e-2, 1e-1, 1.0, 10.0)
_SURE = 1e-9


@final
class LossPredictor:
    """A sum over blocks, fitted to designs whose loss is known."""

    def __init__(self, space: DesignSpace, mean: float, weights: Floats) -> None:
        self._space, self._mean, self._weights = space, mean, weights

    @classmethod
    def fitted(cls, space: DesignSpace, known: Choices, losses: Floats) -> Self:
        """The predictor that fits these designs."""
        mean = float(losses.mean())
        return cls(space, mean, _ridge(_features(space, known), losses - mean))

    def losses(self, choices: Choices) -> Floats:
        """What it expects of these designs, [B]."""
        return np.asarray(self._mean + _features(self._space, choices) @ self._weights)


def _features(space: DesignSpace, choices: Choices) -> Floats:
    """One of each block's operations, and one of its precisions, is 1: [B, N·M + N·Q]."""
    most = max(len(block.operations) for block in space.blocks)
    operations = np.eye(most)[choices.operations]
    precisions = np.eye(len(space.precisions))[choices.precisions]
    count = len(operations)
    return np.concatenate([operations.reshape(count, -1), precisions.reshape(count, -1)], axis=1)


def _ridge(features: Floats, targets: Floats) -> Floats:
    """Weights of the strength λ that predicts designs best that were left out.

    With XᵀX = V diag(s) Vᵀ every strength is a product: the error on the one left out is
    (y − ŷ) / (1 − h), h being the diagonal of X V diag(1 / (s + λ)) Vᵀ Xᵀ.
    """
    spectrum, vectors = np.linalg.eigh(features.T @ features)
    spectrum = np.maximum(spectrum, 0.0)
    turned = features @ vectors
    along = turned.T @ targets
    best, best_error = np.zeros(features.shape[1]), np.inf
    for strength in _STRENGTHS:
        weights = along / (spectrum + strength)
        influence = np.minimum((turned**2) @ (1 / (spectrum + strength)), 1 - _SURE)
        error = float(np.mean(((targets - turned @ weights) / (1 - influence)) ** 2))
        if error < best_error:
            best_error, best = error, vectors @ weights
    return best
