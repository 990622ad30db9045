"""How many bits sums need: the worst that any input can do to the weights at hand.

Bounds hold for every partial sum, in whatever order products are added, since they are sums of
magnitudes of one sign. Whole numbers of Python, so nothing overflows here.
"""

from __future__ import annotations

from dlscope.methods.codesign.emission.grid import Grid, Integers, signed_bits


def sum_bits(
    weights: Integers,
    bias: Integers,
    reads: Grid,
    sum_shifts: Integers,
    added: Grid | None,
    residual_shifts: Integers,
    shifts: Integers,
) -> int:
    """Bits, with the sign, of the widest sum of any channel of `weights[o, i, h, w]`.

    What is added is max(Σ w⁺, Σ w⁻) · x of unsigned inputs x, Σ |w| · x of signed ones, |b|, the
    residual where there is one, all aligned, and half a step of what is given.
    """
    positive = weights.clip(min=0).sum(axis=(1, 2, 3)).tolist()
    negative = (-weights.clip(max=0)).sum(axis=(1, 2, 3)).tolist()
    residual = 0 if added is None else added.reach
    widest = 0
    for up, down, offset, left, aligned, shift in zip(
        positive,
        negative,
        bias.tolist(),
        sum_shifts.tolist(),
        residual_shifts.tolist(),
        shifts.tolist(),
        strict=True,
    ):
        products = (up + down if reads.is_signed else max(up, down)) * reads.reach
        summed = (products << left) + abs(offset) + (residual << aligned)
        widest = max(widest, (summed << max(-shift, 0)) + _half(shift))
    return signed_bits(widest)


def average_bits(count: int, floor: Integers, ceiling: Integers, shifts: Integers) -> int:
    """Bits, with the sign, of twice the sum over a map of `count` places and of its divisor."""
    widest = 0
    for low, high, shift in zip(floor.tolist(), ceiling.tolist(), shifts.tolist(), strict=True):
        total = count * max(abs(low), abs(high)) << max(-shift, 0)
        widest = max(widest, 2 * total + (count << max(shift, 0)))
    return signed_bits(widest)


def _half(shift: int) -> int:
    return 1 << (shift - 1) if shift > 0 else 0
