"""Why the adversarial loss is unstable, in numbers: two Gaussians that are drawn together.

With the best discriminator D = p_s / (p_s + p_t) held fixed, the loss that the network is given
has the gradient

    ∇ E_{x ~ p_t} [−log D(x)] = ∇ [ KL(p_t ‖ p_s) − 2 · JS(p_t ‖ p_s) ]

so that the step that pulls one divergence together pushes the other apart; the saturating loss has
2 · ∇JS, which dies away where the domains are far apart. The distance to the nearest remembered
feature has a gradient of 1 wherever that is. (The argument of SIM, section 3.1; the identity is
Arjovsky's and Bottou's.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

DISTANCES = (0.25, 0.5, 1.0, 2.0, 4.0, 6.0)
_STEP = 1e-4
_X = np.linspace(-30.0, 40.0, 70_001)


@final
@dataclass(frozen=True)
class Gradients:
    """Derivatives over the distance μ between two Gaussians of variance 1."""

    distance: float
    adversarial: float
    kl: float
    twice_js: float
    saturating: float
    nearest: float


def gradients(distance: float) -> Gradients:
    """All gradients at `distance` > 0, integrated numerically.

    Those of the losses keep the discriminator fixed: d/dμ p_t = (x − μ) p_t, so that each is an
    integral of a function times that. Those of the divergences are differences of the divergences
    themselves, which is how the identity above is seen to hold.
    """
    source, target = _density(_X, 0.0), _density(_X, distance)
    moved = (_X - distance) * target
    log_both = _log(source + target)
    return Gradients(
        distance=distance,
        adversarial=_integral((log_both - _log(source)) * moved),
        kl=_slope(_kl, distance),
        twice_js=2 * _slope(_js, distance),
        saturating=_integral((_log(target) - log_both) * moved),
        nearest=float(np.sign(distance)),
    )


def _kl(distance: float) -> float:
    source, target = _density(_X, 0.0), _density(_X, distance)
    return _divergence(target, source)


def _js(distance: float) -> float:
    source, target = _density(_X, 0.0), _density(_X, distance)
    middle = (source + target) / 2
    return (_divergence(target, middle) + _divergence(source, middle)) / 2


def _divergence(of: NDArray[np.float64], against: NDArray[np.float64]) -> float:
    return _integral(of * (_log(of) - _log(against)))


def _slope(divergence: Callable[[float], float], distance: float) -> float:
    return (divergence(distance + _STEP) - divergence(distance - _STEP)) / (2 * _STEP)


def _integral(values: NDArray[np.float64]) -> float:
    return float(np.sum(values) * (_X[1] - _X[0]))


def _density(x: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    return np.asarray(np.exp(-((x - mean) ** 2) / 2) / np.sqrt(2 * np.pi))


def _log(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log(np.maximum(values, np.finfo(np.float64).tiny)))
