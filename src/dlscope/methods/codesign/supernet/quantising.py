"""Numbers as they will be in hardware, while they are trained: rounded, with gradients as if not.

    weights       n = 2^(b−1) − 1,  ŵ = clip(round(w / s), −n − 1, n) · s,  s = max|w| / n
    activations   unsigned 0 … 2^b − 1, or signed −2^(b−1) … 2^(b−1) − 1, of a running maximum

The step s belongs to an output channel of weights, to a whole tensor of activations, and is the
next power of two above, so that hardware shifts where it would divide. Half is rounded up. From 32
bits on nothing is rounded.
"""

from __future__ import annotations

from typing import Any, final

import torch

_WHOLE_BITS = 32
_SMALLEST = 2.0**-24


def quantised_weights(weights: Any, bits: int, *, power_of_two: bool = True) -> Any:
    """`weights`, output channels first, at `bits`; the gradient passes through unchanged.

    Channels without any weight but 0 stay as they are.
    """
    if bits >= _WHOLE_BITS:
        return weights
    most = max(2 ** (bits - 1) - 1, 1)
    largest = weights.detach().abs().flatten(1).amax(1).clamp_min(_SMALLEST)
    step = step_of(largest, most, power_of_two=power_of_two)
    return rounded(weights, step.reshape(-1, *[1] * (weights.dim() - 1)), -most - 1, most)


def quantised_activations(
    values: Any, bits: int, largest: Any, *, signed: bool, power_of_two: bool = True
) -> Any:
    """`values` at `bits`, those beyond `largest` cut off; the gradient passes where nothing is."""
    if bits >= _WHOLE_BITS:
        return values
    lowest, most = activation_levels(bits, signed=signed)
    step = step_of(largest.clamp_min(_SMALLEST), most, power_of_two=power_of_two)
    return rounded(values, step, lowest, most)


def activation_levels(bits: int, *, signed: bool) -> tuple[int, int]:
    """The lowest and the highest level of activations.

    >>> activation_levels(8, signed=False), activation_levels(4, signed=True)
    ((0, 255), (-8, 7))
    """
    if not signed:
        return 0, 2**bits - 1
    return -(2 ** (bits - 1)), max(2 ** (bits - 1) - 1, 1)


def step_of(largest: Any, levels: int, *, power_of_two: bool = True) -> Any:
    """The distance between neighbours so that `levels` of them reach `largest`."""
    step = largest / levels
    return torch.exp2(torch.ceil(torch.log2(step))) if power_of_two else step


def rounded(values: Any, step: Any, lowest: int, most: int) -> Any:
    """Multiples of `step`, half rounded up; no gradient for what lies outside the levels."""
    return _Rounded.apply(values, step, lowest, most)


@final
class _Rounded(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, values: Any, step: Any, lowest: int, most: int) -> Any:
        levels = values / step
        context.save_for_backward((levels >= lowest) & (levels <= most))
        return levels.add_(0.5).floor_().clamp_(lowest, most).mul_(step)

    @staticmethod
    def backward(context: Any, gradient: Any) -> Any:
        (is_inside,) = context.saved_tensors
        return gradient * is_inside, None, None, None


@final
class InputRange(torch.nn.Module):
    """The largest magnitude that a layer reads: a running maximum, until it is frozen.

        m ← 0.99 · m + 0.01 · max|x|

    It moves in training only; the first batch sets it. `signed` says whether there are numbers
    below 0; None looks at each batch.
    """

    def __init__(self, *, signed: bool | None = None, momentum: float = 0.99) -> None:
        super().__init__()
        self.signed = signed
        self._momentum = momentum
        self.register_buffer("largest", torch.zeros(()))
        self.register_buffer("is_frozen", torch.zeros((), dtype=torch.bool))

    def freeze(self) -> None:
        """Stay at the maximum as it is."""
        self.is_frozen.fill_(True)

    def forward(self, values: Any, bits: int) -> Any:
        """`values` at `bits`."""
        if bits >= _WHOLE_BITS:
            return values
        if (self.training and not self.is_frozen) or not self.largest:
            self._look(values)
        signed = bool(values.detach().amin() < 0) if self.signed is None else self.signed
        return quantised_activations(values, bits, self.largest, signed=signed)

    def _look(self, values: Any) -> None:
        seen = values.detach().abs().amax()
        if self.largest:
            self.largest.lerp_(seen, 1 - self._momentum)
        else:
            self.largest.copy_(seen)
