"""`Work`: what a layer has to do, whatever carries it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias, final

from dlscope.graph.ir import Layer, Tensor


@final
@dataclass(frozen=True)
class Work:
    """Operations, bytes and weights of a layer or a graph.

    `macs` are the multiply-accumulates of convolutions and matrix products. `flops` are all
    operations, 2 for each of those MACs; an added bias is not counted. `transcendental` is how
    many of the `flops` are exponentials, error functions, tangents and the like. `bytes_read` and
    `bytes_written` count each tensor once: the least that memory has to carry. `params` are the
    trained numbers.
    """

    macs: int = 0
    flops: int = 0
    transcendental: int = 0
    bytes_read: int = 0
    bytes_written: int = 0
    params: int = 0

    def __add__(self, other: Work) -> Work:
        return Work(
            self.macs + other.macs,
            self.flops + other.flops,
            self.transcendental + other.transcendental,
            self.bytes_read + other.bytes_read,
            self.bytes_written + other.bytes_written,
            self.params + other.params,
        )


Rule: TypeAlias = Callable[[Layer], Work | None]
"""The work of a layer without its `params`; None for a form of the operator that is not known."""


def size_bytes(tensors: Iterable[Tensor]) -> int:
    """The bytes of `tensors` together."""
    return sum(tensor.size_bytes for tensor in tensors)


def touching_all(layer: Layer, *, macs: int = 0, flops: int = 0, transcendental: int = 0) -> Work:
    """Work of a layer that reads every input and writes every output; 2 flops a MAC are added."""
    return Work(
        macs=macs,
        flops=2 * macs + flops,
        transcendental=transcendental,
        bytes_read=size_bytes(layer.sources),
        bytes_written=size_bytes(layer.results),
    )


def reading(layer: Layer, bytes_read: int) -> Work:
    """Work of a layer that only moves: it reads so many bytes and writes every output."""
    return Work(bytes_read=bytes_read, bytes_written=size_bytes(layer.results))


def times(elements: int, flops: int, transcendental: int = 0) -> Work:
    """Operations on each of `elements`, without the bytes."""
    return Work(flops=elements * flops, transcendental=elements * transcendental)


def with_traffic(layer: Layer, operations: Work) -> Work:
    """`operations` with the bytes of a layer that reads every input and writes every output."""
    traffic = touching_all(layer)
    return replace(operations, bytes_read=traffic.bytes_read, bytes_written=traffic.bytes_written)
