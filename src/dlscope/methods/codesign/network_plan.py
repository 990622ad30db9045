"""`NetworkPlan`: the layers of a design that have weights, what follows each, and what is added.

The one place that says where activations are: after every convolution but the last of an inverted
residual, and after none of the classifier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.folded_network import Activation
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.operation import Operation
from dlscope.methods.codesign.space.space import Space

_PARTS = {
    "mbconv": ("expand", "depthwise", "project"),
    "separable": ("depthwise", "pointwise"),
    "bundle": ("depthwise", "pointwise"),
    "conv": ("conv",),
    "skip": (),
}


@final
@dataclass(frozen=True)
class PlannedLayer:
    """A layer of a design without its weights."""

    name: str
    shape: LayerShape
    activation: Activation
    precision: Precision


@final
@dataclass(frozen=True)
class NetworkPlan:
    """All layers that have weights, in the order they run, and which is added to which."""

    input: tuple[int, int, int]
    layers: tuple[PlannedLayer, ...]
    residuals: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, space: Space, design: Design) -> NetworkPlan:
        """The plan of `design`; layers are named `stem`, `BLOCK.project`, `head`, `classifier`."""
        ends = space.ends_precision(design.precisions[0])
        layers = [PlannedLayer("stem", shape, "relu6", ends) for shape in space.stem_layers]
        residuals = []
        for block, m, q in zip(space.blocks, design.operations, design.precisions, strict=True):
            before = len(layers) - 1
            layers.extend(
                _planned(block.name, block.operations[m], block.layers(m), space.precisions[q])
            )
            if block.is_residual(m):
                residuals.append((before, len(layers) - 1))
        return cls(space.input, (*layers, *_head(space.head_layers, ends)), tuple(residuals))


def _planned(
    block: str, operation: Operation, shapes: Sequence[LayerShape], precision: Precision
) -> Iterator[PlannedLayer]:
    names = _PARTS[operation.type][-len(shapes) :] if shapes else ()
    for name, shape in zip(names, shapes, strict=True):
        is_linear = operation.type == "mbconv" and name == "project"
        yield PlannedLayer(f"{block}.{name}", shape, None if is_linear else "relu6", precision)


def _head(shapes: Sequence[LayerShape], precision: Precision) -> Iterator[PlannedLayer]:
    for shape in shapes:
        if shape.kind == "dense":
            yield PlannedLayer("classifier", shape, None, precision)
        elif shape.weights:
            yield PlannedLayer("head", shape, "relu6", precision)
