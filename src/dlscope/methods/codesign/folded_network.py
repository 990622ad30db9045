"""`FoldedNetwork`: a trained network as arrays, batch normalisation folded into its convolutions.

What every framework hands over and every emitter reads. Layers run one after another; nothing
but residual sums leaves that line:

    y = activation(layer(x) + bias + residual)

Axes: o channels of output, i of input, g groups, h and w the kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import SearchError
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision

Activation: TypeAlias = Literal["relu", "relu6"] | None
FloatArray: TypeAlias = NDArray[np.float32]
_KINDS = ("conv", "depthwise", "dense")


@final
@dataclass(frozen=True, eq=False)
class FoldedLayer:
    """One layer with its weights `[o, i/g, h, w]` and `bias[o]`, both float32.

    It multiplies weights of `precision.weight_bits` with numbers of `precision.activation_bits`,
    so its *input* has those bits. `activation_scale` is the step between neighbours of that
    input, None where nothing has calibrated it. Raises `SearchError` for arrays that do not have
    the shape of the layer, that are not finite, and for a pool, which has none.
    """

    name: str
    shape: LayerShape
    weights: FloatArray
    bias: FloatArray
    activation: Activation
    precision: Precision
    activation_scale: float | None = None

    def __post_init__(self) -> None:
        if self.shape.kind not in _KINDS:
            raise self._refused(f"a {self.shape.kind} has no weights", "fold it into its network")
        shape, expected = self.shape, weights_shape(self.shape)
        for what, array, wanted in (
            ("weights", self.weights, expected),
            ("bias", self.bias, (shape.channels_out,)),
        ):
            if array.shape != wanted or array.dtype != np.float32:
                raise self._refused(
                    f"{what} are {array.dtype} {list(array.shape)}",
                    f"use float32 {list(wanted)}",
                )
            if not np.isfinite(array).all():
                raise self._refused(f"{what} are not finite", "train again at a smaller rate")
        if self.activation_scale is not None and not 0 < self.activation_scale < np.inf:
            raise self._refused(
                f"the step of its input is {self.activation_scale}", "use a number above 0"
            )

    @property
    def padding(self) -> tuple[int, int]:
        """Zeros on each side, rows and columns: half the kernel, or none where that fits its maps.

        Raises `SearchError` where neither gives the map of its output.
        """
        half = self.shape.kernel[0] // 2, self.shape.kernel[1] // 2
        for padding in (half, (0, 0)):
            if _slid(self.shape, padding) == self.shape.map_out:
                return padding
        raise self._refused(
            f"no padding gives a map of {self.shape.map_out}", "pad by half the kernel, or not"
        )

    def _refused(self, what: str, fix: str) -> SearchError:
        return SearchError(what, where=f"layer {self.name}: {self.shape}", fix=fix)


@final
@dataclass(frozen=True, eq=False)
class FoldedNetwork:
    """Layers in the order they run, the last one dense.

    `residuals` are pairs (from, to): what layer `from` gives is added to layer `to`, before its
    activation. `pooled`: each map is averaged before the first dense layer. Raises `SearchError`
    where shapes do not follow one another.
    """

    input: tuple[int, int, int]
    layers: tuple[FoldedLayer, ...]
    residuals: tuple[tuple[int, int], ...] = ()
    pooled: bool = True

    def __post_init__(self) -> None:
        if not self.layers:
            raise SearchError("a network has no layers", where="network", fix="add layers")
        self._require_chain()
        self._require_residuals()

    @property
    def head(self) -> int | None:
        """The place of the dense layer that averages are taken for; None where there are none."""
        if not self.pooled:
            return None
        dense = (i for i, layer in enumerate(self.layers) if layer.shape.kind == "dense")
        return next(dense, None)

    def source_of(self, place: int) -> int | None:
        """The layer whose output is added to that of layer `place`, or None."""
        return next((source for source, target in self.residuals if target == place), None)

    def _require_chain(self) -> None:
        first = self.layers[0]
        if (first.shape.channels_in, *first.shape.map_in) != self.input:
            raise SearchError(
                f"the input is {list(self.input)}",
                where=f"layer {first.name}: {first.shape}",
                fix="use the input of the first layer",
            )
        for place, (before, after) in enumerate(pairwise(self.layers), start=1):
            given, taken = before.shape, after.shape
            is_averaged = place == self.head
            maps_fit = is_averaged or given.map_out == taken.map_in
            if given.channels_out != taken.channels_in or not maps_fit:
                raise SearchError(
                    f"layer {before.name} gives {given.channels_out} channels of {given.map_out}",
                    where=f"layer {after.name}: {taken}",
                    fix="let every layer take what the one before gives",
                )

    def _require_residuals(self) -> None:
        targets = [target for _, target in self.residuals]
        for source, target in self.residuals:
            is_ordered = 0 <= source < target < len(self.layers) and source + 1 != self.head
            if not is_ordered or targets.count(target) > 1 or not self._fits(source, target):
                raise SearchError(
                    f"layer {source} cannot be added to layer {target}",
                    where="residuals of the network",
                    fix="add an earlier layer of the same shape, not averaged, one to each layer",
                )

    def _fits(self, source: int, target: int) -> bool:
        given, taken = self.layers[source].shape, self.layers[target].shape
        return (given.channels_out, given.map_out) == (taken.channels_out, taken.map_out)


def weights_shape(shape: LayerShape) -> tuple[int, int, int, int]:
    """Channels of output, channels of input of a group, rows and columns of the kernel."""
    return (shape.channels_out, shape.channels_in // shape.groups, *shape.kernel)


def _slid(shape: LayerShape, padding: tuple[int, int]) -> tuple[int, int]:
    height, width = (
        (length + 2 * pad - window) // shape.stride + 1
        for length, pad, window in zip(shape.map_in, padding, shape.kernel, strict=True)
    )
    return height, width
