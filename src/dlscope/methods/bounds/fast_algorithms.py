"""Convolutions that can be computed with fewer multiplications than they are counted with."""

from __future__ import annotations

from collections.abc import Set
from typing import Literal

from dlscope.graph.ir import Layer

FastAlgorithm = Literal["winograd", "fft"]

_CONVOLUTIONS = {"Conv", "FusedConv"}
_WINOGRAD_KERNEL = (3, 3)
_WINOGRAD_SAVING = 4.0
"""F(4×4, 3×3): 16 outputs of 9 products each from 36 products (Lavin and Gray, 2016)."""


def largest_saving(layer: Layer, admissible: Set[FastAlgorithm]) -> float | None:
    """By how much the `admissible` algorithms divide the operations of `layer` at the most.

    Winograd's is for 3×3 kernels, Fourier's for any with more than one weight for each pair of
    channels; both need steps of 1. What Fourier's saves depends on sizes: None, not known.
    """
    if layer.op_type not in _CONVOLUTIONS or not _has_steps_of_one(layer):
        return 1.0
    kernel = _kernel(layer)
    if "fft" in admissible and any(size > 1 for size in kernel):
        return None
    return _WINOGRAD_SAVING if "winograd" in admissible and kernel == _WINOGRAD_KERNEL else 1.0


def _has_steps_of_one(layer: Layer) -> bool:
    steps = (layer.attributes.get(name, ()) for name in ("strides", "dilations"))
    return all(size == 1 for each in steps for size in each)


def _kernel(layer: Layer) -> tuple[int, ...]:
    weight = layer.input(1)
    return weight.shape[2:] if weight else ()
