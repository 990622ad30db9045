"""In which third of a network something peaks (XSP, characterisation: stages)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from dlscope.methods.profiling.node import Node

THIRDS = ("beginning", "middle", "end")


class Peak(NamedTuple):
    """A third of the network, and its share of the whole in percent."""

    third: str
    percent: float


def peak(layers: Sequence[Node], value: Callable[[Node], float | None]) -> Peak | None:
    """The third of the range of layer indices with the largest sum of `value`.

    Layer i of 0…n is in third ⌊3·i / (n + 1)⌋. None for fewer than three layers, and where the sum
    is 0 or not known of any layer; the earlier of equal thirds.
    """
    if len(layers) < len(THIRDS):
        return None
    count = max(layer.index for layer in layers) + 1
    sums = [0.0] * len(THIRDS)
    for layer in layers:
        sums[len(THIRDS) * layer.index // count] += value(layer) or 0.0
    whole = sum(sums)
    if not whole:
        return None
    largest = max(sums)
    return Peak(THIRDS[sums.index(largest)], 100 * largest / whole)
