"""A folded SkyNet as an ONNX model, its reorder written in one of three ways.

    space_to_depth   one node of that name
    slices           four strided slices and their concatenation
    absorb           no reorder: bundle 6 starts with a dilated convolution for each phase

The output is the same; runtimes take different times for it.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, final

import numpy as np
import onnx

from dlscope.core.errors import GraphError, did_you_mean
from dlscope.graph.builder import GraphBuilder
from dlscope.zoo.skynet.folding import Array, Folded, FoldedBundle
from dlscope.zoo.skynet.layout import Layout

Lowering: TypeAlias = Literal["slices", "space_to_depth", "absorb"]
LOWERINGS: tuple[Lowering, ...] = ("slices", "space_to_depth", "absorb")
_PHASES = ((0, 0), (0, 1), (1, 0), (1, 1))
_STEM, _POOLED, _BYPASS = 5, 3, 2
_CLIP = (("low", 0.0), ("high", 6.0))


def onnx_model(
    folded: Folded, layout: Layout, *, act: str = "relu6", lowering: Lowering = "slices"
) -> onnx.ModelProto:
    """`image` N×3×H×W → `head`, or `features` of a trunk, with a free batch.

    Raises `GraphError` for an unknown lowering, for one that absorbs a reorder where no bundle is
    behind it, and for weights of another variant.
    """
    _require(folded, layout, lowering)
    writer = _Writer(act)
    value = around = writer.graph.input("image", "float32", ("N", 3, *layout.size))
    for index, bundle in enumerate(folded.bundles[:_STEM]):
        value = writer.bundle(f"bundle{index + 1}", value, bundle)
        around = value if index == _BYPASS else around
        value = writer.pool(f"pool{index + 1}", value) if index < _POOLED else value
    if layout.is_trunk:
        value = writer.joined("features", around, value, lowering)
    for bundle in folded.bundles[_STEM:]:
        if lowering == "absorb":
            channels = layout.widths[_BYPASS]
            spread = writer.absorbed("bundle6", around, value, bundle, channels)
        else:
            value = writer.joined("joined", around, value, lowering)
            spread = writer.spread("bundle6", value, bundle)
        value = writer.mixed("bundle6", spread, bundle)
    channels = layout.joined
    if folded.head is not None:
        value, channels = writer.conv("head", value, folded.head), len(folded.head)
    height, width = layout.size
    writer.graph.output(value, "float32", ("N", channels, height // 8, width // 8))
    return writer.graph.finish()


def _require(folded: Folded, layout: Layout, lowering: str) -> None:
    if lowering not in LOWERINGS:
        raise GraphError(
            f"there is no lowering {lowering!r} of the reorder",
            where="SkyNet, lowering",
            fix=did_you_mean(lowering, LOWERINGS),
        )
    if lowering == "absorb" and len(layout.widths) == _STEM:
        raise GraphError(
            "no bundle is behind the bypass that could absorb the reorder",
            where="SkyNet, lowering",
            fix="use slices or space_to_depth, or variant B or C",
        )
    widths = tuple(len(bundle.pointwise) for bundle in folded.bundles)
    if widths != layout.widths or (folded.head is None) != layout.is_trunk:
        raise GraphError(
            f"the weights have the widths {widths}, the network has {layout.widths}",
            where="SkyNet, weights",
            fix="name the variant and width that the weights are of, and whether it is a trunk",
        )


@final
class _Writer:
    """Writes the parts of a SkyNet into a graph."""

    def __init__(self, act: str) -> None:
        self.graph = GraphBuilder("skynet")
        self._bounds = (
            [self.graph.constant(f"clip.{name}", np.float32(bound)) for name, bound in _CLIP]
            if act == "relu6"
            else None
        )

    def bundle(self, name: str, value: str, bundle: FoldedBundle) -> str:
        return self.mixed(name, self.spread(name, value, bundle), bundle)

    def spread(self, name: str, value: str, bundle: FoldedBundle) -> str:
        weight, bias = bundle.depthwise, bundle.depthwise_bias
        return self._active(self._depthwise(f"{name}.depthwise", value, weight, bias))

    def mixed(self, name: str, value: str, bundle: FoldedBundle) -> str:
        return self._active(
            self.conv(f"{name}.pointwise", value, bundle.pointwise, bundle.pointwise_bias)
        )

    def pool(self, name: str, value: str) -> str:
        return self.graph.node("MaxPool", [value], output=name, kernel_shape=[2, 2], strides=[2, 2])

    def joined(self, name: str, around: str, value: str, lowering: Lowering) -> str:
        """The reordered map in front of the other."""
        if lowering == "space_to_depth":
            parts = [self.graph.node("SpaceToDepth", [around], output="reorder", blocksize=2)]
        else:
            parts = [self._phase(around, dy, dx) for dy, dx in _PHASES]
        return self.graph.node("Concat", [*parts, value], output=name, axis=1)

    def absorbed(
        self, name: str, around: str, value: str, bundle: FoldedBundle, channels: int
    ) -> str:
        """What `spread` makes of the joined map, from the two maps themselves.

        `around` has so many `channels`. The phase (dy, dx) of a map sees every second row and
        column of it, from dy and dx on.
        """
        weight, bias = bundle.depthwise, bundle.depthwise_bias
        parts = []
        for number, (dy, dx) in enumerate(_PHASES):
            part = slice(number * channels, (number + 1) * channels)
            pads = (2 - dy, 2 - dx, 1 + dy, 1 + dx)
            parts.append(
                self.conv(
                    f"{name}.phase{number}", around, weight[part], bias[part],
                    group=channels, pads=pads, strides=(2, 2), dilations=(2, 2),
                )
            )  # fmt: skip
        own = slice(4 * channels, None)
        parts.append(self._depthwise(f"{name}.own", value, weight[own], bias[own]))
        return self._active(self.graph.node("Concat", parts, output=f"{name}.depthwise", axis=1))

    def conv(
        self, name: str, value: str, weight: Array, bias: Array | None = None, **more: object
    ) -> str:
        inputs = [value, self.graph.constant(f"{name}.weight", weight)]
        if bias is not None:
            inputs.append(self.graph.constant(f"{name}.bias", bias))
        kernel = list(weight.shape[2:])
        return self.graph.node("Conv", inputs, output=name, kernel_shape=kernel, **more)

    def _depthwise(self, name: str, value: str, weight: Array, bias: Array) -> str:
        return self.conv(name, value, weight, bias, group=len(weight), pads=(1, 1, 1, 1))

    def _active(self, value: str) -> str:
        name = f"{value}.act"
        if self._bounds is None:
            return self.graph.node("Relu", [value], output=name)
        return self.graph.node("Clip", [value, *self._bounds], output=name)

    def _phase(self, value: str, dy: int, dx: int) -> str:
        name = f"reorder.{dy}{dx}"
        ends = np.iinfo(np.int64).max
        parts = [
            self.graph.constant(f"{name}.{part}", np.array(numbers, np.int64))
            for part, numbers in (
                ("starts", (dy, dx)),
                ("ends", (ends, ends)),
                ("axes", (2, 3)),
                ("steps", (2, 2)),
            )
        ]
        return self.graph.node("Slice", [value, *parts], output=name)
