"""`Grid`: the numbers that so many bits can tell: whole multiples of a step that is a power of two.

Rounding is half up, ⌊x + 1/2⌋, here and in everything that is emitted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import SearchError

Integers = NDArray[np.int64]


@final
@dataclass(frozen=True)
class Grid:
    """Multiples of 2^`exponent` with `bits` bits.

    Unsigned from 0 to 2^b − 1, signed from −2^(b−1) to 2^(b−1) − 1.
    """

    exponent: int
    bits: int
    is_signed: bool

    @classmethod
    def fitting(cls, largest: float, bits: int, *, is_signed: bool) -> Self:
        """The finest that reaches `largest`, a magnitude; the step is 1 where that is 0.

            2^⌈log2(largest / n)⌉,   n = 2^b − 1, or 2^(b−1) − 1 with a sign

        Raises `SearchError` for bits that leave nothing but 0, and for no finite magnitude.
        """
        levels = 2 ** (bits - 1) - 1 if is_signed else 2**bits - 1
        if levels < 1:
            raise SearchError(
                f"{bits} bits with a sign tell no number above 0",
                where="quantisation",
                fix="use at least 2 bits",
            )
        if not 0 <= largest < math.inf:
            raise SearchError(
                f"the largest magnitude is {largest}",
                where="quantisation",
                fix="calibrate on inputs that are finite",
            )
        return cls(_ceiling_log2(largest / levels) if largest else 0, bits, is_signed)

    @property
    def step(self) -> float:
        """The distance between neighbours."""
        return 2.0**self.exponent

    @property
    def least(self) -> int:
        """The smallest whole number."""
        return -(1 << (self.bits - 1)) if self.is_signed else 0

    @property
    def most(self) -> int:
        """The largest whole number."""
        return (1 << (self.bits - 1 if self.is_signed else self.bits)) - 1

    @property
    def reach(self) -> int:
        """The largest magnitude of a whole number."""
        return max(-self.least, self.most)

    def quantised(self, values: NDArray[Any]) -> Integers:
        """The nearest whole numbers, half up, those beyond the ends put there."""
        rounded = np.floor(np.asarray(values, np.float64) / self.step + 0.5)
        return np.clip(rounded, self.least, self.most).astype(np.int64)

    def values(self, integers: Integers) -> NDArray[Any]:
        """What `integers` stand for."""
        return integers * self.step

    def __str__(self) -> str:
        sign = "signed" if self.is_signed else "unsigned"
        return f"{sign} {self.bits} bit, step 2^{self.exponent}"


def shifted(values: Integers, shifts: Integers) -> Integers:
    """`values` / 2^`shifts`, rounded half up; exact where a shift is below 0.

    >>> shifted(np.array([5, 6, -6, 3]), np.array([2, 2, 2, -1]))
    array([ 1,  2, -1,  6])
    """
    right = np.maximum(shifts, 0)
    half = np.where(right > 0, np.left_shift(1, np.maximum(right - 1, 0)), 0)
    scaled = np.left_shift(values, np.maximum(-shifts, 0))
    rounded: Integers = np.right_shift(scaled + half, right)
    return rounded


def divided(values: Integers, divisors: Integers) -> Integers:
    """`values` / `divisors`, both whole, rounded half up: ⌊(2 · v + d) / (2 · d)⌋."""
    quotients: Integers = (2 * values + divisors) // (2 * divisors)
    return quotients


def signed_bits(largest: int) -> int:
    """The bits that a signed number needs to hold `largest` and its negative."""
    return int(largest).bit_length() + 1


def _ceiling_log2(value: float) -> int:
    """⌈log2 value⌉, exact at powers of two."""
    fraction, exponent = math.frexp(value)
    return exponent - 1 if fraction == 1 / 2 else exponent
