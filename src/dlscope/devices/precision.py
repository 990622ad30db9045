"""`Precision`: the bits of the numbers that a layer computes with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, final

from dlscope.core.errors import SearchError

_MOST_BITS = 32


@final
@dataclass(frozen=True, order=True)
class Precision:
    """Bits of weights and of activations, 1 to 32. Raises `SearchError` for any other."""

    weight_bits: int
    activation_bits: int

    def __post_init__(self) -> None:
        for what, bits in (("weights", self.weight_bits), ("activations", self.activation_bits)):
            if type(bits) is not int or not 1 <= bits <= _MOST_BITS:
                raise SearchError(
                    f"{bits!r} is not a number of bits",
                    where=f"precision of {what}",
                    fix=f"use a whole number from 1 to {_MOST_BITS}",
                )

    @classmethod
    def of(cls, bits: int) -> Self:
        """The same bits for weights and activations."""
        return cls(bits, bits)

    @property
    def lane_bits(self) -> int:
        """The width that a multiplier needs: the larger of the two."""
        return max(self.weight_bits, self.activation_bits)

    def __str__(self) -> str:
        if self.weight_bits == self.activation_bits:
            return f"{self.weight_bits} bit"
        return f"{self.weight_bits}/{self.activation_bits} bit"
