"""Parameters of networks without trained weights: drawn from a seed, or only outlined.

An array is drawn by its own name, so that it does not depend on what else a network has, and out
of whole numbers, so that a seed gives the same bytes on every machine and with every NumPy.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from dlscope.graph.builder import GraphBuilder

Shape = tuple[int, ...]

# The sum of four uniform 16-bit numbers: its mean, and its standard deviation √(4·(2³² − 1)/12).
_MEAN = 4 * (2**16 - 1) // 2
_DEVIATION = math.sqrt((2**32 - 1) / 3)
_CHUNK = 2**20


@dataclass(frozen=True)
class Law:
    """How an array is drawn: in a bell around `centre` of the standard deviation `spread`.

    No element is further than 3.47 `spread` from the centre. An array that is not `learnt`, such
    as the statistics of batch normalisation, does not count among the parameters of a network.
    """

    centre: float = 0.0
    spread: float = 1.0
    learnt: bool = True


class Parameters(Protocol):
    """Where the arrays of a network come from."""

    def define(self, graph: GraphBuilder, name: str, shape: Shape, law: Law) -> str:
        """The name of a new float32 array of `graph`, of this shape and law."""
        ...


@final
class Drawn:
    """Arrays drawn from a seed, as constants of the graph."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def define(self, graph: GraphBuilder, name: str, shape: Shape, law: Law) -> str:
        """A constant; the same seed, name, shape and law always give the same elements."""
        return graph.constant(name, draw(self._seed, name, shape, law))


@final
@dataclass
class Outlined:
    """No arrays at all: each becomes an input of the graph, so that its shapes stay known."""

    count: int = field(default=0, init=False)
    """How many numbers the network learns."""

    def define(self, graph: GraphBuilder, name: str, shape: Shape, law: Law) -> str:
        """An input of the graph, counted if it is learnt."""
        self.count += math.prod(shape) if law.learnt else 0
        return graph.input(name, "float32", shape)


def draw(seed: int, name: str, shape: Shape, law: Law) -> NDArray[np.float32]:
    """An array of float32 drawn by `law`, the same for the same `seed`, `name` and `shape`.

    An element is centre + spread·(u₁ + u₂ + u₃ + u₄ − mean)/deviation with uniform 16-bit u, whose
    sum is close to normal.
    """
    size = math.prod(shape)
    array = np.empty(size, np.float32)
    key = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    bits = np.random.PCG64(np.random.SeedSequence(int.from_bytes(key, "big")))
    scale, centre = np.float32(law.spread / _DEVIATION), np.float32(law.centre)
    for start in range(0, size, _CHUNK):
        part = array[start : start + _CHUNK]
        quarters = bits.random_raw(len(part)).view(np.uint16).reshape(-1, 4)
        total = quarters[:, 0].astype(np.int32)
        for column in range(1, 4):
            total += quarters[:, column]
        np.multiply(total - _MEAN, scale, out=part, casting="unsafe")
        part += centre
    return array.reshape(shape)
