"""`calling_network`: a network whose layers are so short that what surrounds a layer shows.

It is nobody's model: what is learnt from it is not learnt from what is predicted.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, final

import numpy as np
import onnx
from numpy.typing import NDArray

from dlscope.catalog.cache import cache_folder, keep, kept
from dlscope.core.digest import digest
from dlscope.graph.builder import GraphBuilder

NAME = "calling network"
_FORM = 1
"""Of the file that is kept."""
_SIDE, _NARROW, _WIDE, _BLOCKS = 28, 32, 64, 8


def calling_network() -> onnx.ModelProto:
    """Blocks of narrow, depthwise and narrow convolutions, each normalised and summed up.

    The same bytes each time; input and output are float32 [1, 32, 28, 28].
    """
    maker = _Maker()
    shape = (1, _NARROW, _SIDE, _SIDE)
    x = maker.graph.input("x", "float32", shape)
    for _ in range(_BLOCKS):
        x = maker.block(x)
    maker.graph.output(maker.graph.node("Relu", [x], output="y"), "float32", shape)
    return maker.graph.finish()


def calling_network_file() -> Path:
    """The network as a file in the cache."""
    target = cache_folder("cut") / f"{digest({'calling network': _FORM})}.onnx"
    if not kept(target):
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        try:
            onnx.save(calling_network(), part)
            keep(part, target)
        finally:
            part.unlink(missing_ok=True)
    return target


@final
class _Maker:
    """Layers on a graph, weights drawn from one seed."""

    def __init__(self) -> None:
        self.graph = GraphBuilder(NAME)
        self._generator = np.random.default_rng(0)
        self._count = 0

    def block(self, x: str) -> str:
        wide = self._activated(self._convolved(x, _NARROW, _WIDE))
        mixed = self._activated(self._convolved(wide, _WIDE, _WIDE, kernel=3, group=_WIDE))
        return self.graph.node("Add", [self._convolved(mixed, _WIDE, _NARROW), x])

    def _convolved(self, x: str, given: int, made: int, *, kernel: int = 1, group: int = 1) -> str:
        scale = 1.0 / np.sqrt(given // group * kernel * kernel)
        shape = (made, given // group, kernel, kernel)
        weight = self._constant(self._generator.standard_normal(shape) * scale)
        pads = [kernel // 2] * 4
        convolved = self.graph.node("Conv", [x, weight], pads=pads, group=group)
        statistics = [self._constant(np.full(made, each)) for each in (1.0, 0.0, 0.0, 1.0)]
        return self.graph.node("BatchNormalization", [convolved, *statistics])

    def _activated(self, x: str) -> str:
        ends = [self._constant(np.float32(end)) for end in (0, 6)]
        return self.graph.node("Clip", [x, *ends])

    def _constant(self, array: NDArray[Any] | np.generic) -> str:
        self._count += 1
        return self.graph.constant(f"c{self._count}", np.asarray(array, np.float32))
