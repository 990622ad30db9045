"""`passing_ns`: what it costs that tensors pass from one framework to another and back.

Each layer that another backend computes is a call of that backend, and its inputs and outputs are
copied: read and written once on each side.
"""

from __future__ import annotations

from dlscope.graph.ir import Layer
from dlscope.methods.bounds.analysis import ModelBounds
from dlscope.methods.bounds.composing import Composition
from dlscope.methods.bounds.setups import Setup

_COPIES = 2


def passing_ns(bounds: ModelBounds, composition: Composition, setup: Setup) -> float:
    """Of all layers that `setup` has computed elsewhere; 0 of none.

    Copies are as fast as memory is; where that is not known, they count nothing.
    """
    if not setup.elsewhere:
        return 0.0
    rate = bounds.peaks.bytes_per_s(2**62, "cold") if bounds.peaks else float("inf")
    moved = [each for each in bounds.benches.graph.layers if each.op_type in setup.elsewhere]
    copied = _COPIES * sum(map(_passed_bytes, moved)) / rate * 1e9
    steps = composition.step_of
    return copied + sum(steps[each.id].cost.overhead_ns for each in moved)


def _passed_bytes(layer: Layer) -> int:
    given = [tensor for tensor in layer.sources if tensor.kind != "const"]
    return sum(tensor.size_bytes for tensor in (*given, *layer.results))
