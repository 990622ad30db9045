"""Numbers of few bits, as the FPGA keeps them.

    fixed(x) = clamp(⌊x · 2^f + ½⌋, −2^(bits−1), 2^(bits−1) − 1) / 2^f        f = bits − int_bits

The sign is one of the integer bits. Layers are computed in float; what is kept between them is
rounded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import PlanError
from dlscope.zoo.skynet.folding import Array, Folded, FoldedBundle


@final
@dataclass(frozen=True)
class FixedFormat:
    """How a number is kept: `bits` in all, `int_bits` of them before the point, sign included.

    Raises `PlanError` for fewer than 2 bits, and for more of them before the point than in all.
    """

    bits: int
    int_bits: int

    def __post_init__(self) -> None:
        if self.bits < 2:
            raise _refusal(
                f"a number of {self.bits} bits has no value but its sign", "at least 2 bits"
            )
        if self.int_bits > self.bits:
            raise _refusal(
                f"{self.int_bits} integer bits do not fit into {self.bits} bits",
                f"at most {self.bits} integer bits",
            )

    @property
    def step(self) -> float:
        """The distance of two neighbouring numbers."""
        return math.ldexp(1.0, self.int_bits - self.bits)

    @property
    def lowest(self) -> float:
        """The smallest number."""
        return -math.ldexp(1.0, self.int_bits - 1)

    @property
    def highest(self) -> float:
        """The largest number."""
        return -self.lowest - self.step


FEATURE_MAPS = FixedFormat(9, 3)
WEIGHTS = FixedFormat(11, 4)
"""The formats of the released design, for feature maps and for weights and biases."""


def fixed(values: NDArray[Any], bits: int, int_bits: int) -> NDArray[Any]:
    """The nearest numbers of that format, halves upwards, ends for what is beyond them.

    Keeps the type of float. Raises as `FixedFormat` does.
    """
    form = FixedFormat(bits, int_bits)
    values = np.asarray(values)
    # Division and multiplication by a power of two are exact.
    whole = np.floor(values / form.step + 0.5) * form.step
    rounded: NDArray[Any] = np.clip(whole, form.lowest, form.highest)
    return rounded.astype(values.dtype if values.dtype.kind == "f" else np.float64)


def saturated(values: NDArray[Any], form: FixedFormat) -> int:
    """How many of the values are beyond what the format can tell."""
    low, high = form.lowest - form.step / 2, form.highest + form.step / 2
    return int(((values < low) | (values >= high)).sum())


def fixed_weights(folded: Folded, form: FixedFormat = WEIGHTS) -> Folded:
    """The network with every weight and bias in that format."""

    def kept(array: Array) -> Array:
        return fixed(array, form.bits, form.int_bits)

    bundles = tuple(FoldedBundle(*map(kept, bundle.arrays)) for bundle in folded.bundles)
    head = None if folded.head is None else kept(folded.head)
    return replace(folded, bundles=bundles, head=head)


def fixed_head(
    folded: Folded,
    images_bchw: NDArray[np.float32],
    *,
    act: str = "relu6",
    maps: FixedFormat = FEATURE_MAPS,
    weights: FixedFormat = WEIGHTS,
) -> NDArray[np.float32]:
    """The map of the head with input, activations, weights and biases in few bits.

    The head itself is not rounded. Needs torch.
    """
    import torch

    from dlscope.zoo.skynet.folded_network import FoldedNetwork

    network = FoldedNetwork(fixed_weights(folded, weights), act)

    def kept(values: Any) -> Any:
        return torch.from_numpy(fixed(values.numpy(), maps.bits, maps.int_bits))

    with torch.no_grad():
        head: NDArray[np.float32] = network(torch.from_numpy(images_bchw), after=kept).numpy()
    return head


def _refusal(what: str, number: str) -> PlanError:
    return PlanError(what, where="SkyNet, fixed point", fix=f"give {number}")
